"""Names and formats of the kernel's cgroup files (Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

CPU_MAX = "cpu.max"
CPU_MAX_BURST = "cpu.max.burst"
CPU_WEIGHT = "cpu.weight"
CPU_IDLE = "cpu.idle"
CPU_STAT = "cpu.stat"
CPU_PRESSURE = "cpu.pressure"
CPUSET_CPUS = "cpuset.cpus"
CPUSET_CPUS_EFFECTIVE = "cpuset.cpus.effective"
CPUSET_MEMS = "cpuset.mems"
CPUSET_MEMS_EFFECTIVE = "cpuset.mems.effective"
MEMORY_MAX = "memory.max"
MEMORY_HIGH = "memory.high"
MEMORY_LOW = "memory.low"
MEMORY_CURRENT = "memory.current"
MEMORY_STAT = "memory.stat"
MEMORY_EVENTS = "memory.events"
MEMORY_PRESSURE = "memory.pressure"
MEMORY_SWAP_MAX = "memory.swap.max"
MEMORY_SWAP_CURRENT = "memory.swap.current"
PIDS_MAX = "pids.max"
PIDS_CURRENT = "pids.current"
IO_STAT = "io.stat"
IO_PRESSURE = "io.pressure"
CGROUP_CONTROLLERS = "cgroup.controllers"
CGROUP_SUBTREE_CONTROL = "cgroup.subtree_control"
CGROUP_PROCS = "cgroup.procs"

V1_CPU_QUOTA = "cpu.cfs_quota_us"
V1_CPU_PERIOD = "cpu.cfs_period_us"
V1_CPU_BURST = "cpu.cfs_burst_us"
V1_CPU_SHARES = "cpu.shares"
V1_CPUACCT_USAGE = "cpuacct.usage"
V1_CPUACCT_STAT = "cpuacct.stat"
V1_CPUSET_CPUS_EFFECTIVE = "cpuset.effective_cpus"
V1_CPUSET_MEMS_EFFECTIVE = "cpuset.effective_mems"
V1_MEMORY_LIMIT = "memory.limit_in_bytes"
V1_MEMORY_SOFT_LIMIT = "memory.soft_limit_in_bytes"
V1_MEMORY_USAGE = "memory.usage_in_bytes"
V1_MEMSW_LIMIT = "memory.memsw.limit_in_bytes"
V1_OOM_CONTROL = "memory.oom_control"
V1_BLKIO_BYTES = "blkio.throttle.io_service_bytes_recursive"
V1_BLKIO_IOS = "blkio.throttle.io_serviced_recursive"

MAX = "max"
# v1 has no word for "no limit"; it shows LONG_MAX rounded down to a page, and pages are 64 KiB at most.
_V1_UNLIMITED = 2**63 - 65536
# memory.low=max protects everything; as a number that is more than any memory.
EVERYTHING = 2**63 - 1


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Pressure:
    """One line of a PSI file: percentages over 10, 60 and 300 s, and the total stall in µs."""

    avg10: float
    avg60: float
    avg300: float
    total_usec: int


def parse_flat(text: str) -> dict[str, int]:
    """Parse a flat-keyed file such as cpu.stat: lines of `KEY VALUE`. Lines that are no such pair are left out."""
    result = {}
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if value.isdecimal():
            result[key] = int(value)
    return result


def parse_nested(text: str) -> dict[str, dict[str, str]]:
    """Parse a nested-keyed file such as io.stat or io.max: `KEY SUB=VALUE SUB=VALUE…`."""
    result = {}
    for line in text.splitlines():
        key, *pairs = line.split()
        result[key] = {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
    return result


def parse_io_max(text: str) -> dict[str, dict[str, int | None]]:
    """Parse io.max: device → {rbps, wbps, riops, wiops}; None is `max`."""
    nested = parse_nested(text)
    return {device: {name: parse_max(value) for name, value in limits.items()} for device, limits in nested.items()}


def parse_pressure(text: str) -> dict[str, Pressure]:
    """Parse a PSI file: `some` and, where the kernel has it, `full`."""
    return {
        kind: Pressure(
            avg10=float(fields["avg10"]),
            avg60=float(fields["avg60"]),
            avg300=float(fields["avg300"]),
            total_usec=int(fields["total"]),
        )
        for kind, fields in parse_nested(text).items()
    }


def parse_max(text: str) -> int | None:
    """Parse a number or `max`, which is None."""
    text = text.strip()
    return None if text == MAX else int(text)


def parse_cpu_max(text: str) -> tuple[int | None, int]:
    """Parse cpu.max into (quota or None, period), both in µs: `20000 100000`, `max 100000`."""
    quota, period = text.split()
    return parse_max(quota), int(period)


def parse_low(text: str) -> int:
    """Parse memory.low, where `max` (protect everything) is `EVERYTHING`."""
    value = parse_max(text)
    return EVERYTHING if value is None else value


def parse_v1_bytes(text: str) -> int | None:
    """Parse a v1 memory limit; its huge number for "no limit" (and -1) is None."""
    size = int(text)
    return None if size < 0 or size >= _V1_UNLIMITED else size


def format_max(value: int | None) -> str:
    """Return the text that `parse_max` reads."""
    return MAX if value is None else str(value)


def format_low(size: int) -> str:
    """Return the text that `parse_low` reads."""
    return MAX if size >= EVERYTHING else str(size)


def format_cpu_max(quota: int | None, period: int) -> str:
    """Return the text that `parse_cpu_max` reads.

    >>> format_cpu_max(20000, 100000), format_cpu_max(None, 100000)
    ('20000 100000', 'max 100000')
    """
    return f"{format_max(quota)} {period}"


def sum_io(text: str) -> Mapping[str, int]:
    """Return the sums of io.stat over all devices: rbytes, wbytes, rios, wios."""
    total = {"rbytes": 0, "wbytes": 0, "rios": 0, "wios": 0}
    for fields in parse_nested(text).values():
        for name in total:
            total[name] += int(fields.get(name, 0))
    return total


def sum_blkio(text: str) -> tuple[int, int]:
    """Return (read, written) of a v1 blkio file, whose lines are `MAJ:MIN Read N`; its last line is a total."""
    read = written = 0
    for line in text.splitlines():
        fields = line.split()
        if len(fields) != 3:
            continue
        if fields[1] == "Read":
            read += int(fields[2])
        elif fields[1] == "Write":
            written += int(fields[2])
    return read, written
