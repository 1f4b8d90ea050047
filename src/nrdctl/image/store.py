"""The images of a namespace: the names that other packages use, in one place."""

from __future__ import annotations

from nrdctl.image.inspect import inspect_image
from nrdctl.image.listing import list_images
from nrdctl.image.lookup import ImageDetails, find_image, read_image, resolve_image
from nrdctl.image.remove import ImageUser, Removed, remove_image, tag_image

__all__ = [
    "ImageDetails",
    "ImageUser",
    "Removed",
    "find_image",
    "inspect_image",
    "list_images",
    "read_image",
    "remove_image",
    "resolve_image",
    "tag_image",
]
