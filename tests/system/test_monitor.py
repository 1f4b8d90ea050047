"""`nrdctl monitor` on real containers."""

from __future__ import annotations

import itertools
import json
import os
import pathlib
import re
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from nrdctl.containerd.records import ContainerRecord
from nrdctl.monitor import discovery
from nrdctl.monitor.cpuview import CPU
from nrdctl.monitor.networkview import NETWORK
from nrdctl.monitor.watch import Watch
from tests.support import rootfs
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from nrdctl.containerd.client import Client
    from tests.support.box import Box
    from tests.support.cli import Cli

pytestmark = pytest.mark.system

MIB = 2**20
LOOP = ("sh", "-c", "while :; do :; done")
SLEEP = ("sleep", "1000")


def monitor(cli: Cli, kind: str, *words: str) -> dict[str, dict[str, Any]]:
    """Return the rows of one sample, by name, of this test's namespace."""
    out = cli("-n", cli.namespace, "monitor", kind, "--once", "--interval", "0.5", "--format", "json", *words)
    return {row["Name"]: row for row in map(json.loads, out.lines)}


def cpu_seconds(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_cpu(bare_cli: Cli, box: Box, client: Client) -> None:
    free, held = box.run("free", *LOOP), box.run("held", *LOOP)
    client.tasks.update("held", {"cpu": {"quota": 20_000, "period": 100_000}})
    before = cpu_seconds(free) + cpu_seconds(held)
    words = ("monitor", "cpu", "--interval", "0.5", "--count", "3", "--format", "json")
    rows = [json.loads(line) for line in bare_cli("-n", bare_cli.namespace, *words).lines]
    after = cpu_seconds(free) + cpu_seconds(held)
    assert len(rows) == 6
    # Other work may share the CPUs with the loops, but what they used is what is shown.
    used = sum(row["CPUPercent"] / 100 * row["Seconds"] for row in rows)
    assert 0.2 < used <= after - before + 0.05
    series = {name: [row for row in rows if row["Name"] == name] for name in ("free", "held")}
    for found in series.values():
        for first, then in itertools.pairwise(found):
            percent = 100 * (then["CPUSeconds"] - first["CPUSeconds"]) / then["Seconds"]
            assert then["CPUPercent"] == pytest.approx(percent, abs=3)
    for row in series["held"]:
        assert row["CPUPercent"] < 30
        assert row["LimitPercent"] == pytest.approx(row["CPUPercent"] * 5, abs=0.1)
        assert (row["CPULimit"], row["LimitSource"]) == (0.2, f"/{bare_cli.namespace}/held")
        assert row["PIDs"] == 1
    assert max(row["ThrottledPercent"] for row in series["held"]) > 20
    assert {(row["CPULimit"], row["LimitSource"]) for row in series["free"]} == {(os.cpu_count(), "cpuset")}


def test_memory(bare_cli: Cli, box: Box) -> None:
    # In a file of a tmpfs, which is charged as shared memory and can't be given back.
    box.run("full", "sh", "-c", "busybox dd if=/dev/zero of=/dev/fifty bs=1M count=50; sleep 1000")
    eventually(lambda: monitor(bare_cli, "memory")["full"]["Shmem"] >= 50 * MIB)
    found = monitor(bare_cli, "memory")["full"]
    assert 50 * MIB <= found["Used"] < 56 * MIB
    assert (found["Limit"], found["LimitSource"]) == (64 * MIB, f"/{bare_cli.namespace}/full")
    assert found["Percent"] == pytest.approx(100 * found["Used"] / found["Limit"], abs=0.01)
    assert found["OOMKills"] == 0
    assert found["Anon"] < 5 * MIB


def ip(*words: object, inside: int = 0) -> None:
    enter = ["nsenter", "-t", str(inside), "-n"] if inside else []
    subprocess.run([*enter, "ip", *map(str, words)], check=True)


def test_network(bare_cli: Cli, box: Box) -> None:
    """A wire between two containers, on which one of them sends, away from the host's network."""
    listener, sender = box.run("listener", *SLEEP), box.run("sender", *SLEEP)
    ip("link", "add", "eth0", "netns", listener, "type", "veth", "peer", "name", "eth0", "netns", sender)
    for pid, address in ((listener, "10.123.45.1/24"), (sender, "10.123.45.2/24")):
        ip("addr", "add", address, "dev", "eth0", inside=pid)
        ip("link", "set", "eth0", "up", inside=pid)
    send = (
        "import socket, time\n"
        "wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "while True:\n"
        "    wire.sendto(bytes(1000), ('10.123.45.1', 9)); time.sleep(0.01)\n"
    )
    with subprocess.Popen(["nsenter", "-t", str(sender), "-n", "python3", "-c", send]) as sending:
        try:
            eventually(lambda: monitor(bare_cli, "network")["listener"]["RxRate"] > 1000)
            rows = monitor(bare_cli, "network")
        finally:
            sending.kill()
    to, by = rows["listener"], rows["sender"]
    assert to["RxRate"] > 10 * to["TxRate"]
    assert by["TxRate"] > 10 * by["RxRate"]
    assert to["RxTotal"] > 10 * to["TxTotal"]
    assert by["TxTotal"] > 10 * by["RxTotal"]
    assert to["RxRate"] == pytest.approx(by["TxRate"], rel=0.3)
    assert to["RxPacketRate"] > 5
    assert {row["Network"] for row in rows.values()} == {"own"}


def test_the_hosts_network(bare_cli: Cli, box: Box, client: Client) -> None:
    mounts = client.snapshots.prepare(box.snapshotter, "host", box.top)
    spec = rootfs.spec(f"/{bare_cli.namespace}/host", *SLEEP)
    spec["linux"]["namespaces"] = [each for each in spec["linux"]["namespaces"] if each["type"] != "network"]
    client.containers.create(ContainerRecord(id="host", spec_json=json.dumps(spec).encode()))
    client.tasks.create("host", mounts)
    client.tasks.start("host")
    box.run("alone", *SLEEP)
    rows = monitor(bare_cli, "network")
    assert (rows["host"]["Network"], rows["host"]["RxRate"], rows["host"]["RxTotal"]) == ("host", None, None)
    assert (rows["alone"]["Network"], rows["alone"]["RxRate"], rows["alone"]["RxTotal"]) == ("none", 0, 0)


def test_watching_keeps_no_network_namespace_alive(box: Box, client: Client) -> None:
    first, second = box.run("first", *SLEEP), box.run("second", *SLEEP)
    ip("link", "add", "gone", "netns", first, "type", "veth", "peer", "name", "witness", "netns", second)

    def links() -> str:
        return pathlib.Path(f"/proc/{second}/net/dev").read_text()

    with Watch(client, NETWORK, namespaces=[client.namespace]) as watch:
        assert {row.container.id for row in watch.frame().rows} == {"first", "second"}
        assert "witness" in links()
        client.tasks.kill("first", signal.SIGKILL)
        eventually(lambda: [row.container.id for row in watch.frame().rows] == ["second"])
        # The end of the wire in the other container goes with the namespace of the first.
        eventually(lambda: "witness" not in links())


def test_containers_that_end_and_start_meanwhile(bare_cli: Cli, box: Box, client: Client) -> None:
    box.run("stays", *SLEEP)
    box.run("goes", *SLEEP)
    words = ("monitor", "cpu", "--interval", "0.2", "--format", "{{.Name}} {{.CPUPercent}}")
    watching = bare_cli.start("-n", bare_cli.namespace, *words)
    assert {watching.line().split()[0] for _ in range(2)} == {"stays", "goes"}
    client.tasks.kill("goes", signal.SIGKILL)
    client.tasks.wait("goes", timeout=20)
    client.tasks.delete("goes")
    box.run("comes", *SLEEP)
    deadline = time.monotonic() + 20
    while not watching.line().startswith("comes"):
        assert time.monotonic() < deadline
    assert {watching.line().split()[0] for _ in range(4)} == {"stays", "comes"}
    watching.signal(signal.SIGINT)
    result = watching.end()
    assert (result.code, result.err) == (130, "")


def test_named_containers(bare_cli: Cli, box: Box) -> None:
    box.run("first", *SLEEP)
    box.run("second", *SLEEP)
    box.record("resting", *SLEEP)
    assert set(monitor(bare_cli, "cpu")) == {"first", "second"}
    rows = monitor(bare_cli, "cpu", "seco", "resting")
    assert set(rows) == {"second", "resting"}
    assert (rows["resting"]["State"], rows["resting"]["CPUPercent"]) == ("created", None)
    assert bare_cli.fails(1, "monitor", "cpu", "--once", "nobody").error == "No such container: nobody"


def test_all_namespaces_unless_one_is_named(bare_cli: Cli, box: Box) -> None:
    box.run("here", *SLEEP)
    once = ("monitor", "memory", "--no-stream", "--interval", "0.1")
    header = "NAME USED LIMIT % ANON FILE SHMEM SWAP OOM KILLS"
    found = [
        bare_cli("-n", "elsewhere", *once),
        bare_cli(*once),
        bare_cli("-n", "elsewhere", *once, "-A"),
    ]
    assert [result.lines[0].split() for result in found] == [header.split()] * 3
    assert [[line.split()[0] for line in result.lines[1:]] for result in found] == [[], ["here"], ["here"]]


def test_words_that_make_no_sense(bare_cli: Cli) -> None:
    assert bare_cli.fails(1, "monitor", "cpu", "--sort", "nope").hint.startswith("columns are: ID, Name,")
    assert "Nope" in bare_cli.fails(1, "monitor", "cpu", "--format", "{{.Nope}}").error
    assert "seconds" in bare_cli.fails(125, "monitor", "cpu", "--interval", "0").error
    assert "cannot connect" in bare_cli.fails(1, "-a", "/nonexistent", "monitor", "cpu", "--once").error


def test_it_goes_on_without_the_daemon(box: Box, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel's files are there, whatever becomes of containerd."""
    box.run("web", *LOOP)
    monkeypatch.setattr(discovery, "PERIOD", 0.1)
    monkeypatch.setattr(discovery, "_REST", 0.0)
    with Watch(client, CPU, namespaces=[client.namespace]) as watch:
        watch.frame()
        monkeypatch.setattr(watch._discovery, "_client", type(client)("/nonexistent"))
        eventually(lambda: "cannot connect" in watch.frame().problem)
        (row,) = watch.frame().rows
        assert row.container.name == "web"
        assert row.rates is not None
        monkeypatch.setattr(watch._discovery, "_client", client)
        eventually(lambda: not watch.frame().problem)


HEADER = r"NAME +CPU % +% OF LIMIT +LIMIT +THROTTLED % +CPUS +PIDS"
HOME, GONE = r"\x1b\[\?1049h", r"\x1b\[\?25h\x1b\[\?1049l"


class TestTerminal:
    def test_draws_and_obeys(self, bare_cli: Cli, box: Box) -> None:
        box.run("web", *SLEEP)
        screen = bare_cli.terminal("-n", bare_cli.namespace, "monitor", "cpu")
        screen.expect(HOME)
        screen.expect(HEADER)
        screen.expect(r"web +– ")  # at once, when there can't be a rate yet
        screen.expect(r"web +\d+\.\d +\d+\.\d +\d")
        screen.type("s")
        screen.expect("by % OF LIMIT ↓")
        screen.type("r")
        screen.expect("by % OF LIMIT ↑")
        screen.type("p")
        screen.expect("PAUSED")
        screen.type("p")
        screen.resize(120, 30)
        screen.expect(HEADER + " +HISTORY")
        screen.resize(40, 6)
        screen.expect(r"NAME +CPU % +% OF LIMIT\b")
        screen.type("q")
        screen.expect(GONE)
        assert screen.end() == 0
        assert not screen.raw

    @pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
    def test_restores_the_terminal_after_signals(self, bare_cli: Cli, number: int, code: int) -> None:
        screen = bare_cli.terminal("-n", bare_cli.namespace, "monitor", "memory")
        screen.expect(HOME)
        screen.expect("No running containers")
        assert screen.raw
        if number == signal.SIGINT:
            screen.type("\x03")
        else:
            screen.process.send_signal(number)
        assert screen.end() == code
        assert re.search(GONE, screen.seen)
        assert not screen.raw

    def test_one_sample_is_printed_and_stays(self, bare_cli: Cli, box: Box) -> None:
        box.run("web", *SLEEP)
        screen = bare_cli.terminal("-n", bare_cli.namespace, "monitor", "cpu", "--once", "--interval", "0.2")
        assert screen.end() == 0
        assert not re.search(HOME, screen.seen)
        assert re.search(HEADER, screen.seen)

    def test_a_screen_that_ends_by_itself_leaves_its_last_table(self, bare_cli: Cli) -> None:
        screen = bare_cli.terminal("-n", bare_cli.namespace, "monitor", "cpu", "--count", "1")
        assert screen.end() == 0
        assert re.search(GONE + ".*" + HEADER, screen.seen, re.DOTALL)
