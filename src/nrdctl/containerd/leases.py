"""Leases (containerd.services.leases.v1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nrdctl._pb import leases_pb2 as pb
from nrdctl.containerd import convert
from nrdctl.containerd.channel import Limit, Rpc, Scope
from nrdctl.containerd.records import Lease, LeaseResource

if TYPE_CHECKING:
    from collections.abc import Mapping


class Leases:
    """Leases keep what they hold from the garbage collector. `Client.lease` is the convenient way to one."""

    def __init__(self, scope: Scope) -> None:
        self._rpc = Rpc(scope, pb.DESCRIPTOR.services_by_name["Leases"])

    def create(self, id: str, labels: Mapping[str, str] | None = None) -> Lease:  # noqa: A002 - the API's name for it
        """Create a lease; the label `containerd.io/gc.expire` (RFC 3339) ends it. Raises AlreadyExists."""
        return _to_lease(self._rpc.unary("Create", pb.CreateRequest(id=id, labels=labels or {}), Limit.CHANGE).lease)

    def delete(self, id: str, *, sync: bool = False) -> None:  # noqa: A002
        """Delete a lease; with `sync`, return only after the garbage is collected. Raises NotFound."""
        self._rpc.unary("Delete", pb.DeleteRequest(id=id, sync=sync), Limit.LONG if sync else Limit.CHANGE)

    def add_resource(self, id: str, resource: LeaseResource) -> None:  # noqa: A002
        """Let a lease keep something. Raises NotFound (the lease)."""
        message = pb.Resource(id=resource.id, type=resource.type)
        self._rpc.unary("AddResource", pb.AddResourceRequest(id=id, resource=message), Limit.CHANGE)

    def resources(self, id: str) -> list[LeaseResource]:  # noqa: A002
        """Return what a lease keeps. Raises NotFound."""
        answer = self._rpc.unary("ListResources", pb.ListResourcesRequest(id=id))
        return [LeaseResource(id=each.id, type=each.type) for each in answer.resources]

    def list(self, *filters: str) -> list[Lease]:
        """Return the leases that match any of the filters, or all."""
        return [_to_lease(each) for each in self._rpc.unary("List", pb.ListRequest(filters=filters)).leases]


def _to_lease(message: Any) -> Lease:
    return Lease(id=message.id, created_at=convert.to_datetime(message, "created_at"), labels=dict(message.labels))
