"""Reads the facts about this machine that the runtime spec depends on."""

from __future__ import annotations

import os
import platform as python_platform
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from nrdctl.model.cpuset import CpuSet
from nrdctl.oci import capabilities
from nrdctl.oci.platform import host_platform
from nrdctl.oci.specdevices import SKIPPED_DIRECTORIES, Device, host_devices
from nrdctl.oci.specrequest import Host

if TYPE_CHECKING:
    from nrdctl.state.settings import Settings

_CGROUP = Path("/sys/fs/cgroup")


def read_host(settings: Settings) -> Host:
    """Return the facts; each is one small file or system call."""
    unified = (_CGROUP / "cgroup.controllers").exists()
    release = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return Host(
        namespace=settings.namespace,
        architecture=host_platform(python_platform.machine()).architecture,
        kernel=(int(release[1]), int(release[2])) if release else (0, 0),
        unified=unified,
        cpus=_cpu_list(Path("/sys/devices/system/cpu/online"), "0"),
        mems=_cpu_list(Path("/sys/devices/system/node/online"), "0"),
        cgroup_manager=settings.cgroup_manager,
        swap_limit=unified or any(_CGROUP.glob("memory/memory.memsw.limit_in_bytes")),
        seccomp="Seccomp:" in Path("/proc/self/status").read_text(),
        capabilities=_own_capabilities(),
    )


def devices_for_privileged() -> tuple[Device, ...]:
    """Return the device nodes of the host, which a privileged container gets."""
    return host_devices(_device_entries())


def _cpu_list(path: Path, default: str) -> CpuSet:
    try:
        return CpuSet.parse(path.read_text().strip())
    except (OSError, ValueError):
        return CpuSet.parse(default)


def _own_capabilities() -> tuple[str, ...]:
    """Return the names of the capabilities in our bounding set (proc_pid_status(5), CapBnd)."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"^CapBnd:\s*([0-9a-f]+)$", status, re.MULTILINE)
    mask = int(found[1], 16) if found else 0
    return tuple(name for bit, name in enumerate(capabilities.KNOWN) if mask & (1 << bit))


def _device_entries() -> Iterator[tuple[str, os.stat_result]]:
    for folder, folders, names in os.walk("/dev"):
        if folder == "/dev":
            folders[:] = [f for f in folders if f not in SKIPPED_DIRECTORIES]
        for name in names:
            path = f"{folder}/{name}"
            try:
                yield path, os.lstat(path)
            except OSError:
                continue
