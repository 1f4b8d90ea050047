"""Choosing and checking the subnets of a network. Pure."""

from __future__ import annotations

import dataclasses
import ipaddress
from typing import TYPE_CHECKING

from nrdctl.errors import Conflict, InvalidArgument
from nrdctl.network.conflist import Network, NetworkSpec, Subnet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
Subnet4 = ipaddress.IPv4Network

_TEN = range(0x0A040000, 0x0B000000, 256)  # the /24s of 10.4 to 10.255
_OTHERS = (range(0xAC100000, 0xAC200000, 256), range(0xC0A80000, 0xC0A90000, 256))  # 172.16 to 172.31, 192.168


def choose(used: Iterable[IpNetwork], *, start: int = 0) -> Subnet4:
    """Return the first free /24: 10.4.0.0/24 as nerdctl does, then on through the private ranges.

    `start` counts /24s from 10.4.0.0 (up to 10.255): installations that begin apart hardly ever choose the same one
    before the other's route is seen. Raises Conflict when all are taken.
    """
    taken = [(int(network[0]), int(network[-1])) for network in used if isinstance(network, Subnet4)]
    begin = _TEN.start + start % len(_TEN) * 256
    for addresses in (range(begin, _TEN.stop, 256), range(_TEN.start, begin, 256), *_OTHERS):
        address = addresses.start
        while address < addresses.stop:
            last = max((high for low, high in taken if low <= address + 255 and address <= high), default=-1)
            if last < 0:
                return Subnet4((address, 24))
            address = (last & ~255) + 256
    raise Conflict("no private subnet is free for a new network", hint="give one with --subnet")


def complete(
    spec: NetworkSpec, *, used: Sequence[IpNetwork], networks: Iterable[Network], start: int = 0
) -> NetworkSpec:
    """Return the request with a subnet chosen where none is given, and a gateway for each.

    `used` is avoided when choosing, from `start` on (see `choose`); a given one may not overlap with `networks`.
    Raises InvalidArgument, Conflict.
    """
    if spec.ipam_driver == "dhcp":
        return spec
    if not spec.subnets:
        chosen = choose(used, start=start)
        return dataclasses.replace(spec, subnets=(Subnet(subnet=str(chosen), gateway=str(chosen[1])),))
    existing = list(networks)
    return dataclasses.replace(spec, subnets=tuple(_checked(subnet, existing) for subnet in spec.subnets))


def subnets_of(network: Network) -> list[IpNetwork]:
    """Return the subnets of a network; a text that is none is left out (others write conflists too)."""
    found: list[IpNetwork] = []
    for item in network.subnets:
        try:
            found.append(ipaddress.ip_network(item.subnet, strict=False))
        except ValueError:
            continue
    return found


def overlaps(one: IpNetwork, other: IpNetwork) -> bool:
    """Whether two networks share addresses; those of different versions do not."""
    if isinstance(one, ipaddress.IPv4Network):
        return isinstance(other, ipaddress.IPv4Network) and one.overlaps(other)
    return isinstance(other, ipaddress.IPv6Network) and one.overlaps(other)


def parse_routes(text: str) -> list[tuple[str, Subnet4]]:
    """Parse /proc/net/route into (interface, destination) pairs, default routes left out."""
    routes = []
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 8:
            continue
        interface, destination, mask = fields[0], _address(fields[1]), _address(fields[7])
        if int(mask):
            routes.append((interface, Subnet4((int(destination) & int(mask), str(mask)))))
    return routes


def _checked(item: Subnet, existing: list[Network]) -> Subnet:
    try:
        network = ipaddress.ip_network(item.subnet)
        gateway = ipaddress.ip_address(item.gateway) if item.gateway else network[1]
        part = ipaddress.ip_network(item.ip_range) if item.ip_range else network
    except (ValueError, IndexError) as error:
        raise InvalidArgument(f"invalid subnet {item.subnet}: {error}") from error
    if network.num_addresses < 4:
        raise InvalidArgument(f"invalid subnet {item.subnet}: it has no room for containers")
    if gateway not in network:
        raise InvalidArgument(f"no matching subnet for gateway {gateway}")
    if not overlaps(network, part) or part.prefixlen < network.prefixlen:
        raise InvalidArgument(f"no matching subnet for range {part}")
    for other in existing:
        for taken in subnets_of(other):
            if overlaps(network, taken):
                raise Conflict(f"Pool overlaps with other one on this address space: {taken} of network {other.name}")
    return dataclasses.replace(item, gateway=str(gateway))


def _address(text: str) -> ipaddress.IPv4Address:
    """Decode an address as the kernel prints it: hex digits of the bytes in network order, little end first."""
    return ipaddress.IPv4Address(bytes.fromhex(text)[::-1])
