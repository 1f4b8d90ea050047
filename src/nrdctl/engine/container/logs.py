"""`logs`: what a container wrote, from its json-file log."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from nrdctl.conmon.logfile import LogEntry, LogRange, read
from nrdctl.engine.pump import write_all
from nrdctl.engine.resolve import resolve
from nrdctl.errors import Conflict, InvalidArgument, NotFound
from nrdctl.model.quantity import parse_duration

if TYPE_CHECKING:
    from pathlib import Path

    from nrdctl.engine.engine import Engine

_STDOUT, _STDERR = 1, 2
_PIECE = 64 * 1024
_SECOND = 1_000_000_000
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_FRACTION = re.compile(r"\.(\d+)")
_NUMBER = re.compile(r"(\d+)(?:\.(\d+))?")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class LogOptions:
    """What to show. `tail` None means everything; times are nanoseconds since 1970."""

    follow: bool = False
    since: int | None = None
    until: int | None = None
    tail: int | None = None
    timestamps: bool = False

    @classmethod
    def parse(cls, *, follow: bool, since: str | None, until: str | None, tail: str, timestamps: bool) -> LogOptions:
        """Read the texts of the flags. Raises InvalidArgument."""
        now = time.time_ns()
        return cls(
            follow=follow,
            since=parse_moment(since, now) if since else None,
            until=parse_moment(until, now) if until else None,
            tail=int(tail) if tail.isdecimal() else None,  # docker takes any other text as "all"
            timestamps=timestamps,
        )


def parse_moment(text: str, now: int) -> int:
    """Read docker's time stamps: RFC 3339 (in parts), seconds since 1970, or a duration before now.

    The result, as `now`, is in nanoseconds since 1970: exactly those that a log shows.
    """
    try:
        if _DATE.match(text):
            fraction = _FRACTION.search(text)
            moment = datetime.fromisoformat(_FRACTION.sub("", text))
            seconds = (moment if moment.tzinfo else moment.astimezone()).timestamp()
            return int(seconds) * _SECOND + _part(fraction[1] if fraction else "")
        if found := _NUMBER.fullmatch(text):
            return int(found[1]) * _SECOND + _part(found[2] or "")
        return now - round(parse_duration(text) * _SECOND)
    except ValueError as error:
        raise InvalidArgument(f"invalid value for time {text!r}: {error}") from None


def _part(digits: str) -> int:
    """Return the nanoseconds of the digits after a decimal point."""
    return int(f"{digits:0<9}"[:9])


def write_logs(engine: Engine, reference: str, options: LogOptions) -> None:
    """Write a container's log to this process's standard output and error, as the container did."""
    record = resolve(engine.client, reference)
    path = engine.layout.log_path(engine.namespace, record.id)
    if not path.parent.is_dir():
        raise Conflict(
            f"container {record.id} was not made by nrdctl: it has no log here",
            hint="use the tool that made it",
        )

    def alive() -> bool:
        task = engine.task(record.id)
        return task is not None and task.status not in ("stopped", "unknown")

    wanted = LogRange(since=options.since, until=options.until, tail=options.tail)
    output = _Output(largest=0 if options.follow else _PIECE)
    for entry in _entries(path, wanted, follow=options.follow, alive=alive):
        stamp = f"{entry.time} ".encode() if options.timestamps else b""
        output.add(_STDERR if entry.stream == "stderr" else _STDOUT, stamp + entry.log)
    output.flush()


class _Output:
    """Writes short lines together, up to `largest` bytes at once and without changing their order."""

    def __init__(self, *, largest: int) -> None:
        self._largest = largest
        self._fd = _STDOUT
        self._piece = bytearray()

    def add(self, fd: int, data: bytes) -> None:
        if fd != self._fd:
            self.flush()
            self._fd = fd
        self._piece += data
        if len(self._piece) >= self._largest:
            self.flush()

    def flush(self) -> None:
        write_all(self._fd, bytes(self._piece))
        self._piece.clear()


def _entries(path: Path, wanted: LogRange, *, follow: bool, alive: Callable[[], bool]) -> Iterator[LogEntry]:
    """Yield the log's entries; a container that has never run has none."""
    with contextlib.suppress(NotFound):
        yield from read(path, wanted, follow=follow, alive=alive)
