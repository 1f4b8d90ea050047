"""Which cgroup hierarchies this host mounts, from the text of /proc/self/mountinfo, and a process's place in them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from nrdctl.cgroup.driver import UNIFIED

# Controllers of nrdctl's interest; a v1 mount's options name others (and flags such as xattr) as well.
V1_CONTROLLERS = ("cpu", "cpuacct", "cpuset", "memory", "pids", "blkio", "freezer")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Hierarchy:
    """The mounts: controller → mount point; the v2 hierarchy, if it is mounted, under `""`."""

    mounts: Mapping[str, Path]

    @property
    def version(self) -> int:
        """2 where v2 has the controllers, 1 where v1 mounts have them (hybrid or plain)."""
        return 1 if any(name != UNIFIED for name in self.mounts) else 2

    @property
    def kind(self) -> str:
        """`unified`, `hybrid` or `legacy`."""
        if self.version == 2:
            return "unified"
        return "hybrid" if UNIFIED in self.mounts else "legacy"


@dataclasses.dataclass(frozen=True, slots=True)
class MountLine:
    """The fields of a mountinfo line that matter here; see proc_pid_mountinfo(5)."""

    root: str
    point: str
    kind: str
    options: tuple[str, ...]


def parse_mountinfo(text: str) -> list[MountLine]:
    """Return the cgroup mounts of a mountinfo text."""
    result = []
    for line in text.splitlines():
        before, separator, after = line.partition(" - ")
        left, right = before.split(), after.split()
        if separator and len(left) >= 5 and len(right) >= 3 and right[0] in ("cgroup", "cgroup2"):
            result.append(MountLine(_unescape(left[3]), _unescape(left[4]), right[0], tuple(right[2].split(","))))
    return result


def detect(mountinfo: str, *, root: Path = Path("/")) -> Hierarchy:
    """Find the mounts in a mountinfo text. Mount points are taken below `root`; the first mount of each counts.

    A mount of a part of a hierarchy (its root is not `/`) is taken only where there is no whole one.
    """
    mounts: dict[str, Path] = {}
    lines = parse_mountinfo(mountinfo)
    for line in sorted(lines, key=lambda line: line.root != "/"):
        point = root / line.point.lstrip("/")
        names = (UNIFIED,) if line.kind == "cgroup2" else tuple(o for o in line.options if o in V1_CONTROLLERS)
        for name in names:
            mounts.setdefault(name, point)
    return Hierarchy(mounts=mounts)


def parse_proc_cgroup(text: str) -> dict[str, str]:
    """Parse /proc/PID/cgroup: controller → path; the v2 line (`0::PATH`) is under `""`."""
    result = {}
    for line in text.splitlines():
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        path = path.removesuffix(" (deleted)")
        if number == "0" and not names:
            result[UNIFIED] = path
        for name in names.split(","):
            if name and not name.startswith("name="):
                result[name] = path
    return result


def container_paths(cgroup: str, mountinfo: str, container_id: str = "") -> dict[str, str]:
    """Return controller → the path of the *container's* cgroup, from its init process' /proc/PID/{cgroup,mountinfo}.

    The process may have moved into a cgroup below (systemd in a container does), so the path in /proc/PID/cgroup can be
    too deep. The container's own root shows as the root of the cgroup mounts inside it (4th field). Where the container
    shares the host's cgroup namespace or mounts no cgroups, climb while the parent's name holds the container's id.
    """
    roots: dict[str, str] = {}
    for line in parse_mountinfo(mountinfo):
        names = (UNIFIED,) if line.kind == "cgroup2" else line.options
        for name in names:
            roots.setdefault(name, line.root)
    result = {}
    for name, path in parse_proc_cgroup(cgroup).items():
        mount_root = roots.get(name, "/")
        if mount_root != "/" and (path == mount_root or path.startswith(mount_root + "/")):
            result[name] = mount_root
        else:
            result[name] = _climb(path, container_id)
    return result


def ancestors(path: str) -> list[str]:
    """Return the paths above this one, nearest first, without the root: `/a/b/c` → `/a/b`, `/a`."""
    parts = path.strip("/").split("/")
    return ["/" + "/".join(parts[:count]) for count in range(len(parts) - 1, 0, -1)]


def _climb(path: str, container_id: str) -> str:
    if not container_id:
        return path
    named = [each for each in (path, *ancestors(path)) if container_id in each.rpartition("/")[2]]
    return named[-1] if named else path


def _unescape(text: str) -> str:
    """Undo mountinfo's octal escapes of blanks, tabs, newlines and backslashes."""
    if "\\" not in text:
        return text
    for escape, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(escape, character)
    return text
