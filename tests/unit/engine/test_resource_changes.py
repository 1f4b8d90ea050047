"""What changing limits needs no containerd for: the journal, docker's flags, the place of a container's cgroup."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nrdctl.cgroup.own import Own
from nrdctl.containerd.records import ContainerRecord, Runtime
from nrdctl.engine.resources import journal
from nrdctl.engine.resources.target import is_systemd, owner_of, parent_path, resources_of
from nrdctl.engine.resources.update import wish_of
from nrdctl.errors import InvalidArgument, NrdctlError
from nrdctl.model.container import Resources
from nrdctl.model.cpuset import CpuSet

MIB = 2**20


def begin(folder: Path, *command: str) -> journal.Entry:
    values: dict[str, Any] = {"before": Own(), "wanted": Own(cpus=CpuSet.parse("0-1"), memory_max=5)}
    specs = {"spec_before": {}, "spec_after": {"cpu": {"cpus": "0-1"}}}
    return journal.begin(folder, "id", command, **values, **specs, pid=7, started=99)


def test_journal_round_trip(tmp_path: Path) -> None:
    entry = begin(tmp_path / "resources", "set", "memory=5")
    assert journal.read(entry.path) == entry
    assert journal.history(tmp_path / "resources") == [entry]
    assert entry.path.stat().st_mode & 0o777 == 0o600


def test_only_the_last_change_can_be_unfinished(tmp_path: Path) -> None:
    assert journal.unfinished(tmp_path) is None
    first = begin(tmp_path, "one")
    assert journal.unfinished(tmp_path) == first
    journal.mark(first, journal.State.DONE)
    assert journal.unfinished(tmp_path) is None
    second = begin(tmp_path, "two")
    assert journal.unfinished(tmp_path) == second


def test_the_journal_does_not_grow_for_ever(tmp_path: Path) -> None:
    for number in range(25):
        journal.mark(begin(tmp_path, str(number)), journal.State.DONE)
    kept = [entry.command[0] for entry in journal.history(tmp_path)]
    assert kept == [str(number) for number in range(5, 25)]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"state": "begun"}'])
def test_a_damaged_journal_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(NrdctlError, match=r"x.json is damaged"):
        journal.unfinished(tmp_path)


@given(
    st.builds(
        Own,
        cpu_quota=st.none() | st.integers(min_value=1000),
        cpus=st.builds(CpuSet.of, st.sets(st.integers(min_value=0, max_value=99))),
        memory_max=st.none() | st.integers(min_value=0),
    )
)
def test_values_survive_json(own: Own) -> None:
    assert journal.own_from_json(json.loads(json.dumps(journal.own_to_json(own)))) == own


@pytest.mark.parametrize(
    ("path", "parent"),
    [
        ("/default/web", "/default"),
        ("/web", "/"),
        ("", "/"),
        ("system.slice:nerdctl:web", "/system.slice"),
        ("a-b-c.slice:cri-containerd:web", "/a.slice/a-b.slice/a-b-c.slice"),
    ],
)
def test_parent(path: str, parent: str) -> None:
    assert parent_path(path) == parent


def record(**changes: Any) -> ContainerRecord:
    return ContainerRecord(**{"id": "id", **changes})


def test_systemd() -> None:
    spec = json.dumps({"linux": {"cgroupsPath": "system.slice:nerdctl:web", "resources": {"pids": {"limit": 1}}}})
    assert is_systemd(record(spec_json=spec.encode()))
    assert is_systemd(record(runtime=Runtime(systemd_cgroup=True)))
    assert not is_systemd(record())
    assert resources_of(record(spec_json=spec.encode())) == {"pids": {"limit": 1}}
    assert resources_of(record(spec_json=b'{"linux": {"resources": null}}')) == {}
    assert resources_of(record()) == {}


def test_owner() -> None:
    assert owner_of("default", record()) == ""
    assert owner_of("moby", record()) == "Docker"
    assert owner_of("k8s.io", record()) == "Kubernetes"
    assert owner_of("default", record(labels={"io.kubernetes.pod.name": "x"})) == "Kubernetes"


@pytest.mark.parametrize(
    ("flags", "own", "wanted"),
    [
        ({"cpus": 1.5}, Own(), ["cpu=150000/100000"]),
        ({"cpu_quota": 5000}, Own(cpu_period=50_000), ["cpu=5000/50000"]),
        ({"cpu_period": 50_000}, Own(cpu_quota=5000), ["cpu=5000/50000"]),
        ({"cpu_period": 50_000}, Own(), ["cpu=max"]),
        ({"cpu_quota": -1}, Own(cpu_quota=5000), ["cpu=max"]),
        ({"memory": MIB}, Own(), ["memory=1048576"]),
        ({"memory": MIB, "memory_swap": 2 * MIB}, Own(), ["memory=1048576", "swap=1048576"]),
        ({"memory_swap": 2 * MIB}, Own(memory_max=MIB), ["swap=1048576"]),
        ({"memory_swap": -1}, Own(), ["swap=max"]),
        ({"memory": MIB, "memory_swap": MIB}, Own(), ["memory=1048576", "swap=0"]),
        ({"memory_reservation": MIB, "pids_limit": 5}, Own(), ["memory.low=1048576", "pids=5"]),
        ({"pids_limit": -1}, Own(), ["pids=max"]),
        ({}, Own(), []),
    ],
)
def test_dockers_flags(flags: dict[str, Any], own: Own, wanted: list[str]) -> None:
    wish = wish_of(Resources(**flags), own)
    assert [each.normalised() for each in wish.assignments] == wanted
    assert (wish.cpus, wish.mems, wish.shares) == (None, None, None)


def test_dockers_other_flags() -> None:
    wish = wish_of(Resources(cpu_shares=512, cpuset_cpus=CpuSet.of([1]), cpuset_mems=CpuSet.of([0])), Own())
    assert wish.keys == ("cpu.weight", "cpus", "mems")
    assert wish.shares == 512


@pytest.mark.parametrize(
    ("flags", "why"),
    [
        ({"cpus": 1.0, "cpu_quota": 5000}, "--cpus can't be used together"),
        ({"cpu_quota": 5}, "quota must be 1000"),
        ({"memory_swap": MIB}, "needs a memory limit"),
        ({"memory": 2 * MIB, "memory_swap": MIB}, "can't be less than --memory"),
    ],
)
def test_contradictions(flags: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidArgument, match=why):
        wish_of(Resources(**flags), Own())
