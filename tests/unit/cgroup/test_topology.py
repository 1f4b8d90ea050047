"""Topology from a sysfs tree: 4 CPUs, 2 sockets of one core with two threads, 2 NUMA nodes (the test VM's)."""

from __future__ import annotations

from pathlib import Path

import pytest

from nrdctl.cgroup.topology import Topology, read_cpu_sets, read_topology, select
from tests.unit.cgroup.facts import cpus
from tests.unit.cgroup.trees import write_files


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    base = tmp_path / "devices/system/cpu"
    write_files(base, {"possible": "0-3\n", "present": "0-3\n", "online": "0-3\n", "isolated": "\n"})
    for cpu in range(4):
        pair = f"{cpu // 2 * 2}-{cpu // 2 * 2 + 1}\n"
        write_files(
            base / f"cpu{cpu}/topology",
            {"core_id": "0\n", "core_cpus_list": pair, "package_cpus_list": pair, "thread_siblings_list": pair},
        )
        write_files(base / f"cpu{cpu}/cache/index0", {"level": "1", "type": "Data", "shared_cpu_list": f"{cpu}\n"})
        write_files(base / f"cpu{cpu}/cache/index3", {"level": "3", "type": "Unified", "shared_cpu_list": pair})
        write_files(tmp_path / f"devices/system/node/node{cpu // 2}", {"cpulist": pair})
    write_files(tmp_path / "devices/system/node", {"has_memory": "0-1\n", "online": "0-1\n"})
    return tmp_path


@pytest.fixture
def topology(sysfs: Path) -> Topology:
    return read_topology(sysfs)


def test_read(topology: Topology) -> None:
    pairs = (cpus("0-1"), cpus("2-3"))
    assert (topology.possible, topology.online, topology.isolated) == (cpus("0-3"), cpus("0-3"), cpus(""))
    assert topology.packages == topology.cores == topology.caches == pairs
    assert topology.nodes == {0: pairs[0], 1: pairs[1]}
    assert topology.siblings(3) == pairs[1]
    assert topology.siblings(9) == cpus("9")
    assert (topology.node_of(2), topology.node_of(9)) == (1, None)


def test_an_offline_cpu_is_in_no_group(sysfs: Path) -> None:
    (sysfs / "devices/system/cpu/online").write_text("0-2\n")
    topology = read_topology(sysfs)
    assert topology.nodes[1] == cpus("2")
    assert topology.cores == (cpus("0-1"), cpus("2"))


@pytest.mark.parametrize(
    ("text", "found"),
    [("0-2", "0-2"), ("all", "0-3"), ("numa:1", "2-3"), ("socket:0", "0-1"), ("core:1", "2-3"), ("cache:0", "0-1")],
)
def test_select(topology: Topology, text: str, found: str) -> None:
    assert select(text, topology) == cpus(found)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("numa:7", "this host has numa:0-1"),
        ("numa:", "this host has"),
        ("disk:0", "write 0-3,8 or all"),
        ("1-0", "runs backwards"),
    ],
)
def test_select_nonsense(topology: Topology, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        select(text, topology)


def test_cpu_sets(sysfs: Path, tmp_path: Path) -> None:
    assert read_cpu_sets(sysfs) == (cpus("0-3"), cpus("0-3"), cpus("0-1"))


def test_a_kernel_without_numa_or_caches(tmp_path: Path) -> None:
    write_files(tmp_path / "devices/system/cpu", {"online": "0-1\n"})
    topology = read_topology(tmp_path)
    assert (topology.possible, topology.nodes) == (cpus("0-1"), {0: cpus("0-1")})
    assert topology.cores == (cpus("0"), cpus("1"))
    assert read_cpu_sets(tmp_path)[2] == cpus("0")
