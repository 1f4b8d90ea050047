"""The figures that views are made of: a value for machines, a text for people."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from nrdctl.cgroup.effective import CPUSET_SOURCE
from nrdctl.render.human import binary_size, size

if TYPE_CHECKING:
    from nrdctl.monitor.frame import Row

NONE = "–"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One column. `name` is its field in JSON and templates, where it shows `value`; tables show `show`.

    `rank`: a table that is too wide loses the lowest first; 0 is never shown in one. `width` is the least width, so that
    columns don't jump about as values change. `alert` says when the cell deserves a person's attention.
    """

    name: str
    header: str
    value: Callable[[Row], object]
    show: Callable[[Row], str]
    rank: int = 0
    width: int = 1
    left: bool = False
    alert: Callable[[Row], bool] | None = None


def number(row: Row, value: float | None, form: Callable[[float], str]) -> str:
    """Return a number as text; `–` without one, or the state of a container that doesn't run."""
    return form(value) if value is not None else NONE


def percent(value: float) -> str:
    """Return a percentage with one digit after the point, without any from 1000 on.

    >>> percent(19.96), percent(1234.5)
    ('20.0', '1234')
    """
    return f"{value:.0f}" if value >= 999.95 else f"{value:.1f}"


def cpus(value: float) -> str:
    """Return a number of CPUs: `0.25`, `2`, `1.5`."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def binary(value: float) -> str:
    """Return bytes in binary units with three digits: `50.3MiB`."""
    return binary_size(value) if value < 1024 else _three(value)


def _three(value: float) -> str:
    units = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
    step = 0
    while value >= 1023.5 and step < len(units) - 1:
        value /= 1024
        step += 1
    return f"{value:.{0 if value >= 99.95 else 1 if value >= 9.995 else 2}f}{units[step]}"


def decimal(value: float) -> str:
    """Return bytes in decimal units: `12.3kB`."""
    return size(round(value))


def rounded(value: float | None) -> float | None:
    """Return a percentage as JSON shows it."""
    return None if value is None else round(value, 2)


def whole(value: float | None) -> int | None:
    """Return a rate as JSON shows it."""
    return None if value is None else round(value)


def cpu_percent(row: Row) -> float | None:
    """CPU use, 100 for one CPU."""
    return row.rates.cpu_percent if row.rates else None


def cpu_limit(row: Row) -> float | None:
    """The CPUs it may use: the lowest quota on the way up, at most those it may run on."""
    return row.limits.cpu.effective if row.limits else None


def cpu_limit_percent(row: Row) -> float | None:
    """CPU use in percent of that."""
    limit = cpu_limit(row)
    return row.rates.percent_of(limit) if row.rates and limit else None


def cpu_limit_source(row: Row) -> str | None:
    """What sets that: the path of a cgroup, or `cpuset`."""
    return (row.limits.cpu.source or CPUSET_SOURCE) if row.limits else None


def throttled(row: Row) -> float | None:
    """The share of quota periods in which it was held back."""
    return row.rates.throttled_percent if row.rates else None


def memory_used(row: Row) -> int | None:
    """The working set."""
    return row.cgroup.working_set if row.cgroup else None


def memory_limit(row: Row) -> int | None:
    """What memory it may use: the lowest limit on the way up, or all that the host has."""
    if row.limits is None:
        return None
    own = row.limits.memory.effective
    return row.host.memory_total if own is None else min(own, row.host.memory_total or own)


def memory_limit_source(row: Row) -> str | None:
    """What sets that: the path of a cgroup, or `host`."""
    if row.limits is None:
        return None
    own = row.limits.memory.effective
    return "host" if own is None or 0 < row.host.memory_total < own else row.limits.memory.source


def memory_percent(row: Row) -> float | None:
    """The working set in percent of that."""
    used, limit = memory_used(row), memory_limit(row)
    return None if used is None or not limit else 100 * used / limit


def memory_file(row: Row) -> int | None:
    """The file cache."""
    if row.cgroup is None or row.cgroup.memory_active_file is None:
        return None
    return row.cgroup.memory_active_file + (row.cgroup.memory_inactive_file or 0)
