"""Networks for real: namespaces, the host's CNI plugins, iptables and published ports. No containerd is needed.

Each test has an installation of its own (folders, bridge, subnet), and traffic stays on the loopback and in
namespaces that the test made.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nrdctl.errors import AlreadyExists, Conflict, NetworkPluginError, NotFound
from nrdctl.model.port import PortMapping
from nrdctl.network import attachment, iptables, links, names, netns, peers, ports, record
from nrdctl.network.attachment import Choice, Request
from nrdctl.network.conflist import NetworkSpec, bridge_name
from nrdctl.network.host import Host
from nrdctl.network.record import Phase, Wanted
from nrdctl.network.store import Store
from nrdctl.state import settings
from nrdctl.state.files import write_atomic, write_in_place
from nrdctl.state.locks import lock

PLUGINS = settings.load({}, {}, Path("/nonexistent")).cni_folders


def missing() -> str:
    if os.geteuid() != 0:
        return "needs root"
    if not all((PLUGINS[0] / kind).exists() for kind in ("bridge", "host-local", "portmap", "firewall")):
        return "needs the CNI plugins (containernetworking-plugins)"
    tools = [tool for tool in ("iptables", "iptables-save", "nsenter", "busybox") if shutil.which(tool) is None]
    return f"needs {', '.join(tools)}" if tools else ""


pytestmark = [pytest.mark.system, pytest.mark.skipif(bool(missing()), reason=missing() or "-")]


def host_at(root: Path) -> Host:
    """Return the network package's host for an installation below a folder."""
    return Host(
        data=root / "data",
        networks=root / "data" / "networks",
        netconf=root / "net.d",
        ipam=root / "run" / "ipam",
        containers=root / "data" / "containers",
        plugin_folders=PLUGINS,
        lock=lambda name, shared=False: lock(root / "run" / "locks" / name.replace("/", "_"), shared=shared),
        write_atomic=write_atomic,
        write_in_place=write_in_place,
    )


