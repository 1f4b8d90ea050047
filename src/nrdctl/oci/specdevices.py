"""Device nodes and the device rules of the cgroup."""

from __future__ import annotations

import dataclasses
import os
import stat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

# Directories of /dev that are mounts of the container's own or belong to the host's session; as in containerd.
SKIPPED_DIRECTORIES = ("pts", "shm", "fd", "mqueue", ".lxc", ".lxd-mounts", ".udev")
_SKIPPED_NODES = ("/dev/console", "/dev/ptmx")

# null, zero, full, random, urandom, tty, console; runc itself adds ptmx and pts. (10, 229) is fuse.
_ALLOWED = ((1, 5), (1, 3), (1, 9), (1, 8), (5, 0), (5, 1))
_FUSE = (10, 229)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """A device node. `kind` is `c` or `b`, `mode` the permission bits."""

    path: str
    kind: str
    major: int
    minor: int
    mode: int = 0o666
    uid: int = 0
    gid: int = 0

    def node(self) -> dict[str, Any]:
        """Return the member of `linux.devices`."""
        return {
            "path": self.path,
            "type": self.kind,
            "major": self.major,
            "minor": self.minor,
            "fileMode": self.mode,
            "uid": self.uid,
            "gid": self.gid,
        }


def host_devices(entries: Iterable[tuple[str, os.stat_result]]) -> tuple[Device, ...]:
    """Return the devices among what a walk of /dev found: paths with their `lstat`.

    The walk leaves out SKIPPED_DIRECTORIES. Everything that is neither a character nor a block device is passed over.
    """
    devices = []
    for path, status in entries:
        kind = "c" if stat.S_ISCHR(status.st_mode) else "b" if stat.S_ISBLK(status.st_mode) else ""
        if kind and path not in _SKIPPED_NODES:
            devices.append(
                Device(
                    path=path,
                    kind=kind,
                    major=os.major(status.st_rdev),
                    minor=os.minor(status.st_rdev),
                    mode=stat.S_IMODE(status.st_mode),
                    uid=status.st_uid,
                    gid=status.st_gid,
                )
            )
    return tuple(devices)


def device_rules(*, privileged: bool) -> list[dict[str, Any]]:
    """Return `linux.resources.devices`: everything for a privileged container, else docker's few."""
    if privileged:
        return [{"allow": True, "access": "rwm"}]
    rules: list[dict[str, Any]] = [{"allow": False, "access": "rwm"}]
    rules += [_rule(numbers, allow=True) for numbers in _ALLOWED]
    return [*rules, _rule(_FUSE, allow=False)]


def _rule(numbers: tuple[int, int], *, allow: bool) -> dict[str, Any]:
    return {"allow": allow, "type": "c", "major": numbers[0], "minor": numbers[1], "access": "rwm"}
