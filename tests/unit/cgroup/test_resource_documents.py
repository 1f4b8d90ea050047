"""The OCI resources: read, changed, and the complete set for a running task."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from nrdctl.cgroup.own import CPUS, MEMS, Own
from nrdctl.cgroup.resources import merge, own_of_resources, runtime_document
from nrdctl.model import limit
from tests.unit.cgroup.facts import MIB, cpus

ALL = frozenset({*limit.KEYS, CPUS, MEMS})
DEVICES = [{"allow": False, "access": "rwm"}]


@pytest.mark.parametrize(
    ("resources", "own"),
    [
        ({}, Own()),
        ({"cpu": {"quota": -1, "shares": 0}, "memory": {"limit": 0}, "pids": {"limit": -1}}, Own()),
        (
            {
                "cpu": {"quota": 20000, "period": 50000, "cpus": "0-1", "mems": "0"},
                "memory": {"limit": 64 * MIB, "swap": 96 * MIB, "reservation": MIB},
                "pids": {"limit": 5},
            },
            Own(
                cpu_quota=20000,
                cpu_period=50000,
                cpus=cpus("0-1"),
                mems=cpus("0"),
                memory_max=64 * MIB,
                memory_low=MIB,
                swap_max=32 * MIB,
                pids_max=5,
            ),
        ),
        ({"memory": {"limit": MIB, "swap": -1}}, Own(memory_max=MIB)),
        ({"memory": {"limit": MIB, "swap": MIB}}, Own(memory_max=MIB, swap_max=0)),
        ({"cpu": {"shares": 512}}, Own(cpu_weight=59)),
        ({"cpu": {"shares": 512}, "unified": {"cpu.weight": "77"}}, Own(cpu_weight=77)),
        (
            {"cpu": {"quota": 5}, "unified": {"cpu.max": "max 1000", "memory.high": "4096", "memory.swap.max": "0"}},
            Own(cpu_period=1000, memory_high=4096, swap_max=0),
        ),
    ],
)
def test_read(resources: dict[str, Any], own: Own) -> None:
    assert own_of_resources(resources, version=2) == own


def test_shares_on_v1() -> None:
    assert own_of_resources({"cpu": {"shares": 512}}, version=1) == Own(cpu_weight=50, cpu_shares=512)


@pytest.mark.parametrize(
    ("before", "keys", "own", "version", "after"),
    [
        ({"devices": DEVICES}, ["cpu"], Own(cpu_quota=5, cpu_period=9), 2, {"cpu": {"quota": 5, "period": 9}}),
        ({"cpu": {"quota": 5, "period": 9, "shares": 7}}, ["cpu"], Own(), 2, {"cpu": {"shares": 7}}),
        ({"cpu": {"shares": 7}}, ["cpu.weight"], Own(cpu_weight=300), 2, {"unified": {"cpu.weight": "300"}}),
        ({"cpu": {"shares": 7}}, ["cpu.weight"], Own(cpu_weight=300), 1, {"cpu": {"shares": 3072}}),
        ({"unified": {"cpu.weight": "300"}}, ["cpu.weight"], Own(), 2, {}),
        ({}, ["memory"], Own(memory_max=8), 2, {"memory": {"limit": 8}}),
        ({}, ["memory"], Own(memory_max=8, swap_max=0), 2, {"memory": {"limit": 8, "swap": 8}}),
        (
            {"memory": {"limit": 4, "swap": 8, "reservation": 2}},
            ["memory"],
            Own(memory_max=16, swap_max=4),
            1,
            {"memory": {"limit": 16, "swap": 20, "reservation": 2}},
        ),
        ({"memory": {"limit": 4, "swap": 8}}, ["memory"], Own(memory_max=16), 2, {"memory": {"limit": 16, "swap": -1}}),
        ({"memory": {"limit": 4, "swap": 8}}, ["memory", "swap"], Own(), 2, {}),
        ({}, ["swap"], Own(swap_max=8), 2, {"unified": {"memory.swap.max": "8"}}),
        (
            {"unified": {"memory.swap.max": "8"}},
            ["memory"],
            Own(memory_max=2, swap_max=8),
            2,
            {"memory": {"limit": 2, "swap": 10}},
        ),
        ({}, ["memory.high"], Own(memory_high=8), 2, {"unified": {"memory.high": "8"}}),
        ({"unified": {"memory.high": "8", "x": "1"}}, ["memory.high"], Own(), 2, {"unified": {"x": "1"}}),
        ({"unified": {"memory.low": "8"}}, ["memory.low"], Own(memory_low=4), 2, {"memory": {"reservation": 4}}),
        ({"pids": {"limit": 7}}, ["pids"], Own(), 2, {}),
        ({}, [CPUS, MEMS], Own(cpus=cpus("0-1"), mems=cpus("0")), 2, {"cpu": {"cpus": "0-1", "mems": "0"}}),
        ({"cpu": {"cpus": "0"}, "unified": {"cpuset.cpus": "0"}}, [CPUS], Own(), 2, {}),
        ({"cpu": None, "pids": {"limit": 7}}, [CPUS], Own(), 2, {"pids": {"limit": 7}}),
        (
            {"unified": {"cpu.max": "5 10"}},
            ["cpu"],
            Own(cpu_quota=7, cpu_period=10),
            2,
            {"cpu": {"quota": 7, "period": 10}},
        ),
    ],
)
def test_merge(before: dict[str, Any], keys: list[str], own: Own, version: int, after: dict[str, Any]) -> None:
    original = copy.deepcopy(before)
    merged = merge(before, keys, own, version=version)
    merged.pop("devices", None)
    assert merged == after
    assert before == original
    again = own_of_resources(merged, version=version)
    assert [again.text(key) for key in keys] == [own.text(key) for key in keys]


def test_complete_document_on_v2() -> None:
    assert runtime_document(Own(), ALL, version=2) == {
        "cpu": {"quota": -1, "period": 100_000},
        "memory": {"limit": -1, "swap": -1},
        "pids": {"limit": -1},
        "unified": {"cpu.weight": "100", "memory.high": "max", "memory.low": "0"},
    }
    own = Own(cpu_quota=5, cpus=cpus("1"), memory_max=8, swap_max=0, pids_max=3)
    document = runtime_document(own, ALL, version=2)
    assert document["cpu"] == {"quota": 5, "period": 100_000, "cpus": "1"}
    assert document["memory"] == {"limit": 8, "swap": 8}


def test_complete_document_on_v1_has_no_unified() -> None:
    own = Own(cpu_shares=512, cpu_weight=50, cpus=cpus("0-1"), mems=cpus("0"), memory_max=8, swap_max=8)
    assert runtime_document(own, ALL - {limit.MEMORY_HIGH}, version=1) == {
        "cpu": {"quota": -1, "period": 100_000, "shares": 512, "cpus": "0-1", "mems": "0"},
        "memory": {"limit": 8, "swap": 16, "reservation": -1},
        "pids": {"limit": -1},
    }


def test_files_that_are_not_there_are_not_named() -> None:
    assert runtime_document(Own(), frozenset(), version=2) == {}
    assert runtime_document(Own(), frozenset({limit.MEMORY}), version=1) == {"memory": {"limit": -1}}
