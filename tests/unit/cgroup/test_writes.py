"""The order of writes, tried on models of the kernel's rules: no write of a plan may be refused on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nrdctl.cgroup.cpu import shares_of_weight
from nrdctl.cgroup.own import Own
from nrdctl.cgroup.writes import burst_first, file_writes
from tests.unit.cgroup.facts import MIB, cpus, host

if TYPE_CHECKING:
    from nrdctl.cgroup.driver import FileWrite

_sizes = st.none() | st.integers(min_value=1, max_value=64).map(lambda n: n * MIB)


@st.composite
def owns(draw: st.DrawFn, *, version: int) -> Own:
    quota = draw(st.none() | st.integers(min_value=1_000, max_value=400_000))
    memory = draw(_sizes)
    weight = draw(st.integers(min_value=1, max_value=10_000))
    return Own(
        cpu_quota=quota,
        cpu_period=draw(st.sampled_from([1_000, 50_000, 100_000, 1_000_000])),
        cpu_burst=0 if quota is None else draw(st.integers(min_value=0, max_value=quota)),
        cpu_weight=weight,
        cpu_shares=shares_of_weight(weight) if version == 1 else None,
        cpus=cpus(draw(st.sampled_from(["0", "0-1", "2-3", "0-3"] + ([""] if version == 2 else [])))),
        mems=cpus(draw(st.sampled_from(["0", "0-1"] + ([""] if version == 2 else [])))),
        memory_max=memory,
        memory_high=draw(_sizes) if version == 2 else None,
        memory_low=draw(st.integers(min_value=0, max_value=4)) * MIB,
        swap_max=draw(_sizes) if version == 2 or memory is not None else None,
        pids_max=draw(st.none() | st.integers(min_value=1, max_value=100)),
    )


def _v2_files(own: Own) -> dict[str, str]:
    def size(value: int | None) -> str:
        return "max" if value is None else str(value)

    return {
        "cpu.max": f"{size(own.cpu_quota)} {own.cpu_period}",
        "cpu.max.burst": str(own.cpu_burst),
        "cpu.weight": str(own.cpu_weight),
        "cpuset.cpus": own.cpus.format() or "\n",
        "cpuset.mems": own.mems.format() or "\n",
        "memory.max": size(own.memory_max),
        "memory.high": size(own.memory_high),
        "memory.low": size(own.memory_low),
        "memory.swap.max": size(own.swap_max),
        "pids.max": size(own.pids_max),
    }


def _v1_files(own: Own) -> dict[str, str]:
    def size(value: int | None) -> str:
        return "-1" if value is None else str(value)

    both = None if own.memory_max is None or own.swap_max is None else own.memory_max + own.swap_max
    return {
        "cpu.cfs_quota_us": size(own.cpu_quota),
        "cpu.cfs_period_us": str(own.cpu_period),
        "cpu.cfs_burst_us": str(own.cpu_burst),
        "cpu.shares": str(own.cpu_shares),
        "cpuset.cpus": own.cpus.format(),
        "cpuset.mems": own.mems.format(),
        "memory.limit_in_bytes": size(own.memory_max),
        "memory.memsw.limit_in_bytes": size(both),
        "memory.soft_limit_in_bytes": size(own.memory_low or None),
        "pids.max": "max" if own.pids_max is None else str(own.pids_max),
    }


def _apply(files: dict[str, str], writes: tuple[FileWrite, ...]) -> None:
    """Write as the kernel would, checking its rules after each."""
    for write in writes:
        assert files[write.name].strip() == write.old, write
        assert write.text
        files[write.name] = write.text
        if "cpu.max" in files:
            quota = files["cpu.max"].split()[0]
            assert quota == "max" or int(files["cpu.max.burst"]) <= int(quota), (write, files)
        else:
            quota = files["cpu.cfs_quota_us"]
            assert quota == "-1" or int(files["cpu.cfs_burst_us"]) <= int(quota), (write, files)
            memory, both = int(files["memory.limit_in_bytes"]), int(files["memory.memsw.limit_in_bytes"])
            assert both == -1 or (memory != -1 and memory <= both), (write, files)


@given(owns(version=2), owns(version=2))
def test_v2_gets_there_without_a_refusal(old: Own, new: Own) -> None:
    files = _v2_files(old)
    _apply(files, file_writes(old, new, host(2)))
    assert files == _v2_files(new)


@given(owns(version=1), owns(version=1))
def test_v1_gets_there_without_a_refusal(old: Own, new: Own) -> None:
    files = _v1_files(old)
    _apply(files, file_writes(old, new, host(1)))
    assert files == _v1_files(new)


@given(owns(version=1), owns(version=1))
def test_v1_never_allows_more_cpu_in_between_than_before_or_after(old: Own, new: Own) -> None:
    if old.cpu_quota is None or new.cpu_quota is None:
        return
    most = max(old.cpu_quota / old.cpu_period, new.cpu_quota / new.cpu_period)
    files = _v1_files(old)
    for write in file_writes(old, new, host(1)):
        files[write.name] = write.text
        assert int(files["cpu.cfs_quota_us"]) / int(files["cpu.cfs_period_us"]) <= most


@given(owns(version=2))
def test_nothing_to_do(own: Own) -> None:
    assert file_writes(own, own, host(2)) == ()


@pytest.mark.parametrize(
    ("old", "new", "order"),
    [
        (
            Own(memory_max=10, memory_high=8, memory_low=4),
            Own(memory_max=20, memory_high=16, memory_low=8),
            ["memory.max", "memory.high", "memory.low"],
        ),
        (
            Own(memory_max=20, memory_high=16, memory_low=8),
            Own(memory_max=10, memory_high=8, memory_low=4),
            ["memory.low", "memory.high", "memory.max"],
        ),
        (Own(), Own(cpus=cpus("1"), mems=cpus("0")), ["cpuset.mems", "cpuset.cpus"]),
    ],
)
def test_order_on_v2(old: Own, new: Own, order: list[str]) -> None:
    assert [write.name for write in file_writes(old, new, host(2))] == order


def test_the_burst_goes_before_the_runtime() -> None:
    lowered = file_writes(Own(cpu_quota=9, cpu_burst=9), Own(cpu_quota=5, cpu_burst=5), host(2))
    assert [write.name for write in burst_first(lowered)] == ["cpu.max.burst"]
    assert burst_first(file_writes(Own(), Own(cpu_quota=5), host(2))) == ()
