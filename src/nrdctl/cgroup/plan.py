"""From a wish to a plan: pure, so that everything is checked before anything is changed.

The kernel is a poor judge: it accepts CPUs outside the parent's set, a memory limit that kills, `20000us`. So what
makes no sense is refused here, with one message that says why.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nrdctl.cgroup.checks import Checker
from nrdctl.cgroup.driver import Reading
from nrdctl.cgroup.own import CPUS, MEMS, Own
from nrdctl.cgroup.resources import Resources, merge, runtime_document
from nrdctl.cgroup.writes import file_writes
from nrdctl.errors import InvalidArgument
from nrdctl.model import limit
from nrdctl.model.cpuset import CpuSet

if TYPE_CHECKING:
    from nrdctl.cgroup.driver import FileWrite, HostFacts
    from nrdctl.cgroup.sample import CgroupSample
    from nrdctl.model.limit import Assignment


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What someone wants to change. For `cpus` and `mems` None leaves them alone and the empty set unpins.

    `shares` is docker's way to say a weight.
    """

    assignments: tuple[Assignment, ...] = ()
    cpus: CpuSet | None = None
    mems: CpuSet | None = None
    shares: int | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys that are touched, in order."""
        others = ((limit.CPU_WEIGHT, self.shares), (CPUS, self.cpus), (MEMS, self.mems))
        return (*(each.key for each in self.assignments), *(key for key, value in others if value is not None))


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """What there is: the cgroup's files (or, for a container that isn't running, what its spec asks for), the host.

    `systemd` says that systemd manages the cgroup, `running` that there is one. `sample` is for the checks of usage.
    """

    reading: Reading
    facts: HostFacts
    sample: CgroupSample | None = None
    systemd: bool = False
    running: bool = True


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One key's old and new value, for people: `200000/100000` → `max`."""

    key: str
    old: str
    new: str


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is to be done: `writes` in order, `runtime` for `Tasks.Update` (complete), `notes` for the person.

    `unpinned` names those of `cpus` and `mems` that are given back. With `needs_cpuset` the cpuset controller must be
    enabled for the cgroup first.
    """

    version: int
    before: Own
    wanted: Own
    keys: tuple[str, ...]
    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    writes: tuple[FileWrite, ...]
    runtime: Resources
    unpinned: tuple[str, ...] = ()
    needs_cpuset: bool = False

    def resources(self, current: Mapping[str, Any]) -> Resources:
        """Return the `linux.resources` to keep in the container's spec, from those that are there."""
        keep = self.wanted  # v1 lists the parent's CPUs in an unpinned cgroup; the spec must not
        keep = dataclasses.replace(keep, cpus=CpuSet()) if CPUS in self.unpinned else keep
        keep = dataclasses.replace(keep, mems=CpuSet()) if MEMS in self.unpinned else keep
        return merge(current, self.keys, keep, version=self.version)


def make_plan(wish: Wish, situation: Situation, *, force: bool = False) -> Plan:
    """Check the wish against what there is and return what to do.

    Raises InvalidArgument for nonsense, Conflict where the state forbids it, Unimplemented where the kernel lacks it.
    `force` lifts the guards against what is probably a mistake (all CPUs, 1 MiB, memory that is in use).
    """
    if len(set(wish.keys)) < len(wish.keys):
        twice = next(key for key in wish.keys if wish.keys.count(key) > 1)
        raise InvalidArgument(f"{twice} is given twice")
    reading, facts = situation.reading, situation.facts
    checker = Checker(situation, force=force)
    wanted = reading.own
    for assignment in wish.assignments:
        wanted = checker.apply(wanted, assignment)
    if wish.shares is not None:
        wanted = checker.shares(wanted, wish.shares)
    if wish.mems is not None:
        wanted = checker.pin_mems(wanted, wish.mems)
    if wish.cpus is not None:
        wanted = checker.pin_cpus(wanted, wish.cpus)
    wanted = checker.finish(wanted)
    keys = checker.touched(wish.keys)
    needs_cpuset = situation.running and any(key not in reading.supported for key in keys if key in (CPUS, MEMS))
    supported = reading.supported | ({CPUS, MEMS} if needs_cpuset else set())
    writes = file_writes(reading.own, wanted, facts)
    return Plan(
        version=facts.version,
        before=reading.own,
        wanted=wanted,
        keys=keys,
        changes=tuple(_change(key, reading, wanted, wish) for key in keys),
        notes=tuple(checker.notes),
        writes=writes if situation.running else (),
        runtime=runtime_document(wanted, frozenset(supported), version=facts.version) if situation.running else {},
        needs_cpuset=needs_cpuset,
        unpinned=tuple(key for key, pins in ((CPUS, wish.cpus), (MEMS, wish.mems)) if pins is not None and not pins),
    )


