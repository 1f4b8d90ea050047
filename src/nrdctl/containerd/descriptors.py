"""Between the API's descriptors and ours."""

from __future__ import annotations

from typing import Any

from nrdctl._pb import types_pb2
from nrdctl.oci.descriptor import Descriptor


def to_descriptor(message: Any) -> Descriptor:
    """Read a descriptor."""
    return Descriptor(
        media_type=message.media_type,
        digest=message.digest,
        size=message.size,
        annotations=dict(message.annotations),
    )


def from_descriptor(descriptor: Descriptor) -> Any:
    """Write a descriptor; the API has no field for its platform."""
    return types_pb2.Descriptor(
        media_type=descriptor.media_type,
        digest=descriptor.digest,
        size=descriptor.size,
        annotations=descriptor.annotations,
    )
