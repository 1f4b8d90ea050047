"""`monitor cpu`. 100 % is one CPU; the limit is what the container really may use, by quotas and by CPUs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nrdctl.cgroup.effective import CPUSET_SOURCE
from nrdctl.monitor.collector import Needs
from nrdctl.monitor.figures import cpus, number, percent, stating, total, word
from nrdctl.monitor.view import IDENTITY, View, over

if TYPE_CHECKING:
    from nrdctl.monitor.frame import Frame, Row

# From here on a figure deserves attention, in percent.
NEAR_LIMIT = 90.0
THROTTLED = 10.0


def use(row: Row) -> float | None:
    """CPU use, 100 for one CPU."""
    return row.rates.cpu_percent if row.rates else None


def limit(row: Row) -> float | None:
    """The CPUs it may use: the lowest quota on the way up, at most those it may run on."""
    return row.limits.cpu.effective if row.limits else None


def use_of_limit(row: Row) -> float | None:
    """CPU use in percent of that."""
    may = limit(row)
    return row.rates.percent_of(may) if row.rates and may else None


def throttled(row: Row) -> float | None:
    """The share of quota periods in which it was held back."""
    return row.rates.throttled_percent if row.rates else None


def _seconds(row: Row) -> float | None:
    """CPU time since the cgroup was made."""
    return row.cgroup.cpu_usec / 1e6 if row.cgroup and row.cgroup.cpu_usec is not None else None


def _source(row: Row) -> str | None:
    return (row.limits.cpu.source or CPUSET_SOURCE) if row.limits else None


def _total(frame: Frame) -> str:
    online = len(frame.rows[0].host.online) if frame.rows else 0
    return total("CPU", frame.totals.cpu_percent, percent) + (f" of {online * 100}%" if online else "%")


CPU = View(
    kind="cpu",
    needs=Needs(groups=("cpu", "pids"), limits=True),
    main="CPUPercent",
    history=use,
    top=lambda row: 100 * min(limit(row) or 1.0, 1.0),
    total=_total,
    figures=(
        *IDENTITY,
        stating(number("CPUPercent", "CPU %", use, percent, rank=99, width=6)),
        number("LimitPercent", "% OF LIMIT", use_of_limit, percent, rank=90, alert=over(use_of_limit, NEAR_LIMIT)),
        number("CPULimit", "LIMIT", limit, cpus, rank=80),
        word("LimitSource", "LIMIT SOURCE", _source),
        number("ThrottledPercent", "THROTTLED %", throttled, percent, rank=70, alert=over(throttled, THROTTLED)),
        word(
            "CPUs", "CPUS", lambda row: row.limits.cpus_effective.format() if row.limits else None, rank=60, left=False
        ),
        number("PIDs", "PIDS", lambda row: row.cgroup.pids_current if row.cgroup else None, rank=50),
        number("CPUSeconds", "CPU SECONDS", _seconds),
        number("UserPercent", "USER %", lambda row: row.rates.cpu_user_percent if row.rates else None, percent),
        number("SystemPercent", "SYSTEM %", lambda row: row.rates.cpu_system_percent if row.rates else None, percent),
    ),
)
