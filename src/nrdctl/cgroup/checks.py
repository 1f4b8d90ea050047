"""The guards of a plan: each key's value against the host, the ancestors and what is in use."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from nrdctl.cgroup.cpu import (
    LEAST_SHARES,
    MOST_SHARES,
    runtime_weight,
    shares_of_weight,
    systemd_quota,
    weight_of_shares,
)
from nrdctl.cgroup.effective import lowest
from nrdctl.cgroup.memory import LEAST_MEMORY, align, unreclaimable
from nrdctl.errors import Conflict, InvalidArgument, Unimplemented
from nrdctl.model import limit
from nrdctl.model.cpuset import CpuSet
from nrdctl.model.quantity import format_bytes

if TYPE_CHECKING:
    from nrdctl.cgroup.own import Own
    from nrdctl.cgroup.plan import Situation
    from nrdctl.model.limit import Assignment

_LEAST_CPUS = 0.01
_FORCE = "use --force to do it anyway"


class Checker:
    """Applies a wish to a cgroup's own values, one key at a time; `notes` collects what the person should know."""

    def __init__(self, situation: Situation, *, force: bool) -> None:
        self._situation = situation
        self._reading = situation.reading
        self._facts = situation.facts
        self._force = force
        self._also: list[str] = []
        self.notes: list[str] = []

    def apply(self, own: Own, assignment: Assignment) -> Own:
        """Return `own` with the assignment. Raises InvalidArgument, Conflict or Unimplemented."""
        self._require(assignment.key)
        amount = assignment.amount
        if assignment.key == limit.CPU:
            return self._cpu(own, assignment)
        if assignment.key == limit.CPU_WEIGHT:
            return self._weight(own, amount or limit.DEFAULT_WEIGHT)
        if assignment.key == limit.PIDS:
            return self._pids(own, amount)
        size = self._bytes(assignment)
        if assignment.key == limit.MEMORY:
            return self._memory(own, size)
        if assignment.key == limit.MEMORY_HIGH:
            return self._high(own, size)
        if assignment.key == limit.MEMORY_LOW:
            return dataclasses.replace(own, memory_low=size or 0)
        return dataclasses.replace(own, swap_max=size)

    def shares(self, own: Own, shares: int) -> Own:
        """Return `own` with a weight given as docker's CPU shares, which v1 keeps and a runtime converts for v2."""
        self._require(limit.CPU_WEIGHT)
        shares = min(max(shares, LEAST_SHARES), MOST_SHARES)
        if self._facts.version == 2:
            return self._weight(own, runtime_weight(shares))
        return dataclasses.replace(self._weight(own, weight_of_shares(shares)), cpu_shares=shares)

    def pin_cpus(self, own: Own, cpus: CpuSet) -> Own:
        """Return `own` pinned to the CPUs; the empty set unpins."""
        facts, reading = self._facts, self._reading
        if not cpus:
            return dataclasses.replace(own, cpus=reading.parent_cpus if facts.version == 1 else CpuSet())
        if missing := cpus - facts.possible:
            raise InvalidArgument(f"{_cpu_word(missing)} not exist on this host, whose CPUs are {facts.possible}")
        if offline := cpus - facts.online:
            if not self._force:
                raise InvalidArgument(
                    f"CPU {offline} is offline (online: {facts.online})", hint="bring it online first, or use --force"
                )
            usable = (cpus & facts.online) or reading.parent_cpus
            self.notes.append(f"CPU {offline} is offline: until it is back, the container runs on CPU {usable}")
        outside = (cpus & facts.online) - reading.parent_cpus
        if outside:
            where = f"the parent cgroup {reading.parent_path}"
            raise InvalidArgument(f"CPU {outside} is not among the CPUs of {where}, which are {reading.parent_cpus}")
        return dataclasses.replace(own, cpus=cpus)

    def pin_mems(self, own: Own, mems: CpuSet) -> Own:
        """Return `own` pinned to the NUMA nodes; the empty set unpins."""
        facts, reading = self._facts, self._reading
        if not mems:
            return dataclasses.replace(own, mems=reading.parent_mems if facts.version == 1 else CpuSet())
        if missing := mems - facts.nodes:
            raise InvalidArgument(f"NUMA node {missing} has no memory on this host, whose nodes are {facts.nodes}")
        if outside := mems - reading.parent_mems:
            where = f"the parent cgroup {reading.parent_path}"
            raise InvalidArgument(f"NUMA node {outside} is not among those of {where}, which are {reading.parent_mems}")
        if self._situation.running and not reading.mems_effective <= mems:
            self.notes.append(f"the container's memory moves to NUMA node {mems}, which can take a while")
        return dataclasses.replace(own, mems=mems)

    def finish(self, own: Own) -> Own:
        """Check what concerns several values together, and return the final ones."""
        before = self._reading.own
        if own.cpu_quota is not None and own.cpu_burst > own.cpu_quota:
            self.notes.append(f"the CPU burst of {own.cpu_burst} µs is lowered to the new quota, {own.cpu_quota} µs")
            own = dataclasses.replace(own, cpu_burst=own.cpu_quota)
        if self._facts.version == 1 and own.memory_max is None and own.swap_max is not None:
            if own.swap_max != before.swap_max:
                raise Conflict("cgroup v1 limits memory and swap together: swap needs a memory limit as well")
            self.notes.append("the swap limit goes with the memory limit: cgroup v1 counts the two together")
            self._also.append(limit.SWAP)
            own = dataclasses.replace(own, swap_max=None)
        top = own.memory_max
        if top is not None and own.memory_high is not None and own.memory_high > top:
            self.notes.append(f"memory.high ({format_bytes(own.memory_high)}) has no effect above memory")
        if top is not None and own.memory_low > top:
            self.notes.append(f"memory.low ({format_bytes(own.memory_low)}) has no effect above memory")
        return own

    def touched(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        """Return the keys of the wish and those that had to change with them."""
        return tuple(dict.fromkeys((*keys, *self._also)))

    def _cpu(self, own: Own, assignment: Assignment) -> Own:
        if assignment.amount is None:
            return dataclasses.replace(own, cpu_quota=None, cpu_burst=0)
        quota, period = assignment.amount, assignment.period or own.cpu_period
        cpus, online = quota / period, len(self._facts.online)
        if not self._force and cpus > online:
            meant = f"did you mean cpu={assignment.text}m?" if assignment.text.isdecimal() else _FORCE
            raise InvalidArgument(f"cpu={assignment.text} is {cpus:g} CPUs, but this host has {online}", hint=meant)
        if not self._force and cpus < _LEAST_CPUS:
            raise InvalidArgument(
                f"cpu={assignment.text} is {cpus:g} CPU, less than the useful least of 10m", hint=_FORCE
            )
        if self._situation.systemd and systemd_quota(quota, period) != quota:
            quota = systemd_quota(quota, period)
            percent = 100 * quota / period
            self.notes.append(
                f"cpu is rounded up to {percent:g}%, as systemd, which manages the cgroup, would do later"
            )
        self._check_cpu_ceiling(quota / period)
        return dataclasses.replace(own, cpu_quota=quota, cpu_period=period)

    def _check_cpu_ceiling(self, cpus: float) -> None:
        ceiling, path = lowest(self._reading, limit.CPU, None)
        if ceiling is None or cpus <= ceiling:
            return
        if self._facts.version == 1:
            raise Conflict(f"{cpus:g} CPUs are more than the cgroup {path} above has: {ceiling:g}")
        self.notes.append(f"cpu stays at {ceiling:g}: the cgroup {path} above has no more")

    def _weight(self, own: Own, weight: int) -> Own:
        if self._reading.cpu_idle:
            raise Conflict("cpu.idle is on for this cgroup, so the kernel gives it the least weight and takes no other")
        shares = shares_of_weight(weight) if self._facts.version == 1 else None
        return dataclasses.replace(own, cpu_weight=weight, cpu_shares=shares)

    def _memory(self, own: Own, size: int | None) -> Own:
        if size is None:
            return dataclasses.replace(own, memory_max=None)
        if size == 0 or (size < LEAST_MEMORY and not self._force):
            raise InvalidArgument(
                f"memory={size} bytes is less than any program needs", hint=None if size == 0 else _FORCE
            )
        self._check_memory_use(size)
        if size > self._facts.memory_total:
            self.notes.append(f"memory: the host itself has only {format_bytes(self._facts.memory_total)}")
        self._note_ceiling(limit.MEMORY, size, format_bytes)
        return dataclasses.replace(own, memory_max=size)

    def _check_memory_use(self, size: int) -> None:
        needed = self._needed()
        if needed <= size or self._force:
            return
        what = (
            f"memory={format_bytes(size)} is less than the container needs: {format_bytes(needed)} can't be taken back"
        )
        if self._facts.version == 1:
            raise Conflict(what, hint="cgroup v1 refuses such a limit; free memory in the container first")
        raise Conflict(f"{what}, so the kernel would kill it", hint=_FORCE)

    def _needed(self) -> int:
        """Return the bytes that the kernel couldn't take back from the container."""
        sample = self._situation.sample
        if sample is None or sample.memory_current is None:
            return 0
        room = self._facts.swap_free
        if self._reading.own.swap_max is not None:
            room = min(room, max(0, self._reading.own.swap_max - (sample.swap_current or 0)))
        return unreclaimable(
            sample.memory_current,
            file_cache=(sample.memory_inactive_file or 0) + (sample.memory_active_file or 0),
            slab_reclaimable=sample.memory_slab_reclaimable or 0,
            swap_room=room,
            swappable=(sample.memory_anon or 0) + (sample.memory_shmem or 0),
        )

    def _high(self, own: Own, size: int | None) -> Own:
        if size is not None and size < LEAST_MEMORY and not self._force:
            raise InvalidArgument(f"memory.high={size} bytes would bring any program to a halt", hint=_FORCE)
        if size is not None and self._needed() > size:
            self.notes.append(
                f"memory.high is below the {format_bytes(self._needed())} in use: the container will crawl"
            )
        return dataclasses.replace(own, memory_high=size)

    def _pids(self, own: Own, count: int | None) -> Own:
        sample = self._situation.sample
        if count is not None and sample is not None and (sample.pids_current or 0) > count:
            self.notes.append(f"pids: there are {sample.pids_current} already; new ones fail until some have ended")
        self._note_ceiling(limit.PIDS, count, str)
        return dataclasses.replace(own, pids_max=count)

    def _note_ceiling(self, key: str, value: int | None, text: Callable[[int], str]) -> None:
        ceiling, path = lowest(self._reading, key, None)
        if ceiling is not None and value is not None and value > ceiling:
            self.notes.append(f"{key} stays at {text(int(ceiling))}: the cgroup {path} above has no more")

    def _bytes(self, assignment: Assignment) -> int | None:
        if assignment.amount is None:
            return None
        size = assignment.amount
        if assignment.of_total:
            size = self._facts.memory_total * assignment.amount // 1_000_000
        return align(size, self._facts.page_size)

    def _require(self, key: str) -> None:
        if key in self._reading.supported:
            return
        if self._facts.version == 1 and key == limit.MEMORY_HIGH:
            raise Unimplemented("cgroup v1 has no memory.high", hint="`memory` sets a hard limit here as well")
        controller = "memory" if key == limit.SWAP else key.partition(".")[0]
        why = f"this kernel, or the cgroup {self._reading.path}, has no file for it ({controller} controller)"
        raise Unimplemented(f"{key} can't be set: {why}")


def _cpu_word(cpus: CpuSet) -> str:
    return f"CPU {cpus} does" if len(cpus) == 1 else f"CPUs {cpus} do"
