"""The facts of this host that a plan needs, and the driver for its hierarchy."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from nrdctl.cgroup.driver import UNIFIED, Driver, HostFacts
from nrdctl.cgroup.hierarchy import detect
from nrdctl.cgroup.topology import read_cpu_sets
from nrdctl.cgroup.v1 import V1Driver
from nrdctl.cgroup.v2 import V2Driver
from nrdctl.errors import Unavailable

# PROC_CGROUP_INIT_INO (include/linux/proc_ns.h): the initial cgroup namespace has the same number on every boot.
_HOST_CGROUP_NAMESPACE = "cgroup:[4026531835]"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """The facts and the driver."""

    facts: HostFacts
    driver: Driver


def discover(*, proc: Path = Path("/proc"), sys: Path = Path("/sys"), root: Path = Path("/")) -> Host:
    """Look at the mounts, CPUs and memory of this host. Raises Unavailable where no cgroup hierarchy is mounted.

    Mount points are looked for below `root`.
    """
    hierarchy = detect((proc / "self/mountinfo").read_text(), root=root)
    if not hierarchy.mounts:
        raise Unavailable("no cgroup hierarchy is mounted", hint="mount -t cgroup2 none /sys/fs/cgroup")
    driver: Driver
    if hierarchy.version == 2:
        driver = V2Driver(hierarchy.mounts[UNIFIED], proc=proc)
    else:
        driver = V1Driver(hierarchy.mounts, proc=proc)
    possible, online, nodes = read_cpu_sets(sys)
    meminfo = (proc / "meminfo").read_text()
    facts = HostFacts(
        version=hierarchy.version,
        possible=possible,
        online=online,
        nodes=nodes,
        memory_total=parse_meminfo(meminfo, "MemTotal"),
        swap_free=parse_meminfo(meminfo, "SwapFree"),
        page_size=os.sysconf("SC_PAGE_SIZE"),
        release=os.uname().release,
        private_namespace=_private_namespace(proc),
    )
    return Host(facts=facts, driver=driver)


def parse_meminfo(text: str, name: str) -> int:
    """Return one line of /proc/meminfo, such as MemTotal, in bytes; 0 when it is not there."""
    for line in text.splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0


def _private_namespace(proc: Path) -> bool:
    try:
        return str((proc / "self/ns/cgroup").readlink()) != _HOST_CGROUP_NAMESPACE
    except OSError:
        return False
