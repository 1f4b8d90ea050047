"""Reading a log: ranges, rotated files, and following while it is written."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import tempfile
import threading
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nrdctl.conmon import logfile
from nrdctl.conmon.logfile import LogRange
from nrdctl.conmon.logwriter import LogWriter
from nrdctl.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator

SECOND = 1_000_000_000


def line(number: int) -> str:
    """An entry of second `number`, as docker writes it."""
    when = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(number))
    return json.dumps({"log": f"{number}\n", "stream": "stdout", "time": f"{when}.5Z"}) + "\n"


def write(path: pathlib.Path, *numbers: int) -> pathlib.Path:
    path.write_text("".join(map(line, numbers)))
    return path


def numbers(path: pathlib.Path, **wanted: int | None) -> list[int]:
    return [int(entry.log) for entry in logfile.read(path, LogRange(**wanted))]


@pytest.fixture
def rotated(tmp_path: pathlib.Path) -> pathlib.Path:
    """Entries 0 to 29 in three files."""
    write(tmp_path / "log.2", *range(10))
    write(tmp_path / "log.1", *range(10, 20))
    return write(tmp_path / "log", *range(20, 30))


def test_an_entry(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log"
    path.write_text('{"log":"\\u00fc\\ufffd","stream":"stderr","time":"2026-01-02T03:04:05Z","attrs":{}}\n')
    (entry,) = logfile.read(path)
    assert entry == logfile.LogEntry("2026-01-02T03:04:05.000000000Z", "stderr", "ü\ufffd".encode())


def test_all_files_in_order(rotated: pathlib.Path) -> None:
    assert numbers(rotated) == list(range(30))


@pytest.mark.parametrize("tail", [0, 1, 9, 10, 11, 20, 29, 30, 31, 1000])
def test_tail(rotated: pathlib.Path, tail: int) -> None:
    assert numbers(rotated, tail=tail) == list(range(30))[max(0, 30 - tail) :]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 200_000), max_size=5), st.integers(0, 6), st.booleans())
def test_tail_of_long_lines(lengths: list[int], tail: int, half: bool) -> None:
    with open_temporary() as path:
        entries = [json.dumps({"log": "x" * length, "stream": "stdout", "time": "Z"}) + "\n" for length in lengths]
        path.write_text("".join(entries) + ('{"log":"half' if half else ""))
        got = [len(entry.log) for entry in logfile.read(path, LogRange(tail=tail))]
    assert got == (lengths[-tail:] if tail else [])


@contextlib.contextmanager
def open_temporary() -> Iterator[pathlib.Path]:
    with tempfile.TemporaryDirectory() as directory:
        yield pathlib.Path(directory) / "log"


def test_since_and_until(rotated: pathlib.Path) -> None:
    assert numbers(rotated, since=25 * SECOND) == [25, 26, 27, 28, 29]
    assert numbers(rotated, since=25 * SECOND + SECOND // 2) == [25, 26, 27, 28, 29]
    assert numbers(rotated, since=25 * SECOND + SECOND // 2 + 1) == [26, 27, 28, 29]
    assert numbers(rotated, until=2 * SECOND + SECOND // 2) == [0, 1, 2]
    assert numbers(rotated, until=2 * SECOND) == [0, 1]
    assert numbers(rotated, since=5 * SECOND, until=12 * SECOND, tail=25) == list(range(5, 12))


def test_what_is_no_entry_is_left_out(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log"
    path.write_text(
        line(1) + '{"log":"cut o\n' + "[]\n\n7\n" + '{"log":1,"stream":"x","time":"Z"}\n' + line(2) + line(3)[:-1]
    )
    assert numbers(path) == [1, 2]


def test_no_log(tmp_path: pathlib.Path) -> None:
    with pytest.raises(NotFound):
        list(logfile.read(tmp_path / "log"))
    with pytest.raises(NotFound):
        list(logfile.read(tmp_path / "log", follow=True))


def test_only_rotated_files(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "log.1", 1, 2)
    assert numbers(tmp_path / "log") == [1, 2]


class Follower:
    """`logs --follow` in a thread."""

    def __init__(self, path: pathlib.Path, *, tail: int | None = None) -> None:
        self.got: list[int] = []
        self.alive = True
        self._thread = threading.Thread(target=self._run, args=(path, LogRange(tail=tail)))
        self._thread.start()

    def _run(self, path: pathlib.Path, wanted: LogRange) -> None:
        for entry in logfile.read(path, wanted, follow=True, alive=lambda: self.alive):
            self.got.append(int(entry.log))

    def wait(self, *last: int) -> None:
        deadline = time.monotonic() + 10
        while self.got[-len(last) :] != list(last):
            assert time.monotonic() < deadline, self.got[-5:]
            time.sleep(0.01)

    def end(self) -> list[int]:
        self.alive = False
        self._thread.join(10)
        assert not self._thread.is_alive()
        return self.got


class TestFollow:
    def test_growing(self, tmp_path: pathlib.Path) -> None:
        path = write(tmp_path / "log", 1, 2, 3)
        follower = Follower(path, tail=1)
        follower.wait(3)
        with path.open("a") as file:
            file.write(line(4)[:20])
            file.flush()
            time.sleep(0.1)
            file.write(line(4)[20:] + line(5))
        follower.wait(4, 5)
        with path.open("a") as file:
            file.write(line(6))
        assert follower.end() == [3, 4, 5, 6]

    def test_a_log_that_comes_later(self, tmp_path: pathlib.Path) -> None:
        follower = Follower(tmp_path / "log")
        time.sleep(0.1)
        write(tmp_path / "new", 1).rename(tmp_path / "log")
        follower.wait(1)
        follower.end()

    def test_truncation(self, tmp_path: pathlib.Path) -> None:
        path = write(tmp_path / "log", 1, 2, 3)
        follower = Follower(path)
        follower.wait(3)
        os.truncate(path, 0)
        time.sleep(0.15)
        with path.open("a") as file:
            file.write(line(4))
        follower.wait(4)
        assert follower.end() == [1, 2, 3, 4]

    def test_several_rotations_between_two_looks(self, tmp_path: pathlib.Path) -> None:
        path = write(tmp_path / "log", 1)
        follower = Follower(path)
        follower.wait(1)
        path.rename(tmp_path / "log.3")
        write(tmp_path / "log.2", 2)
        write(tmp_path / "log.1", 3)
        write(tmp_path / "new", 4).rename(path)
        follower.wait(4)
        assert follower.end() == [1, 2, 3, 4]

    def test_until_ends_it(self, tmp_path: pathlib.Path) -> None:
        path = write(tmp_path / "log", 1)
        soon = time.time_ns() + SECOND // 5
        assert [int(e.log) for e in logfile.read(path, LogRange(until=soon), follow=True, alive=lambda: True)] == [1]
        assert time.time_ns() > soon

    def test_a_writer_that_rotates(self, tmp_path: pathlib.Path) -> None:
        """Nothing is lost or seen twice as long as the files that are kept reach back far enough."""
        path = tmp_path / "log"
        log = LogWriter(os.fsencode(path), max_size=4096, max_files=50)
        follower = Follower(path)
        for number in range(2000):
            log.write(b"stdout", b"%d\n" % number)
            if number % 100 == 0:
                time.sleep(0.01)
        log.close()
        assert follower.end() == list(range(2000))
        assert (tmp_path / "log.30").exists()
