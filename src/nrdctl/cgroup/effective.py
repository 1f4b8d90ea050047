"""Effective limits: what a cgroup gets once its ancestors have had their say."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from nrdctl.cgroup.cpu import cpus_of
from nrdctl.model import limit

if TYPE_CHECKING:
    from nrdctl.cgroup.driver import Reading
    from nrdctl.model.cpuset import CpuSet

# The `source` of a CPU limit that comes from the number of CPUs that the cgroup may run on, not from a quota.
CPUSET_SOURCE = "cpuset"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Bound:
    """One upper limit: the cgroup's own, the effective one, and the path of the cgroup that sets the latter.

    None is "no limit"; then `source` is empty.
    """

    own: int | None = None
    effective: int | None = None
    source: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class CpuBound:
    """The CPU bandwidth limit: own quota (None: no limit), period and burst in µs, and the effective number of CPUs.

    `effective` is never more than the CPUs the cgroup may run on; `source` is then `CPUSET_SOURCE`.
    """

    quota: int | None = None
    period: int = limit.DEFAULT_PERIOD
    burst: int = 0
    effective: float = 0.0
    source: str = ""

    @property
    def cpus(self) -> float | None:
        """The own limit in CPUs, None for no limit."""
        return cpus_of(self.quota, self.period)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """All limits of one cgroup, the same on v1 and v2. Sizes in bytes.

    `cpus` and `mems` are what the cgroup is pinned to (empty: not pinned), the others what it may really use.
    `shares` is set on v1 only. `supported` names the keys that can be set here.
    """

    path: str
    cpu: CpuBound
    weight: int
    shares: int | None
    cpus: CpuSet
    cpus_effective: CpuSet
    mems: CpuSet
    mems_effective: CpuSet
    memory: Bound
    memory_high: Bound
    memory_low: int
    swap: Bound
    pids: Bound
    supported: frozenset[str]

    @property
    def lost_cpus(self) -> CpuSet:
        """The CPUs that the cgroup is pinned to without getting them: offline, or taken from its parent."""
        return self.cpus - self.cpus_effective


def limits_of(reading: Reading) -> Limits:
    """Return the limits behind a reading."""
    own = reading.own
    return Limits(
        path=reading.path,
        cpu=_cpu(reading),
        weight=own.cpu_weight,
        shares=own.cpu_shares,
        cpus=reading.pinned_cpus,
        cpus_effective=reading.cpus_effective,
        mems=reading.pinned_mems,
        mems_effective=reading.mems_effective,
        memory=_bound(reading, limit.MEMORY, own.memory_max),
        memory_high=_bound(reading, limit.MEMORY_HIGH, own.memory_high),
        memory_low=own.memory_low,
        swap=_bound(reading, limit.SWAP, own.swap_max),
        pids=_bound(reading, limit.PIDS, own.pids_max),
        supported=reading.supported,
    )


def lowest(reading: Reading, key: str, own: float | None) -> tuple[float | None, str]:
    """Return the lowest limit on the way up, and the path of the cgroup that sets it (the nearest of equals)."""
    value, source = own, "" if own is None else reading.path
    for ceiling in reading.ceilings:
        if ceiling.key == key and (value is None or ceiling.value < value):
            value, source = ceiling.value, ceiling.path
    return value, source


def _bound(reading: Reading, key: str, own: int | None) -> Bound:
    value, source = lowest(reading, key, own)
    return Bound(own=own, effective=None if value is None else int(value), source=source)


def _cpu(reading: Reading) -> CpuBound:
    own = reading.own
    cpus, source = lowest(reading, limit.CPU, cpus_of(own.cpu_quota, own.cpu_period))
    if cpus is None or len(reading.cpus_effective) < cpus:
        cpus, source = float(len(reading.cpus_effective)), CPUSET_SOURCE
    return CpuBound(quota=own.cpu_quota, period=own.cpu_period, burst=own.cpu_burst, effective=cpus, source=source)
