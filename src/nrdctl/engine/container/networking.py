"""The network of one container from start to exit: namespace, ports, interfaces, and the files that name peers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nrdctl.engine.labels import display_name
from nrdctl.engine.networks import NO_NETWORK, check_networking, hostname_of, network_host, parse_extra_host
from nrdctl.network import attachment, netns, peers, record
from nrdctl.network.attachment import Choice
from nrdctl.network.names import Resolver, host_network_hosts, hosts, resolv_conf
from nrdctl.network.ports import Reservation, reserve
from nrdctl.oci.spec import HOST_NETWORK

if TYPE_CHECKING:
    from nrdctl.conmon.client import MonitorClient
    from nrdctl.containerd.records import ContainerRecord
    from nrdctl.engine.container.request import Request
    from nrdctl.engine.engine import Engine

_RESOLV, _RESOLVED = Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf")


class ContainerNetwork:
    """The steps of a start. `prepare` is fast; `attach` may run in another thread; `detach` undoes both."""

    def __init__(self, engine: Engine, container: ContainerRecord, request: Request) -> None:
        self._engine, self._container, self._request = engine, container, request
        self._host = network_host(engine)
        self._folder = engine.layout.container_dir(engine.namespace, container.id)
        self._mode = request.config.networking.network
        self._hostname = hostname_of(request.config.networking, container.id)
        self._reservation: Reservation | None = None
        self._reused = False

    def prepare(self) -> None:
        """Reserve the ports and make the namespace. A container that restarts keeps the network that it has."""
        if self._mode == HOST_NETWORK:
            return
        known = record.load(self._folder)
        path = self._engine.layout.netns_path(self._container.id)
        if known is not None and netns.exists(path) and _is_complete(known):
            self._reservation, self._reused = reserve(known.ports), True
            return
        networking = self._request.config.networking
        network = check_networking(self._engine, networking)
        ports = networking.ports if network is not None else ()
        self._reservation = reserve(ports)
        wanted = attachment.Request(
            namespace=self._engine.namespace,
            container_id=self._container.id,
            netns=path,
            networks=(Choice(network=network),) if network is not None else (),
            ports=self._reservation.mappings,
            hostname=self._hostname,
            names=(display_name(self._container.labels),),
        )
        attachment.prepare(self._folder, wanted, self._host)

    def attach(self) -> None:
        """Run the plugins."""
        if self._mode not in (HOST_NETWORK, NO_NETWORK) and not self._reused:
            attachment.connect(self._folder, self._host)

    def hand_over(self, monitor: MonitorClient) -> None:
        """Give the sockets that reserve the ports to the monitor, which lives as long as the container runs."""
        if self._reservation is not None:
            if self._reservation.sockets:
                monitor.hand_over(self._reservation.sockets)
            self._reservation.close()

    def write_names(self) -> None:
        """Fill in hosts and resolv.conf, and tell the peers."""
        networking = self._request.config.networking
        extra = [parse_extra_host(entry) for entry in networking.add_host]
        state = record.load(self._folder)
        if self._mode == HOST_NETWORK:
            text = host_network_hosts(_read(Path("/etc/hosts")), extra=extra)
        else:
            text = hosts(state.addresses if state else (), self._hostname, extra=extra)
        self._host.write_in_place(self._folder / "hosts", text)
        settings = self._engine.settings
        resolver = Resolver(
            servers=networking.dns or settings.dns, search=settings.dns_search, options=settings.dns_opts
        )
        on_host = self._mode == HOST_NETWORK
        names = resolv_conf(_read(_RESOLV), resolver, resolved_text=_read(_RESOLVED), host_network=on_host)
        self._host.write_in_place(self._folder / "resolv.conf", names)
        if state is not None and state.attachments:
            peers.refresh(self._folder.parent, state.networks, self._host)

    def detach(self) -> None:
        """Undo everything."""
        if self._reservation is not None:
            self._reservation.close()
        release_network(self._engine, self._container.id)


def release_network(engine: Engine, container_id: str) -> None:
    """Give back a container's addresses, rules and namespace, from whatever state they are in; may be repeated."""
    folder, host = engine.layout.container_dir(engine.namespace, container_id), network_host(engine)
    state = attachment.detach(folder, host)
    netns.remove(engine.layout.netns_path(container_id))
    if state is not None and state.attachments:
        peers.refresh(folder.parent, state.networks, host)


def _is_complete(known: record.NetworkState) -> bool:
    return bool(known.attachments) and all(item.phase == record.Phase.ADDED for item in known.attachments)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
