"""Samples and rows with everything a test does not care about filled in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from nrdctl.cgroup.driver import HostFacts, Reading
from nrdctl.cgroup.effective import Limits, limits_of
from nrdctl.cgroup.own import Own
from nrdctl.cgroup.sample import CgroupSample
from nrdctl.model.cpuset import CpuSet
from nrdctl.monitor.frame import Row
from nrdctl.monitor.sample import Container, ContainerSample, Counters, NetworkSample

MIB = 2**20
SECOND = 10**9
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
HOST = HostFacts(
    version=2,
    possible=CpuSet.parse("0-3"),
    online=CpuSet.parse("0-3"),
    nodes=CpuSet.parse("0"),
    memory_total=4096 * MIB,
)


def container(name: str = "web", **changes: Any) -> Container:
    return Container(**{"namespace": "default", "id": f"{name}-id", "name": name, "pid": 42, **changes})


def cgroup(seconds: float = 0, **counters: Any) -> CgroupSample:
    return CgroupSample(**{"inode": 7, "time_ns": round(seconds * SECOND), "cpu_usec": 0, **counters})


def network(seconds: float = 0, inode: int = 4, **interfaces: Counters) -> NetworkSample:
    return NetworkSample(inode=inode, time_ns=round(seconds * SECOND), interfaces=interfaces)


def limits(**own: Any) -> Limits:
    cpus = CpuSet.parse("0-3")
    reading = Reading(path="/default/web", own=Own(**own), supported=frozenset(), cpus_effective=cpus, parent_cpus=cpus)
    return limits_of(reading)


def sample(name: str = "web", seconds: float = 0, **counters: Any) -> ContainerSample:
    return ContainerSample(container=container(name), cgroup=cgroup(seconds, **counters), limits=limits())


def row(name: str = "web", **changes: Any) -> Row:
    return Row(**{"container": container(name), "time": NOON, "host": HOST, **changes})
