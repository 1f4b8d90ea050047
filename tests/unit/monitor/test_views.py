"""What the views show of a row, to people and to machines."""

from __future__ import annotations

import dataclasses
import doctest
import json
from typing import Any

import pytest

from nrdctl.cgroup.rates import Rates
from nrdctl.errors import InvalidArgument
from nrdctl.model.cpuset import CpuSet
from nrdctl.monitor import figures, network, sparkline
from nrdctl.monitor.frame import NetworkRates, Row
from nrdctl.monitor.sample import Counters, NetworkSample
from nrdctl.monitor.view import View
from nrdctl.monitor.views import VIEWS
from tests.unit.monitor.made import MIB, cgroup, container, limits, row
from tests.unit.monitor.made import network as network_sample

CPU, MEMORY, NETWORK = VIEWS["cpu"], VIEWS["memory"], VIEWS["network"]


@pytest.mark.parametrize("module", [figures, network, sparkline])
def test_examples(module: Any) -> None:
    assert doctest.testmod(module).failed == 0


def rates(**changes: Any) -> Rates:
    nothing = dict.fromkeys([field.name for field in dataclasses.fields(Rates)])
    return Rates(**{**nothing, "seconds": 1.0, **changes})


def cells(view: View, row: Row) -> dict[str, str]:
    return {figure.header: figure.show(row) for figure in view.shown(namespaces=True)}


def machine(view: View, row: Row) -> dict[str, Any]:
    return dict(json.loads(view.columns().prepare("json").line(row)))


BUSY = row(
    cgroup=cgroup(pids_current=3, cpu_usec=1_500_000),
    rates=rates(cpu_percent=19.96, throttled_percent=93.333),
    limits=limits(cpu_quota=20_000),
)
FULL = row(
    cgroup=cgroup(
        memory_current=60 * MIB,
        memory_inactive_file=10 * MIB,
        memory_active_file=5 * MIB,
        memory_anon=40 * MIB,
        oom_kills=1,
    ),
    limits=limits(memory_max=50 * MIB),
)
TALKING = row(
    network=network_sample(eth0=Counters(5000, 50, 1, 2, 700, 7, 3, 4)),
    network_rates=NetworkRates(seconds=1.0, rx_bytes=1234.5, tx_bytes=99.6, rx_packets=10.0, tx_packets=0.4),
)


def test_cpu() -> None:
    assert cells(CPU, BUSY) == {
        "NAME": "web",
        "NAMESPACE": "default",
        "CPU %": "20.0",
        "% OF LIMIT": "99.8",
        "LIMIT": "0.2",
        "THROTTLED %": "93.3",
        "CPUS": "0-3",
        "PIDS": "3",
    }
    found = machine(CPU, BUSY)
    assert (found["CPUPercent"], found["LimitPercent"], found["CPULimit"]) == (19.96, 99.8, 0.2)
    assert (found["ThrottledPercent"], found["CPUs"], found["PIDs"]) == (93.33, "0-3", 3)
    assert (found["LimitSource"], found["CPUSeconds"]) == ("/default/web", 1.5)
    assert (found["Name"], found["State"], found["Time"]) == ("web", "running", "2026-01-02T12:00:00.000Z")


def test_without_a_quota_the_limit_is_the_cpus() -> None:
    unlimited = dataclasses.replace(BUSY, limits=limits(), rates=rates(cpu_percent=200.0))
    assert cells(CPU, unlimited)["LIMIT"] == "4"
    assert cells(CPU, unlimited)["% OF LIMIT"] == "50.0"
    assert machine(CPU, unlimited)["LimitSource"] == "cpuset"


def test_memory() -> None:
    assert cells(MEMORY, FULL) == {
        "NAME": "web",
        "NAMESPACE": "default",
        "USED": "50.0MiB",
        "LIMIT": "50.0MiB",
        "%": "100.0",
        "ANON": "40.0MiB",
        "FILE": "15.0MiB",
        "SHMEM": "–",
        "SWAP": "–",
        "OOM KILLS": "1",
    }
    found = machine(MEMORY, FULL)
    assert (found["Used"], found["Charged"], found["Limit"]) == (50 * MIB, 60 * MIB, 50 * MIB)
    assert (found["Percent"], found["LimitSource"], found["Swap"]) == (100.0, "/default/web", None)


