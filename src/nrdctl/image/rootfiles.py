"""Reads files and copies folders out of a snapshot, without a mount that could be left behind.

A thread makes a mount namespace of its own, mounts the snapshot there, reads, and ends: the kernel takes the mount away
with the thread, even when the process is killed. Paths are opened with openat2(2) RESOLVE_IN_ROOT, so no symbolic link
in an image can point outside of it.
"""

from __future__ import annotations

import ctypes
import os
import struct
import subprocess
import threading
from typing import TYPE_CHECKING, TypeVar

from nrdctl.errors import RuntimeFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nrdctl.containerd.records import Mount

# linux/sched.h, linux/mount.h, linux/openat2.h; the number of openat2 is the same on every architecture
_CLONE_NEWNS = 0x00020000
_MS_RDONLY, _MS_BIND, _MS_REC, _MS_PRIVATE = 0x1, 0x1000, 0x4000, 0x40000
_OPENAT2 = 437
_RESOLVE_IN_ROOT = 0x10
T = TypeVar("T")
_LIMIT = 4 * 1024 * 1024


def read_files(mounts: Sequence[Mount], paths: Sequence[str], *, at: Path) -> dict[str, bytes | None]:
    """Return the content of files of a snapshot by path (None: not there); `at` is any existing folder.

    Raises RuntimeFailed when the snapshot can't be mounted.
    """
    return _with_root(mounts, at, lambda root: {path: _read(root, path) for path in paths})


def copy_folder(mounts: Sequence[Mount], source: str, destination: Path, *, at: Path) -> bool:
    """Copy the content of a snapshot's folder, with owners, modes and links; False when there is no such folder.

    `destination` itself takes the owner and mode of the source. Raises RuntimeFailed.
    """
    return _with_root(mounts, at, lambda root: _copy(root, source, destination))


def _with_root(mounts: Sequence[Mount], at: Path, work: Callable[[int], T]) -> T:
    """Run `work` with a descriptor of the root file system, in a thread with a mount namespace of its own."""
    results: list[T] = []
    failures: list[Exception] = []

    def run() -> None:
        try:
            root = _mount_in_namespace(mounts, at)
            try:
                results.append(work(root))
            finally:
                os.close(root)
        except (OSError, subprocess.CalledProcessError) as error:
            failures.append(error)

    worker = threading.Thread(target=run, name="rootfiles")
    worker.start()
    worker.join()
    if failures:
        raise RuntimeFailed(f"cannot read the root file system: {failures[0]}")
    return results[0]


def _mount_in_namespace(mounts: Sequence[Mount], at: Path) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.unshare(_CLONE_NEWNS), "unshare")
    _check(libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None), "mount /")
    for mount in mounts:
        flags, data = _mount_options(mount.options)
        kind = None if flags & _MS_BIND else mount.type.encode()
        _check(libc.mount(mount.source.encode(), os.fsencode(at), kind, flags, data), f"mount {mount.type}")
    # A fresh open: the folder's old descriptor would show what is under the mount.
    return os.open(at, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def _mount_options(options: Sequence[str]) -> tuple[int, bytes]:
    flags, data = _MS_RDONLY, []
    for option in options:
        if option in ("bind", "rbind"):
            flags |= _MS_BIND | (_MS_REC if option == "rbind" else 0)
        elif option not in ("ro", "rw"):
            data.append(option)
    return flags, ",".join(data).encode()


def _read(root: int, path: str) -> bytes | None:
    descriptor = _open_in_root(root, path, os.O_RDONLY | os.O_NONBLOCK)
    if descriptor is None:
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(_LIMIT)


def _copy(root: int, source: str, destination: Path) -> bool:
    folder = _open_in_root(root, source, os.O_RDONLY | os.O_DIRECTORY)
    if folder is None:
        return False
    try:
        # cp keeps hard links, holes and extended attributes; as a child of this thread it sees the same mounts.
        words = ["cp", "-a", "--", f"/proc/self/fd/{folder}/.", os.fspath(destination)]
        subprocess.run(words, check=True, pass_fds=[folder], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    finally:
        os.close(folder)
    return True


def _open_in_root(root: int, path: str, flags: int) -> int | None:
    """Open a path below `root`, with every symbolic link resolved inside of it; None when it is not there."""
    how = struct.pack("QQQ", flags | os.O_CLOEXEC, 0, _RESOLVE_IN_ROOT)
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor: int = libc.syscall(_OPENAT2, root, path.encode(), how, len(how))
    return descriptor if descriptor >= 0 else None


def _check(code: int, what: str) -> None:
    if code != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
