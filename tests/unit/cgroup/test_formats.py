"""The kernel's formats, the arithmetic, samples and rates."""

from __future__ import annotations

import doctest
import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nrdctl.cgroup import cpu, files, memory, sample
from nrdctl.cgroup.driver import FileWrite
from nrdctl.cgroup.host import parse_meminfo
from nrdctl.cgroup.rates import rates
from nrdctl.cgroup.refusal import explain
from nrdctl.errors import Conflict, InvalidArgument, NotFound, NrdctlError, PermissionDenied, Unimplemented
from tests.unit.cgroup.facts import host
from tests.unit.cgroup.facts import sample as make_sample


@pytest.mark.parametrize("module", [cpu, files, memory, sample])
def test_worked_examples(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


def test_parsers() -> None:
    assert files.parse_cpu_max("20000 100000\n") == (20000, 100000)
    assert files.parse_cpu_max("max 100000\n") == (None, 100000)
    assert files.parse_flat("a 1\nb 22\nodd\nc x\n") == {"a": 1, "b": 22}
    assert files.parse_io_max("254:0 rbps=1048576 wbps=max riops=max wiops=5\n") == {
        "254:0": {"rbps": 1048576, "wbps": None, "riops": None, "wiops": 5}
    }
    pressure = files.parse_pressure("some avg10=1.50 avg60=0.25 avg300=0.05 total=12\n")
    assert (pressure["some"].avg10, pressure["some"].avg300, pressure["some"].total_usec) == (1.5, 0.05, 12)
    assert files.sum_io("254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n8:0 \n")["wios"] == 4
    assert files.sum_io("") == {"rbytes": 0, "wbytes": 0, "rios": 0, "wios": 0}
    assert files.parse_v1_bytes("9223372036854771712") is None
    assert files.parse_v1_bytes("-1") is None
    assert files.parse_v1_bytes("4096") == 4096
    assert files.format_low(files.parse_low("max")) == "max"
    assert parse_meminfo("MemTotal:       1024 kB\nSwapFree: 3 kB\n", "SwapFree") == 3072
    assert parse_meminfo("", "MemTotal") == 0


def test_pick() -> None:
    data = b"file 4\ninactive_file 2\nfile_mapped 9\nlast 7"
    assert sample.pick(data, b"file") == 4
    assert sample.pick(data, b"inactive_file") == 2
    assert sample.pick(data, b"last") == 7
    assert sample.pick(data, b"active_file") is None
    assert sample.pick(b"", b"file") is None
    assert sample.stall(b"some avg10=0.00 total=5\nfull avg10=0.00 total=6\n", b"full") == 6
    assert sample.stall(b"some avg10=0.00 total=5\n", b"full") is None


@given(st.integers(min_value=1, max_value=10_000))
def test_weight_survives_v1(weight: int) -> None:
    assert cpu.weight_of_shares(cpu.shares_of_weight(weight)) == weight


@given(st.integers(min_value=2, max_value=262_144))
def test_weights_are_in_range(shares: int) -> None:
    assert 1 <= cpu.weight_of_shares(shares) <= 10_000
    assert 1 <= cpu.runtime_weight(shares) <= 10_000


@pytest.mark.parametrize(("shares", "weight"), [(2, 1), (512, 59), (1024, 100), (262144, 10000)])
def test_the_runtimes_formula(shares: int, weight: int) -> None:
    assert cpu.runtime_weight(shares) == weight


def test_rates() -> None:
    before = make_sample(time_ns=1_000_000_000, cpu_usec=0, cpu_periods=0, cpu_throttled_periods=0, io_read_bytes=0)
    after = make_sample(
        time_ns=3_000_000_000, cpu_usec=400_000, cpu_periods=20, cpu_throttled_periods=19, io_read_bytes=2048
    )
    found = rates(before, after)
    assert found is not None
    assert (found.seconds, found.cpu_percent, found.throttled_percent, found.io_read_bytes) == (2.0, 20.0, 95.0, 1024.0)
    assert (found.io_reads, found.memory_stall_percent) == (None, None)
    assert found.percent_of(0.2) == pytest.approx(100)
    assert found.percent_of(0) is None


def test_a_recreated_cgroup_has_no_rate() -> None:
    before = make_sample(time_ns=1, cpu_usec=500)
    assert rates(before, make_sample(time_ns=2, cpu_usec=600, inode=9)) is None
    assert rates(before, make_sample(time_ns=2, cpu_usec=400)) is None
    assert rates(before, make_sample(time_ns=1, cpu_usec=600)) is None


def test_an_idle_cgroup_is_not_throttled() -> None:
    before = make_sample(time_ns=0, cpu_periods=5, cpu_throttled_periods=5)
    found = rates(before, make_sample(time_ns=10**9, cpu_periods=5, cpu_throttled_periods=5))
    assert found is not None
    assert found.throttled_percent == 0.0


@pytest.mark.parametrize(
    ("name", "number", "kind", "why"),
    [
        ("cpuset.cpus", errno.ERANGE, InvalidArgument, "possible CPUs: 0-3"),
        ("cpuset.cpus", errno.EINVAL, InvalidArgument, "doesn't accept this list"),
        ("cpuset.cpus", errno.EACCES, Conflict, "not a part of what the parent"),
        ("cpuset.cpus", errno.EBUSY, Conflict, "a cgroup below uses more"),
        ("cpuset.cpus", errno.EPERM, PermissionDenied, "permission denied"),
        ("cpu.max", errno.EINVAL, InvalidArgument, "the period must be 1 ms to 1 s"),
        ("cpu.weight", errno.EINVAL, InvalidArgument, "cpu.idle is on"),
        ("memory.limit_in_bytes", errno.EBUSY, Conflict, "uses more than that"),
        ("memory.max", errno.ENODEV, NotFound, "just gone"),
        ("memory.high", errno.ENOENT, Unimplemented, "kernel 6.12.117 doesn't have this file"),
        ("memory.max", errno.EACCES, PermissionDenied, "permission denied"),
        ("memory.max", errno.EIO, Conflict, "I/O error"),
    ],
)
def test_refusals_in_words(name: str, number: int, kind: type[NrdctlError], why: str) -> None:
    write = FileWrite(controller="", name=name, text="5")
    error = explain(OSError(number, "I/O error"), write, host())
    assert type(error) is kind
    assert why in error.message
    assert f"'5' to {name}" in error.message


def test_a_private_cgroup_namespace_is_named() -> None:
    error = explain(
        PermissionError(errno.EPERM, "x"),
        FileWrite(controller="", name="cpu.max", text="5"),
        host(private_namespace=True),
    )
    assert "inside a cgroup namespace" in error.message
