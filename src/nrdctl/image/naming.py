"""The names of images in containerd: docker's full references, and names for images that have none."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from nrdctl.containerd.records import ImageRecord
from nrdctl.errors import AlreadyExists, InvalidArgument, NotFound
from nrdctl.oci.reference import Reference

if TYPE_CHECKING:
    from nrdctl.containerd.client import Client
    from nrdctl.oci.descriptor import Descriptor

NONE = "<none>"


def nameless(target: Descriptor) -> str:
    """Return the name of an image that nobody gave one, or that lost it: docker lists it as `<none>`."""
    return f"{NONE}@{target.digest}"


def parse_name(name: str) -> Reference | None:
    """Return the reference that an image's name is; None when it is not one (nameless, or by another tool's rules)."""
    try:
        reference = Reference.parse(name)
    except InvalidArgument:
        return None
    return reference if reference.canonical == name else None


def put_image(client: Client, name: str, target: Descriptor) -> ImageRecord:
    """Let a name point at a descriptor, whether the name is new or not."""
    record = ImageRecord(name=name, target=target)
    while True:
        with contextlib.suppress(AlreadyExists):
            return client.images.create(record)
        with contextlib.suppress(NotFound):  # deleted in between
            return client.images.update(record, "target")
