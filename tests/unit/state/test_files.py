"""Atomic and in-place writing."""

import stat
import threading

import pytest

from nrdctl.errors import NrdctlError
from nrdctl.state.files import read_json, write_atomic, write_in_place, write_json


def test_an_atomic_write_replaces_the_file_and_sets_its_mode(tmp_path):
    path = tmp_path / "a" / "b"
    write_atomic(path, "one", 0o600)
    inode = path.stat().st_ino
    write_atomic(path, b"two", 0o640, sync=True)
    assert path.read_text() == "two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.stat().st_ino != inode
    assert [p.name for p in path.parent.iterdir()] == ["b"]


def test_a_failed_atomic_write_leaves_nothing(tmp_path):
    path = tmp_path / "folder"
    (path / "content").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        write_atomic(path, "x")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("text", ["", "short", "a much longer text than the one before\n" * 9])
def test_an_in_place_write_keeps_the_inode(tmp_path, text):
    path = tmp_path / "hosts"
    path.write_text("something of medium length")
    inode = path.stat().st_ino
    write_in_place(path, text)
    assert path.read_text() == text
    assert path.stat().st_ino == inode


def test_an_in_place_write_of_the_same_text_changes_nothing(tmp_path):
    path = tmp_path / "hosts"
    write_in_place(path, "same")
    before = path.stat().st_mtime_ns
    write_in_place(path, "same")
    assert path.stat().st_mtime_ns == before


def test_readers_never_see_an_empty_file_during_in_place_writes(tmp_path):
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1 localhost\n")
    seen: set[str] = set()
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            seen.add(path.read_text()[:20])

    reader = threading.Thread(target=watch)
    reader.start()
    for number in range(300):
        write_in_place(path, "127.0.0.1 localhost\n" + "x\n" * (number % 7))
    stop.set()
    reader.join()
    assert seen == {"127.0.0.1 localhost\n"}


def test_json_round_trip_and_damage(tmp_path):
    path = tmp_path / "x.json"
    write_json(path, {"a": [1, "é"]})
    assert read_json(path) == {"a": [1, "é"]}
    path.write_text('{"a": ')
    with pytest.raises(NrdctlError, match=r"x\.json is damaged"):
        read_json(path)
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "missing")
