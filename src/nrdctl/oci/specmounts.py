"""The mounts of a container: the kernel's file systems, the files in /etc, and what the user asked for."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from nrdctl.errors import InvalidArgument
from nrdctl.model.mount import Mount

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nrdctl.oci.specrequest import SpecRequest

DEFAULT_SHM_SIZE = 64 * 1024 * 1024
_PROPAGATIONS = ("private", "rprivate", "shared", "rshared", "slave", "rslave")
_TMPFS_DEFAULTS = ("noexec", "nosuid", "nodev", "rprivate")
_TMPFS_VALUES = ("size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol")
# Options of a tmpfs that contradict each other: the last one of a group wins.
_TMPFS_FLAGS = {
    word: group[0]
    for group in (
        ("ro", "rw"),
        ("nosuid", "suid"),
        ("nodev", "dev"),
        ("noexec", "exec"),
        ("sync", "async"),
        ("noatime", "atime", "relatime", "norelatime", "strictatime", "nostrictatime"),
        ("nodiratime", "diratime"),
        _PROPAGATIONS,
    )
    for word in group
}


def mounts(request: SpecRequest) -> list[dict[str, Any]]:
    """Return `mounts`: the fixed ones that nothing replaces, then the user's and /etc's, parents before children.

    Raises InvalidArgument for two mounts at one place or an unknown tmpfs option.
    """
    wanted = [*request.mounts, *request.config.storage.tmpfs]
    check_targets(wanted)
    own = {_clean(mount.target): mount for mount in [*_etc_files(request), *wanted]}
    fixed = [
        mount
        for mount in _fixed(request)
        if mount["destination"] not in own and not ("/dev" in own and mount["destination"].startswith("/dev/"))
    ]
    chosen = sorted(own.items(), key=lambda item: item[0].count("/"))
    return fixed + [_mount(target, mount, request) for target, mount in chosen]


def rootfs_propagation(request: SpecRequest) -> str:
    """Return what the propagation of the user's mounts needs of the root's; empty where private will do."""
    asked = {mount.propagation.removeprefix("r") for mount in request.mounts}
    return "shared" if "shared" in asked else "rslave" if "slave" in asked else ""


def check_targets(wanted: Iterable[Mount]) -> None:
    """Refuse two mounts at one place. Raises InvalidArgument."""
    seen = set()
    for mount in wanted:
        target = _clean(mount.target)
        if target in seen:
            raise InvalidArgument(f"Duplicate mount point: {target}")
        seen.add(target)


def tmpfs_options(options: Iterable[str]) -> list[str]:
    """Return docker's defaults with the user's options over them. Raises InvalidArgument for an unknown one."""
    result: dict[str, str] = {}
    for option in (*_TMPFS_DEFAULTS, *options):
        name, equals, value = option.partition("=")
        group = name if equals and value and name in _TMPFS_VALUES else _TMPFS_FLAGS.get(option)
        if group is None:
            raise InvalidArgument(f'invalid tmpfs option "{option}"')
        result.pop(group, None)  # the last one takes the last place
        result[group] = option
    return list(result.values())


def _fixed(request: SpecRequest) -> list[dict[str, Any]]:
    access = [] if request.config.security.privileged else ["ro"]
    shm_size = request.config.resources.shm_size or DEFAULT_SHM_SIZE
    safe = ["nosuid", "noexec", "nodev"]
    return [
        _document("/proc", "proc", "proc", safe),
        _document("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
        _document(
            "/dev/pts",
            "devpts",
            "devpts",
            ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
        ),
        _document("/sys", "sysfs", "sysfs", [*safe, *access]),
        _document("/sys/fs/cgroup", "cgroup", "cgroup", [*safe, *access]),
        _document("/dev/mqueue", "mqueue", "mqueue", safe),
        _document("/dev/shm", "tmpfs", "shm", [*safe, "mode=1777", f"size={shm_size}"]),  # noqa: S108 - a mount point
    ]


def _etc_files(request: SpecRequest) -> list[Mount]:
    files = (
        ("/etc/resolv.conf", request.resolv_file),
        ("/etc/hostname", request.hostname_file),
        ("/etc/hosts", request.hosts_file),
    )
    read_only = request.config.storage.read_only
    return [Mount(kind="bind", target=target, source=path, read_only=read_only) for target, path in files if path]


def _mount(target: str, mount: Mount, request: SpecRequest) -> dict[str, Any]:
    if mount.kind == "tmpfs":
        return _document(target, "tmpfs", "tmpfs", tmpfs_options(mount.options))
    options = ["bind" if "bind" in mount.options else "rbind"]
    if mount.read_only:
        recursive = request.host.recursive_readonly and options == ["rbind"]
        options.append("rro" if recursive else "ro")
    options.append(mount.propagation or "rprivate")
    return _document(target, "bind", mount.source, options)


def _document(target: str, kind: str, source: str, options: list[str]) -> dict[str, Any]:
    return {"destination": target, "type": kind, "source": source, "options": list(options)}


def _clean(target: str) -> str:
    """Return the path without `.`, `..`, and doubled or trailing slashes."""
    return "/" + posixpath.normpath(target).lstrip("/")
