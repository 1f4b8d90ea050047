"""Containers on one network know each other by name: each one's hosts file has a block with the others.

No daemon answers name queries, so the files of all concerned are rewritten when one comes or goes. They are
bind-mounted and therefore rewritten in place. Only records on disk are read, containerd is not asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nrdctl.network import names, record
from nrdctl.network.record import NetworkState, Phase

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from nrdctl.network.host import Host

HOSTS = "hosts"


def refresh(namespace_folder: Path, networks: Collection[str], host: Host) -> None:
    """Rewrite the peers in the hosts files of the containers of a namespace that are on one of the networks.

    `namespace_folder` holds the containers' folders. One lock per namespace, not per network: a container may be on
    several networks, and its file must not get the older of two views.
    """
    wanted = set(networks)
    with host.lock(f"hosts/{namespace_folder.name}"):
        states = _states(namespace_folder)
        for folder, state in states.items():
            if wanted.intersection(state.networks):
                _rewrite(folder, state, states, host)


def users(containers: Path, network: str) -> list[NetworkState]:
    """Return the records of all containers, in any namespace, that use a network."""
    if not containers.is_dir():
        return []
    states = (state for folder in containers.iterdir() for state in _states(folder).values())
    return [state for state in states if network in state.networks]


def lines_for(state: NetworkState, others: Collection[NetworkState]) -> list[tuple[str, tuple[str, ...]]]:
    """Return (address, names) of the peers that a container shares a network with, sorted by address. Pure."""
    shared = set(state.networks)
    lines = []
    for other in others:
        for attachment in other.attachments:
            if other.container_id == state.container_id or attachment.network not in shared:
                continue
            if attachment.phase != Phase.ADDED:
                continue
            known = [*other.names, *attachment.aliases, other.hostname]
            known += [f"{name}.{attachment.network}" for name in other.names[:1]]
            texts = tuple(dict.fromkeys(name for name in known if name))
            addresses = (attachment.address, attachment.address6)
            lines += [(address.partition("/")[0], texts) for address in addresses if address and texts]
    return sorted(lines)


def _states(namespace_folder: Path) -> dict[Path, NetworkState]:
    if not namespace_folder.is_dir():
        return {}
    found = ((folder, record.load(folder)) for folder in sorted(namespace_folder.iterdir()))
    return {folder: state for folder, state in found if state is not None}


def _rewrite(folder: Path, state: NetworkState, states: dict[Path, NetworkState], host: Host) -> None:
    path = folder / HOSTS
    try:
        text = path.read_text()
    except FileNotFoundError:
        return
    host.write_in_place(path, names.with_peers(text, lines_for(state, list(states.values()))))
