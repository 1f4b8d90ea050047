"""Network namespaces that live on without a process, by a bind mount of their file (as `ip netns` keeps them).

Everything is done by system calls: no tool of the host is needed.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nrdctl.errors import AlreadyExists, PermissionDenied, Unavailable
from nrdctl.network import links

if TYPE_CHECKING:
    from collections.abc import Collection

_CLONE_NEWNET = 0x40000000  # linux/sched.h
_MS_BIND = 0x1000  # linux/mount.h
_MNT_DETACH = 2
_OWN = "/proc/thread-self/ns/net"


def create(path: Path) -> None:
    """Make a network namespace with its loopback up and mount it at `path`, whose folder is made.

    Raises AlreadyExists when one is mounted there, PermissionDenied and Unavailable (kernel without namespaces).
    """
    if exists(path):
        raise AlreadyExists(f"a network namespace is mounted at {path}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    failure: list[OSError] = []
    # A namespace belongs to a thread: this one's ends with it, and only the mount keeps it.
    thread = threading.Thread(target=_make, args=(path, failure), name="netns")
    thread.start()
    thread.join()
    if failure:
        path.unlink(missing_ok=True)
        raise _explained(failure[0])


def remove(path: Path) -> bool:
    """Unmount the namespace and remove the file; False when there was no namespace. Never fails on what is gone."""
    mounted = False
    while exists(path):
        _checked(_libc().umount2(os.fsencode(path), _MNT_DETACH), path)
        mounted = True
    path.unlink(missing_ok=True)
    return mounted


def exists(path: Path) -> bool:
    """Whether a namespace is mounted at the path: all namespace files are on one kernel-internal file system.

    A plain file there, which a reboot leaves where /run is not a tmpfs, is none.
    """
    try:
        return path.stat().st_dev == Path(_OWN).stat().st_dev
    except FileNotFoundError:
        return False


def leaked(run: Path, known: Collection[str]) -> list[Path]:
    """Return the namespaces mounted at `<run>/<container id>/netns` whose container is not among the known ids."""
    return sorted(path for path in run.glob("*/netns") if path.parent.name not in known and exists(path))


def _make(path: Path, failure: list[OSError]) -> None:
    try:
        libc = _libc()
        _checked(libc.unshare(_CLONE_NEWNET), path)
        links.set_up("lo")
        _checked(libc.mount(_OWN.encode(), os.fsencode(path), None, _MS_BIND, None), path)
    except OSError as error:
        failure.append(error)


def _explained(error: OSError) -> PermissionDenied | Unavailable:
    message = f"cannot make a network namespace: {error.strerror or error}"
    if isinstance(error, PermissionError):
        return PermissionDenied(message, hint="nrdctl needs root")
    return Unavailable(message)


def _libc() -> Any:
    import ctypes  # import cost

    libc = ctypes.CDLL(None, use_errno=True)
    libc.mount.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_void_p]
    return libc


def _checked(result: int, path: Path) -> None:
    if result:
        import ctypes  # import cost

        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(path))
