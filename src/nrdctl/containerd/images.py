"""Image names (containerd.services.images.v1)."""

from __future__ import annotations

from typing import Any

from google.protobuf import field_mask_pb2

from nrdctl._pb import images_pb2 as pb
from nrdctl.containerd import convert, descriptors
from nrdctl.containerd.channel import Limit, Rpc, Scope
from nrdctl.containerd.records import ImageRecord


class Images:
    """Names for descriptors; they keep what the descriptors point at."""

    def __init__(self, scope: Scope) -> None:
        self._rpc = Rpc(scope, pb.DESCRIPTOR.services_by_name["Images"])

    def get(self, name: str) -> ImageRecord:
        """Return an image. Raises NotFound."""
        return _to_record(self._rpc.unary("Get", pb.GetImageRequest(name=name)).image)

    def list(self, *filters: str) -> list[ImageRecord]:
        """Return the images that match any of the filters (`name~=^docker.io/`), or all."""
        return [_to_record(each) for each in self._rpc.unary("List", pb.ListImagesRequest(filters=filters)).images]

    def create(self, record: ImageRecord) -> ImageRecord:
        """Create an image. Raises AlreadyExists."""
        request = pb.CreateImageRequest(image=_from_record(record))
        return _to_record(self._rpc.unary("Create", request, Limit.CHANGE).image)

    def update(self, record: ImageRecord, *paths: str) -> ImageRecord:
        """Change what the paths name (`target`, `labels`, `labels.<key>`), or without paths all. Raises NotFound."""
        mask = field_mask_pb2.FieldMask(paths=paths) if paths else None
        request = pb.UpdateImageRequest(image=_from_record(record), update_mask=mask)
        return _to_record(self._rpc.unary("Update", request, Limit.CHANGE).image)

    def delete(self, name: str, *, sync: bool = False) -> None:
        """Delete a name; with `sync`, return only after the garbage is collected. Raises NotFound."""
        self._rpc.unary("Delete", pb.DeleteImageRequest(name=name, sync=sync), Limit.LONG if sync else Limit.CHANGE)


def _to_record(message: Any) -> ImageRecord:
    return ImageRecord(
        name=message.name,
        target=descriptors.to_descriptor(message.target),
        labels=dict(message.labels),
        created_at=convert.to_datetime(message, "created_at"),
        updated_at=convert.to_datetime(message, "updated_at"),
    )


def _from_record(record: ImageRecord) -> Any:
    target = descriptors.from_descriptor(record.target)
    return pb.Image(name=record.name, labels=record.labels, target=target)
