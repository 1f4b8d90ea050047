"""From what a cgroup has to what it shall have: the file writes, in an order that the kernel accepts.

Raise the outer limit before the inner one, lower the inner before the outer: memory.max before high before low on the
way up, the other way down; cpu.max.burst down before the quota and up after it; NUMA nodes before CPUs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nrdctl.cgroup import files
from nrdctl.cgroup.cpu import DEFAULT_SHARES, shares_of_weight
from nrdctl.cgroup.driver import FileWrite

if TYPE_CHECKING:
    from nrdctl.cgroup.driver import HostFacts
    from nrdctl.cgroup.own import Own
    from nrdctl.model.cpuset import CpuSet


def file_writes(old: Own, new: Own, facts: HostFacts) -> tuple[FileWrite, ...]:
    """Return the writes that turn `old` into `new`."""
    return tuple(_v2(old, new, facts) if facts.version == 2 else _v1(old, new))


def burst_first(writes: tuple[FileWrite, ...]) -> tuple[FileWrite, ...]:
    """Return the leading write that lowers the burst, if there is one: it has to precede the runtime's of the quota."""
    return writes[:1] if writes and writes[0].name in (files.CPU_MAX_BURST, files.V1_CPU_BURST) else ()


def _v2(old: Own, new: Own, facts: HostFacts) -> Iterator[FileWrite]:
    if new.cpu_burst < old.cpu_burst:
        yield _v2_write(files.CPU_MAX_BURST, str(old.cpu_burst), str(new.cpu_burst))
    was = files.format_cpu_max(old.cpu_quota, old.cpu_period)
    shall = files.format_cpu_max(new.cpu_quota, new.cpu_period)
    if was != shall:
        yield _v2_write(files.CPU_MAX, was, shall)
    if new.cpu_burst > old.cpu_burst:
        yield _v2_write(files.CPU_MAX_BURST, str(old.cpu_burst), str(new.cpu_burst))
    if new.cpu_weight != old.cpu_weight:
        yield _v2_write(files.CPU_WEIGHT, str(old.cpu_weight), str(new.cpu_weight))
    # Up to kernel 6.19 a cgroup with processes can't be given an empty list. All possible CPUs mean the same: those
    # outside the parent's set are ignored, so that hot-plug and a wider parent have their effect as well.
    if new.mems != old.mems:
        yield _v2_set(files.CPUSET_MEMS, old.mems, new.mems, facts.nodes)
    if new.cpus != old.cpus:
        yield _v2_set(files.CPUSET_CPUS, old.cpus, new.cpus, facts.possible)
    yield from _v2_memory(old, new)
    if new.swap_max != old.swap_max:
        yield _v2_write(files.MEMORY_SWAP_MAX, files.format_max(old.swap_max), files.format_max(new.swap_max))
    if new.pids_max != old.pids_max:
        yield _v2_write(files.PIDS_MAX, files.format_max(old.pids_max), files.format_max(new.pids_max))


def _v2_memory(old: Own, new: Own) -> Iterator[FileWrite]:
    triples = (
        (files.MEMORY_MAX, old.memory_max, new.memory_max),
        (files.MEMORY_HIGH, old.memory_high, new.memory_high),
        (files.MEMORY_LOW, _low(old.memory_low), _low(new.memory_low)),
    )
    for name, was, shall in triples:
        if _more(shall, was):
            yield _v2_write(name, files.format_max(was), files.format_max(shall))
    for name, was, shall in reversed(triples):
        if _more(was, shall):
            yield _v2_write(name, files.format_max(was), files.format_max(shall))


def _v1(old: Own, new: Own) -> Iterator[FileWrite]:
    if new.cpu_burst < old.cpu_burst:
        yield FileWrite(controller="cpu", name=files.V1_CPU_BURST, text=str(new.cpu_burst), old=str(old.cpu_burst))
    yield from _v1_quota(old, new)
    if new.cpu_burst > old.cpu_burst:
        yield FileWrite(controller="cpu", name=files.V1_CPU_BURST, text=str(new.cpu_burst), old=str(old.cpu_burst))
    was, shall = old.cpu_shares or DEFAULT_SHARES, new.cpu_shares or shares_of_weight(new.cpu_weight)
    if was != shall:
        yield FileWrite(controller="cpu", name=files.V1_CPU_SHARES, text=str(shall), old=str(was))
    if new.mems and new.mems != old.mems:
        text, before = new.mems.format(), old.mems.format()
        yield FileWrite(controller="cpuset", name=files.CPUSET_MEMS, text=text, old=before)
    if new.cpus and new.cpus != old.cpus:
        text, before = new.cpus.format(), old.cpus.format()
        yield FileWrite(controller="cpuset", name=files.CPUSET_CPUS, text=text, old=before)
    yield from _v1_memory(old, new)
    if new.pids_max != old.pids_max:
        text, before = files.format_max(new.pids_max), files.format_max(old.pids_max)
        yield FileWrite(controller="pids", name=files.PIDS_MAX, text=text, old=before)


def _v1_quota(old: Own, new: Own) -> Iterator[FileWrite]:
    """Change quota and period, two files on v1, so that what holds in between is the lesser of old and new."""
    was, shall = old.cpu_quota or -1, new.cpu_quota or -1
    quota = FileWrite(controller="cpu", name=files.V1_CPU_QUOTA, text=str(shall), old=str(was))
    period = FileWrite(controller="cpu", name=files.V1_CPU_PERIOD, text=str(new.cpu_period), old=str(old.cpu_period))
    order = (period, quota) if new.cpu_period > old.cpu_period else (quota, period)
    yield from (write for write in order if write.text != write.old)


def _v1_memory(old: Own, new: Own) -> Iterator[FileWrite]:
    """Keep memory+swap at least as large as memory in between, or the kernel refuses."""
    limit = _v1_size(files.V1_MEMORY_LIMIT, old.memory_max, new.memory_max)
    both = _v1_size(files.V1_MEMSW_LIMIT, _memsw(old), _memsw(new))
    order = (both, limit) if _more(_memsw(new), _memsw(old)) else (limit, both)
    yield from (write for write in order if write.text != write.old)
    if new.memory_low != old.memory_low:
        yield _v1_size(files.V1_MEMORY_SOFT_LIMIT, old.memory_low or None, new.memory_low or None)


def _v1_size(name: str, old: int | None, new: int | None) -> FileWrite:
    text, before = ("-1" if size is None else str(size) for size in (new, old))
    return FileWrite(controller="memory", name=name, text=text, old=before)


def _memsw(own: Own) -> int | None:
    return None if own.memory_max is None or own.swap_max is None else own.memory_max + own.swap_max


def _v2_write(name: str, old: str, new: str) -> FileWrite:
    return FileWrite(controller="", name=name, text=new, old=old)


def _v2_set(name: str, old: CpuSet, new: CpuSet, everything: CpuSet) -> FileWrite:
    fallback = None if new else everything.format()
    return FileWrite(controller="", name=name, text=new.format() or "\n", old=old.format(), fallback=fallback)


def _low(size: int) -> int | None:
    return None if size >= files.EVERYTHING else size


def _more(one: int | None, other: int | None) -> bool:
    """Say whether one limit is above the other, None being above all."""
    if one is None or other is None:
        return one is None and other is not None
    return one > other
