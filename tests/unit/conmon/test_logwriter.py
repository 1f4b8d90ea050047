"""The log's file: rotation, and disks that are full."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
from typing import TYPE_CHECKING

import pytest

from nrdctl.conmon.logwriter import LogWriter

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterator


def logs(path: pathlib.Path) -> list[str]:
    return [json.loads(line)["log"] for line in path.read_text().splitlines()]


def writer(path: pathlib.Path, *, max_size: int = 0, max_files: int = 1) -> LogWriter:
    return LogWriter(os.fsencode(path), max_size=max_size, max_files=max_files)


def test_streams_are_told_apart(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log"
    log = writer(path)
    log.write(b"stdout", b"out, ")
    log.write(b"stderr", b"err\n")
    log.write(b"stdout", b"whole\nrest")
    log.close()
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(entry["stream"], entry["log"]) for entry in entries] == [
        ("stderr", "err\n"),
        ("stdout", "out, whole\n"),
        ("stdout", "rest"),
    ]
    assert path.stat().st_mode & 0o777 == 0o640


def test_no_path_no_log() -> None:
    log = LogWriter(b"")
    log.write(b"stdout", b"x\n")
    log.flush()
    log.close()


def test_an_old_log_is_continued(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log"
    for text in (b"one\n", b"two\n"):
        log = writer(path)
        log.write(b"stdout", text)
        log.close()
    assert logs(path) == ["one\n", "two\n"]


@pytest.mark.parametrize("max_files", [2, 3, 5])
def test_rotation(tmp_path: pathlib.Path, max_files: int) -> None:
    path = tmp_path / "log"
    log = writer(path, max_size=1000, max_files=max_files)
    log.write(b"stdout", b"".join(b"%d\n" % number for number in range(100)))
    for number in range(100, 200):
        log.write(b"stdout", b"%d\n" % number)
    log.close()
    files = [path.with_name(f"log.{number}") for number in range(max_files - 1, 0, -1)] + [path]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert all(0 < file.stat().st_size <= 1000 for file in files)
    kept = [int(text) for file in files for text in logs(file)]
    assert kept == list(range(200 - len(kept), 200))


def test_one_file_is_begun_anew(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log"
    log = writer(path, max_size=1000)
    log.write(b"stdout", b"".join(b"%d\n" % number for number in range(100)))
    log.close()
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_size <= 1000
    assert logs(path)[-1] == "99\n"


def test_an_entry_that_is_longer_than_a_file(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log"
    log = writer(path, max_size=100, max_files=3)
    log.write(b"stdout", b"x" * 300 + b"\n" + b"y" * 300 + b"\nz\n")
    log.close()
    assert [text for file in ("log.2", "log.1", "log") for text in logs(tmp_path / file)] == [
        "x" * 300 + "\n",
        "y" * 300 + "\n",
        "z\n",
    ]


def test_rotation_that_fails_keeps_the_log_going(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log"
    log = writer(path, max_size=200, max_files=2)
    (tmp_path / "log.1").mkdir()
    (tmp_path / "log.1" / "in the way").touch()
    log.write(b"stdout", b"".join(b"%d\n" % number for number in range(20)))
    log.close()
    assert logs(path) == [f"{number}\n" for number in range(20)]


@pytest.fixture
def full_disk() -> Iterator[int]:
    """Files may have 1000 bytes: write then fails with EFBIG after a part, as it does with ENOSPC on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    yield before[0]
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_costs_lines_and_says_so(tmp_path: pathlib.Path, full_disk: int) -> None:
    path = tmp_path / "log"
    log = writer(path)
    for number in range(100):
        log.write(b"stdout", b"%d\n" % number)
    written = logs(path)
    assert written == [f"{number}\n" for number in range(len(written))]
    assert len(written) < 20
    resource.setrlimit(resource.RLIMIT_FSIZE, (full_disk, resource.RLIM_INFINITY))
    log.write(b"stderr", b"better now\n")
    log.close()
    note, last = logs(path)[len(written) :]
    assert note == f"nrdctl: {100 - len(written)} lines of output were not logged: {os.strerror(errno.EFBIG)}\n"
    assert last == "better now\n"


def test_the_note_is_written_at_the_end_too(tmp_path: pathlib.Path, full_disk: int) -> None:
    path = tmp_path / "log"
    log = writer(path)
    log.write(b"stdout", b"x" * 2000 + b"\n")
    resource.setrlimit(resource.RLIMIT_FSIZE, (full_disk, resource.RLIM_INFINITY))
    log.close()
    assert logs(path) == [f"nrdctl: 1 lines of output were not logged: {os.strerror(errno.EFBIG)}\n"]


def test_no_directory(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nrdctl.conmon.logwriter._REOPEN_AFTER", 0.0)
    path = tmp_path / "gone" / "log"
    log = writer(path)
    log.write(b"stdout", b"lost\n")
    path.parent.mkdir()
    log.write(b"stdout", b"kept\n")
    log.close()
    assert logs(path) == ["nrdctl: 1 lines of output were not logged: No such file or directory\n", "kept\n"]


def test_a_log_that_its_owner_empties(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log"
    log = writer(path)
    log.write(b"stdout", b"one\n")
    os.truncate(path, 0)
    log.write(b"stdout", b"two\n")
    log.close()
    assert logs(path) == ["two\n"]