@pytest.mark.parametrize("own", [None, 8192 * MIB])
def test_the_hosts_memory_is_the_limit_where_no_lower_one_is(own: int | None) -> None:
    unlimited = dataclasses.replace(FULL, limits=limits(memory_max=own))
    assert cells(MEMORY, unlimited)["LIMIT"] == "host 4.00GiB"
    assert machine(MEMORY, unlimited)["Limit"] == 4096 * MIB
    assert machine(MEMORY, unlimited)["LimitSource"] == "host"


def test_network() -> None:
    assert cells(NETWORK, TALKING) == {
        "NAME": "web",
        "NAMESPACE": "default",
        "RX/s": "1.23kB",
        "TX/s": "100B",
        "RX PKT/s": "10",
        "TX PKT/s": "0",
        "ERRORS": "4",
        "DROPS": "6",
        "RX TOTAL": "5kB",
        "TX TOTAL": "700B",
    }
    found = machine(NETWORK, TALKING)
    assert (found["RxTotal"], found["TxTotal"], found["RxPackets"], found["TxPackets"]) == (5000, 700, 50, 7)
    assert found["Network"] == "own"


def test_the_hosts_network_is_nobodys_figure() -> None:
    host = row(network=NetworkSample(inode=1, time_ns=1, host=True))
    assert set(cells(NETWORK, host).values()) == {"web", "default", "host", "–"}
    assert machine(NETWORK, host)["Network"] == "host"
    assert machine(NETWORK, host)["RxTotal"] is None


@pytest.mark.parametrize("view", VIEWS.values())
def test_nothing_known_is_a_dash_and_null(view: View) -> None:
    known = {"web", "default"}
    assert set(cells(view, row()).values()) == known | {"–"}
    empty = machine(view, row())
    assert {key for key, value in empty.items() if value is not None} == {"ID", "Name", "Namespace", "State", "Time"}


@pytest.mark.parametrize("view", VIEWS.values())
def test_a_container_that_does_not_run_says_so(view: View) -> None:
    stopped = row(container=container(pid=0, state="exited"))
    assert cells(view, stopped)[view.figure(view.main).header] == "exited"


@pytest.mark.parametrize(
    ("kind", "words", "name"),
    [
        ("cpu", "cpu", "CPUPercent"),
        ("cpu", "CPU %", "CPUPercent"),
        ("cpu", "cpupercent", "CPUPercent"),
        ("cpu", "% of limit", "LimitPercent"),
        ("cpu", "throttled", "ThrottledPercent"),
        ("memory", "%", "Percent"),
        ("memory", "oom kills", "OOMKills"),
        ("network", "rx/s", "RxRate"),
        ("network", "name", "Name"),
    ],
)
def test_columns_by_name_or_header(kind: str, words: str, name: str) -> None:
    assert VIEWS[kind].figure(words).name == name


@pytest.mark.parametrize("words", ["", "size", "!"])
def test_unknown_columns(words: str) -> None:
    with pytest.raises(InvalidArgument, match="no column"):
        CPU.figure(words)


@pytest.mark.parametrize("view", VIEWS.values())
def test_columns_have_names_of_their_own(view: View) -> None:
    for attribute in ("name", "header"):
        names = [getattr(figure, attribute) for figure in view.figures]
        assert len(names) == len(set(names))


def test_templates_see_the_machines_values() -> None:
    assert CPU.columns().prepare("{{.Name}} {{.CPUPercent}}").render([BUSY]) == "web 19.96\n"
    with pytest.raises(InvalidArgument, match="Nope"):
        CPU.columns().prepare("{{.Nope}}")


def test_what_the_ancestors_leave_of_the_cpus() -> None:
    narrow = dataclasses.replace(limits(), cpus_effective=CpuSet.parse("1,3"))
    assert cells(CPU, dataclasses.replace(BUSY, limits=narrow))["CPUS"] == "1,3"
