"""Wishes and what becomes of them: accepted, refused with a reason, noted."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from nrdctl.cgroup.driver import Ceiling
from nrdctl.cgroup.own import Own
from nrdctl.cgroup.plan import Plan, Situation, Wish, after_pin, after_unpin, make_plan, mismatches, stopped_reading
from nrdctl.errors import Conflict, InvalidArgument, NrdctlError, Unimplemented
from nrdctl.model.cpuset import CpuSet
from nrdctl.model.limit import parse_limit, removal
from tests.unit.cgroup.facts import MIB, cpus, host, reading, sample, situation, v1_reading


def plan(text: str, where: Situation | None = None, *, force: bool = False) -> Plan:
    wish = Wish(assignments=tuple(parse_limit(each) for each in text.split()))
    return make_plan(wish, where or situation(), force=force)


def pin(text: str, where: Situation | None = None, *, force: bool = False) -> Plan:
    return make_plan(Wish(cpus=cpus(text)), where or situation(), force=force)


def written(made: Plan) -> list[tuple[str, str]]:
    return [(write.name, write.text) for write in made.writes]


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("cpu=200m", [("cpu.max", "20000 100000")]),
        ("cpu=1m", [("cpu.max", "1000 1000000")]),
        ("cpu=max", []),
        ("memory=64Mi", [("memory.max", "67108864")]),
        ("memory=512m", [("memory.max", "536870912")]),
        ("memory=50%", [("memory.max", "2147483648")]),
        ("memory=1048577", [("memory.max", "1048576")]),
        ("memory.high=32m", [("memory.high", "33554432")]),
        ("memory.low=8m", [("memory.low", "8388608")]),
        ("swap=0", [("memory.swap.max", "0")]),
        ("pids=50", [("pids.max", "50")]),
        ("cpu.weight=300", [("cpu.weight", "300")]),
        (
            "cpu=200m memory=64Mi pids=50",
            [("cpu.max", "20000 100000"), ("memory.max", "67108864"), ("pids.max", "50")],
        ),
    ],
)
def test_files_on_v2(text: str, files: list[tuple[str, str]]) -> None:
    assert written(plan(text, force=text == "cpu=1m")) == files


def test_old_and_new_are_told() -> None:
    made = plan("cpu=200m", situation(reading(Own(cpu_quota=50_000))))
    assert [(each.key, each.old, each.new) for each in made.changes] == [("cpu", "50000/100000", "20000/100000")]
    assert made.writes[0].old == "50000 100000"


def test_removing_the_cpu_limit_keeps_the_period() -> None:
    where = situation(reading(Own(cpu_quota=5_000, cpu_period=50_000, cpu_burst=1_000)))
    made = make_plan(Wish(assignments=removal("cpu")), where)
    assert written(made) == [("cpu.max.burst", "0"), ("cpu.max", "max 50000")]
    assert made.resources({"cpu": {"quota": 5000, "period": 50000, "shares": 5}}) == {"cpu": {"shares": 5}}


def test_removing_the_memory_limit_removes_swaps() -> None:
    where = situation(reading(Own(memory_max=64 * MIB, swap_max=0)))
    made = make_plan(Wish(assignments=removal("memory")), where)
    assert written(made) == [("memory.max", "max"), ("memory.swap.max", "max")]
    assert made.resources({"memory": {"limit": 1, "swap": 2}, "devices": []}) == {"devices": []}
    assert made.runtime["memory"] == {"limit": -1, "swap": -1}


def test_burst_is_lowered_before_the_quota() -> None:
    made = plan("cpu=200m", situation(reading(Own(cpu_quota=100_000, cpu_burst=50_000))))
    assert written(made) == [("cpu.max.burst", "20000"), ("cpu.max", "20000 100000")]
    assert "burst" in made.notes[0]


@pytest.mark.parametrize(
    ("text", "where", "kind", "why"),
    [
        ("cpu=200", situation(), InvalidArgument, "200 CPUs, but this host has 4"),
        ("cpu=4001m", situation(), InvalidArgument, "4.001 CPUs"),
        ("cpu=9m", situation(), InvalidArgument, "less than the useful least of 10m"),
        ("memory=512", situation(), InvalidArgument, "less than any program needs"),
        ("memory=1", situation(), InvalidArgument, "less than any program needs"),
        ("memory.high=1k", situation(), InvalidArgument, "halt"),
        ("cpu=1 cpu=2", situation(), InvalidArgument, "cpu is given twice"),
        ("memory.high=1g", situation(v1_reading(), version=1), Unimplemented, "v1 has no memory.high"),
        ("cpu=1", situation(reading(supported=frozenset())), Unimplemented, "cpu can't be set"),
        ("cpu.weight=5", situation(reading(cpu_idle=True)), Conflict, "cpu.idle is on"),
        ("swap=1g", situation(v1_reading(), version=1), Conflict, "swap needs a memory limit"),
        (
            "memory=16m",
            situation(sample=sample(memory_current=100 * MIB, memory_anon=80 * MIB, memory_inactive_file=20 * MIB)),
            Conflict,
            "80 MiB can't be taken back, so the kernel would kill it",
        ),
        (
            "cpu=2",
            situation(v1_reading(ceilings=(Ceiling(key="cpu", path="/slice", value=1.0),)), version=1),
            Conflict,
            "2 CPUs are more than the cgroup /slice above has: 1",
        ),
    ],
)
def test_refused(text: str, where: Situation, kind: type[NrdctlError], why: str) -> None:
    with pytest.raises(kind, match=why):
        plan(text, where)


def test_a_whole_number_of_cpus_too_many_is_probably_millis() -> None:
    with pytest.raises(InvalidArgument) as error:
        plan("cpu=200")
    assert error.value.hint == "did you mean cpu=200m?"


@pytest.mark.parametrize("text", ["cpu=200", "cpu=9m", "memory=4096", "memory.high=4096"])
def test_force_lifts_the_guards(text: str) -> None:
    assert plan(text, force=True).writes


def test_memory_zero_is_refused_even_by_force() -> None:
    with pytest.raises(InvalidArgument, match="memory=0 bytes"):
        plan("memory=100", force=True)


@pytest.mark.parametrize(
    ("used", "swap_free", "accepted"),
    [
        ({"memory_inactive_file": 90 * MIB}, 0, True),
        ({"memory_inactive_file": 40 * MIB, "memory_active_file": 50 * MIB}, 0, True),
        ({"memory_slab_reclaimable": 90 * MIB}, 0, True),
        ({"memory_anon": 90 * MIB}, 0, False),
        ({"memory_anon": 90 * MIB}, 90 * MIB, True),
    ],
)
def test_what_can_be_taken_back_counts(used: dict[str, int], swap_free: int, accepted: bool) -> None:
    where = situation(sample=sample(memory_current=100 * MIB, **used), swap_free=swap_free)
    if accepted:
        assert plan("memory=16m", where).writes
    else:
        with pytest.raises(Conflict):
            plan("memory=16m", where)
        assert plan("memory=16m", where, force=True).writes


@pytest.mark.parametrize(
    ("text", "where", "note"),
    [
        ("memory=64m memory.high=128m", situation(), r"memory.high \(128 MiB\) has no effect above memory"),
        ("memory=64m memory.low=128m", situation(), "memory.low"),
        ("memory=8g", situation(), "the host itself has only 4 GiB"),
        ("pids=5", situation(sample=sample(pids_current=9)), "there are 9 already"),
        (
            "memory=2g",
            situation(reading(ceilings=(Ceiling(key="memory", path="/slice", value=1024 * MIB),))),
            "memory stays at 1 GiB: the cgroup /slice above",
        ),
        (
            "cpu=2",
            situation(reading(ceilings=(Ceiling(key="cpu", path="/slice", value=0.5),))),
            "cpu stays at 0.5: the cgroup /slice above",
        ),
        (
            "memory.high=16m",
            situation(sample=sample(memory_current=90 * MIB, memory_anon=90 * MIB)),
            "the container will crawl",
        ),
    ],
)
def test_noted(text: str, where: Situation, note: str) -> None:
    made = plan(text, where)
    assert made.writes
    assert re.search(note, " | ".join(made.notes))


def test_systemd_rounds_up_to_whole_percents() -> None:
    made = plan("cpu=205m", situation(systemd=True))
    assert written(made) == [("cpu.max", "21000 100000")]
    assert "21%" in made.notes[0]
    assert written(plan("cpu=205m")) == [("cpu.max", "20500 100000")]


def test_pin() -> None:
    made = pin("0-1")
    assert written(made) == [("cpuset.cpus", "0-1")]
    assert made.runtime["cpu"]["cpus"] == "0-1"
    assert made.resources({}) == {"cpu": {"cpus": "0-1"}}
    assert (made.changes[0].old, made.changes[0].new) == ("all", "0-1")


@pytest.mark.parametrize(
    ("text", "changes", "why"),
    [
        ("7", {}, "CPU 7 does not exist on this host, whose CPUs are 0-3"),
        ("3-5", {}, "CPUs 4-5 do not exist"),
        ("3", {"online": cpus("0-2")}, "CPU 3 is offline"),
    ],
)
def test_pin_refused(text: str, changes: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidArgument, match=why):
        pin(text, situation(**changes))


@pytest.mark.parametrize("force", [False, True])
def test_pin_outside_the_parents_set(force: bool) -> None:
    narrow = reading(parent_cpus=cpus("0-1"), parent_path="/narrow.slice")
    with pytest.raises(InvalidArgument, match=r"CPU 2 is not among the CPUs of the parent cgroup /narrow.slice"):
        pin("2", situation(narrow), force=force)


def test_pin_to_an_offline_cpu_by_force() -> None:
    made = pin("3", situation(reading(parent_cpus=cpus("0-2")), online=cpus("0-2")), force=True)
    assert written(made) == [("cpuset.cpus", "3")]
    assert "runs on CPU 0-2" in made.notes[0]


def test_unpin_on_v2() -> None:
    made = make_plan(Wish(cpus=CpuSet()), situation(reading(Own(cpus=cpus("1")))))
    assert [(w.name, w.text, w.fallback) for w in made.writes] == [("cpuset.cpus", "\n", "0-3")]
    assert "cpus" not in made.runtime["cpu"]
    assert made.resources({"cpu": {"cpus": "1"}, "unified": {"cpuset.cpus": "1"}}) == {}


def test_unpin_on_v1_takes_the_parents_set() -> None:
    found = v1_reading(Own(cpus=cpus("1"), mems=cpus("0-1")), parent_cpus=cpus("0-2"))
    made = make_plan(Wish(cpus=CpuSet()), situation(found, version=1))
    assert written(made) == [("cpuset.cpus", "0-2")]
    assert made.runtime["cpu"]["cpus"] == "0-2"
    assert made.resources({"cpu": {"cpus": "1"}}) == {}


def test_pin_where_the_controller_is_held_back() -> None:
    found = reading(supported=frozenset({"cpu"}))
    assert pin("1", situation(found)).needs_cpuset
    assert not pin("1", situation(running=False)).needs_cpuset


def test_pin_mems() -> None:
    made = make_plan(Wish(cpus=cpus("2-3"), mems=cpus("1")), situation())
    assert written(made) == [("cpuset.mems", "1"), ("cpuset.cpus", "2-3")]
    assert "moves to NUMA node 1" in made.notes[0]
    with pytest.raises(InvalidArgument, match="NUMA node 7"):
        make_plan(Wish(mems=cpus("7")), situation())
    with pytest.raises(InvalidArgument, match="NUMA node 1 is not among"):
        make_plan(Wish(mems=cpus("1")), situation(reading(parent_mems=cpus("0"))))


def test_a_pin_to_all_cpus_is_one_when_it_was_asked_for() -> None:
    own = Own(cpus=cpus("0-3"))
    assert reading(own).pinned_cpus == CpuSet()
    assert reading(own, asked_cpus=cpus("0-3")).pinned_cpus == cpus("0-3")
    assert reading(own, asked_cpus=cpus("0")).pinned_cpus == CpuSet()
    assert reading(Own()).pinned_cpus == CpuSet()


def test_after_pin_and_unpin() -> None:
    found = reading(Own(cpus=cpus("0")))
    assert after_pin(found, cpus("2"), add=True) == cpus("0,2")
    assert after_pin(found, cpus("2"), add=False) == cpus("2")
    assert after_unpin(cpus("0-1"), cpus("0")) == (cpus("1"), "")
    assert after_unpin(cpus("1"), cpus("1")) == (CpuSet(), "")
    assert after_unpin(cpus("1"), None) == (CpuSet(), "")
    assert after_unpin(cpus("1"), cpus("1,3"))[1] == "it was not pinned to CPU 3"
    assert after_unpin(CpuSet(), None)[1] == "it was not pinned"


def test_v1_memory_removal_takes_swap_along() -> None:
    found = v1_reading(Own(memory_max=64 * MIB, swap_max=64 * MIB, cpus=cpus("0-3"), mems=cpus("0-1")))
    made = plan("memory=max", situation(found, version=1))
    assert made.keys == ("memory", "swap")
    assert written(made) == [("memory.memsw.limit_in_bytes", "-1"), ("memory.limit_in_bytes", "-1")]


def test_a_stopped_container_has_only_its_spec_changed() -> None:
    found = stopped_reading(Own(memory_max=MIB), host(), "/default", (cpus("0-3"), cpus("0-1")))
    made = make_plan(Wish(assignments=(parse_limit("cpu=1"),), cpus=cpus("1")), situation(found, running=False))
    assert made.writes == ()
    assert made.runtime == {}
    assert made.resources({"memory": {"limit": MIB}}) == {
        "cpu": {"quota": 100_000, "period": 100_000, "cpus": "1"},
        "memory": {"limit": MIB},
    }


def test_mismatches() -> None:
    made = make_plan(Wish(assignments=(parse_limit("cpu=1"), parse_limit("memory=64m")), cpus=cpus("1-2")), situation())
    good = reading(made.wanted, cpus_effective=cpus("1-2"))
    online = cpus("0-3")
    assert mismatches(made, good, online=online) == []
    assert mismatches(made, dataclasses.replace(good, cpus_effective=cpus("1")), online=online) == [
        "cpuset.cpus: the kernel grants 1 of 1-2 (see the ancestors of /default/web)"
    ]
    assert mismatches(made, reading(dataclasses.replace(made.wanted, memory_max=None)), online=online)[0] == (
        "memory: max instead of 67108864"
    )
    unpin = make_plan(Wish(cpus=CpuSet()), situation(reading(Own(cpus=cpus("1")))))
    assert mismatches(unpin, reading(Own(cpus=cpus("0-3"))), online=online) == []
    assert mismatches(unpin, reading(Own(cpus=cpus("1"))), online=online) == ["cpuset.cpus: still 1"]
