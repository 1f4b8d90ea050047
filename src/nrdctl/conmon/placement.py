"""Moves a monitor that nrdctl started to the shim's cgroups: its caller's session or unit may be killed as a whole."""

import posix

_ROOT = b"/sys/fs/cgroup/"


def shim_of(pid: int) -> int:
    """Return the shim that is the parent of a container's init process, or 0."""
    try:
        parent = int(_read(b"/proc/%d/stat" % pid).rpartition(b")")[2].split()[1])
        return parent if _read(b"/proc/%d/comm" % parent).startswith(b"containerd-shim") else 0
    except OSError:
        return 0


def join(shim: int) -> None:
    """Enter the shim's cgroups and take its OOM score. Best effort."""
    try:
        memberships = _read(b"/proc/%d/cgroup" % shim)
    except OSError:
        return
    for line in memberships.splitlines():
        _, controllers, path = line.split(b":", 2)
        name = controllers.removeprefix(b"name=")
        for mount in (name,) if name else (b"", b"unified"):
            _write(_ROOT + mount + path + b"/cgroup.procs", b"%d" % posix.getpid())
    try:
        _write(b"/proc/self/oom_score_adj", _read(b"/proc/%d/oom_score_adj" % shim))
    except OSError:
        return


def _read(path: bytes) -> bytes:
    fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    try:
        return posix.read(fd, 65536)
    finally:
        posix.close(fd)


def _write(path: bytes, content: bytes) -> None:
    try:
        fd = posix.open(path, posix.O_WRONLY | posix.O_CLOEXEC)
    except OSError:
        return
    try:
        posix.write(fd, content)
    except OSError:
        pass
    finally:
        posix.close(fd)
