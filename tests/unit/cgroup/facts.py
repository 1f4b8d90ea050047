"""Hosts and cgroups to plan for."""

from __future__ import annotations

from typing import Any

from nrdctl.cgroup.driver import Ceiling, HostFacts, Reading
from nrdctl.cgroup.own import CPUS, MEMS, Own
from nrdctl.cgroup.plan import Situation
from nrdctl.cgroup.sample import CgroupSample
from nrdctl.model import limit
from nrdctl.model.cpuset import CpuSet

MIB = 2**20
GIB = 2**30


def cpus(text: str) -> CpuSet:
    return CpuSet.from_file(text)


def host(version: int = 2, **changes: Any) -> HostFacts:
    values: dict[str, Any] = {
        "version": version,
        "possible": cpus("0-3"),
        "online": cpus("0-3"),
        "nodes": cpus("0-1"),
        "memory_total": 4 * GIB,
        "release": "6.12.117",
    }
    return HostFacts(**{**values, **changes})


def reading(own: Own | None = None, *, ceilings: tuple[Ceiling, ...] = (), **changes: Any) -> Reading:
    values: dict[str, Any] = {
        "path": "/default/web",
        "own": own or Own(),
        "supported": frozenset({*limit.KEYS, CPUS, MEMS, "burst"}),
        "ceilings": ceilings,
        "cpus_effective": cpus("0-3"),
        "mems_effective": cpus("0-1"),
        "parent_path": "/default",
        "parent_cpus": cpus("0-3"),
        "parent_mems": cpus("0-1"),
    }
    return Reading(**{**values, **changes})


def v1_reading(own: Own | None = None, **changes: Any) -> Reading:
    own = own or Own(cpu_shares=1024, cpus=cpus("0-3"), mems=cpus("0-1"))
    supported = frozenset({*limit.KEYS, CPUS, MEMS, "burst"} - {limit.MEMORY_HIGH})
    return reading(own, **{"supported": supported, **changes})


def situation(found: Reading | None = None, *, sample: CgroupSample | None = None, **changes: Any) -> Situation:
    running = changes.pop("running", True)
    systemd = changes.pop("systemd", False)
    return Situation(reading=found or reading(), facts=host(**changes), sample=sample, systemd=systemd, running=running)


def sample(**changes: Any) -> CgroupSample:
    return CgroupSample(**{"inode": 1, "time_ns": 0, **changes})
