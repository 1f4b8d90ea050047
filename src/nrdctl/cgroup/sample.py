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
    cpu = texts.get(files.CPU_STAT, b"")
    memory = texts.get(files.MEMORY_STAT, b"")
    io = files.sum_io(texts[files.IO_STAT].decode()) if files.IO_STAT in texts else {}
    file_refaults = pick(memory, b"workingset_refault_file")
    anon_refaults = pick(memory, b"workingset_refault_anon")
    refaults = None if file_refaults is None else file_refaults + (anon_refaults or 0)
    return CgroupSample(
        inode=inode,
        time_ns=time_ns,
        cpu_usec=pick(cpu, b"usage_usec"),
        cpu_user_usec=pick(cpu, b"user_usec"),
        cpu_system_usec=pick(cpu, b"system_usec"),
        cpu_periods=pick(cpu, b"nr_periods"),
        cpu_throttled_periods=pick(cpu, b"nr_throttled"),
        cpu_throttled_usec=pick(cpu, b"throttled_usec"),
        memory_current=_number(texts, files.MEMORY_CURRENT),
        memory_anon=pick(memory, b"anon"),
        memory_inactive_file=pick(memory, b"inactive_file"),
        memory_active_file=pick(memory, b"active_file"),
        memory_shmem=pick(memory, b"shmem"),
        memory_kernel=pick(memory, b"kernel"),
        memory_slab_reclaimable=pick(memory, b"slab_reclaimable"),
        memory_refaults=refaults,
        swap_current=_number(texts, files.MEMORY_SWAP_CURRENT),
        oom_kills=pick(texts.get(files.MEMORY_EVENTS, b""), b"oom_kill"),
        pids_current=_number(texts, files.PIDS_CURRENT),
        io_read_bytes=io.get("rbytes"),
        io_written_bytes=io.get("wbytes"),
        io_reads=io.get("rios"),
        io_writes=io.get("wios"),
        **_stalls(texts),
    )


def from_v1(texts: Mapping[str, bytes], *, inode: int, time_ns: int, unified: Mapping[str, bytes]) -> CgroupSample:
    """Build a sample from the v1 files that were read, by their names.

    `unified` holds the base files of the v2 hierarchy of a hybrid host (cpu.stat, pressure), which count there too and
    know more than v1; it is empty on plain v1.
    """
    memory = texts.get(files.MEMORY_STAT, b"")
    cpu_v1 = texts.get(files.CPU_STAT, b"")
    cpu, user, system = _v1_cpu(texts, unified)
    throttled = pick(cpu_v1, b"throttled_time")
    moved = _blkio(texts, files.V1_BLKIO_BYTES)
    operations = _blkio(texts, files.V1_BLKIO_IOS)
    return CgroupSample(
        inode=inode,
        time_ns=time_ns,
        cpu_usec=cpu,
        cpu_user_usec=user,
        cpu_system_usec=system,
        cpu_periods=pick(cpu_v1, b"nr_periods"),
        cpu_throttled_periods=pick(cpu_v1, b"nr_throttled"),
        cpu_throttled_usec=None if throttled is None else throttled // 1000,
        memory_current=_number(texts, files.V1_MEMORY_USAGE),
        memory_anon=pick(memory, b"total_rss"),
        memory_inactive_file=pick(memory, b"total_inactive_file"),
        memory_active_file=pick(memory, b"total_active_file"),
        memory_shmem=pick(memory, b"total_shmem"),
        memory_refaults=pick(memory, b"total_workingset_refault_file"),
        swap_current=pick(memory, b"total_swap"),
        oom_kills=pick(texts.get(files.V1_OOM_CONTROL, b""), b"oom_kill"),
        pids_current=_number(texts, files.PIDS_CURRENT),
        io_read_bytes=moved[0],
        io_written_bytes=moved[1],
        io_reads=operations[0],
        io_writes=operations[1],
        **_stalls(unified),
    )


def _v1_cpu(texts: Mapping[str, bytes], unified: Mapping[str, bytes]) -> tuple[int | None, int | None, int | None]:
    if files.CPU_STAT in unified:
        stat = unified[files.CPU_STAT]
        return pick(stat, b"usage_usec"), pick(stat, b"user_usec"), pick(stat, b"system_usec")
    usage = _number(texts, files.V1_CPUACCT_USAGE)
    ticks = texts.get(files.V1_CPUACCT_STAT, b"")
    user, system = pick(ticks, b"user"), pick(ticks, b"system")
    return (
        None if usage is None else usage // 1000,
        None if user is None else user * _TICK_USEC,
        None if system is None else system * _TICK_USEC,
    )


def _stalls(texts: Mapping[str, bytes]) -> dict[str, int | None]:
    memory, io = texts.get(files.MEMORY_PRESSURE, b""), texts.get(files.IO_PRESSURE, b"")
    return {
        "cpu_stall_usec": stall(texts.get(files.CPU_PRESSURE, b"")),
        "memory_stall_usec": stall(memory),
        "memory_full_stall_usec": stall(memory, b"full"),
        "io_stall_usec": stall(io),
        "io_full_stall_usec": stall(io, b"full"),
    }


def _number(texts: Mapping[str, bytes], name: str) -> int | None:
    data = texts.get(name)
    return None if data is None else int(data)


def _blkio(texts: Mapping[str, bytes], name: str) -> tuple[int | None, int | None]:
    data = texts.get(name)
    return (None, None) if data is None else files.sum_blkio(data.decode())
