"""Reserving published ports: a socket that is bound to a host port keeps it for the container.

The traffic itself goes through the DNAT rules of the portmap plugin and never reaches these sockets; they make the
kernel refuse the port to everyone else, and are held by the container's monitor for as long as it runs.
"""

from __future__ import annotations

import dataclasses
import errno
import socket
from typing import TYPE_CHECKING

from nrdctl.errors import Conflict, InvalidArgument, PermissionDenied

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from nrdctl.model.port import PortMapping

_ANY = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}  # noqa: S104 - docker's default too
_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
_FAILED = "driver failed programming external connectivity"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Reservation:
    """Ports held by sockets; each mapping has its host port. Closing gives the ports back.

    A process that was sent the sockets keeps the ports, so closing here is right after they were handed over.
    """

    mappings: tuple[PortMapping, ...]
    sockets: tuple[socket.socket, ...]

    def filenos(self) -> tuple[int, ...]:
        """Return the file descriptors, to be passed to another process."""
        return tuple(held.fileno() for held in self.sockets)

    def close(self) -> None:
        """Close the sockets."""
        for held in self.sockets:
            held.close()

    def __enter__(self) -> Reservation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def reserve(mappings: Iterable[PortMapping]) -> Reservation:
    """Bind every host port; 0 gets a free one from the kernel's ephemeral range.

    SCTP ports are taken unchecked where the kernel has no SCTP sockets. Raises Conflict in docker's words when a port
    is in use, InvalidArgument for an address that the host does not have, PermissionDenied.
    """
    held: list[socket.socket] = []
    chosen: list[PortMapping] = []
    try:
        for mapping in mappings:
            bound = _bind(mapping)
            if bound is None:
                chosen.append(mapping)
                continue
            held.append(bound)
            chosen.append(dataclasses.replace(mapping, host_port=bound.getsockname()[1]))
    except BaseException:
        for bound in held:
            bound.close()
        raise
    return Reservation(mappings=tuple(chosen), sockets=tuple(held))


def _bind(mapping: PortMapping) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in mapping.host_ip else socket.AF_INET
    address = (mapping.host_ip or _ANY[family], mapping.host_port)
    try:
        return _bound(family, mapping.protocol, address)
    except OSError as error:
        if mapping.protocol == "sctp" and error.errno in (errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT):
            if not mapping.host_port:
                raise InvalidArgument("an sctp port needs a host port: this kernel has no SCTP sockets") from error
            return None
        raise _explained(error, mapping, address) from error


def _bound(family: int, protocol: str, address: tuple[str, int]) -> socket.socket:
    number = socket.IPPROTO_SCTP if protocol == "sctp" else 0
    result = socket.socket(family, _KINDS.get(protocol, socket.SOCK_STREAM), number)
    try:
        if family == socket.AF_INET6:
            result.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            result.bind(address)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or protocol != "tcp":
                raise
            # Closed connections of an earlier server (TIME_WAIT) do not count: with SO_REUSEADDR the kernel passes
            # over them, and listen() then still refuses a port that someone really holds.
            result.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            result.bind(address)
            result.listen(0)
    except BaseException:
        result.close()
        raise
    return result


def _explained(error: OSError, mapping: PortMapping, address: tuple[str, int]) -> Exception:
    where = f"[{address[0]}]:{address[1]}" if ":" in address[0] else f"{address[0]}:{address[1]}"
    if error.errno == errno.EADDRINUSE:
        return Conflict(
            f"{_FAILED}: Bind for {where} failed: port is already allocated",
            hint=f"choose another host port, or see who holds it: ss -lnp 'sport = :{address[1]}'",
        )
    reason = f"{_FAILED}: listen {mapping.protocol} {where}: bind: {(error.strerror or str(error)).lower()}"
    if error.errno == errno.EACCES:
        return PermissionDenied(reason)
    return InvalidArgument(reason)
