"""`logs`: what a container wrote, from its json-file log."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
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
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class LogOptions:
    """What to show. `tail` None means everything; times are aware."""

    follow: bool = False
    since: datetime | None = None
    until: datetime | None = None
    tail: int | None = None
    timestamps: bool = False

    @classmethod
    def parse(cls, *, follow: bool, since: str | None, until: str | None, tail: str, timestamps: bool) -> LogOptions:
        """Read the texts of the flags. Raises InvalidArgument."""
        now = datetime.now(UTC)
        return cls(
            follow=follow,
            since=parse_moment(since, now) if since else None,
            until=parse_moment(until, now) if until else None,
            tail=int(tail) if tail.isdecimal() else None,  # docker takes any other text as "all"
            timestamps=timestamps,
        )


def parse_moment(text: str, now: datetime) -> datetime:
    """Read docker's time stamps: RFC 3339 (in parts), seconds since 1970, or a duration before now."""
    try:
        if _DATE.match(text):
            moment = datetime.fromisoformat(text)
            return moment if moment.tzinfo else moment.astimezone()
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return datetime.fromtimestamp(float(text), UTC)
        return now - timedelta(seconds=parse_duration(text))
    except ValueError as error:
        raise InvalidArgument(f"invalid value for time {text!r}: {error}") from None


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

    wanted = LogRange(since=_nanoseconds(options.since), until=_nanoseconds(options.until), tail=options.tail)
    for entry in _entries(path, wanted, follow=options.follow, alive=alive):
        stamp = f"{entry.time} ".encode() if options.timestamps else b""
        write_all(_STDERR if entry.stream == "stderr" else _STDOUT, stamp + entry.log)


def _entries(path: Path, wanted: LogRange, *, follow: bool, alive: Callable[[], bool]) -> Iterator[LogEntry]:
    """Yield the log's entries; a container that has never run has none."""
    with contextlib.suppress(NotFound):
        yield from read(path, wanted, follow=follow, alive=alive)


def _nanoseconds(moment: datetime | None) -> int | None:
    """Return nanoseconds since 1970, exact to the microsecond that datetime has."""
    if moment is None:
        return None
    return (moment - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1) * 1000