def after_pin(reading: Reading, cpus: CpuSet, *, add: bool) -> CpuSet:
    """Return the CPUs that `pin` asks for; with `add` those that the container is pinned to already stay."""
    return (reading.pinned_cpus | cpus) if add else cpus


def after_unpin(pinned: CpuSet, cpus: CpuSet | None) -> tuple[CpuSet, str]:
    """Return (the CPUs that stay after `unpin`, a note): the empty set, if none stays or no list was given."""
    if cpus is None:
        return CpuSet(), "" if pinned else "it was not pinned"
    if not pinned:
        return CpuSet(), "it was not pinned"
    foreign = cpus - pinned
    note = f"it was not pinned to CPU {foreign}" if foreign else ""
    return pinned - cpus, note


def mismatches(plan: Plan, reading: Reading, *, online: CpuSet) -> list[str]:
    """Compare what the kernel's files say now with the plan: one text per difference in what was to be changed."""
    result = []
    for key in plan.keys:
        if key == CPUS:
            result.extend(_cpuset_mismatch("cpuset.cpus", plan, reading, online))
        elif key == MEMS:
            shall = CpuSet() if key in plan.unpinned else plan.wanted.mems
            got = reading.pinned_mems if key in plan.unpinned else reading.own.mems
            if shall != got:
                result.append(f"cpuset.mems: {got.format() or 'all'} instead of {shall.format() or 'all'}")
        elif plan.wanted.text(key) != reading.own.text(key):
            result.append(f"{key}: {reading.own.text(key)} instead of {plan.wanted.text(key)}")
    return result


def _cpuset_mismatch(name: str, plan: Plan, reading: Reading, online: CpuSet) -> list[str]:
    if CPUS in plan.unpinned:
        pinned = reading.pinned_cpus
        return [f"{name}: still {pinned}"] if pinned else []
    shall = plan.wanted.cpus
    if reading.own.cpus != shall:
        return [f"{name}: {reading.own.cpus.format() or 'empty'} instead of {shall}"]
    usable = shall & online
    if usable and reading.cpus_effective != usable:
        return [f"{name}: the kernel grants {reading.cpus_effective} of {shall} (see the ancestors of {reading.path})"]
    return []


def _change(key: str, reading: Reading, wanted: Own, wish: Wish) -> Change:
    if key == CPUS and wish.cpus is not None:
        return Change(key=key, old=reading.pinned_cpus.format() or "all", new=wish.cpus.format() or "all")
    if key == MEMS and wish.mems is not None:
        return Change(key=key, old=reading.pinned_mems.format() or "all", new=wish.mems.format() or "all")
    return Change(key=key, old=reading.own.text(key), new=wanted.text(key))


def stopped_reading(own: Own, facts: HostFacts, parent_path: str, granted: tuple[CpuSet, CpuSet]) -> Reading:
    """Return the reading that stands for a container without a cgroup: it can have all that this kernel offers.

    `granted` is what the cgroup that will be its parent has: CPUs and NUMA nodes.
    """
    keys = {*limit.KEYS, CPUS, MEMS}
    if facts.version == 1:
        keys.discard(limit.MEMORY_HIGH)
    cpus, mems = granted
    return Reading(
        path="",
        own=own,
        supported=frozenset(keys),
        cpus_effective=own.cpus & cpus or cpus,
        mems_effective=own.mems & mems or mems,
        parent_path=parent_path,
        parent_cpus=cpus,
        parent_mems=mems,
        asked_cpus=own.cpus,
        asked_mems=own.mems,
    )
