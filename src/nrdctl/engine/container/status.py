"""The state of a container in docker's words, from its record and its task."""

from __future__ import annotations

import dataclasses
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from nrdctl.containerd.records import TaskStatus
from nrdctl.engine import labels
from nrdctl.engine.container.request import wants_restart
from nrdctl.engine.procinfo import CLOCK_TICKS, start_time
from nrdctl.render.human import duration

if TYPE_CHECKING:
    from nrdctl.containerd.records import ContainerRecord, Task


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """A container's state. `name` is docker's: created, running, paused, restarting, exited (and unknown).

    Times are aware, in UTC.
    """

    name: str
    pid: int = 0
    exit_code: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str = ""
    oom_killed: bool = False

    @property
    def running(self) -> bool:
        """Whether processes of the container exist (a paused one's do)."""
        return self.name in ("running", "paused")

    def text(self, now: datetime) -> str:
        """Return the STATUS column of `ps`."""
        if self.name in ("running", "paused"):
            up = f"Up {_since(self.started_at, now)}"
            return f"{up} (Paused)" if self.name == "paused" else up
        if self.name == "exited":
            return f"Exited ({self.exit_code}) {_since(self.finished_at, now)} ago"
        if self.name == "restarting":
            return f"Restarting ({self.exit_code}) {_since(self.finished_at, now)} ago"
        return "Created" if self.name == "created" else "Unknown (its shim does not answer)"


def state_of(record: ContainerRecord, task: Task | None) -> State:
    """Join what containerd knows of the task with what was kept when a task was deleted."""
    kept = record.labels
    started = parse_time(kept.get(labels.STARTED_AT, ""))
    error, oom = kept.get(labels.ERROR, ""), kept.get(labels.OOM_KILLED) == "true"
    if task is None:
        finished = parse_time(kept.get(labels.EXITED_AT, ""))
        code = int(kept.get(labels.EXIT_CODE, "0"))
        name = "restarting" if labels.RESTARTING in kept else "exited" if finished else "created"
        return State(name=name, exit_code=code, started_at=started, finished_at=finished, error=error, oom_killed=oom)
    if task.status is TaskStatus.STOPPED:
        name = "restarting" if labels.RESTARTING in kept or wants_restart(record, task.exit_status) else "exited"
        finished = task.exited_at or record.updated_at
        return State(
            name=name,
            exit_code=task.exit_status,
            started_at=started,
            finished_at=finished,
            error=error,
            oom_killed=oom,
        )
    names = {TaskStatus.RUNNING: "running", TaskStatus.CREATED: "created"}
    paused = task.status in (TaskStatus.PAUSED, TaskStatus.PAUSING)
    name = "paused" if paused else names.get(task.status, "unknown")
    if name in ("running", "paused"):
        started = started or process_started_at(task.pid) or record.created_at
    return State(name=name, pid=task.pid, started_at=started)


def process_started_at(pid: int) -> datetime | None:
    """Return when a process started: the clock now, less its age since boot (proc_pid_stat(5), field 22)."""
    ticks = start_time(pid)
    if ticks is None:
        return None
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / CLOCK_TICKS
    return datetime.now(UTC) - timedelta(seconds=age)


def parse_time(text: str) -> datetime | None:
    """Read the time stamps that `format_time` writes; None for an empty or broken one."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def format_time(moment: datetime) -> str:
    """Write a time stamp as RFC 3339 in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _since(moment: datetime | None, now: datetime) -> str:
    return duration((now - moment).total_seconds() if moment else 0)
