"""Attaching containers to networks and detaching them, so that an interruption anywhere can be undone.

`prepare` (fast) writes the intent and makes the network namespace; `connect` runs the plugins and may do so in a
thread next to the creation of the task; `detach` undoes both from whatever state it finds.
"""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nrdctl.errors import NetworkPluginError, NotFound
from nrdctl.network import conflist, iptables, links, netns, plugin, record
from nrdctl.network.record import Attachment, NetworkState, Phase, Wanted

if TYPE_CHECKING:
    from nrdctl.model.port import PortMapping
    from nrdctl.network.conflist import Network
    from nrdctl.network.host import Host


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """A network that a container shall join, what it wants there and its further names there."""

    network: Network
    wanted: Wanted = dataclasses.field(default_factory=Wanted)
    aliases: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What a container needs: its id (64 hex), where its namespace goes, networks in the order eth0, eth1….

    `ports` have their host ports (see `ports.reserve`). `names` are what peers know it by, `hostname` too. Without
    networks the namespace has a loopback only.
    """

    namespace: str
    container_id: str
    netns: Path
    networks: tuple[Choice, ...] = ()
    ports: tuple[PortMapping, ...] = ()
    hostname: str = ""
    names: tuple[str, ...] = ()


def attach(folder: Path, request: Request, host: Host) -> NetworkState:
    """Prepare and connect in one go; on failure nothing is left. `folder` is the container's."""
    prepare(folder, request, host)
    return connect(folder, host)


def prepare(folder: Path, request: Request, host: Host) -> NetworkState:
    """Write the intent and make the namespace. What an earlier start left there is undone first."""
    detach(folder, host)
    netns.remove(request.netns)
    state = _plan(request)
    record.save(folder, state, host.write_atomic)
    try:
        netns.create(request.netns)
    except BaseException:
        _forget(folder)
        raise
    return state


def connect(folder: Path, host: Host) -> NetworkState:
    """Run the plugins for each planned network and return the addresses. On failure everything is detached."""
    state = record.load(folder)
    if state is None:
        raise NotFound(f"no network was prepared in {folder}")
    try:
        for index in range(len(state.attachments)):
            state = _connect_one(folder, state, index, host)
    except BaseException:
        with contextlib.suppress(NetworkPluginError):  # the first failure is the one to report
            detach(folder, host)
        raise
    return state


def detach(folder: Path, host: Host) -> NetworkState | None:
    """Give back addresses, rules, interfaces and the namespace; return what was attached, None if nothing was.

    Works from any state, also when the namespace is gone, and may be repeated. When a plugin fails the others still
    run, the record stays for another try, and NetworkPluginError is raised at the end.
    """
    state = record.load(folder)
    if state is None:
        return None
    alive = netns.exists(state.netns)
    failure: NetworkPluginError | None = None
    for attachment in reversed(state.attachments):
        if attachment.phase == Phase.PLANNED:
            continue
        try:
            plugin.delete(attachment.conflist, _call(state, attachment, host, alive=alive), attachment.result)
        except NetworkPluginError as error:
            failure = failure or error
    if failure or not alive:
        iptables.sweep_container(state.container_id)
    netns.remove(state.netns)
    if failure:
        raise failure
    _forget(folder)
    return state


def check(folder: Path, host: Host) -> None:
    """Let the plugins compare the container's network with what they made. Raises NetworkPluginError."""
    state = record.load(folder)
    for attachment in state.attachments if state else ():
        if state and attachment.result:
            plugin.check(attachment.conflist, _call(state, attachment, host), attachment.result)


def _plan(request: Request) -> NetworkState:
    attachments: list[Attachment] = []
    ports = request.ports
    for number, choice in enumerate(request.networks):
        network = choice.network
        publishes = ports and _declares(network.document, "portMappings")
        attachments.append(
            Attachment(
                network=network.name,
                network_id=network.id,
                interface=f"eth{number}",
                conflist=network.document,
                source=str(network.path) if network.ours else "",
                wanted=choice.wanted,
                aliases=choice.aliases,
                ports=ports if publishes else (),
            )
        )
        if publishes:
            ports = ()  # one network does it, else there were two rules for one port
    return NetworkState(
        container_id=f"{request.namespace}-{request.container_id}",
        netns=request.netns,
        hostname=request.hostname,
        names=request.names,
        ports=request.ports,
        attachments=tuple(attachments),
    )


def _connect_one(folder: Path, state: NetworkState, index: int, host: Host) -> NetworkState:
    """Run ADD for one network and save each result.

    Plugins of different containers may run at the same time, except the first on a bridge, which makes it. Plugins
    also make chains that all networks share: whoever loses that race is undone and tries again alone.
    """
    attachment = state.attachments[index]
    bridge = conflist.parse(attachment.conflist).bridge
    alone = bool(bridge) and not links.exists(bridge)
    state = state.with_attachment(index, phase=Phase.ADDING)
    record.save(folder, state, host.write_atomic)
    try:
        return _add(folder, state, index, host, alone=alone)
    except NetworkPluginError as error:
        if not plugin.is_race(error):
            raise
    with contextlib.suppress(NetworkPluginError):
        latest = (record.load(folder) or state).attachments[index]
        plugin.delete(latest.conflist, _call(state, latest, host), latest.result)
    return _add(folder, state, index, host, alone=True)


def _add(folder: Path, state: NetworkState, index: int, host: Host, *, alone: bool) -> NetworkState:
    attachment = state.attachments[index]

    def keep(result: dict[str, Any]) -> None:
        record.save(folder, state.with_attachment(index, result=result), host.write_atomic)

    with host.lock(attachment.network, shared=not alone):
        if attachment.source and not Path(attachment.source).exists():
            raise NotFound(f"network {attachment.network} not found", hint="it was removed meanwhile")
        result = plugin.add(attachment.conflist, _call(state, attachment, host), on_result=keep)
        state = state.with_attachment(index, phase=Phase.ADDED, result=result)
        record.save(folder, state, host.write_atomic)
    return state


def _call(state: NetworkState, attachment: Attachment, host: Host, *, alive: bool = True) -> plugin.Call:
    wanted = attachment.wanted
    addresses = [address for address in (wanted.ip, wanted.ip6) if address]
    arguments = []
    if addresses and not _declares(attachment.conflist, "ips"):
        arguments.append(("IP", ",".join(addresses)))
    if wanted.mac and not _declares(attachment.conflist, "mac"):
        arguments.append(("MAC", wanted.mac))
    ports = [
        {"hostPort": p.host_port, "containerPort": p.container_port, "protocol": p.protocol, "hostIP": p.host_ip}
        for p in attachment.ports
    ]
    return plugin.Call(
        container_id=state.container_id,
        interface=attachment.interface,
        netns=str(state.netns) if alive else "",
        folders=host.plugin_folders,
        runtime={"portMappings": ports, "ips": addresses, "mac": wanted.mac},
        arguments=tuple(arguments),
    )


def _declares(document: Any, capability: str) -> bool:
    """Whether a plugin of the list takes values for a capability."""
    plugins = document.get("plugins") or ()
    return any((item.get("capabilities") or {}).get(capability) for item in plugins)


def _forget(folder: Path) -> None:
    (folder / record.FILE).unlink(missing_ok=True)
