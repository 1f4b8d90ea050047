"""What one cgroup asks for itself, in the same terms on v1 and v2."""

from __future__ import annotations

import dataclasses

from nrdctl.model import limit
from nrdctl.model.cpuset import CpuSet

CPUS = "cpus"
MEMS = "mems"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Own:
    """The values in a cgroup's own files. None is "no limit"; sizes in bytes, times in µs.

    `cpu_weight` is v2's (1 to 10000); v1 keeps `cpu_shares`, from which the weight is derived. An empty set of `cpus`
    or `mems` takes the parent's (v1 cgroups are never empty: there it is the list in the file). `swap_max` counts swap
    alone, also on v1, whose file counts memory and swap together. On v1 `memory_low` is the soft limit.
    """

    cpu_quota: int | None = None
    cpu_period: int = limit.DEFAULT_PERIOD
    cpu_burst: int = 0
    cpu_weight: int = limit.DEFAULT_WEIGHT
    cpu_shares: int | None = None
    cpus: CpuSet = CpuSet()  # noqa: RUF009 - immutable
    mems: CpuSet = CpuSet()  # noqa: RUF009 - immutable
    memory_max: int | None = None
    memory_high: int | None = None
    memory_low: int = 0
    swap_max: int | None = None
    pids_max: int | None = None

    def text(self, key: str) -> str:
        """Return the value behind one key of `nrdctl.model.limit` (or `cpus`, `mems`) as a person would write it."""
        if key == limit.CPU:
            return "max" if self.cpu_quota is None else f"{self.cpu_quota}/{self.cpu_period}"
        value: object = {
            limit.CPU_WEIGHT: self.cpu_weight,
            limit.MEMORY: self.memory_max,
            limit.MEMORY_HIGH: self.memory_high,
            limit.MEMORY_LOW: self.memory_low,
            limit.SWAP: self.swap_max,
            limit.PIDS: self.pids_max,
            CPUS: self.cpus,
            MEMS: self.mems,
        }[key]
        if isinstance(value, CpuSet):
            return value.format() or "all"
        return "max" if value is None else str(value)
