"""Image manifests and indexes (OCI image specification; docker's schema 2 and manifest list)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence

from nrdctl.errors import InvalidArgument, NotFound
from nrdctl.oci.descriptor import DOCKER_SCHEMA_1, INDEX_TYPES, MANIFEST_TYPES, OCI_INDEX, OCI_MANIFEST, Descriptor
from nrdctl.oci.platform import Platform, choose

# The distribution specification recommends that registries take at least 4 MiB; containerd refuses more than 8 MiB.
MANIFEST_SIZE_MAX = 8 * 1024 * 1024


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """The image of one platform. `layers` bottom first."""

    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]

    @property
    def children(self) -> tuple[Descriptor, ...]:
        """Everything that it points at."""
        return (self.config, *self.layers)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """One name for the images of several platforms."""

    media_type: str
    manifests: tuple[Descriptor, ...]

    @property
    def children(self) -> tuple[Descriptor, ...]:
        """Everything that it points at."""
        return self.manifests

    def choose(self, wanted: Platform) -> Descriptor | None:
        """Return the manifest that suits `wanted` best, None when there is none."""
        images = [child for child in self.manifests if child.is_manifest or child.is_index]
        position = choose([child.platform for child in images], wanted)
        return images[position] if position is not None else None


def parse_manifest(data: bytes, media_type: str = "") -> Manifest | Index:
    """Parse a manifest or an index; `media_type` is what its descriptor or its registry says ("": not known).

    Raises InvalidArgument. A document that could be read as both is refused (CVE-2021-41190).
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidArgument(f"invalid manifest: {error}") from None
    if not isinstance(document, Mapping):
        raise InvalidArgument("invalid manifest: not an object")
    kind = _kind(document, media_type)
    if kind in INDEX_TYPES:
        return Index(media_type=kind, manifests=_descriptors(document, "manifests"))
    layers = _descriptors(document, "layers")
    return Manifest(media_type=kind, config=Descriptor.from_json(document.get("config")), layers=layers)


def no_match(name: str, wanted: Platform) -> NotFound:
    """Return docker's error for an index without an image of the platform `wanted`."""
    return NotFound(f"no matching manifest for {wanted} in the manifest list entries: {name}")


def _kind(document: Mapping[str, object], media_type: str) -> str:
    own = document.get("mediaType") or ""
    if not isinstance(own, str):
        raise InvalidArgument("invalid manifest: mediaType is not a string")
    if {media_type, own} & DOCKER_SCHEMA_1 or document.get("schemaVersion") == 1:
        raise InvalidArgument(
            "docker's image manifest version 1 is not supported", hint="push the image again with a current tool"
        )
    if document.get("schemaVersion") != 2:
        raise InvalidArgument(f"invalid manifest: schemaVersion {document.get('schemaVersion')!r}")
    if media_type and own and media_type != own:
        raise InvalidArgument(f"invalid manifest: it says it is {own}, its descriptor says {media_type}")
    has_index, has_image = "manifests" in document, "layers" in document or "config" in document
    kind = media_type or own or (OCI_INDEX if has_index else OCI_MANIFEST)
    if kind not in INDEX_TYPES | MANIFEST_TYPES:
        raise InvalidArgument(f"unsupported manifest media type {kind!r}")
    if (kind in INDEX_TYPES and has_image) or (kind in MANIFEST_TYPES and has_index):
        raise InvalidArgument(f"invalid manifest: its content is not that of {kind}")
    return kind


def _descriptors(document: Mapping[str, object], key: str) -> tuple[Descriptor, ...]:
    values = document.get(key)
    if values is None:
        return ()
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise InvalidArgument(f"invalid manifest: {key} is not a list")
    return tuple(Descriptor.from_json(value) for value in values)
