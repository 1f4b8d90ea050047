"""The networks of this host: ours, those of others' conflists, and the predefined `host` and `none`."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path
from typing import TYPE_CHECKING

from nrdctl.errors import AlreadyExists, Conflict, InvalidArgument, NotFound, PermissionDenied
from nrdctl.network import conflist, iptables, links, peers
from nrdctl.network.conflist import DEFAULT_NETWORK, HOST, NONE, PREDEFINED, Network, NetworkSpec, Subnet
from nrdctl.network.subnet import complete, overlaps, parse_routes, subnets_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nrdctl.network.host import Host
    from nrdctl.network.subnet import IpNetwork

DEFAULT_LABEL = "nrdctl/default-network"
_SUFFIX = ".conflist"
_CHOICE = "subnets/"  # the lock under which subnets are chosen; no network can have this name
_ROUTES = Path("/proc/net/route")


class Store:
    """Reads and writes conflists. One file per network; `warnings` names files of others that could not be read."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.warnings: list[str] = []

    def list_all(self) -> list[Network]:
        """Return all networks by name, the default one too, which is made when it is missing."""
        networks = {network.name: network for network in self._foreign()}
        networks.update((network.name, network) for network in self._ours())
        networks.update({HOST.name: HOST, NONE.name: NONE, DEFAULT_NETWORK: self.default()})
        return [networks[name] for name in sorted(networks)]

    def get(self, reference: str) -> Network:
        """Return a network by name, or by id or the beginning of one. Raises NotFound, Conflict (ambiguous)."""
        if reference == DEFAULT_NETWORK:
            return self.default()
        own = self._read(self._path(reference)) if _is_name(reference) else None
        if own is not None:
            return own
        networks = self.list_all()
        by_name = [network for network in networks if network.name == reference]
        found = by_name or [network for network in networks if reference and network.id.startswith(reference)]
        if not found:
            raise NotFound(f"network {reference} not found")
        if len(found) > 1:
            raise Conflict(f"network {reference} is ambiguous ({len(found)} matches found based on ID prefix)")
        return found[0]

    def default(self) -> Network:
        """Return the default network; made on first use, and anew when its subnet is routed elsewhere by now."""
        path = self._path(DEFAULT_NETWORK)
        network = self._read(path)
        if network is not None and not self._misplaced(network):
            return network
        with self._host.lock(DEFAULT_NETWORK), self._host.lock(_CHOICE):
            network = self._read(path)
            if network is None or self._misplaced(network):
                network = self._write(self._completed(self._default_spec()))
        return network

    def create(self, spec: NetworkSpec) -> Network:
        """Make a network; without subnets a free one is chosen. Raises AlreadyExists, InvalidArgument, Conflict."""
        name = conflist.check_name(spec.name)
        with self._host.lock(name), self._host.lock(_CHOICE):
            if name in PREDEFINED or self._read(self._path(name)) or any(n.name == name for n in self._foreign()):
                raise AlreadyExists(f"network with name {name} already exists")
            return self._write(self._completed(spec))

    def remove(self, network: Network) -> None:
        """Remove a network of ours with its bridge. Raises Conflict when containers use it, PermissionDenied."""
        if network.predefined:
            raise PermissionDenied(f"{network.name} is a pre-defined network and cannot be removed")
        if not network.ours:
            raise PermissionDenied(f"network {network.name} is not managed by nrdctl", hint=f"see {network.path}")
        with self._host.lock(network.name):
            users = peers.users(self._host.containers, network.name)
            if users:
                who = ", ".join(state.names[0] if state.names else state.container_id for state in users)
                raise Conflict(
                    f"error while removing network: network {network.name} id {network.id} has active endpoints ({who})"
                )
            self._discard(network)

    def _discard(self, network: Network) -> None:
        self._path(network.name).unlink(missing_ok=True)
        if network.bridge and links.delete_bridge(network.bridge):
            iptables.sweep_bridge(network.bridge)
        _remove_leases(self._host.ipam / network.name)

    def _default_spec(self) -> NetworkSpec:
        given: tuple[Subnet, ...] = ()
        if self._host.bridge_ip:
            address = ipaddress.ip_interface(self._host.bridge_ip)
            given = (Subnet(subnet=str(address.network), gateway=str(address.ip)),)
        return NetworkSpec(name=DEFAULT_NETWORK, labels={DEFAULT_LABEL: "true"}, subnets=given)

    def _completed(self, spec: NetworkSpec) -> NetworkSpec:
        """Return the request with subnets and gateways, apart from those of the host and of all other networks."""
        ours = [network for network in self._ours() if network.name != spec.name]
        used: list[IpNetwork] = [subnet for _, subnet in self._routes(apart_from=spec.name)]
        used += [subnet for network in (*ours, *self._foreign()) for subnet in subnets_of(network)]
        return complete(spec, used=used, networks=ours, start=conflist.preferred_subnet(self._host.data))

    def _routes(self, *, apart_from: str) -> list[tuple[str, ipaddress.IPv4Network]]:
        own = conflist.bridge_name(self._host.data, apart_from)
        return [route for route in parse_routes(_ROUTES.read_text()) if route[0] != own]

    def _misplaced(self, network: Network) -> bool:
        """Whether the default network has no bridge yet, and the host has a route (VPN, other bridge) to its subnet."""
        if self._host.bridge_ip or links.exists(network.bridge):
            return False
        routes = [subnet for _, subnet in self._routes(apart_from=network.name)]
        return any(overlaps(subnet, routed) for subnet in subnets_of(network) for routed in routes)

    def _write(self, spec: NetworkSpec) -> Network:
        bridge = conflist.bridge_name(self._host.data, spec.name) if spec.driver == "bridge" else ""
        document = conflist.build(spec, bridge=bridge, ipam_dir=self._host.ipam)
        path = self._path(spec.name)
        self._host.write_atomic(path, json.dumps(document, indent=2) + "\n")
        network = self._read(path)
        if network is None:
            raise NotFound(f"network {spec.name} not found", hint="it was removed meanwhile")
        return network

    def _path(self, name: str) -> Path:
        return self._host.networks / f"{name}{_SUFFIX}"

    def _read(self, path: Path, *, ours: bool = True) -> Network | None:
        try:
            content, created = path.read_bytes(), path.stat().st_mtime
        except FileNotFoundError:
            return None
        try:
            document = json.loads(content)
        except ValueError as error:
            raise InvalidArgument(f"{path}: {error}") from error
        return conflist.parse(document, path=path, ours=ours, created_at=created)

    def _ours(self) -> Iterator[Network]:
        networks = (self._read(path) for path in _files(self._host.networks))
        return (network for network in networks if network is not None)

    def _foreign(self) -> list[Network]:
        """Return others' networks; a bad file is skipped, as its owner's problem, and noted in `warnings`."""
        self.warnings.clear()
        networks = []
        for path in _files(self._host.netconf):
            try:
                network = self._read(path, ours=False)
            except (InvalidArgument, OSError) as error:
                self.warnings.append(str(error))
                continue
            if network is not None:
                networks.append(network)
        return networks


def _files(folder: Path) -> Iterable[Path]:
    return sorted(folder.glob(f"*{_SUFFIX}")) if folder.is_dir() else ()


def _is_name(reference: str) -> bool:
    try:
        conflist.check_name(reference)
    except InvalidArgument:
        return False
    return True


def _remove_leases(folder: Path) -> None:
    import shutil  # import cost

    shutil.rmtree(folder, ignore_errors=True)
