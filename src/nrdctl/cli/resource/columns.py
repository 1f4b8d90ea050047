"""The columns of `container limits`."""

from __future__ import annotations

from nrdctl.cgroup.effective import CPUSET_SOURCE, Bound, Limits
from nrdctl.engine.resources.view import ContainerLimits
from nrdctl.render.column import Column, Columns
from nrdctl.render.human import binary_size, short_id

NOTHING = "-"


def limit_columns(*, several_namespaces: bool) -> Columns[ContainerLimits]:
    """Return the columns; the namespace is shown where there are several."""
    namespace = ("Namespace",) if several_namespaces else ()
    return Columns(
        noun="limits",
        columns=(
            Column("ID", "CONTAINER ID", lambda c: short_id(c.container_id)),
            Column("Name", "NAME", lambda c: c.name or short_id(c.container_id)),
            Column("Namespace", "NAMESPACE", lambda c: c.namespace),
            Column("State", "STATE", lambda c: c.state),
            Column("CPULimit", "CPU LIMIT", lambda c: cpu_text(c.limits)),
            Column("CPUWeight", "WEIGHT", lambda c: str(c.limits.weight)),
            Column("CPUs", "CPUS", lambda c: cpus_text(c.limits)),
            Column("Memory", "MEMORY", _memory),
            Column("MemoryLimit", "MEMORY LIMIT", lambda c: size_text(c.limits.memory, c.limits.path)),
            Column("MemoryPercent", "MEM %", _memory_percent),
            Column("MemoryHigh", "MEMORY HIGH", lambda c: size_text(c.limits.memory_high, c.limits.path)),
            Column("SwapLimit", "SWAP LIMIT", lambda c: size_text(c.limits.swap, c.limits.path)),
            Column("PIDs", "PIDS", _pids),
            Column("PIDsLimit", "PIDS LIMIT", lambda c: count_text(c.limits.pids, c.limits.path)),
            Column("Cgroup", "CGROUP", lambda c: c.limits.path if c.pid else NOTHING),
            Column("Owner", "MANAGED BY", lambda c: c.owner or NOTHING),
        ),
        default=(
            "Name",
            *namespace,
            "State",
            "CPULimit",
            "CPUWeight",
            "CPUs",
            "Memory",
            "MemoryLimit",
            "MemoryPercent",
            "PIDs",
            "PIDsLimit",
        ),
        wide=(
            "ID",
            "Name",
            "Namespace",
            "State",
            "CPULimit",
            "CPUWeight",
            "CPUs",
            "Memory",
            "MemoryLimit",
            "MemoryPercent",
            "MemoryHigh",
            "SwapLimit",
            "PIDs",
            "PIDsLimit",
            "Cgroup",
            "Owner",
        ),
    )


def cpu_text(limits: Limits) -> str:
    """Return the effective CPU limit in CPUs, and who sets it when that is not the container itself."""
    cpu = limits.cpu
    if cpu.source == CPUSET_SOURCE:
        return NOTHING
    return f"{cpu.effective:g}{_origin(cpu.source, limits.path)}"


def cpus_text(limits: Limits) -> str:
    """Return the CPUs that the container may run on; an asterisk says that it is pinned."""
    text = limits.cpus_effective.format() or NOTHING
    return f"{text} *" if limits.cpus else text


def size_text(bound: Bound, path: str) -> str:
    """Return an effective limit in bytes, for people."""
    return NOTHING if bound.effective is None else f"{binary_size(bound.effective)}{_origin(bound.source, path)}"


def count_text(bound: Bound, path: str) -> str:
    """Return an effective limit that is a number."""
    return NOTHING if bound.effective is None else f"{bound.effective}{_origin(bound.source, path)}"


def _origin(source: str, path: str) -> str:
    return f" (from {source})" if source and source != path else ""


def _memory(item: ContainerLimits) -> str:
    used = item.sample.working_set if item.sample else None
    return NOTHING if used is None else binary_size(used)


def _memory_percent(item: ContainerLimits) -> str:
    used, limit = item.sample.working_set if item.sample else None, item.limits.memory.effective
    return NOTHING if used is None or not limit else f"{used / limit * 100:.1f}%"


def _pids(item: ContainerLimits) -> str:
    count = item.sample.pids_current if item.sample else None
    return NOTHING if count is None else str(count)
