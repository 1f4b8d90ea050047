"""Published ports: docker's short syntax `[ip:][host[-host]:]container[-container][/proto]`."""

from __future__ import annotations

import dataclasses
import ipaddress

PROTOCOLS = ("tcp", "udp", "sctp")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class PortMapping:
    """One published port. `host_port` 0 means: choose a free one when the container starts."""

    container_port: int
    host_port: int = 0
    protocol: str = "tcp"
    host_ip: str = ""

    def __str__(self) -> str:
        """Return docker's text, e.g. `0.0.0.0:8080->80/tcp`."""
        ip = self.host_ip or "0.0.0.0"  # noqa: S104 - how docker prints "all addresses"
        ip = f"[{ip}]" if ":" in ip else ip
        return f"{ip}:{self.host_port}->{self.container_port}/{self.protocol}"


def parse_ports(text: str) -> tuple[PortMapping, ...]:
    """Parse one `-p` value; a range gives one mapping per port. Raises ValueError."""
    rest, _, protocol = text.partition("/")
    protocol = protocol.lower() or "tcp"
    if protocol not in PROTOCOLS:
        raise ValueError(f"invalid proto: {protocol}")
    host_ip, host, container = _split(text, rest)
    containers = _range(text, container)
    if not host:
        return tuple(PortMapping(container_port=p, protocol=protocol, host_ip=host_ip) for p in containers)
    hosts = _range(text, host, lowest=0)
    if len(containers) == 1 and len(hosts) > 1:
        raise ValueError(f"invalid port specification {text!r}: a range of host ports needs a range of container ports")
    if len(hosts) != len(containers):
        raise ValueError(f"invalid ranges specified for container and host Ports: {container} and {host}")
    return tuple(
        PortMapping(container_port=c, host_port=h, protocol=protocol, host_ip=host_ip)
        for c, h in zip(containers, hosts, strict=True)
    )


def _split(text: str, rest: str) -> tuple[str, str, str]:
    if rest.startswith("["):  # [::1]:8080:80
        address, bracket, tail = rest[1:].partition("]")
        if not bracket or not tail.startswith(":"):
            raise ValueError(f"invalid port specification {text!r}")
        parts = [address, *tail[1:].split(":")]
    else:
        parts = rest.split(":")
    if len(parts) > 3 or not parts[-1]:
        raise ValueError(f"invalid port specification {text!r}")
    host_ip = parts[0] if len(parts) == 3 else ""
    if host_ip:
        try:
            ipaddress.ip_address(host_ip)
        except ValueError:
            raise ValueError(f"invalid IP address: {host_ip}") from None
    host = parts[-2] if len(parts) >= 2 else ""
    return host_ip, host, parts[-1]


def _range(text: str, ports: str, *, lowest: int = 1) -> range:
    first, dash, last = ports.partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()):
        raise ValueError(f"invalid containerPort: {ports}" if text.endswith(ports) else f"invalid hostPort: {ports}")
    start, end = int(first), int(last) if dash else int(first)
    if not lowest <= start <= end <= 65535:
        raise ValueError(f"invalid port range {ports!r} in {text!r}: ports are 1 to 65535, lowest first")
    return range(start, end + 1)
