"""Changing limits: all of a change or nothing of it.

lock → find (record, process, cgroup) → plan → journal → the container's spec → the runtime, with the complete set →
the files that the runtime can't write → read everything back, effective values too → commit the journal. On any failure
the files and the spec are put back. The spec is what survives a restart of the container; the runtime has to be told
because runc and systemd write their own idea of a cgroup again later.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from nrdctl.cgroup.effective import Limits, limits_of
from nrdctl.cgroup.plan import Change, Plan, Wish, after_pin, after_unpin, make_plan
from nrdctl.engine.resources import journal
from nrdctl.engine.resources.apply import Progress, apply, put_back, save_spec
from nrdctl.engine.resources.target import Found, find, guard_owner, guard_root, resources_of, still_there
from nrdctl.errors import InvalidArgument, NrdctlError
from nrdctl.model.limit import Assignment, removal
from nrdctl.state.locks import lock

if TYPE_CHECKING:
    from nrdctl.cgroup.driver import FileWrite
    from nrdctl.engine.resources.target import Target
    from nrdctl.model.cpuset import CpuSet

_LOCK_SECONDS = 60.0


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What was done, or with `applied` False (a dry run) what would be.

    `changes` are old and new values by key, `writes` the files, `notes` what the person should know, `limits` what the
    kernel's files say now (None for a dry run, and for a container without a process).
    """

    container_id: str
    name: str
    applied: bool
    changes: tuple[Change, ...]
    writes: tuple[FileWrite, ...]
    notes: tuple[str, ...]
    limits: Limits | None = None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A wish that may depend on what there is, and the words it was made in."""

    wish: Callable[[Found], tuple[Wish, str]]
    command: tuple[str, ...]


def set_limits(
    target: Target, assignments: Sequence[Assignment], *, force: bool = False, dry_run: bool = False
) -> Outcome:
    """Set limits. Raises InvalidArgument, Conflict, Unimplemented, and whatever containerd and the runtime report."""
    wish = Wish(assignments=tuple(assignments))
    command = ("set", *(f"{each.key}={each.text}" for each in assignments))
    return change(target, Request(wish=lambda _: (wish, ""), command=command), force=force, dry_run=dry_run)


def remove_limits(target: Target, keys: Sequence[str], *, force: bool = False, dry_run: bool = False) -> Outcome:
    """Take limits away: the keys go back to "no limit", the weight to its default."""
    try:
        assignments = tuple(each for key in dict.fromkeys(keys) for each in removal(key))
    except ValueError as error:
        raise InvalidArgument(str(error)) from error
    # `memory` takes `swap` along; naming both is no mistake.
    wish = Wish(assignments=tuple({each.key: each for each in assignments}.values()))
    return change(target, Request(wish=lambda _: (wish, ""), command=("remove", *keys)), force=force, dry_run=dry_run)


def pin(
    target: Target,
    cpus: CpuSet,
    *,
    add: bool = False,
    mems: CpuSet | None = None,
    force: bool = False,
    dry_run: bool = False,
) -> Outcome:
    """Let the container run on these CPUs only; with `add`, on these as well. `mems` are NUMA nodes for its memory."""

    def wish(found: Found) -> tuple[Wish, str]:
        return Wish(cpus=after_pin(found.reading, cpus, add=add), mems=mems), ""

    return change(target, Request(wish=wish, command=("pin", str(cpus))), force=force, dry_run=dry_run)


def unpin(target: Target, cpus: CpuSet | None = None, *, force: bool = False, dry_run: bool = False) -> Outcome:
    """Take CPUs out of the container's set; without a list, or when none is left, it may run on all again."""

    def wish(found: Found) -> tuple[Wish, str]:
        pinned = found.reading.pinned_cpus
        rest, note = after_unpin(pinned, cpus)
        mems = found.reading.pinned_mems
        # Nodes without CPUs of the set would make no sense: they were pinned together, so they go together.
        return Wish(cpus=rest, mems=mems - mems if mems and not rest else None), note

    command = ("unpin", *([str(cpus)] if cpus else []))
    return change(target, Request(wish=wish, command=command), force=force, dry_run=dry_run)


def change(target: Target, request: Request, *, force: bool, dry_run: bool) -> Outcome:
    """Make a change, or with `dry_run` only say what would be done."""
    with lock(target.lock, timeout=_LOCK_SECONDS):
        repaired = "" if dry_run else repair(target)
        found = find(target)
        guard_root(found)
        if not force:
            guard_owner(target, found.record)
        wish, note = request.wish(found)
        plan = make_plan(wish, found.situation(target.host), force=force)
        notes = tuple(filter(None, (repaired, note, *plan.notes)))
        if dry_run:
            return _outcome(found, plan, notes, applied=False)
        limits = _carry_out(target, found, plan, request.command)
        return dataclasses.replace(_outcome(found, plan, notes, applied=True), limits=limits)


def repair(target: Target) -> str:
    """Undo a change that a crash interrupted; the text says so, and is empty when there was none. Call it locked."""
    entry = journal.unfinished(target.journal)
    if entry is None:
        return ""
    found = find(target)
    if (found.pid, found.started) != (entry.pid, entry.started):
        found = dataclasses.replace(found, location=None)  # another run of the container: its files came from the spec
    spec_is_ours = resources_of(found.record) == entry.spec_after
    spec_before = entry.spec_before if spec_is_ours else None
    failures = put_back(target, found, entry.before, spec_before=spec_before, progress=Progress(told_runtime=True))
    if failures:
        raise NrdctlError(f"the change of {journal.describe_time(entry)} was interrupted: {'; '.join(failures)}")
    journal.mark(entry, journal.State.UNDONE)
    return (
        f"the change of {journal.describe_time(entry)} ({' '.join(entry.command)}) was interrupted; it was undone first"
    )


def _carry_out(target: Target, found: Found, plan: Plan, command: tuple[str, ...]) -> Limits | None:
    spec_before = resources_of(found.record)
    spec_after = plan.resources(spec_before)
    entry = journal.begin(
        target.journal,
        found.record.id,
        command,
        before=plan.before,
        wanted=plan.wanted,
        spec_before=copy.deepcopy(spec_before),
        spec_after=spec_after,
        pid=found.pid,
        started=found.started,
    )
    progress = Progress()
    try:
        save_spec(target, found.record, spec_after)
        reading = apply(target, found, plan, progress) if found.running else None
    except BaseException as error:
        failures = put_back(target, found, entry.before, spec_before=spec_before, progress=progress)
        if not failures:
            journal.mark(entry, journal.State.UNDONE)
        _tell(found, failures, error)
        raise
    journal.mark(entry, journal.State.DONE)
    return None if reading is None else limits_of(reading)


def _tell(found: Found, failures: list[str], error: BaseException) -> None:
    """Say in the error what has become of the container."""
    if not isinstance(error, NrdctlError):
        return
    what = "could not be put back: " + "; ".join(failures) if failures else "everything is as it was before"
    if found.running and not still_there(found):
        what = "the container has exited meanwhile"
    error.message = f"{error.message} ({what})"
    error.args = (error.message,)


def _outcome(found: Found, plan: Plan, notes: tuple[str, ...], *, applied: bool) -> Outcome:
    return Outcome(
        container_id=found.record.id,
        name=found.name,
        applied=applied,
        changes=plan.changes,
        writes=plan.writes,
        notes=notes,
    )
