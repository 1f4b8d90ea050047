"""The content store (containerd.services.content.v1): blobs by digest, ingests by reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import field_mask_pb2

from nrdctl._pb import content_pb2 as pb
from nrdctl.containerd import convert
from nrdctl.containerd.channel import Limit, Rpc, Scope
from nrdctl.containerd.contentwriter import ContentWriter, open_writer
from nrdctl.containerd.records import BlobInfo, IngestStatus
from nrdctl.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_READ_ALL_LIMIT = 16 << 20


class Content:
    """Blobs, and the ingests that become blobs."""

    def __init__(self, scope: Scope) -> None:
        self._rpc = Rpc(scope, pb.DESCRIPTOR.services_by_name["Content"])

    def info(self, digest: str) -> BlobInfo:
        """Return what is known of a blob. Raises NotFound."""
        return _to_info(self._rpc.unary("Info", pb.InfoRequest(digest=digest)).info)

    def update_labels(self, digest: str, labels: Mapping[str, str]) -> BlobInfo:
        """Set these labels of a blob and keep its others; an empty value deletes one. Raises NotFound."""
        mask = field_mask_pb2.FieldMask(paths=[f"labels.{key}" for key in labels])
        request = pb.UpdateRequest(info=pb.Info(digest=digest, labels=labels), update_mask=mask)
        return _to_info(self._rpc.unary("Update", request, Limit.CHANGE).info)

    def delete(self, digest: str) -> None:
        """Delete a blob. Raises NotFound."""
        self._rpc.unary("Delete", pb.DeleteContentRequest(digest=digest), Limit.CHANGE)

    def read(self, digest: str, offset: int = 0, size: int = 0) -> Iterator[bytes]:
        """Yield a blob's bytes from `offset`, all or `size` of them, in pieces. Raises NotFound at the first step."""
        request = pb.ReadContentRequest(digest=digest, offset=offset, size=size)
        with self._rpc.translated("Read"):
            answers = self._rpc.stream("Read", request, Limit.ENDLESS)
            try:
                for answer in answers:
                    yield answer.data
            finally:
                answers.cancel()

    def read_all(self, digest: str, limit: int = _READ_ALL_LIMIT) -> bytes:
        """Return a whole blob. Raises NotFound; InvalidArgument when it has more than `limit` bytes."""
        content = bytearray()
        pieces = self.read(digest)
        for piece in pieces:
            content += piece
            if len(content) > limit:
                pieces.close()  # type: ignore[attr-defined]
                raise InvalidArgument(f"{digest} is larger than {limit} bytes")
        return bytes(content)

    def status(self, ref: str) -> IngestStatus:
        """Return the state of an ingest. Raises NotFound."""
        return _to_status(self._rpc.unary("Status", pb.StatusRequest(ref=ref)).status)

    def statuses(self, *filters: str) -> list[IngestStatus]:
        """Return the ingests that match any of the filters, or all."""
        answer = self._rpc.unary("ListStatuses", pb.ListStatusesRequest(filters=filters))
        return [_to_status(each) for each in answer.statuses]

    def abort(self, ref: str) -> None:
        """Throw an ingest away. Raises NotFound."""
        self._rpc.unary("Abort", pb.AbortRequest(ref=ref), Limit.CHANGE)

    def writer(self, ref: str, *, size: int = 0, expected: str = "", patience: float = 0.0) -> ContentWriter:
        """Begin, or go on with, the ingest `ref` of `size` bytes (0: not known) whose digest will be `expected`.

        Raises AlreadyExists when the blob is there, Unavailable when another writer holds the reference and has not let
        go of it after `patience` seconds.
        """
        return open_writer(self._rpc, ref, size=size, expected=expected, patience=patience)

    def list(self, *filters: str) -> list[BlobInfo]:
        """Return the blobs that match any of the filters, or all."""
        with self._rpc.translated("List"):
            answers = self._rpc.stream("List", pb.ListContentRequest(filters=filters), Limit.CHANGE)
            return [_to_info(each) for answer in answers for each in answer.info]


def _to_info(message: Any) -> BlobInfo:
    return BlobInfo(
        digest=message.digest,
        size=message.size,
        created_at=convert.to_datetime(message, "created_at"),
        updated_at=convert.to_datetime(message, "updated_at"),
        labels=dict(message.labels),
    )


def _to_status(message: Any) -> IngestStatus:
    return IngestStatus(
        ref=message.ref,
        offset=message.offset,
        total=message.total,
        expected=message.expected,
        started_at=convert.to_datetime(message, "started_at"),
        updated_at=convert.to_datetime(message, "updated_at"),
    )
