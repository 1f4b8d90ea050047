"""Locks exclude threads and processes, time out, survive unlinking and die with their holder."""

import subprocess
import sys
import threading
import time

import pytest

from nrdctl.errors import DeadlineExceeded
from nrdctl.state.locks import lock, try_lock

HOLD = """
import sys, time, pathlib
from nrdctl.state.locks import lock
with lock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_excludes_and_is_given_back(tmp_path):
    path = tmp_path / "deep" / "x.lock"
    with lock(path), try_lock(path) as held:
        assert not held
    with try_lock(path) as held:
        assert held


def test_a_timeout_says_which_lock(tmp_path):
    path = tmp_path / "x.lock"
    started = time.monotonic()
    with lock(path), pytest.raises(DeadlineExceeded, match=r"x\.lock"), lock(path, timeout=0.1):
        pass
    assert 0.09 < time.monotonic() - started < 2


def test_shared_locks_share_but_exclude_writers(tmp_path):
    path = tmp_path / "x.lock"
    with lock(path, shared=True), lock(path, shared=True, timeout=1), try_lock(path) as held:
        assert not held


def test_the_lock_of_a_dead_process_is_free_and_children_do_not_inherit_it(tmp_path):
    path = tmp_path / "x.lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with try_lock(path) as held:
            assert not held
        holder.kill()
    with lock(path):
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    with try_lock(path) as held:
        assert held
    child.kill()
    child.wait()


def test_discarding_never_lets_two_in(tmp_path):
    path = tmp_path / "x.lock"
    inside = 0
    most = 0

    def work() -> None:
        nonlocal inside, most
        for number in range(50):
            with lock(path, timeout=20, discard=number % 2 == 0):
                inside += 1
                most = max(most, inside)
                time.sleep(0.0002)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    with lock(path, discard=True):
        pass
    assert not path.exists()
