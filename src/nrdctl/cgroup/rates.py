"""Rates from two samples of one cgroup."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nrdctl.cgroup.sample import CgroupSample


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """What happened between two samples. Percentages of CPU count one CPU as 100; None where there is no counter.

    `throttled_percent` is the share of the quota's periods in which the cgroup was throttled; `throttled_time_percent`
    can pass 100, since the kernel adds up all CPUs. Stalls are percentages of the time between the samples.
    """

    seconds: float
    cpu_percent: float | None
    cpu_user_percent: float | None
    cpu_system_percent: float | None
    throttled_percent: float | None
    throttled_time_percent: float | None
    io_read_bytes: float | None
    io_written_bytes: float | None
    io_reads: float | None
    io_writes: float | None
    refaults: float | None
    cpu_stall_percent: float | None
    memory_stall_percent: float | None
    io_stall_percent: float | None

    def percent_of(self, cpus: float) -> float | None:
        """Return the CPU use in percent of so many CPUs (the effective limit)."""
        return None if self.cpu_percent is None or cpus <= 0 else self.cpu_percent / cpus


def rates(previous: CgroupSample, current: CgroupSample) -> Rates | None:
    """Return the rates, or None when the two can't be compared: the cgroup was re-created, or no time has passed."""
    nanoseconds = current.time_ns - previous.time_ns
    if previous.inode != current.inode or nanoseconds <= 0 or _went_back(previous, current):
        return None
    seconds = nanoseconds / 1e9

    def per_second(name: str) -> float | None:
        before, after = getattr(previous, name), getattr(current, name)
        return None if before is None or after is None else max(0, after - before) / seconds

    def percent(name: str) -> float | None:  # of a counter in µs
        rate = per_second(name)
        return None if rate is None else rate / 1e4

    return Rates(
        seconds=seconds,
        cpu_percent=percent("cpu_usec"),
        cpu_user_percent=percent("cpu_user_usec"),
        cpu_system_percent=percent("cpu_system_usec"),
        throttled_percent=_throttled(per_second("cpu_throttled_periods"), per_second("cpu_periods")),
        throttled_time_percent=percent("cpu_throttled_usec"),
        io_read_bytes=per_second("io_read_bytes"),
        io_written_bytes=per_second("io_written_bytes"),
        io_reads=per_second("io_reads"),
        io_writes=per_second("io_writes"),
        refaults=per_second("memory_refaults"),
        cpu_stall_percent=percent("cpu_stall_usec"),
        memory_stall_percent=percent("memory_stall_usec"),
        io_stall_percent=percent("io_stall_usec"),
    )


def _went_back(previous: CgroupSample, current: CgroupSample) -> bool:
    return previous.cpu_usec is not None and current.cpu_usec is not None and current.cpu_usec < previous.cpu_usec


def _throttled(throttled: float | None, periods: float | None) -> float | None:
    if throttled is None or periods is None:
        return None
    return 100 * throttled / periods if periods else 0.0
