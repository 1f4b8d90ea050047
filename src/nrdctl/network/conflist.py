"""CNI network configuration lists: the documents we write, and what we read from ours and others'. Pure.

The format is that of the CNI specification, version 1.0.0. Our own keys start with `nrdctl`; plugins never see them,
since each plugin is given its own object only.
"""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
import re
from typing import TYPE_CHECKING, Any

from nrdctl.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CNI_VERSION = "1.0.0"  # the newest that the plugins of Debian 12 (1.1.1) know
DEFAULT_NETWORK = "bridge"
DEFAULT_BRIDGE = "nrdctl0"
DEFAULT_DATA = "/var/lib/nrdctl/1935db59"
DRIVERS = ("bridge", "macvlan", "ipvlan")
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_PLUGIN = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Subnet:
    """A range of addresses. `ip_range` is the part of `subnet` that is handed out ("" for all)."""

    subnet: str
    gateway: str = ""
    ip_range: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class NetworkSpec:
    """A request for a network. `mtu` 0 is the kernel's default; `parent` and `mode` are for macvlan and ipvlan."""

    name: str
    driver: str = "bridge"
    subnets: tuple[Subnet, ...] = ()
    internal: bool = False
    mtu: int = 0
    parent: str = ""
    mode: str = ""
    ipam_driver: str = "host-local"
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """A network that exists. `document` is its conflist, `path` its file; both are empty for `host` and `none`."""

    name: str
    id: str
    driver: str
    subnets: tuple[Subnet, ...] = ()
    internal: bool = False
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    bridge: str = ""
    ours: bool = False
    document: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    path: Path | None = None
    created_at: float = 0.0

    @property
    def predefined(self) -> bool:
        """Whether it always exists and cannot be removed."""
        return self.name in PREDEFINED


def network_id(name: str) -> str:
    """Return the id of a network: it follows from the name, as in nerdctl."""
    return hashlib.sha256(name.encode()).hexdigest()


HOST = Network(name="host", id=network_id("host"), driver="host")
NONE = Network(name="none", id=network_id("none"), driver="null")
PREDEFINED = frozenset({DEFAULT_NETWORK, "host", "none"})


def bridge_name(data: Path, name: str) -> str:
    """Return the bridge of a network (15 characters at most); it differs between installations on one host."""
    if name == DEFAULT_NETWORK:
        if str(data) == DEFAULT_DATA:
            return DEFAULT_BRIDGE
        return f"nrdctl-{hashlib.sha256(str(data).encode()).hexdigest()[:6]}"
    return "br-" + hashlib.sha256(f"{data}\0{name}".encode()).hexdigest()[:12]


def preferred_subnet(data: Path) -> int:
    """Return the number of the subnet to try first (see `subnet.choose`): 0, but for private installations any."""
    return 0 if str(data) == DEFAULT_DATA else int(hashlib.sha256(str(data).encode()).hexdigest()[:8], 16) % (250 * 256)


def check_name(name: str) -> str:
    """Return a network's name; raises InvalidArgument when the CNI specification or we do not allow it."""
    if not _NAME.fullmatch(name) or len(name) > 128:
        raise InvalidArgument(
            f"invalid network name {name!r}: letters, digits and _.- only, starting with a letter or digit"
        )
    return name


def build(spec: NetworkSpec, *, bridge: str, ipam_dir: Path) -> dict[str, Any]:
    """Return the conflist of a network; the leases of its addresses are kept below `ipam_dir`."""
    ipam = _ipam(spec, ipam_dir)
    plugins = _bridge_plugins(spec, bridge, ipam) if spec.driver == "bridge" else [_vlan_plugin(spec, ipam)]
    return {
        "cniVersion": CNI_VERSION,
        "name": check_name(spec.name),
        "nrdctlID": network_id(spec.name),
        "nrdctlLabels": dict(spec.labels),
        "plugins": plugins,
    }


def _bridge_plugins(spec: NetworkSpec, bridge: str, ipam: dict[str, Any]) -> list[dict[str, Any]]:
    main: dict[str, Any] = {
        "type": "bridge",
        "bridge": bridge,
        "isGateway": not spec.internal,
        "ipMasq": not spec.internal,
        "hairpinMode": True,
        "capabilities": {"ips": True, "mac": True},
        "ipam": ipam,
    }
    if spec.mtu:
        main["mtu"] = spec.mtu
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    # same-bridge: containers of one network reach one another, those of different networks do not (as in docker).
    firewall = {"type": "firewall", "ingressPolicy": "same-bridge"}
    return [main, firewall] if spec.internal else [main, ports, firewall]


