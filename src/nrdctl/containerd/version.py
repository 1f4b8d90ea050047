"""The daemon's version (containerd.services.version.v1)."""

from __future__ import annotations

from google.protobuf import empty_pb2

from nrdctl._pb import version_pb2 as pb
from nrdctl.containerd.channel import Rpc, Scope
from nrdctl.containerd.records import Version


class VersionService:
    """The daemon's version."""

    def __init__(self, scope: Scope) -> None:
        self._rpc = Rpc(scope, pb.DESCRIPTOR.services_by_name["Version"])

    def get(self) -> Version:
        """Return it. It makes a good test of the connection: the namespace need not exist."""
        answer = self._rpc.unary("Version", empty_pb2.Empty())
        return Version(version=answer.version, revision=answer.revision)
