"""Both drivers on trees of files with real texts: the same answers from v2 and v1."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from nrdctl.cgroup.driver import Ceiling, FileWrite
from nrdctl.cgroup.effective import CPUSET_SOURCE, Bound, limits_of
from nrdctl.cgroup.fileio import KeptFiles, read_optional, write_once
from nrdctl.cgroup.sample import GROUPS
from nrdctl.cgroup.v1 import V1Driver
from nrdctl.cgroup.v2 import V2Driver
from nrdctl.errors import Conflict, NotFound
from tests.unit.cgroup.facts import MIB, cpus
from tests.unit.cgroup.trees import ID, v1_tree, v2_tree, write_files, write_process

PATH = f"/default/{ID}"


@pytest.fixture
def v2(tmp_path: Path) -> V2Driver:
    mount, proc = v2_tree(tmp_path)
    return V2Driver(mount, proc=proc)


@pytest.fixture
def v1(tmp_path: Path) -> V1Driver:
    mounts, proc = v1_tree(tmp_path)
    return V1Driver(mounts, proc=proc)


def test_v2_locates_the_container_not_the_cgroup_it_moved_into(v2: V2Driver) -> None:
    assert v2.locate(4242, ID).path == PATH


def test_v1_locates_each_controller(v1: V1Driver) -> None:
    location = v1.locate(4242, ID)
    assert location.path == PATH
    assert location.paths == dict.fromkeys(["cpu", "cpuacct", "cpuset", "memory", "blkio", "pids", ""], PATH)


@pytest.mark.parametrize("version", [1, 2])
def test_gone(version: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    driver = request.getfixturevalue(f"v{version}")
    location = driver.locate(4242)
    sampler = driver.sampler(location, GROUPS)
    assert sampler is not None
    sampler.close()
    shutil.rmtree(tmp_path / "cgroup")
    with pytest.raises(NotFound, match="just gone"):
        driver.read(location)
    assert driver.sampler(location, GROUPS) is None
    with pytest.raises(NotFound, match="just gone"):
        driver.locate(1)


def test_v2_limits(v2: V2Driver) -> None:
    limits = limits_of(v2.read(v2.locate(4242)))
    assert (limits.cpu.quota, limits.cpu.period, limits.cpu.burst) == (20_000, 100_000, 1_000)
    assert (limits.cpu.cpus, limits.cpu.effective, limits.cpu.source) == (0.2, 0.2, PATH)
    assert (limits.weight, limits.shares) == (300, None)
    assert (limits.cpus, limits.cpus_effective, limits.lost_cpus) == (cpus("0-1"), cpus("0-1"), cpus(""))
    assert (limits.mems, limits.mems_effective) == (cpus(""), cpus("0-1"))
    assert limits.memory == Bound(own=64 * MIB, effective=32 * MIB, source="/default")
    assert limits.memory_high == Bound()
    assert limits.swap == Bound(own=0, effective=0, source=PATH)
    assert limits.pids == Bound(own=50, effective=50, source=PATH)
    assert {"cpu", "burst", "cpu.weight", "memory", "memory.high", "swap", "pids", "cpus", "mems"} <= limits.supported


def test_v1_limits_in_the_same_terms(v1: V1Driver) -> None:
    limits = limits_of(v1.read(v1.locate(4242)))
    assert (limits.cpu.quota, limits.cpu.period, limits.cpu.effective, limits.cpu.source) == (
        20_000,
        100_000,
        0.2,
        PATH,
    )
    assert (limits.weight, limits.shares) == (50, 512)
    assert (limits.cpus, limits.cpus_effective) == (cpus("0-1"), cpus("0-1"))
    assert (limits.mems, limits.mems_effective) == (cpus(""), cpus("0"))
    assert limits.memory == Bound(own=64 * MIB, effective=32 * MIB, source="/default")
    assert limits.swap == Bound(own=32 * MIB, effective=32 * MIB, source=PATH)
    assert limits.memory_low == 0
    assert limits.pids == Bound(own=50, effective=50, source=PATH)
    assert "memory.high" not in limits.supported


def test_the_number_of_cpus_limits_too(v2: V2Driver, tmp_path: Path) -> None:
    (tmp_path / f"cgroup{PATH}/cpu.max").write_text("max 100000\n")
    limits = limits_of(v2.read(v2.locate(4242)))
    assert (limits.cpu.cpus, limits.cpu.effective, limits.cpu.source) == (None, 2.0, CPUSET_SOURCE)


def test_a_lost_pin_shows(v2: V2Driver, tmp_path: Path) -> None:
    write_files(tmp_path / f"cgroup{PATH}", {"cpuset.cpus": "3\n", "cpuset.cpus.effective": "0-2\n"})
    limits = limits_of(v2.read(v2.locate(4242)))
    assert (limits.cpus, limits.lost_cpus) == (cpus("3"), cpus("3"))


def test_all_cpus_of_the_parent_is_not_pinned(v2: V2Driver, tmp_path: Path) -> None:
    write_files(tmp_path / f"cgroup{PATH}", {"cpuset.cpus": "0-3\n", "cpuset.cpus.effective": "0-2\n"})
    reading = v2.read(v2.locate(4242))
    assert (reading.pinned_cpus, reading.own.cpus, reading.parent_cpus) == (cpus(""), cpus("0-3"), cpus("0-2"))


def test_v2_without_controllers(v2: V2Driver, tmp_path: Path) -> None:
    directory = tmp_path / f"cgroup{PATH}"
    for path in directory.iterdir():
        if not path.name.startswith("cgroup.") and path.name != "cpu.stat":
            path.unlink()
    reading = v2.read(v2.locate(4242))
    assert reading.supported == frozenset()
    assert (reading.own.cpu_quota, reading.own.memory_max, reading.own.cpu_weight) == (None, None, 100)
    assert reading.cpus_effective == cpus("0-2")
    assert Ceiling(key="memory", path="/default", value=32 * MIB) in reading.ceilings


def test_v2_sample(v2: V2Driver) -> None:
    sampler = v2.sampler(v2.locate(4242), GROUPS)
    assert sampler is not None
    sample = sampler.read(12)
    sampler.close()
    sampler.close()
    assert sample is not None
    assert (sample.time_ns, sample.cpu_usec, sample.cpu_user_usec, sample.cpu_system_usec) == (
        12,
        1981813,
        1900000,
        81813,
    )
    assert (sample.cpu_periods, sample.cpu_throttled_periods, sample.cpu_throttled_usec) == (30, 29, 2_400_000)
    assert (sample.memory_current, sample.working_set, sample.memory_anon) == (12587008, 10489856, 6291456)
    assert (sample.memory_shmem, sample.memory_kernel, sample.memory_slab_reclaimable) == (MIB, 2 * MIB, 524288)
    assert (sample.swap_current, sample.oom_kills, sample.memory_refaults, sample.pids_current) == (4096, 1, 7, 3)
    assert (sample.io_read_bytes, sample.io_written_bytes, sample.io_reads, sample.io_writes) == (4097, 8192, 2, 2)
    assert (sample.cpu_stall_usec, sample.memory_full_stall_usec) == (123456, 2345)


def test_v1_sample_takes_cpu_and_pressure_from_v2(v1: V1Driver, tmp_path: Path) -> None:
    sampler = v1.sampler(v1.locate(4242), GROUPS)
    assert sampler is not None
    sample = sampler.read(12)
    sampler.close()
    assert sample is not None
    assert (sample.cpu_usec, sample.cpu_user_usec, sample.cpu_system_usec) == (7, 4, 3)
    assert (sample.cpu_periods, sample.cpu_throttled_periods, sample.cpu_throttled_usec) == (30, 29, 2_400_000)
    assert (sample.memory_current, sample.working_set, sample.memory_anon) == (12587008, 10489856, 6291456)
    assert (sample.swap_current, sample.oom_kills, sample.memory_refaults, sample.pids_current) == (4096, 1, 7, 3)
    assert (sample.io_read_bytes, sample.io_written_bytes, sample.io_reads, sample.io_writes) == (4097, 8192, 1, 2)
    assert (sample.cpu_stall_usec, sample.io_full_stall_usec) == (123456, 2345)
    shutil.rmtree(tmp_path / "cgroup/unified")
    plain = v1.sampler(v1.locate(4242), GROUPS)
    assert plain is not None
    sample = plain.read(12)
    plain.close()
    assert sample is not None
    assert (sample.cpu_usec, sample.cpu_user_usec, sample.cpu_system_usec) == (1981813, 1_900_000, 80_000)
    assert sample.cpu_stall_usec is None


def test_only_the_wanted_groups_are_read(v2: V2Driver) -> None:
    sampler = v2.sampler(v2.locate(4242), ["cpu"])
    assert sampler is not None
    sample = sampler.read(0)
    sampler.close()
    assert sample is not None
    assert sample.cpu_usec == 1981813
    assert (sample.memory_current, sample.working_set, sample.pids_current, sample.io_reads) == (None, None, None, None)


def test_write(v2: V2Driver, v1: V1Driver, tmp_path: Path) -> None:
    v2.write(v2.locate(4242), FileWrite(controller="", name="cpu.max", text="max 100000"))
    assert (tmp_path / f"cgroup{PATH}/cpu.max").read_text().startswith("max 100000")
    v1.write(v1.locate(4242), FileWrite(controller="pids", name="pids.max", text="max"))
    assert (tmp_path / f"cgroup/pids{PATH}/pids.max").read_text().startswith("max")


def test_no_empty_write(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing to write"):
        write_once(tmp_path / "x", "")


def test_unpin_falls_back_where_the_kernel_wants_cpus(v2: V2Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []

    def refuse_empty(path: Path, text: str) -> None:
        written.append(text)
        if not text.strip():
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("nrdctl.cgroup.v2.write_once", refuse_empty)
    v2.write(v2.locate(4242), FileWrite(controller="", name="cpuset.cpus", text="\n", fallback="0-3"))
    assert written == ["\n", "0-3"]
    with pytest.raises(OSError, match="No space"):
        v2.write(v2.locate(4242), FileWrite(controller="", name="cpuset.cpus", text="\n"))


def test_cpuset_is_enabled_top_down_where_that_is_harmless(v2: V2Driver, tmp_path: Path) -> None:
    mount = tmp_path / "cgroup"
    write_files(mount, {"cgroup.subtree_control": "cpu memory\n"})
    write_files(mount / "default", {"cgroup.subtree_control": "cpu memory\n"})
    v2.enable_cpuset(v2.locate(4242))
    assert (mount / "cgroup.subtree_control").read_text().startswith("+cpuset")
    assert (mount / "default/cgroup.subtree_control").read_text().startswith("+cpuset")


def test_cpuset_is_not_enabled_over_processes(v2: V2Driver, tmp_path: Path) -> None:
    mount = tmp_path / "cgroup"
    write_files(mount, {"cgroup.subtree_control": "cpu memory\n"})
    write_files(mount / "default", {"cgroup.subtree_control": "cpu memory\n", "cgroup.procs": "77\n"})
    with pytest.raises(Conflict, match="the cgroup /default has processes of its own"):
        v2.enable_cpuset(v2.locate(4242))
    assert (mount / "cgroup.subtree_control").read_text() == "cpu memory\n"


def test_host_cgroup_namespace(tmp_path: Path) -> None:
    mount, proc = v2_tree(tmp_path)
    write_process(proc, 7, cgroup=f"0::/machine.slice/libpod-{ID}.scope/container\n", mountinfo="")
    driver = V2Driver(mount, proc=proc)
    assert driver.locate(7, ID).path == f"/machine.slice/libpod-{ID}.scope"
    assert driver.locate(7).path == f"/machine.slice/libpod-{ID}.scope/container"


def test_kept_files_survive_a_file_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1\n")
    kept = KeptFiles.open(tmp_path, {"a": tmp_path / "a", "b": tmp_path / "b"})
    assert kept is not None
    with kept:
        assert "a" in kept
        assert "b" not in kept
        (tmp_path / "a").write_text("2\n")
        assert kept.read() == {"a": b"2\n"}
    assert read_optional(tmp_path / "b") is None
