"""`monitor memory`. Used is the working set: all that is charged, without file cache that nobody touched for long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nrdctl.monitor.collector import Needs
from nrdctl.monitor.figures import NONE, Figure, binary, number, percent, stating, total, word
from nrdctl.monitor.view import IDENTITY, View, over

if TYPE_CHECKING:
    from nrdctl.monitor.frame import Row

# Where the host's memory is the limit.
HOST = "host"
NEAR_LIMIT = 90.0


def used(row: Row) -> int | None:
    """The working set."""
    return row.cgroup.working_set if row.cgroup else None


def limit(row: Row) -> int | None:
    """The memory it may use: the lowest limit on the way up, at most what the host has."""
    if row.limits is None:
        return None
    return row.host.memory_total if source(row) == HOST else row.limits.memory.effective


def source(row: Row) -> str | None:
    """What sets that: the path of a cgroup, or `host`."""
    if row.limits is None:
        return None
    effective = row.limits.memory.effective
    return HOST if effective is None or effective > row.host.memory_total > 0 else row.limits.memory.source


def used_of_limit(row: Row) -> float | None:
    """The working set in percent of the limit."""
    have, may = used(row), limit(row)
    return None if have is None or not may else 100 * have / may


def file_cache(row: Row) -> int | None:
    """Pages of files, whether touched lately or not."""
    if row.cgroup is None or row.cgroup.memory_active_file is None:
        return None
    return row.cgroup.memory_active_file + (row.cgroup.memory_inactive_file or 0)


def _oom_kills(row: Row) -> int | None:
    return row.cgroup.oom_kills if row.cgroup else None


def _show_limit(row: Row) -> str:
    may = limit(row)
    if may is None:
        return NONE
    return f"{HOST} {binary(may)}" if source(row) == HOST else binary(may)


def _top(row: Row) -> float:
    return 1.0 if source(row) == HOST else limit(row) or 1.0


MEMORY = View(
    kind="memory",
    needs=Needs(groups=("memory",), limits=True),
    main="Used",
    history=used,
    top=_top,
    total=lambda frame: total("used", frame.totals.memory_used, binary),
    figures=(
        *IDENTITY,
        stating(number("Used", "USED", used, binary, rank=99, width=7)),
        Figure(name="Limit", header="LIMIT", value=limit, show=_show_limit, rank=90),
        word("LimitSource", "LIMIT SOURCE", source),
        number("Percent", "%", used_of_limit, percent, rank=95, width=5, alert=over(used_of_limit, NEAR_LIMIT)),
        number("Anon", "ANON", lambda row: row.cgroup.memory_anon if row.cgroup else None, binary, rank=80, width=7),
        number("File", "FILE", file_cache, binary, rank=70, width=7),
        number("Shmem", "SHMEM", lambda row: row.cgroup.memory_shmem if row.cgroup else None, binary, rank=30, width=7),
        number("Swap", "SWAP", lambda row: row.cgroup.swap_current if row.cgroup else None, binary, rank=35, width=7),
        number("OOMKills", "OOM KILLS", _oom_kills, rank=75, alert=over(_oom_kills, 1)),
        number("Charged", "CHARGED", lambda row: row.cgroup.memory_current if row.cgroup else None, binary),
    ),
)
