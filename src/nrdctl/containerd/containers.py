"""Container records (containerd.services.containers.v1)."""

from __future__ import annotations

from typing import Any

from google.protobuf import field_mask_pb2

from nrdctl._pb import containers_pb2 as pb
from nrdctl.containerd import convert
from nrdctl.containerd.channel import Limit, Rpc, Scope
from nrdctl.containerd.records import ContainerRecord
from nrdctl.containerd.runtime import from_runtime_options, to_runtime
from nrdctl.errors import InvalidArgument

SPEC_TYPE = "types.containerd.io/opencontainers/runtime-spec/1/Spec"
# Our extensions are JSON of this type, followed by the extension's key.
EXTENSION_TYPE_PREFIX = "types.nrdctl/"


class Containers:
    """What containers are. Delete a container's task before its record, or its shim is lost."""

    def __init__(self, scope: Scope) -> None:
        self._rpc = Rpc(scope, pb.DESCRIPTOR.services_by_name["Containers"])

    def get(self, id: str) -> ContainerRecord:  # noqa: A002 - the API's name for it
        """Return a container. Raises NotFound."""
        return _to_record(self._rpc.unary("Get", pb.GetContainerRequest(id=id)).container)

    def list(self, *filters: str) -> list[ContainerRecord]:
        """Return the containers that match any of the filters (`labels."nrdctl/name"==web`), or all."""
        answer = self._rpc.unary("List", pb.ListContainersRequest(filters=filters))
        return [_to_record(each) for each in answer.containers]

    def create(self, record: ContainerRecord) -> ContainerRecord:
        """Create a container and return it with its times. Raises AlreadyExists."""
        request = pb.CreateContainerRequest(container=_from_record(record))
        return _to_record(self._rpc.unary("Create", request, Limit.CHANGE).container)

    def update(self, record: ContainerRecord, *paths: str) -> ContainerRecord:
        """Change what the paths name and return the new record. Raises NotFound.

        Paths: `labels.<key>` (a key that the record lacks, or has as "", is deleted), `spec`, `image`, `snapshotkey`,
        `extensions.<key>`. The extensions of other clients can't be written back, so there is no path for all of them.
        """
        if not paths or "extensions" in paths:
            raise InvalidArgument("name the fields of the container to update")
        mask = field_mask_pb2.FieldMask(paths=paths)
        request = pb.UpdateContainerRequest(container=_from_record(record), update_mask=mask)
        return _to_record(self._rpc.unary("Update", request, Limit.CHANGE).container)

    def delete(self, id: str) -> None:  # noqa: A002
        """Delete a record. Raises NotFound."""
        self._rpc.unary("Delete", pb.DeleteContainerRequest(id=id), Limit.CHANGE)


def _to_record(message: Any) -> ContainerRecord:
    return ContainerRecord(
        id=message.id,
        labels=dict(message.labels),
        image=message.image,
        runtime=to_runtime(message.runtime.name, message.runtime.options),
        spec_json=message.spec.value,
        snapshotter=message.snapshotter,
        snapshot_key=message.snapshot_key,
        created_at=convert.to_datetime(message, "created_at"),
        updated_at=convert.to_datetime(message, "updated_at"),
        extensions={key: each.value for key, each in message.extensions.items()},
    )


def _from_record(record: ContainerRecord) -> Any:
    message = pb.Container(
        id=record.id,
        labels=record.labels,
        image=record.image,
        runtime=pb.Container.Runtime(name=record.runtime.name, options=from_runtime_options(record.runtime)),
        snapshotter=record.snapshotter,
        snapshot_key=record.snapshot_key,
        extensions={
            key: convert.to_any(EXTENSION_TYPE_PREFIX + key, value) for key, value in record.extensions.items()
        },
    )
    if record.spec_json:
        message.spec.CopyFrom(convert.to_any(SPEC_TYPE, record.spec_json))
    return message