class Installation:
    """Containers' namespaces of one installation, without containers."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.host = host_at(root)
        self.store = Store(self.host)
        self.made: list[str] = []
        self.folders: dict[str, Path] = {}

    def folder(self, cid: str) -> Path:
        self.made.append(cid)
        path = self.folders[cid] = self.host.containers / "default" / cid
        path.mkdir(parents=True, exist_ok=True)
        return path

    def netns(self, cid: str) -> Path:
        return self.root / "run" / cid / "netns"

    def request(self, cid: str, *choices: Choice, **changes) -> Request:
        values = {
            "namespace": "default",
            "container_id": cid,
            "netns": self.netns(cid),
            "networks": choices or (Choice(network=self.store.default()),),
            "names": (cid,),
            "hostname": f"host-{cid}",
        }
        return Request(**{**values, **changes})

    def attach(self, cid: str, *choices: Choice, **changes) -> record.NetworkState:
        return attachment.attach(self.folder(cid), self.request(cid, *choices, **changes), self.host)

    def detach(self, cid: str) -> record.NetworkState | None:
        return attachment.detach(self.folders[cid], self.host)

    def leases(self) -> list[str]:
        return sorted(p.name for p in self.host.ipam.glob("*/*") if p.name[0].isdigit())

    def clean(self) -> None:
        for cid in self.made:
            with contextlib.suppress(NetworkPluginError):
                self.detach(cid)
            netns.remove(self.netns(cid))
        for network in self.store.list_all():
            if network.ours and network.name != "bridge":
                with contextlib.suppress(Conflict):
                    self.store.remove(network)
        links.delete_bridge(bridge_name(self.host.data, "bridge"))
        iptables.sweep_bridge(bridge_name(self.host.data, "bridge"))


@pytest.fixture
def installation(tmp_path):
    made = Installation(tmp_path)
    yield made
    made.clean()


@pytest.fixture
def cid():
    return secrets.token_hex(32)


def rules(mark: str) -> list[str]:
    saved = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True).stdout
    return [line for line in saved.splitlines() if mark in line]


def inside(path: Path, *command: str, timeout: float = 10) -> subprocess.CompletedProcess[str]:
    """Run a command of the host in a network namespace."""
    return subprocess.run(
        ["nsenter", f"--net={path}", *command], capture_output=True, text=True, timeout=timeout, check=False
    )


@contextlib.contextmanager
def web_server(path: Path, folder: Path, text: str):
    """Serve a text on port 80 in a namespace."""
    folder.mkdir(exist_ok=True)
    (folder / "index.html").write_text(text)
    command = ["nsenter", f"--net={path}", "busybox", "httpd", "-f", "-p", "80", "-h", str(folder)]
    with subprocess.Popen(command) as server:
        try:
            for _ in range(100):
                if inside(path, "busybox", "wget", "-qO-", "http://127.0.0.1/").returncode == 0:
                    break
                time.sleep(0.02)
            yield
        finally:
            server.kill()


def fetch(url: str, timeout: float = 5) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=timeout) as answer:
        return answer.read().decode()


def address(state: record.NetworkState, index: int = 0) -> str:
    return state.attachments[index].address.partition("/")[0]


class TestNamespaces:
    def test_a_namespace_lives_without_a_process_and_has_a_loopback(self, tmp_path):
        path = tmp_path / "run" / "x" / "netns"
        netns.create(path)
        try:
            assert netns.exists(path)
            assert path.stat().st_ino != Path("/proc/self/ns/net").stat().st_ino
            shown = inside(path, "busybox", "ip", "-o", "link").stdout
            assert [line.split(":")[1].strip() for line in shown.splitlines() if "UP" in line] == ["lo"]
            with pytest.raises(AlreadyExists):
                netns.create(path)
            assert netns.leaked(tmp_path / "run", {"y"}) == [path]
            assert netns.leaked(tmp_path / "run", {"x"}) == []
        finally:
            assert netns.remove(path)
        assert not path.exists()
        assert not netns.remove(path)
        assert str(path) not in Path("/proc/self/mountinfo").read_text()

    def test_a_plain_file_is_no_namespace_and_is_replaced(self, tmp_path):
        path = tmp_path / "netns"
        path.touch()
        assert not netns.exists(path)
        netns.create(path)
        assert netns.remove(path)

    def test_our_own_namespace_stays(self, tmp_path):
        before = Path("/proc/self/ns/net").stat().st_ino
        netns.create(tmp_path / "netns")
        netns.remove(tmp_path / "netns")
        assert Path("/proc/self/ns/net").stat().st_ino == before
        for thread in Path("/proc/self/task").iterdir():
            with contextlib.suppress(FileNotFoundError):
                assert (thread / "ns/net").stat().st_ino == before


class TestAttachment:
    def test_two_containers_reach_each_other_and_everything_is_given_back(self, installation, tmp_path):
        one = installation.attach("one-" + secrets.token_hex(8))
        two = installation.attach("two-" + secrets.token_hex(8))
        first = one.attachments[0]
        assert (first.interface, first.phase) == ("eth0", Phase.ADDED)
        assert first.address.endswith("/24")
        assert first.gateway == first.address.rpartition(".")[0] + ".1"
        assert len(first.mac.split(":")) == 6
        assert address(one) != address(two)
        with web_server(two.netns, tmp_path / "www", "from two"):
            assert inside(one.netns, "busybox", "wget", "-qO-", f"http://{address(two)}/").stdout == "from two"
        assert rules(one.container_id)
        for cid in list(installation.folders):
            attachment.check(installation.folders[cid], installation.host)
            assert installation.detach(cid) is not None
            assert installation.detach(cid) is None
        for state in (one, two):
            assert rules(state.container_id) == []
            assert rules(address(state)) == []
            assert not netns.exists(state.netns)
        assert installation.leases() == []
        assert not any((folder / record.FILE).exists() for folder in installation.folders.values())

    def test_a_published_port_is_reached_on_the_loopback_while_it_is_reserved(self, installation, cid, tmp_path):
        with ports.reserve([PortMapping(container_port=80)]) as held:
            port = held.mappings[0].host_port
            state = installation.attach(cid, ports=held.mappings)
            with web_server(state.netns, tmp_path / "www", "published"):
                assert fetch(f"http://127.0.0.1:{port}/") == "published"
                gateway = state.attachments[0].gateway
                assert fetch(f"http://{gateway}:{port}/") == "published"
                hairpin = inside(state.netns, "busybox", "wget", "-qO-", f"http://{gateway}:{port}/")
                assert hairpin.stdout == "published"
                with pytest.raises(Conflict, match="port is already allocated"):
                    ports.reserve(held.mappings)
            assert record.load(installation.folders[cid]).ports == held.mappings
            installation.detach(cid)
            assert rules(state.container_id) == []
            assert rules(f"--dport {port}") == []
            with pytest.raises(urllib.error.URLError):  # refused at once: nobody listens behind the reservation
                fetch(f"http://127.0.0.1:{port}/")

    def test_a_port_published_on_one_address_is_not_on_another(self, installation, cid, tmp_path):
        with ports.reserve([PortMapping(container_port=80, host_ip="127.0.0.1")]) as held:
            port = held.mappings[0].host_port
            state = installation.attach(cid, ports=held.mappings)
            with web_server(state.netns, tmp_path / "www", "published"):
                assert fetch(f"http://127.0.0.1:{port}/") == "published"
                with pytest.raises(urllib.error.URLError):
                    fetch(f"http://{state.attachments[0].gateway}:{port}/", timeout=1)

    def test_a_udp_port(self, installation, cid):
        echo = (
            "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', 53)); print(flush=True);"
            "data, who = s.recvfrom(99); s.sendto(b'echo ' + data, who)"
        )
        with ports.reserve([PortMapping(container_port=53, protocol="udp")]) as held:
            state = installation.attach(cid, ports=held.mappings)
            command = ["nsenter", f"--net={state.netns}", sys.executable, "-c", echo]
            with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
                assert server.stdout
                server.stdout.readline()
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                    client.settimeout(5)
                    client.sendto(b"x", ("127.0.0.1", held.mappings[0].host_port))
                    answer = client.recv(99)
                server.kill()
            assert answer == b"echo x"

    def test_wanted_addresses(self, installation, cid):
        network = installation.store.default()
        ip = network.subnets[0].subnet.replace(".0/24", ".77")
        wanted = Wanted(ip=ip, mac="02:42:00:00:00:77")
        state = installation.attach(cid, Choice(network=network, wanted=wanted))
        assert (state.attachments[0].address, state.attachments[0].mac) == (f"{ip}/24", "02:42:00:00:00:77")
        other = secrets.token_hex(32)
        with pytest.raises(NetworkPluginError, match="requested IP address"):
            installation.attach(other, Choice(network=network, wanted=wanted))
        assert installation.leases() == [ip]
        assert not netns.exists(installation.netns(other))

    def test_two_networks(self, installation, cid, tmp_path):
        web, inner = (
            installation.store.create(NetworkSpec(name=name, internal=name == "inner")) for name in ("web", "inner")
        )
        state = installation.attach(cid, Choice(network=web), Choice(network=inner))
        assert [(a.network, a.interface) for a in state.attachments] == [("web", "eth0"), ("inner", "eth1")]
        routes = inside(state.netns, "busybox", "ip", "route").stdout
        assert "default via" in routes
        assert "dev eth1" in routes
        with pytest.raises(Conflict, match="has active endpoints"):
            installation.store.remove(web)
        installation.detach(cid)
        for network in (web, inner):
            assert links.exists(network.bridge)
            installation.store.remove(network)
            assert not links.exists(network.bridge)
            assert rules(network.bridge) == []
        with pytest.raises(NotFound):
            installation.attach(cid, Choice(network=web))
        assert not netns.exists(installation.netns(cid))
        assert not links.exists(web.bridge)

    def test_an_internal_network_has_no_default_route_and_networks_are_apart(self, installation, tmp_path):
        inner = installation.store.create(NetworkSpec(name="inner", internal=True))
        web = installation.store.create(NetworkSpec(name="web"))
        alone = installation.attach("a" + secrets.token_hex(8), Choice(network=inner))
        one = installation.attach("b" + secrets.token_hex(8), Choice(network=web))
        other = installation.attach("c" + secrets.token_hex(8))
        assert "default" not in inside(alone.netns, "busybox", "ip", "route").stdout
        with web_server(one.netns, tmp_path / "www", "web"):
            url = f"http://{address(one)}/"
            assert fetch(url) == "web"
            assert inside(other.netns, "busybox", "wget", "-T", "1", "-qO-", url).returncode != 0

    def test_a_namespace_without_networks(self, installation, cid):
        state = installation.attach(cid, networks=())
        assert netns.exists(state.netns)
        assert state.addresses == ()
        assert installation.detach(cid) == state
        assert not netns.exists(state.netns)

    def test_many_at_once(self, installation):
        cids = [secrets.token_hex(32) for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            states = list(pool.map(installation.attach, cids))
            assert len({address(state) for state in states}) == 6
            list(pool.map(installation.detach, cids))
        assert installation.leases() == []
        assert [rule for cid in cids for rule in rules(cid)] == []

    def test_attaching_again_undoes_what_was_there(self, installation, cid):
        installation.attach(cid)
        state = installation.attach(cid)
        assert installation.leases() == [address(state)]

    def test_hosts_files_name_the_peers(self, installation):
        states = {}
        for cid in ("alpha", "beta"):
            state = states[cid] = installation.attach(cid)
            text = names.hosts(state.addresses, state.hostname)
            write_in_place(installation.folders[cid] / "hosts", text)
            peers.refresh(installation.host.containers / "default", state.networks, installation.host)
        text = (installation.folders["alpha"] / "hosts").read_text()
        assert f"{address(states['alpha'])}\thost-alpha\n" in text
        assert f"{address(states['beta'])}\tbeta host-beta beta.bridge\n" in text
        gone = installation.detach("beta")
        peers.refresh(installation.host.containers / "default", gone.networks, installation.host)
        assert "beta" not in (installation.folders["alpha"] / "hosts").read_text()


class TestFailures:
    def broken(self, installation: Installation, body: str) -> Choice:
        """Return a network whose last plugin is a script."""
        folder = installation.root / "broken"
        folder.mkdir()
        (folder / "broken").write_text(f"#!/bin/sh\n{body}\n")
        (folder / "broken").chmod(0o755)
        installation.host = dataclasses.replace(installation.host, plugin_folders=(*PLUGINS, folder))
        network = installation.store.create(NetworkSpec(name="bad"))
        document = json.loads(network.path.read_text())
        document["plugins"].append({"type": "broken"})
        network.path.write_text(json.dumps(document))
        return Choice(network=installation.store.get("bad"))

    def test_a_failure_half_way_leaves_nothing(self, installation, cid):
        bad = self.broken(installation, '[ "$CNI_COMMAND" = DEL ] || { echo \'{"msg": "not today"}\'; exit 1; }')
        good = Choice(network=installation.store.default())
        with ports.reserve([PortMapping(container_port=80)]) as held:
            with pytest.raises(NetworkPluginError, match="network plugin broken: ADD: not today"):
                installation.attach(cid, good, bad, ports=held.mappings)
            assert rules(f"--dport {held.mappings[0].host_port}") == []
        assert rules(cid) == []
        assert installation.leases() == []
        assert not netns.exists(installation.netns(cid))
        assert record.load(installation.folders[cid]) is None

    def test_a_failing_removal_is_reported_but_the_rest_goes(self, installation, cid):
        bad = self.broken(installation, '[ "$CNI_COMMAND" = ADD ] || { echo \'{"msg": "stuck"}\'; exit 1; }; cat >&2')
        state = installation.attach(cid, bad)
        with pytest.raises(NetworkPluginError, match="broken: DEL: stuck"):
            installation.detach(cid)
        assert rules(cid) == []
        assert installation.leases() == []
        assert not netns.exists(state.netns)
        assert record.load(installation.folders[cid]) is not None
        (installation.root / "broken" / "broken").write_text("#!/bin/sh\n")
        assert installation.detach(cid) is not None
        assert record.load(installation.folders[cid]) is None

    def test_a_killed_command_is_undone_by_the_next(self, installation, cid, tmp_path):
        """Kill the process after bridge, portmap and firewall have run, in the middle of the last plugin."""
        bad = self.broken(installation, f'[ "$CNI_COMMAND" = DEL ] || {{ touch {tmp_path}/reached; sleep 60; }}')
        program = (
            "import sys; sys.path.insert(0, '.'); from pathlib import Path\n"
            "from tests.system.test_network_plugins import *\n"
            f"i = Installation(Path({str(tmp_path)!r}))\n"
            f"i.host = dataclasses.replace(i.host, plugin_folders=(*PLUGINS, Path({str(tmp_path / 'broken')!r})))\n"
            "held = ports.reserve([PortMapping(container_port=80)])\n"
            f"i.attach({cid!r}, Choice(network=i.store.get('bad')), ports=held.mappings)\n"
        )
        child = subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parents[2])
        while not (tmp_path / "reached").exists():
            assert child.poll() is None
            time.sleep(0.02)
        child.kill()
        child.wait()
        folder = installation.folder(cid)
        state = record.load(folder)
        assert state is not None
        assert state.attachments[0].phase == Phase.ADDING
        left = address(state)
        assert rules(cid)
        assert rules(left)
        assert attachment.detach(folder, installation.host) is not None
        assert rules(cid) == []
        assert rules(left) == []
        assert installation.leases() == []
        assert not netns.exists(state.netns)
        assert bad.network.name == "bad"

    def test_a_prepared_container_that_was_never_connected(self, installation, cid):
        folder = installation.folder(cid)
        state = attachment.prepare(folder, installation.request(cid), installation.host)
        assert netns.exists(state.netns)
        assert state.attachments[0].phase == Phase.PLANNED
        assert installation.detach(cid) == state
        assert not netns.exists(state.netns)

    @pytest.mark.parametrize("file_left", [True, False])
    def test_a_namespace_that_is_gone_does_not_keep_its_address_and_rules(self, installation, cid, file_left):
        """As after a reboot, or when somebody unmounted it."""
        with ports.reserve([PortMapping(container_port=80)]) as held:
            state = installation.attach(cid, ports=held.mappings)
        netns.remove(state.netns)
        if file_left:
            state.netns.touch()
        assert rules(cid)
        installation.detach(cid)
        assert rules(cid) == []
        assert rules(address(state)) == []
        assert installation.leases() == []
        assert not state.netns.exists()

    def test_a_missing_plugin_leaves_nothing(self, installation, cid):
        installation.host = dataclasses.replace(installation.host, plugin_folders=(installation.root / "empty",))
        with pytest.raises(NetworkPluginError, match="the plugin is not installed") as caught:
            installation.attach(cid)
        assert "containernetworking-plugins" in caught.value.hint
        assert not netns.exists(installation.netns(cid))

    def test_connecting_what_was_not_prepared(self, installation, cid):
        with pytest.raises(NotFound):
            attachment.connect(installation.folder(cid), installation.host)


class TestInstallations:
    def test_two_installations_do_not_share_a_bridge_or_a_subnet(self, tmp_path):
        (tmp_path / "1").mkdir()
        (tmp_path / "2").mkdir()
        one, two = Installation(tmp_path / "1"), Installation(tmp_path / "2")
        try:
            first, second = one.attach("x" + secrets.token_hex(8)), two.attach("x" + secrets.token_hex(8))
            assert first.attachments[0].gateway != second.attachments[0].gateway
        finally:
            one.clean()
            two.clean()

    def test_a_default_network_whose_subnet_was_taken_meanwhile_moves(self, installation, tmp_path):
        before = installation.store.default()
        other = Installation(tmp_path / "other")
        try:
            squatter = other.store.create(NetworkSpec(name="squatter", subnets=before.subnets))
            other.attach("x" + secrets.token_hex(8), Choice(network=squatter))
            after = installation.store.default()
            assert after.subnets != before.subnets
            assert after.id == before.id
        finally:
            other.clean()
