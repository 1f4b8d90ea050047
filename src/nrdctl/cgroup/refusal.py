"""What the kernel means when it refuses a write to a cgroup file, in words."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from nrdctl.cgroup import files
from nrdctl.errors import Conflict, InvalidArgument, NotFound, NrdctlError, PermissionDenied, Unimplemented

if TYPE_CHECKING:
    from nrdctl.cgroup.driver import FileWrite, HostFacts

_CPUSET_FILES = (files.CPUSET_CPUS, files.CPUSET_MEMS)
_QUOTA_FILES = (files.CPU_MAX, files.CPU_MAX_BURST, files.V1_CPU_QUOTA, files.V1_CPU_PERIOD, files.V1_CPU_BURST)


def explain(error: OSError, write: FileWrite, facts: HostFacts) -> NrdctlError:
    """Return the error to raise for a refused write: which file, which value, and why."""
    what = f"cannot write {write.text.strip()!r} to {write.name}"
    number = error.errno
    if number == errno.ENODEV:
        return NotFound(f"{what}: the container has just gone")
    if number == errno.ENOENT:
        return Unimplemented(f"{what}: kernel {facts.release} doesn't have this file, or the controller isn't enabled")
    if number in (errno.EPERM, errno.EACCES) and write.name not in _CPUSET_FILES:
        return _permission(what, facts)
    reason = _reason(number, write.name, facts)
    if reason is None:
        return (
            _permission(what, facts) if number in (errno.EPERM, errno.EACCES) else Conflict(f"{what}: {error.strerror}")
        )
    kind = InvalidArgument if number in (errno.EINVAL, errno.ERANGE) else Conflict
    return kind(f"{what}: {reason}")


def _reason(number: int | None, name: str, facts: HostFacts) -> str | None:
    if name in _CPUSET_FILES:
        return {
            errno.ERANGE: f"no such CPU or node (possible CPUs: {facts.possible})",
            errno.EINVAL: "the kernel doesn't accept this list",
            errno.EACCES: "it is not a part of what the parent cgroup has",
            errno.EBUSY: "a cgroup below uses more than that",
            errno.ENOSPC: "a cgroup with processes can't be left without any",
        }.get(number or 0)
    if name in _QUOTA_FILES and number == errno.EINVAL:
        more = "" if facts.version == 2 else ", and no more CPUs than the cgroup above and no fewer than those below"
        return f"the period must be 1 ms to 1 s, the quota 1 ms or more, the burst no more than the quota{more}"
    if name in (files.CPU_WEIGHT, files.V1_CPU_SHARES):
        return {errno.ERANGE: "the weight must be 1 to 10000", errno.EINVAL: "cpu.idle is on"}.get(number or 0)
    if number == errno.EBUSY and name.startswith("memory."):
        return "the container uses more than that, and it can't be taken back"
    return "a number out of range" if number in (errno.EINVAL, errno.ERANGE) else None


def _permission(what: str, facts: HostFacts) -> PermissionDenied:
    if facts.private_namespace:
        return PermissionDenied(f"{what}: nrdctl runs inside a cgroup namespace", hint="run it on the host itself")
    return PermissionDenied(f"{what}: permission denied", hint="cgroups are changed by root")
