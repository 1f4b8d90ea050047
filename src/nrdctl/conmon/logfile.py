"""Reads a json-file log while it is written and rotated."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
import time
from typing import TYPE_CHECKING, BinaryIO

from nrdctl import errors
from nrdctl.conmon.jsonlines import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_BLOCK = 1 << 16
_MOST_MISSING = 2

_PAUSE = 0.05
"""Seconds between looks for more while following."""


@dataclasses.dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry. `time` is RFC 3339 in UTC with nine digits.

    `log` ends with a newline, unless the line goes on in the next entry of its stream.
    """

    time: str
    stream: str
    log: bytes


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class LogRange:
    """What to read: `since` and `until` in nanoseconds from the epoch, both inclusive; `tail`: that many at the end."""

    since: int | None = None
    until: int | None = None
    tail: int | None = None


def read(
    path: Path, wanted: LogRange = LogRange(), *, follow: bool = False, alive: Callable[[], bool] = lambda: False
) -> Iterator[LogEntry]:
    """Yield the entries of the log at `path`, from its oldest rotated file on.

    `follow`: wait for more until `alive()` is false and everything is read. A line that isn't complete, or isn't an
    entry, is left out. Raises errors.NotFound when there is no log (with `follow`: and none comes).
    """
    with contextlib.closing(_Tape(path)) as tape:
        if follow:
            _await(path, alive)
        tape.open(wanted.tail)
        since = timestamp(wanted.since).decode() if wanted.since is not None else ""
        until = timestamp(wanted.until).decode() if wanted.until is not None else "~"
        while True:
            # Asked before reading: what is written up to the moment it turns false is read.
            last = not follow or not alive() or _past(wanted.until)
            for line in tape.lines():
                entry = _parse(line)
                if entry is None or entry.time < since:
                    continue
                if entry.time > until:
                    return
                yield entry
            if last:
                return
            time.sleep(_PAUSE)


class _Tape:
    """The files of a log as one, oldest first. Files are told apart by inode, since their names move."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files: list[BinaryIO] = []
        self._rest = b""

    def open(self, tail: int | None) -> None:
        """Open all files, at the start or `tail` lines before the end. Raises errors.NotFound when there are none."""
        newest_first = self._chain(0)
        if not newest_first:
            raise errors.NotFound(f"no log at {self._path}")
        if tail is not None:
            newest_first = _keep_tail(newest_first, tail)
        self._files = newest_first[::-1]

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()

    def lines(self) -> Iterator[bytes]:
        """Yield the lines that are complete, up to the end of the newest file."""
        while True:
            yield from self._rest_of_first()
            if len(self._files) == 1:
                successors = self._successors()
                if not successors:
                    return
                # It may have been written to between the end we saw and its rotation.
                yield from self._rest_of_first()
                self._files += successors
            self._files.pop(0).close()
            self._rest = b""

    def _rest_of_first(self) -> Iterator[bytes]:
        file = self._files[0]
        if os.fstat(file.fileno()).st_size < file.tell():
            file.seek(0)  # truncated
            self._rest = b""
        while block := file.read(_BLOCK):
            *lines, self._rest = (self._rest + block).split(b"\n")
            yield from lines

    def _successors(self) -> list[BinaryIO]:
        """Return the files that have come after the one we are at, oldest first."""
        ours = os.fstat(self._files[0].fileno())
        try:
            if self._path.stat().st_ino == ours.st_ino:
                return []
        except FileNotFoundError:
            return []
        successors = []
        for file in reversed(self._chain(ours.st_ino)):
            # Ours may be gone from the chain; then it holds older ones too.
            if os.fstat(file.fileno()).st_mtime_ns >= ours.st_mtime_ns:
                successors.append(file)
            else:
                file.close()
        return successors

    def _chain(self, stop: int) -> list[BinaryIO]:
        """Open the files from the newest to the one before inode `stop`.

        In this order a rotation meanwhile hides none: it shows a file twice, or leaves one number out for a moment.
        """
        files: list[BinaryIO] = []
        previous = missing = 0
        for number in itertools.count():
            name = self._path if number == 0 else self._path.with_name(f"{self._path.name}.{number}")
            try:
                file = name.open("rb", buffering=0)
            except FileNotFoundError:
                missing += 1
                if missing == _MOST_MISSING:
                    return files
                continue
            inode = os.fstat(file.fileno()).st_ino
            if inode == stop:
                file.close()
                return files
            if inode == previous:
                file.close()  # it was renamed just now: we have it
            else:
                files.append(file)
            previous = inode
        return files


def _keep_tail(newest_first: list[BinaryIO], count: int) -> list[BinaryIO]:
    """Position the files `count` lines before the end of all; close and leave out those before."""
    for index, file in enumerate(newest_first):
        count -= _seek_lines_back(file, count)
        if count <= 0:
            for older in newest_first[index + 1 :]:
                older.close()
            return newest_first[: index + 1]
    return newest_first


def _seek_lines_back(file: BinaryIO, count: int) -> int:
    """Position `file` at most `count` complete lines before its end; return how many lines that are."""
    end = file.seek(0, os.SEEK_END)
    found = -1  # the newline of the last line is before the first of the lines we count
    position = end
    while position > 0:
        size = min(_BLOCK, position)
        position -= size
        file.seek(position)
        block = file.read(size)
        newlines = block.count(b"\n")
        if found + newlines >= count:
            cut = len(block)
            for _ in range(count - found):
                cut = block.rfind(b"\n", 0, cut)
            file.seek(position + cut + 1)
            return count
        found += newlines
    file.seek(0)
    return found + 1


def _parse(line: bytes) -> LogEntry | None:
    try:
        record = json.loads(line)
        when, stream, text = record["time"], record["stream"], record["log"]
        return LogEntry(_nine_digits(when), stream, text.encode("utf-8", "replace"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _nine_digits(when: str) -> str:
    """Pad the fraction, which docker cuts at its last digit that isn't 0.

    >>> _nine_digits("2026-01-02T03:04:05.12Z")
    '2026-01-02T03:04:05.120000000Z'
    """
    if len(when) == len("2026-01-02T03:04:05.123456789Z"):
        return when
    seconds, _, fraction = when.removesuffix("Z").partition(".")
    return f"{seconds}.{fraction:0<9}Z"


def _past(until: int | None) -> bool:
    return until is not None and time.time_ns() > until


def _await(path: Path, alive: Callable[[], bool]) -> None:
    while not path.exists() and alive():
        time.sleep(_PAUSE)
