"""Identity of processes: a PID alone may be recycled, a PID with its start time is unique until the next boot."""

from __future__ import annotations

import os
from pathlib import Path

# proc_pid_stat(5): field 22 is the start time in clock ticks since boot; fields are counted after the command's ")".
_START_TIME = 22 - 3
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def start_time(pid: int) -> int | None:
    """Return the start time of a process in clock ticks since boot, or None when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[_START_TIME])


def identity(pid: int | None = None) -> str:
    """Return `pid:starttime` of a process (default: this one)."""
    pid = pid or os.getpid()
    return f"{pid}:{start_time(pid) or 0}"


def is_alive(text: str) -> bool:
    """Say whether the process that `identity` named still runs."""
    pid, _, started = text.partition(":")
    if not pid.isdecimal() or not started.isdecimal():
        return False
    return start_time(int(pid)) == int(started)
