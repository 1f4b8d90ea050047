"""What the two hierarchies' drivers have in common: the same questions, the same answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from nrdctl.model.cpuset import CpuSet

if TYPE_CHECKING:
    from nrdctl.cgroup.own import Own
    from nrdctl.cgroup.sample import CgroupSample

UNIFIED = ""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class HostFacts:
    """What the planner must know about the host. Sizes in bytes; `release` is the kernel's (uname -r)."""

    version: int
    possible: CpuSet
    online: CpuSet
    nodes: CpuSet
    memory_total: int
    swap_free: int = 0
    page_size: int = 4096
    release: str = ""
    private_namespace: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """Where a container's cgroup is: controller → path below that hierarchy's mount; `""` is the v2 hierarchy."""

    paths: Mapping[str, str]

    @property
    def path(self) -> str:
        """The path to show; the controllers' paths differ in exotic set-ups only."""
        return next((self.paths[name] for name in ("cpu", "memory", UNIFIED) if name in self.paths), "/")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Ceiling:
    """A limit that an ancestor sets: `value` is in CPUs for `cpu`, else in the key's unit."""

    key: str
    path: str
    value: float


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """All that the kernel's files say about the limits of one cgroup.

    `supported` names the keys whose files exist here (those of `nrdctl.model.limit`, `cpus`, `mems`, `burst`).
    `ceilings` come nearest ancestor first. The parent's sets are what the kernel grants it, not what it asked for.
    """

    path: str
    own: Own
    supported: frozenset[str]
    ceilings: tuple[Ceiling, ...] = ()
    cpus_effective: CpuSet = CpuSet()  # noqa: RUF009 - immutable
    mems_effective: CpuSet = CpuSet()  # noqa: RUF009 - immutable
    parent_path: str = "/"
    parent_cpus: CpuSet = CpuSet()  # noqa: RUF009 - immutable
    parent_mems: CpuSet = CpuSet()  # noqa: RUF009 - immutable
    cpu_idle: bool = False
    asked_cpus: CpuSet = CpuSet()  # noqa: RUF009 - immutable
    asked_mems: CpuSet = CpuSet()  # noqa: RUF009 - immutable

    @property
    def pinned_cpus(self) -> CpuSet:
        """The CPUs that the cgroup is pinned to: empty unless its own list leaves out some of its parent's.

        With `asked_cpus`, what the container's spec asks for, a pin to all CPUs can be told from no pin.
        """
        own = self.own.cpus
        return CpuSet() if self.parent_cpus <= own and self.asked_cpus != own else own

    @property
    def pinned_mems(self) -> CpuSet:
        """The NUMA nodes that the cgroup is pinned to, in the same sense."""
        own = self.own.mems
        return CpuSet() if self.parent_mems <= own and self.asked_mems != own else own


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class FileWrite:
    """One `write(2)`: the whole text at once. `fallback` is written instead where the kernel answers ENOSPC."""

    controller: str
    name: str
    text: str
    old: str = ""
    fallback: str | None = None


class Sampler(Protocol):
    """Reads the counters of one cgroup again and again, over files that stay open."""

    def read(self, time_ns: int) -> CgroupSample | None:
        """Return the counters, None once the cgroup is gone. `time_ns` is the monotonic clock just before."""

    def close(self) -> None:
        """Close the files."""


class Driver(Protocol):
    """One hierarchy. `version` is 1 (also for hybrid hosts, whose controllers are on v1) or 2."""

    version: int

    def locate(self, pid: int, container_id: str = "") -> Location:
        """Return the cgroup of the container that this process is the first of. Raises NotFound when it is gone."""

    def read(self, location: Location) -> Reading:
        """Read the limits, the cgroup's own and those of its ancestors. Raises NotFound when it is gone."""

    def granted(self, path: str) -> tuple[CpuSet, CpuSet]:
        """Return the CPUs and NUMA nodes that the cgroup at `path`, or its nearest existing ancestor, really has."""

    def sampler(self, location: Location, groups: Iterable[str]) -> Sampler | None:
        """Open the counters of these groups (see `nrdctl.cgroup.sample.GROUPS`); None when the cgroup is gone."""

    def write(self, location: Location, write: FileWrite) -> None:
        """Write one file. Raises OSError as the kernel gave it."""

    def enable_cpuset(self, location: Location) -> None:
        """Make the cpuset files appear where an ancestor holds them back. Raises Conflict when that would do harm."""
