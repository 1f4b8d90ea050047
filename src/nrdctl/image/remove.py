"""`tag` and `rmi`: names come and go; an image goes with its last name."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING

from nrdctl.errors import Conflict, InvalidArgument, NotFound
from nrdctl.image.catalog import Catalog, Entry
from nrdctl.image.lookup import find_image, matching, no_such_image
from nrdctl.image.naming import nameless, parse_name, put_image
from nrdctl.oci import digest as digests
from nrdctl.oci.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nrdctl.containerd.client import Client
    from nrdctl.containerd.records import ImageRecord
    from nrdctl.oci.platform import Platform


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ImageUser:
    """A container, for the question which images are in use. `image` is the name in its record.

    `image_id` is the digest of the configuration that it was made from, "" when that is not known.
    """

    container_id: str
    image: str
    image_id: str = ""
    running: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Removed:
    """What `rmi` did: names taken away, and the IDs of images that are gone."""

    untagged: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()


def tag_image(client: Client, source: str, target: str, *, platform: Platform) -> ImageRecord:
    """Give an image one more name; a name that means another image moves. Raises NotFound, InvalidArgument."""
    reference = Reference.parse(target)
    if reference.digest:
        raise InvalidArgument("refusing to create a tag with a digest reference")
    return put_image(client, reference.canonical, find_image(client, source, platform).target)


def remove_image(
    client: Client, text: str, *, users: Sequence[ImageUser], platform: Platform, force: bool = False
) -> Removed:
    """Take a name away, or by ID the whole image; the content goes with the last name.

    Raises NotFound, InvalidArgument, and Conflict with docker's texts when a container uses the image.
    """
    catalog = Catalog(client, platform)
    named = _by_name(catalog, text)
    entry = named or next(iter(matching(catalog, text)), None)
    if entry is None:
        raise no_such_image(Reference.parse(text).familiar if not text.startswith("sha256:") else text)
    siblings = [other for other in catalog.entries() if other.id == entry.id]
    proper = [other for other in siblings if parse_name(other.record.name) is not None]
    using = [user for user in users if _uses(user, entry, siblings)]
    if named is not None and named in proper:
        if len(proper) > 1:
            return _delete(client, [named], image="")
        _check_name(text, entry, using, force=force)
        if any(user.running for user in using):
            # Docker keeps an image that a running container uses, without a name.
            put_image(client, nameless(entry.record.target), entry.record.target)
            return _delete(client, [named], image="")
    else:
        _check_id(entry, proper, using, force=force)
    return _delete(client, siblings, image=entry.id)


def _by_name(catalog: Catalog, text: str) -> Entry | None:
    names = {record.name: record for record in catalog.records}
    with contextlib.suppress(InvalidArgument):
        canonical = Reference.parse(text).canonical
        if canonical in names:
            return catalog.entry(names[canonical])
    return catalog.entry(names[text]) if text in names else None


def _uses(user: ImageUser, entry: Entry, siblings: Sequence[Entry]) -> bool:
    if user.image_id:
        return user.image_id == entry.id
    return user.image in {sibling.record.name for sibling in siblings}


def _check_name(text: str, entry: Entry, using: Sequence[ImageUser], *, force: bool) -> None:
    if using and not force:
        raise Conflict(
            f'conflict: unable to remove repository reference "{text}" (must force) - container '
            f"{using[0].container_id[:12]} is using its referenced image {digests.short(entry.id)}"
        )


def _check_id(entry: Entry, proper: Sequence[Entry], using: Sequence[ImageUser], *, force: bool) -> None:
    unable = f"conflict: unable to delete {digests.short(entry.id)}"
    for user in using:
        if user.running:
            container = user.container_id[:12]
            raise Conflict(f"{unable} (cannot be forced) - image is being used by running container {container}")
    if force:
        return
    if len(proper) > 1:
        raise Conflict(f"{unable} (must be forced) - image is referenced in multiple repositories")
    if using:
        container = using[0].container_id[:12]
        raise Conflict(f"{unable} (must be forced) - image is being used by stopped container {container}")


def _delete(client: Client, entries: Sequence[Entry], *, image: str) -> Removed:
    """Delete names, with the last one the garbage; what is gone already counts as deleted."""
    untagged = []
    for position, entry in enumerate(entries, start=1):
        with contextlib.suppress(NotFound):
            client.images.delete(entry.record.name, sync=position == len(entries))
        reference = parse_name(entry.record.name)
        if reference is not None:
            untagged.append(reference.familiar)
    return Removed(untagged=tuple(untagged), deleted=(image,) if image else ())
