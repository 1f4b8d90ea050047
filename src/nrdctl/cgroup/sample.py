"""The raw counters of a cgroup at one moment, parsed for speed: a monitor reads a thousand of them each second."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from nrdctl.cgroup import files
from nrdctl.cgroup.memory import working_set

# What a monitor can ask for; it reads the groups on screen only.
GROUPS = ("cpu", "memory", "pids", "io", "pressure")
V2_FILES: Mapping[str, tuple[str, ...]] = {
    "cpu": (files.CPU_STAT,),
    "memory": (files.MEMORY_CURRENT, files.MEMORY_STAT, files.MEMORY_SWAP_CURRENT, files.MEMORY_EVENTS),
    "pids": (files.PIDS_CURRENT,),
    "io": (files.IO_STAT,),
    "pressure": (files.CPU_PRESSURE, files.MEMORY_PRESSURE, files.IO_PRESSURE),
}
# (controller, file)
V1_FILES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "cpu": (("cpuacct", files.V1_CPUACCT_USAGE), ("cpuacct", files.V1_CPUACCT_STAT), ("cpu", files.CPU_STAT)),
    "memory": (
        ("memory", files.V1_MEMORY_USAGE),
        ("memory", files.MEMORY_STAT),
        ("memory", files.V1_OOM_CONTROL),
    ),
    "pids": (("pids", files.PIDS_CURRENT),),
    "io": (("blkio", files.V1_BLKIO_BYTES), ("blkio", files.V1_BLKIO_IOS)),
}
# cpuacct.stat counts in USER_HZ, which is 100 for every architecture's user space.
_TICK_USEC = 10_000


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class CgroupSample:
    """Counters since the cgroup was made; None where the hierarchy, the kernel or the asked groups have none.

    Times in µs, sizes in bytes. `inode` tells a re-created cgroup of the same name from its predecessor. The stalls are
    the totals of the pressure files ("some", and "full" where said).
    """

    inode: int
    time_ns: int
    cpu_usec: int | None = None
    cpu_user_usec: int | None = None
    cpu_system_usec: int | None = None
    cpu_periods: int | None = None
    cpu_throttled_periods: int | None = None
    cpu_throttled_usec: int | None = None
    memory_current: int | None = None
    memory_anon: int | None = None
    memory_inactive_file: int | None = None
    memory_active_file: int | None = None
    memory_shmem: int | None = None
    memory_kernel: int | None = None
    memory_slab_reclaimable: int | None = None
    memory_refaults: int | None = None
    swap_current: int | None = None
    oom_kills: int | None = None
    pids_current: int | None = None
    io_read_bytes: int | None = None
    io_written_bytes: int | None = None
    io_reads: int | None = None
    io_writes: int | None = None
    cpu_stall_usec: int | None = None
    memory_stall_usec: int | None = None
    memory_full_stall_usec: int | None = None
    io_stall_usec: int | None = None
    io_full_stall_usec: int | None = None

    @property
    def working_set(self) -> int | None:
        """The memory that counts as used: without the file cache that nobody touched for long."""
        return None if self.memory_current is None else working_set(self.memory_current, self.memory_inactive_file or 0)


def pick(data: bytes, key: bytes) -> int | None:
    """Return the number of one key of a flat-keyed file; None when the key isn't there."""
    needle = key + b" "
    if data.startswith(needle):
        start = len(needle)
    else:
        found = data.find(b"\n" + needle)
        if found < 0:
            return None
        start = found + 1 + len(needle)
    end = data.find(b"\n", start)
    return int(data[start:end] if end >= 0 else data[start:])


def stall(data: bytes, kind: bytes = b"some") -> int | None:
    """Return the total of one line of a pressure file, in µs."""
    line = data.find(kind + b" ")
    if line < 0:
        return None
    start = data.find(b"total=", line) + len(b"total=")
    end = data.find(b"\n", start)
    return int(data[start:end] if end >= 0 else data[start:])


def from_v2(texts: Mapping[str, bytes], *, inode: int, time_ns: int) -> CgroupSample:
    """Build a sample from the v2 files that were read, by their names."""
    values: dict[str, int | None] = {}
    if files.CPU_STAT in texts:
        cpu = texts[files.CPU_STAT]
        values["cpu_usec"] = pick(cpu, b"usage_usec")
        values["cpu_user_usec"] = pick(cpu, b"user_usec")
        values["cpu_system_usec"] = pick(cpu, b"system_usec")
        values["cpu_periods"] = pick(cpu, b"nr_periods")
        values["cpu_throttled_periods"] = pick(cpu, b"nr_throttled")
        values["cpu_throttled_usec"] = pick(cpu, b"throttled_usec")
    if files.MEMORY_STAT in texts:
        _v2_memory(values, texts[files.MEMORY_STAT])
    if files.MEMORY_EVENTS in texts:
        values["oom_kills"] = pick(texts[files.MEMORY_EVENTS], b"oom_kill")
    _number(values, "memory_current", texts.get(files.MEMORY_CURRENT))
    _number(values, "swap_current", texts.get(files.MEMORY_SWAP_CURRENT))
    _number(values, "pids_current", texts.get(files.PIDS_CURRENT))
    if files.IO_STAT in texts:
        io = files.sum_io(texts[files.IO_STAT].decode())
        values["io_read_bytes"], values["io_written_bytes"] = io["rbytes"], io["wbytes"]
        values["io_reads"], values["io_writes"] = io["rios"], io["wios"]
    _stalls(values, texts)
    return CgroupSample(inode=inode, time_ns=time_ns, **values)


