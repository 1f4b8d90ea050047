"""What the daemon is made of (containerd.services.introspection.v1)."""

from __future__ import annotations

from typing import Any

from google.protobuf import empty_pb2

from nrdctl._pb import introspection_pb2 as pb
from nrdctl.containerd.channel import Rpc, Scope
from nrdctl.containerd.records import Plugin, ServerInfo


class Introspection:
    """The daemon's plugins and identity."""

    def __init__(self, scope: Scope) -> None:
        self._rpc = Rpc(scope, pb.DESCRIPTOR.services_by_name["Introspection"])

    def plugins(self, *filters: str) -> list[Plugin]:
        """Return the plugins that match any of the filters (`type==io.containerd.snapshotter.v1`), or all."""
        return [_to_plugin(each) for each in self._rpc.unary("Plugins", pb.PluginsRequest(filters=filters)).plugins]

    def server(self) -> ServerInfo:
        """Return the daemon's identity."""
        answer = self._rpc.unary("Server", empty_pb2.Empty())
        return ServerInfo(uuid=answer.uuid, pid=answer.pid)


def _to_plugin(message: Any) -> Plugin:
    platforms = (filter(None, (each.os, each.architecture, each.variant)) for each in message.platforms)
    return Plugin(
        type=message.type,
        id=message.id,
        platforms=tuple("/".join(parts) for parts in platforms),
        exports=dict(message.exports),
        capabilities=tuple(message.capabilities),
        init_error=message.init_err.message,
    )
