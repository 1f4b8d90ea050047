"""Locks between processes, one file each, held by flock(2): the kernel lets go when the holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import TYPE_CHECKING

from nrdctl.errors import DeadlineExceeded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FIRST_PAUSE = 0.002  # seconds between two tries while a timeout runs; doubles up to _LONGEST_PAUSE
_LONGEST_PAUSE = 0.05


@contextlib.contextmanager
def lock(path: Path, *, timeout: float | None = None, shared: bool = False, discard: bool = False) -> Iterator[None]:
    """Hold the lock at `path`; waits for at most `timeout` seconds, else raises DeadlineExceeded.

    Not re-entrant: a second `lock` of the same path waits, in the same process too. With `discard` the file goes away
    at the end (for the lock of a thing that was removed); whoever waits then makes a new one.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    descriptor = _acquire(path, shared=shared, deadline=deadline)
    if descriptor is None:
        raise DeadlineExceeded(f"another command still holds the lock {path} after {timeout:g} s")
    with _held(descriptor, path, discard=discard):
        yield


@contextlib.contextmanager
def try_lock(path: Path, *, shared: bool = False) -> Iterator[bool]:
    """Take the lock if it is free; the value says whether it is held."""
    descriptor = _acquire(path, shared=shared, deadline=0.0)
    if descriptor is None:
        yield False
        return
    with _held(descriptor, path, discard=False):
        yield True


@contextlib.contextmanager
def _held(descriptor: int, path: Path, *, discard: bool) -> Iterator[None]:
    try:
        yield
    finally:
        if discard:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
        os.close(descriptor)


def _acquire(path: Path, *, shared: bool, deadline: float | None) -> int | None:
    """Return a descriptor that holds the lock, or None at the deadline (monotonic seconds)."""
    while True:
        descriptor = _open(path)
        try:
            locked = _flock(descriptor, shared=shared, deadline=deadline)
            if locked and _is_current(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        if not locked:
            return None
        # The holder before us removed the file: what we locked is no longer what others open.


def _open(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        return os.open(path, flags, 0o600)


def _flock(descriptor: int, *, shared: bool, deadline: float | None) -> bool:
    operation = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    if deadline is None:
        fcntl.flock(descriptor, operation)
        return True
    pause = _FIRST_PAUSE
    while True:
        try:
            fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)
        else:
            return True


def _is_current(descriptor: int, path: Path) -> bool:
    ours = os.fstat(descriptor)
    try:
        current = path.stat()
    except FileNotFoundError:
        return False
    return (ours.st_dev, ours.st_ino) == (current.st_dev, current.st_ino)