def from_v1(texts: Mapping[str, bytes], *, inode: int, time_ns: int, unified: Mapping[str, bytes]) -> CgroupSample:
    """Build a sample from the v1 files that were read, by their names.

    `unified` holds the base files of the v2 hierarchy of a hybrid host (cpu.stat, pressure), which count there too and
    know more than v1; it is empty on plain v1.
    """
    values: dict[str, int | None] = {}
    _v1_cpu(values, texts, unified)
    if files.MEMORY_STAT in texts:
        _v1_memory(values, texts[files.MEMORY_STAT])
    if files.V1_OOM_CONTROL in texts:
        values["oom_kills"] = pick(texts[files.V1_OOM_CONTROL], b"oom_kill")
    _number(values, "memory_current", texts.get(files.V1_MEMORY_USAGE))
    _number(values, "pids_current", texts.get(files.PIDS_CURRENT))
    if files.V1_BLKIO_BYTES in texts:
        values["io_read_bytes"], values["io_written_bytes"] = files.sum_blkio(texts[files.V1_BLKIO_BYTES].decode())
    if files.V1_BLKIO_IOS in texts:
        values["io_reads"], values["io_writes"] = files.sum_blkio(texts[files.V1_BLKIO_IOS].decode())
    _stalls(values, unified)
    return CgroupSample(inode=inode, time_ns=time_ns, **values)


def _v2_memory(values: dict[str, int | None], stat: bytes) -> None:
    values["memory_anon"] = pick(stat, b"anon")
    values["memory_inactive_file"] = pick(stat, b"inactive_file")
    values["memory_active_file"] = pick(stat, b"active_file")
    values["memory_shmem"] = pick(stat, b"shmem")
    values["memory_kernel"] = pick(stat, b"kernel")
    values["memory_slab_reclaimable"] = pick(stat, b"slab_reclaimable")
    refaults = pick(stat, b"workingset_refault_file")
    if refaults is not None:
        values["memory_refaults"] = refaults + (pick(stat, b"workingset_refault_anon") or 0)


def _v1_memory(values: dict[str, int | None], stat: bytes) -> None:
    values["memory_anon"] = pick(stat, b"total_rss")
    values["memory_inactive_file"] = pick(stat, b"total_inactive_file")
    values["memory_active_file"] = pick(stat, b"total_active_file")
    values["memory_shmem"] = pick(stat, b"total_shmem")
    values["memory_refaults"] = pick(stat, b"total_workingset_refault_file")
    values["swap_current"] = pick(stat, b"total_swap")


def _v1_cpu(values: dict[str, int | None], texts: Mapping[str, bytes], unified: Mapping[str, bytes]) -> None:
    if files.CPU_STAT in texts:
        stat = texts[files.CPU_STAT]
        values["cpu_periods"] = pick(stat, b"nr_periods")
        values["cpu_throttled_periods"] = pick(stat, b"nr_throttled")
        values["cpu_throttled_usec"] = (pick(stat, b"throttled_time") or 0) // 1000
    if files.CPU_STAT in unified:
        stat = unified[files.CPU_STAT]
        values["cpu_usec"] = pick(stat, b"usage_usec")
        values["cpu_user_usec"] = pick(stat, b"user_usec")
        values["cpu_system_usec"] = pick(stat, b"system_usec")
        return
    if files.V1_CPUACCT_USAGE in texts:
        values["cpu_usec"] = int(texts[files.V1_CPUACCT_USAGE]) // 1000
    if files.V1_CPUACCT_STAT in texts:
        ticks = texts[files.V1_CPUACCT_STAT]
        values["cpu_user_usec"] = (pick(ticks, b"user") or 0) * _TICK_USEC
        values["cpu_system_usec"] = (pick(ticks, b"system") or 0) * _TICK_USEC


def _stalls(values: dict[str, int | None], texts: Mapping[str, bytes]) -> None:
    if files.CPU_PRESSURE in texts:
        values["cpu_stall_usec"] = stall(texts[files.CPU_PRESSURE])
    if files.MEMORY_PRESSURE in texts:
        values["memory_stall_usec"] = stall(texts[files.MEMORY_PRESSURE])
        values["memory_full_stall_usec"] = stall(texts[files.MEMORY_PRESSURE], b"full")
    if files.IO_PRESSURE in texts:
        values["io_stall_usec"] = stall(texts[files.IO_PRESSURE])
        values["io_full_stall_usec"] = stall(texts[files.IO_PRESSURE], b"full")


def _number(values: dict[str, int | None], name: str, data: bytes | None) -> None:
    if data is not None:
        values[name] = int(data)
