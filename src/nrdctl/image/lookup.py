"""From what a person typed (a name, an ID, the start of an ID) to an image, and what it says about itself."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from typing import TYPE_CHECKING

from nrdctl.errors import InvalidArgument, NotFound
from nrdctl.image.catalog import Catalog, Entry
from nrdctl.image.naming import NONE, parse_name
from nrdctl.oci.imageconfig import ImageConfig
from nrdctl.oci.manifest import Manifest, no_match, parse_manifest
from nrdctl.oci.reference import Reference

if TYPE_CHECKING:
    from nrdctl.containerd.client import Client
    from nrdctl.containerd.records import ImageRecord
    from nrdctl.oci.descriptor import Descriptor
    from nrdctl.oci.platform import Platform

_ID = re.compile("(?:sha256:)?([0-9a-f]{1,64})")
_DEPTH_MAX = 4


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ImageDetails:
    """An image for one platform. `config_digest` is docker's image ID, `chain_id` the snapshot to start from."""

    record: ImageRecord
    manifest: Manifest
    manifest_digest: str
    config: ImageConfig

    @property
    def config_digest(self) -> str:
        """Docker's image ID."""
        return self.manifest.config.digest

    @property
    def chain_id(self) -> str:
        """The name of the committed snapshot with all layers; "" for an image without layers."""
        return self.config.chain_id


def no_such_image(text: str) -> NotFound:
    """Return docker's error."""
    return NotFound(f"No such image: {text}")


def find_image(client: Client, text: str, platform: Platform) -> ImageRecord:
    """Return the image that a name, an ID or a unique start of an ID means; a name wins, as with docker.

    IDs are digests of configurations (docker's) and of targets (containerd's). One call for a name, a few for an ID.
    Raises NotFound, InvalidArgument (neither a name nor an ID, or more than one image).
    """
    reference = _reference(text)
    for name in {reference.canonical if reference else text: None, text: None}:
        with contextlib.suppress(NotFound):
            return client.images.get(name)
    found = matching(Catalog(client, platform), text)
    if not found:
        raise no_such_image(reference.familiar if reference else text)
    return found[0].record


def matching(catalog: Catalog, text: str) -> list[Entry]:
    """Return all names of the one image with such an ID, ID prefix or `repository@digest`, proper names first.

    Raises InvalidArgument when different images match.
    """
    reference = _reference(text)
    entries = catalog.entries()
    if reference is not None and reference.digest:
        found = [entry for entry in entries if _has_digest(entry, reference)]
    else:
        prefix = _ID.fullmatch(text)
        found = [entry for entry in entries if prefix and _has_id(entry, prefix[1])]
    if len({entry.id for entry in found}) > 1:
        names = ", ".join(entry.record.name for entry in found)
        raise InvalidArgument(f"multiple images found with provided prefix: {text}", hint=f"it fits {names}")
    return sorted(found, key=lambda entry: parse_name(entry.record.name) is None)


def resolve_image(client: Client, text: str, platform: Platform) -> ImageDetails:
    """Return the image that a name or an ID means, with its manifest and configuration for the platform.

    Raises NotFound (also for missing blobs, and when an index has nothing for the platform), InvalidArgument.
    """
    return read_image(client, find_image(client, text, platform), platform)


def read_image(client: Client, record: ImageRecord, platform: Platform) -> ImageDetails:
    """Read an image's manifest and configuration. Raises NotFound, InvalidArgument."""
    descriptor: Descriptor = record.target
    for _ in range(_DEPTH_MAX):
        document = parse_manifest(_read(client, record, descriptor.digest), descriptor.media_type)
        if isinstance(document, Manifest):
            config = ImageConfig.from_bytes(_read(client, record, document.config.digest))
            return ImageDetails(record=record, manifest=document, manifest_digest=descriptor.digest, config=config)
        chosen = document.choose(platform)
        if chosen is None:
            raise no_match(record.name, platform)
        descriptor = chosen
    raise InvalidArgument(f"{record.name}: too many indexes in one another")


def _read(client: Client, record: ImageRecord, digest: str) -> bytes:
    try:
        return client.content.read_all(digest)
    except NotFound:
        raise NotFound(
            f"{record.name}: content {digest} is missing", hint="the image is here in part only: pull it again"
        ) from None


def _reference(text: str) -> Reference | None:
    """Return what a text means as a name; None when it can only be an ID. Raises InvalidArgument."""
    if text.startswith(("sha256:", NONE)):
        return None
    try:
        return Reference.parse(text)
    except InvalidArgument:
        if _ID.fullmatch(text):
            return None
        raise


def _has_digest(entry: Entry, reference: Reference) -> bool:
    name = parse_name(entry.record.name)
    same = name is not None and name.repository == reference.repository
    return same and reference.digest in (entry.record.target.digest, entry.manifest)


def _has_id(entry: Entry, prefix: str) -> bool:
    digests = (entry.config, entry.manifest, entry.record.target.digest)
    return any(digest.removeprefix("sha256:").startswith(prefix) for digest in digests if digest)
