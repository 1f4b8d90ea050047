"""Namespaces (containerd.services.namespaces.v1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import field_mask_pb2

from nrdctl._pb import namespaces_pb2 as pb
from nrdctl.containerd.channel import Limit, Rpc, Scope
from nrdctl.containerd.records import NamespaceRecord
from nrdctl.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping


class Namespaces:
    """The daemon's namespaces. Using one creates it."""

    def __init__(self, scope: Scope) -> None:
        self._rpc = Rpc(scope, pb.DESCRIPTOR.services_by_name["Namespaces"])

    def get(self, name: str) -> NamespaceRecord:
        """Return a namespace. Raises NotFound."""
        # Not by the method Get: that answers for a namespace that does not exist too.
        for record in self.list():
            if record.name == name:
                return record
        raise NotFound(f'namespace "{name}": not found')

    def list(self) -> list[NamespaceRecord]:
        """Return all namespaces."""
        return [_to_record(each) for each in self._rpc.unary("List", pb.ListNamespacesRequest()).namespaces]

    def create(self, name: str, labels: Mapping[str, str] | None = None) -> NamespaceRecord:
        """Create a namespace. Raises AlreadyExists."""
        message = pb.Namespace(name=name, labels=labels or {})
        request = pb.CreateNamespaceRequest(namespace=message)
        return _to_record(self._rpc.unary("Create", request, Limit.CHANGE).namespace)

    def update(self, name: str, labels: Mapping[str, str], *paths: str) -> NamespaceRecord:
        """Change the labels that the paths name (`labels.<key>`), or without paths all of them. Raises NotFound."""
        mask = field_mask_pb2.FieldMask(paths=paths) if paths else None
        request = pb.UpdateNamespaceRequest(namespace=pb.Namespace(name=name, labels=labels), update_mask=mask)
        return _to_record(self._rpc.unary("Update", request, Limit.CHANGE).namespace)

    def delete(self, name: str) -> None:
        """Delete an empty namespace. Raises NotFound, Conflict (not empty)."""
        self._rpc.unary("Delete", pb.DeleteNamespaceRequest(name=name), Limit.CHANGE)


def _to_record(message: Any) -> NamespaceRecord:
    return NamespaceRecord(name=message.name, labels=dict(message.labels))
