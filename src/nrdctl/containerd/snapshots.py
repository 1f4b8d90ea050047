"""Snapshots (containerd.services.snapshots.v1): the file systems of containers and of the layers of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import field_mask_pb2

from nrdctl._pb import snapshots_pb2 as pb
from nrdctl.containerd import convert
from nrdctl.containerd.channel import Limit, Rpc, Scope
from nrdctl.containerd.records import Mount, SnapshotInfo, SnapshotKind, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping


class Snapshots:
    """The snapshots of all snapshotters. A `key` names an active snapshot, a `name` a committed one."""

    def __init__(self, scope: Scope) -> None:
        self._rpc = Rpc(scope, pb.DESCRIPTOR.services_by_name["Snapshots"])

    def prepare(
        self, snapshotter: str, key: str, parent: str = "", labels: Mapping[str, str] | None = None
    ) -> list[Mount]:
        """Make a writable snapshot and return how to mount it. Raises AlreadyExists, NotFound (the parent)."""
        request = pb.PrepareSnapshotRequest(snapshotter=snapshotter, key=key, parent=parent, labels=labels or {})
        return convert.to_mounts(self._rpc.unary("Prepare", request, Limit.LONG).mounts)

    def view(
        self, snapshotter: str, key: str, parent: str = "", labels: Mapping[str, str] | None = None
    ) -> list[Mount]:
        """Make a read-only snapshot and return how to mount it. Raises AlreadyExists, NotFound (the parent)."""
        request = pb.ViewSnapshotRequest(snapshotter=snapshotter, key=key, parent=parent, labels=labels or {})
        return convert.to_mounts(self._rpc.unary("View", request, Limit.LONG).mounts)

    def mounts(self, snapshotter: str, key: str) -> list[Mount]:
        """Return how to mount an active snapshot. Raises NotFound."""
        return convert.to_mounts(self._rpc.unary("Mounts", pb.MountsRequest(snapshotter=snapshotter, key=key)).mounts)

    def commit(self, snapshotter: str, name: str, key: str, labels: Mapping[str, str] | None = None) -> None:
        """Turn the active snapshot `key` into the committed `name`. Raises AlreadyExists, NotFound."""
        request = pb.CommitSnapshotRequest(snapshotter=snapshotter, name=name, key=key, labels=labels or {})
        self._rpc.unary("Commit", request, Limit.LONG)

    def remove(self, snapshotter: str, key: str) -> None:
        """Remove a snapshot. Raises NotFound, Conflict (it has children)."""
        self._rpc.unary("Remove", pb.RemoveSnapshotRequest(snapshotter=snapshotter, key=key), Limit.LONG)

    def stat(self, snapshotter: str, key: str) -> SnapshotInfo:
        """Return what is known of a snapshot. Raises NotFound."""
        return _to_info(self._rpc.unary("Stat", pb.StatSnapshotRequest(snapshotter=snapshotter, key=key)).info)

    def update(self, snapshotter: str, info: SnapshotInfo, *paths: str) -> SnapshotInfo:
        """Change the labels that the paths name (`labels.<key>`), or without paths all of them. Raises NotFound."""
        mask = field_mask_pb2.FieldMask(paths=paths) if paths else None
        request = pb.UpdateSnapshotRequest(
            snapshotter=snapshotter, info=pb.Info(name=info.name, labels=info.labels), update_mask=mask
        )
        return _to_info(self._rpc.unary("Update", request, Limit.CHANGE).info)

    def list(self, snapshotter: str, *filters: str) -> list[SnapshotInfo]:
        """Return the snapshots that match any of the filters, or all."""
        request = pb.ListSnapshotsRequest(snapshotter=snapshotter, filters=filters)
        with self._rpc.translated("List"):
            return [
                _to_info(each) for answer in self._rpc.stream("List", request, Limit.CHANGE) for each in answer.info
            ]

    def usage(self, snapshotter: str, key: str) -> Usage:
        """Return what a snapshot takes, without its parents; an active one is measured by walking its files."""
        answer = self._rpc.unary("Usage", pb.UsageRequest(snapshotter=snapshotter, key=key), Limit.CHANGE)
        return Usage(size=answer.size, inodes=answer.inodes)

    def cleanup(self, snapshotter: str) -> None:
        """Remove what a snapshotter left on disk. Raises Unimplemented when it has nothing like that."""
        self._rpc.unary("Cleanup", pb.CleanupRequest(snapshotter=snapshotter), Limit.LONG)


def _to_info(message: Any) -> SnapshotInfo:
    return SnapshotInfo(
        name=message.name,
        parent=message.parent,
        kind=SnapshotKind(pb.Kind.Name(message.kind).lower()),
        created_at=convert.to_datetime(message, "created_at"),
        updated_at=convert.to_datetime(message, "updated_at"),
        labels=dict(message.labels),
    )
