"""Readers of cgroup files on trees of files, with the texts of v2 and v1."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from nrdctl.cgroup.driver import Driver
from nrdctl.cgroup.v1 import V1Driver
from nrdctl.cgroup.v2 import V2Driver
from nrdctl.monitor import collector as collector_module
from nrdctl.monitor.collector import Collector, Needs
from nrdctl.monitor.frame import Frames
from nrdctl.monitor.sample import Container
from nrdctl.monitor.views import VIEWS
from tests.unit.cgroup.trees import ID, V2_CONTAINER, V2_SLICE, v1_tree, v2_tree, write_files, write_process
from tests.unit.monitor.made import HOST, NOON, container

WEB = container(id=ID, pid=4242)


@pytest.fixture(params=[1, 2])
def driver(request: pytest.FixtureRequest, tmp_path: Path) -> Driver:
    if request.param == 1:
        mounts, proc = v1_tree(tmp_path)
        return V1Driver(mounts, proc=proc)
    mount, proc = v2_tree(tmp_path)
    return V2Driver(mount, proc=proc)


@pytest.fixture(params=["cpu", "memory"])
def collector(request: pytest.FixtureRequest, driver: Driver) -> Iterator[Collector]:
    made = Collector(driver, VIEWS[request.param].needs)
    yield made
    made.close()


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def shown(kind: str, driver: Driver) -> dict[str, str]:
    collector = Collector(driver, VIEWS[kind].needs)
    collector.watch([WEB])
    (row,) = Frames(HOST, VIEWS[kind].history).next(collector.collect(), NOON).rows
    collector.close()
    return {figure.name: figure.show(row) for figure in VIEWS[kind].figures if figure.rank}


def test_both_hierarchies_give_the_same_cpu_view(driver: Driver) -> None:
    found = shown("cpu", driver)
    assert (found["CPUPercent"], found["CPULimit"], found["CPUs"], found["PIDs"]) == ("–", "0.2", "0-1", "3")


def test_both_hierarchies_give_the_same_memory_view(driver: Driver) -> None:
    found = shown("memory", driver)
    assert found == {
        "Name": "web",
        "Namespace": "default",
        "Used": "10.0MiB",
        "Limit": "32.0MiB",  # the parent's
        "Percent": "31.3",
        "Anon": "6.00MiB",
        "File": "3.00MiB",
        "Shmem": "1.00MiB",
        "Swap": "4.00KiB",
        "OOMKills": "1",
    }


def test_files_stay_open_and_are_closed_in_the_end(collector: Collector) -> None:
    before = open_files()
    collector.watch([WEB])
    collector.collect()
    during = open_files()
    assert during > before
    assert [sample.container for sample in collector.collect()] == [WEB]
    assert open_files() == during
    collector.watch([])
    assert open_files() == before
    assert collector.collect() == []
    assert not collector.lost


def test_without_room_files_are_opened_for_each_reading(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector_module, "_FILES_SPARE", 1 << 40)
    collector = Collector(driver, VIEWS["cpu"].needs)
    before = open_files()
    collector.watch([WEB])
    for _ in range(2):
        (sample,) = collector.collect()
        assert sample.cgroup is not None
        assert open_files() == before


def test_one_that_is_gone_is_left_out_and_the_rest_goes_on(tmp_path: Path) -> None:
    mount, proc = v2_tree(tmp_path)
    other = "c0ffee" * 10
    write_files(mount / "default" / other, V2_CONTAINER)
    write_process(proc, 5252, cgroup=f"0::/default/{other}\n", mountinfo="")
    collector = Collector(V2Driver(mount, proc=proc), Needs(groups=("cpu",), limits=True))
    never = container("never", id="0" * 64, pid=999)
    collector.watch([WEB, container("other", id=other, pid=5252), never])
    assert collector.lost
    assert {sample.container.name for sample in collector.collect()} == {"web", "other"}
    for file in (mount / "default" / ID).iterdir():
        file.unlink()
    (mount / "default" / ID).rmdir()
    collector.watch([container(id=ID, pid=4243), container("other", id=other, pid=5252)])  # restarted, gone again
    assert [sample.container.name for sample in collector.collect()] == ["other"]
    collector.close()


@pytest.mark.parametrize("name", ["cpu.stat", "pids.current"])
def test_a_broken_file_costs_one_container_only(tmp_path: Path, name: str) -> None:
    mount, proc = v2_tree(tmp_path)
    (mount / "default" / ID / name).write_text("usage_usec what?\n")
    collector = Collector(V2Driver(mount, proc=proc), VIEWS["cpu"].needs)
    collector.watch([WEB])
    assert collector.collect() == []
    assert collector.lost
    assert collector.collect() == []
    assert not collector.lost


def test_a_restarted_container_is_read_anew(collector: Collector) -> None:
    collector.watch([WEB])
    renamed = Container(namespace="default", id=ID, name="renamed", pid=4242)
    collector.watch([renamed])
    assert [sample.container.name for sample in collector.collect()] == ["renamed"]
    collector.watch([Container(namespace="default", id=ID, name="web", pid=999)])
    assert collector.collect() == []


def test_one_that_does_not_run_is_a_sample_without_figures(collector: Collector) -> None:
    stopped = container(pid=0, state="exited")
    collector.watch([stopped])
    (sample,) = collector.collect()
    assert (sample.container, sample.cgroup, sample.limits) == (stopped, None, None)


def test_in_the_root_cgroup_there_are_no_figures_of_its_own(tmp_path: Path) -> None:
    mount, proc = v2_tree(tmp_path)
    write_process(proc, 77, cgroup="0::/\n", mountinfo="")
    collector = Collector(V2Driver(mount, proc=proc), VIEWS["cpu"].needs)
    collector.watch([container(pid=77)])
    (sample,) = collector.collect()
    assert (sample.cgroup, sample.limits) == (None, None)


def test_limits_are_read_again_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mount, proc = v2_tree(tmp_path)
    collector = Collector(V2Driver(mount, proc=proc), VIEWS["memory"].needs)
    collector.watch([WEB])

    def limit() -> int | None:
        (sample,) = collector.collect()
        assert sample.limits is not None
        return sample.limits.memory.effective

    assert limit() == 32 << 20
    write_files(mount / "default", {**V2_SLICE, "memory.max": "16777216\n"})
    assert limit() == 32 << 20
    monkeypatch.setattr(collector_module, "LIMITS_AGE", 0.0)
    assert limit() == 16 << 20
    shutil.rmtree(mount)
    assert collector.collect()[0].limits is not None  # kept files of a plain file system outlive their folder
    collector.close()