def _vlan_plugin(spec: NetworkSpec, ipam: dict[str, Any]) -> dict[str, Any]:
    if spec.driver not in DRIVERS:
        raise InvalidArgument(f"could not find plugin {spec.driver} in v1 plugin registry: plugin not found")
    plugin: dict[str, Any] = {"type": spec.driver, "capabilities": {"ips": True, "mac": True}, "ipam": ipam}
    plugin.update({"master": spec.parent} if spec.parent else {})
    plugin.update({"mode": spec.mode} if spec.mode else {})
    plugin.update({"mtu": spec.mtu} if spec.mtu else {})
    return plugin


def _ipam(spec: NetworkSpec, ipam_dir: Path) -> dict[str, Any]:
    if spec.ipam_driver == "dhcp":
        return {"type": "dhcp"}
    routes = [] if spec.internal else [{"dst": "0.0.0.0/0"}]
    if not spec.internal and any(":" in subnet.subnet for subnet in spec.subnets):
        routes.append({"dst": "::/0"})
    return {
        "type": "host-local",
        "dataDir": str(ipam_dir),
        "ranges": [[_range(subnet)] for subnet in spec.subnets],
        "routes": routes,
    }


def _range(subnet: Subnet) -> dict[str, str]:
    entry = {"subnet": subnet.subnet}
    if subnet.gateway:
        entry["gateway"] = subnet.gateway
    if subnet.ip_range:
        part = ipaddress.ip_network(subnet.ip_range)
        # The first and last address of the whole subnet are not for hosts; those of a part of it are.
        whole = ipaddress.ip_network(subnet.subnet)
        first = part[1] if part[0] == whole[0] else part[0]
        last = part[-2] if part[-1] == whole[-1] and part.num_addresses > 1 else part[-1]
        entry |= {"rangeStart": str(first), "rangeEnd": str(last)}
    return entry


def parse(document: object, *, path: Path | None = None, ours: bool = False, created_at: float = 0.0) -> Network:
    """Read a conflist, ours or anyone's. Raises InvalidArgument that names the file."""
    source = str(path) if path else "network document"
    if not isinstance(document, dict):
        raise InvalidArgument(f"{source}: a CNI network list is needed")
    name, plugins = document.get("name"), document.get("plugins")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidArgument(f"{source}: invalid network name {name!r}")
    if not isinstance(plugins, list) or not plugins:
        raise InvalidArgument(f"{source}: the list of plugins is missing")
    for plugin in plugins:
        kind = plugin.get("type") if isinstance(plugin, dict) else None
        if not isinstance(kind, str) or not _PLUGIN.fullmatch(kind):
            raise InvalidArgument(f"{source}: invalid plugin type {kind!r}")
    first = plugins[0]
    return Network(
        name=name,
        id=str(document.get("nrdctlID") or document.get("nerdctlID") or network_id(name)),
        driver=first["type"],
        subnets=_subnets(first.get("ipam")),
        internal=first["type"] == "bridge" and first.get("isGateway") is False,
        labels=dict(document.get("nrdctlLabels") or document.get("nerdctlLabels") or {}),
        bridge=str(first.get("bridge") or "cni0") if first["type"] == "bridge" else "",
        ours=ours,
        document=document,
        path=path,
        created_at=created_at,
    )


def _subnets(ipam: object) -> tuple[Subnet, ...]:
    """Read what host-local is told: `ranges`, or the older `subnet`; other plugins' documents give nothing."""
    if not isinstance(ipam, dict):
        return ()
    ranges = ipam.get("ranges") or ([[ipam]] if ipam.get("subnet") else [])
    entries = [entry for group in ranges if isinstance(group, list) for entry in group if isinstance(entry, dict)]
    return tuple(
        Subnet(subnet=entry["subnet"], gateway=str(entry.get("gateway") or ""))
        for entry in entries
        if isinstance(entry.get("subnet"), str)
    )
