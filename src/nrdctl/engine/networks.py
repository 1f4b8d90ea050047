"""Networks: where they come from, and the check of what a container asks for."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nrdctl.errors import InvalidArgument
from nrdctl.model.summary import NetworkSummary
from nrdctl.network.host import Host
from nrdctl.network.store import Store
from nrdctl.oci.spec import HOST_NETWORK
from nrdctl.state.files import write_atomic, write_in_place
from nrdctl.state.locks import lock

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from nrdctl.engine.engine import Engine
    from nrdctl.model.container import Networking
    from nrdctl.network.conflist import Network

NO_NETWORK = "none"


def network_host(engine: Engine) -> Host:
    """Return what the network package needs to know of this installation."""
    layout, settings = engine.layout, engine.settings

    def locked(name: str, *, shared: bool = False) -> AbstractContextManager[None]:
        return lock(layout.lock_path("network", name), shared=shared)

    return Host(
        data=layout.data,
        networks=layout.network_dir,
        netconf=settings.cni_netconfpath,
        ipam=layout.ipam_dir,
        containers=layout.data / "containers",
        plugin_folders=settings.cni_folders,
        lock=locked,
        write_atomic=write_atomic,
        write_in_place=write_in_place,
        bridge_ip=settings.bridge_ip,
    )


def list_networks(engine: Engine) -> list[NetworkSummary]:
    """Return all networks by name, with docker's `host` and `none`."""
    return [_summary(network) for network in Store(network_host(engine)).list_all()]


def check_networking(engine: Engine, networking: Networking) -> Network | None:
    """Return the network to join (None: the host's, or none). Raises NotFound, InvalidArgument."""
    mode = networking.network
    if mode in (HOST_NETWORK, NO_NETWORK):
        return None
    if ":" in mode:
        raise InvalidArgument(f"invalid network mode {mode!r}", hint="use bridge, host, none or a network's name")
    for entry in networking.add_host:
        parse_extra_host(entry)
    return Store(network_host(engine)).get(mode)


def hostname_of(networking: Networking, container_id: str) -> str:
    """Return a container's hostname: the one asked for, the host's on the host's network, else its short ID."""
    if networking.hostname is not None:
        return networking.hostname
    return os.uname().nodename if networking.network == HOST_NETWORK else container_id[:12]


def parse_extra_host(text: str) -> tuple[str, str]:
    """Split `--add-host NAME:IP` (or `NAME=IP`) into name and address. Raises InvalidArgument in docker's words."""
    import ipaddress  # import cost

    separator = "=" if "=" in text else ":"
    name, _, address = text.partition(separator)
    try:
        ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        raise InvalidArgument(
            f"bad format for add-host: {text!r}: invalid IP address in add-host: {address!r}"
        ) from None
    if not name:
        raise InvalidArgument(f"bad format for add-host: {text!r}")
    return name, address.strip("[]")


def _summary(network: Network) -> NetworkSummary:
    return NetworkSummary(
        id=network.id,
        name=network.name,
        driver=network.driver,
        labels=network.labels,
        internal=network.internal,
        ipv6=any(":" in subnet.subnet for subnet in network.subnets),
        created_at=datetime.fromtimestamp(network.created_at, UTC) if network.created_at else None,
    )
