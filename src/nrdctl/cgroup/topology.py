"""The host's CPUs as sysfs shows them: sockets, cores, siblings, NUMA nodes and last-level caches.

Sets are keyed by their members, never by ids: `core_id` is unique in its socket only, and `die_id` differs from kernel
to kernel.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path

from nrdctl.model.cpuset import CpuSet


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Topology:
    """The CPUs of a host. Tuples of sets are in the order of their lowest CPU; they hold online CPUs only.

    `cores` are sets of hardware threads (siblings), `caches` the CPUs that share a last-level cache; `nodes` is NUMA
    node → its CPUs (a node without CPUs has an empty set).
    """

    possible: CpuSet
    present: CpuSet
    online: CpuSet
    isolated: CpuSet
    packages: tuple[CpuSet, ...]
    cores: tuple[CpuSet, ...]
    caches: tuple[CpuSet, ...]
    nodes: Mapping[int, CpuSet]

    def siblings(self, cpu: int) -> CpuSet:
        """Return the hardware threads of the core that this CPU belongs to, itself included."""
        return next((core for core in self.cores if cpu in core), CpuSet.of([cpu]))

    def node_of(self, cpu: int) -> int | None:
        """Return the CPU's NUMA node."""
        return next((node for node, cpus in self.nodes.items() if cpu in cpus), None)


def read_topology(sys: Path = Path("/sys")) -> Topology:
    """Read the topology below a sysfs root."""
    base = sys / "devices/system/cpu"
    online = _read_set(base / "online")
    possible = _read_set(base / "possible") or online
    return Topology(
        possible=possible,
        present=_read_set(base / "present") or possible,
        online=online,
        isolated=_read_set(base / "isolated"),
        packages=_groups(online, base, ("topology/package_cpus_list", "topology/core_siblings_list")),
        cores=_groups(online, base, ("topology/core_cpus_list", "topology/thread_siblings_list")),
        caches=_distinct(_last_level_cache(base / f"cpu{cpu}/cache", cpu) & online for cpu in online),
        nodes=_nodes(sys / "devices/system/node", online),
    )


def read_cpu_sets(sys: Path = Path("/sys")) -> tuple[CpuSet, CpuSet, CpuSet]:
    """Return (possible, online CPUs, NUMA nodes with memory); all that most commands need, in three reads."""
    online = _read_set(sys / "devices/system/cpu/online")
    possible = _read_set(sys / "devices/system/cpu/possible") or online
    nodes = _read_set(sys / "devices/system/node/has_memory") or _read_set(sys / "devices/system/node/online")
    return possible, online, nodes or CpuSet.of([0])


def select(text: str, topology: Topology) -> CpuSet:
    """Return the CPUs that a person names: `0-3,8`, `all`, `numa:1`, `socket:0`, `core:2`, `cache:0`.

    Cores, sockets and caches are counted from 0 in the order of their lowest CPU. Raises ValueError.
    """
    if text == "all":
        return topology.online
    kind, colon, number = text.partition(":")
    if not colon:
        return CpuSet.parse(text)
    groups = {
        "numa": dict(topology.nodes),
        "socket": dict(enumerate(topology.packages)),
        "core": dict(enumerate(topology.cores)),
        "cache": dict(enumerate(topology.caches)),
    }
    if kind not in groups:
        raise ValueError(f"invalid CPUs {text!r}: write 0-3,8 or all, numa:N, socket:N, core:N, cache:N")
    known = groups[kind]
    if not number.isdecimal() or int(number) not in known:
        raise ValueError(f"invalid CPUs {text!r}: this host has {kind}:{CpuSet.of(known)}")
    if not known[int(number)]:
        raise ValueError(f"invalid CPUs {text!r}: it has no CPU")
    return known[int(number)]


def _groups(online: CpuSet, base: Path, names: tuple[str, ...]) -> tuple[CpuSet, ...]:
    return _distinct(_first_set(base / f"cpu{cpu}", names, cpu) & online for cpu in online)


def _first_set(directory: Path, names: tuple[str, ...], cpu: int) -> CpuSet:
    return next(filter(None, (_read_set(directory / name) for name in names)), CpuSet.of([cpu]))


def _distinct(sets: Iterable[CpuSet]) -> tuple[CpuSet, ...]:
    return tuple(sorted({each for each in sets if each}, key=lambda each: min(each.cpus)))


def _last_level_cache(directory: Path, cpu: int) -> CpuSet:
    best, cpus = -1, CpuSet.of([cpu])
    for index in sorted(directory.glob("index*")):
        level = _read(index / "level")
        if level.isdecimal() and int(level) > best and _read(index / "type") != "Instruction":
            best, cpus = int(level), _read_set(index / "shared_cpu_list") or cpus
    return cpus


def _nodes(directory: Path, online: CpuSet) -> dict[int, CpuSet]:
    numbers = sorted(int(path.name[4:]) for path in directory.glob("node*") if path.name[4:].isdecimal())
    if not numbers:
        return {0: online}  # a kernel without NUMA
    return {number: _read_set(directory / f"node{number}/cpulist") & online for number in numbers}


def _read_set(path: Path) -> CpuSet:
    return CpuSet.from_file(_read(path))


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
