"""docker's `update`: its flags in terms of the limits, and then the same procedure as for every other change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nrdctl.cgroup.cpu import quota_of_cpus
from nrdctl.cgroup.plan import Wish
from nrdctl.engine.resources.change import Outcome, Request, change
from nrdctl.errors import InvalidArgument
from nrdctl.model import limit
from nrdctl.model.limit import Assignment

if TYPE_CHECKING:
    from nrdctl.cgroup.own import Own
    from nrdctl.engine.resources.target import Found, Target
    from nrdctl.model.container import Resources


def update(target: Target, resources: Resources, *, force: bool = False, dry_run: bool = False) -> Outcome:
    """Change what the given flags name. Raises InvalidArgument when they contradict each other."""

    def wish(found: Found) -> tuple[Wish, str]:
        return wish_of(resources, found.reading.own), ""

    return change(target, Request(wish=wish, command=("update",)), force=force, dry_run=dry_run)


def wish_of(resources: Resources, own: Own) -> Wish:
    """Return what docker's flags mean for a container that has these values now."""
    assignments = [
        *_cpu(resources, own),
        *_memory(resources, own),
        *_number(limit.MEMORY_LOW, resources.memory_reservation, none_below=0, none=0),
        *_number(limit.PIDS, resources.pids_limit, none_below=1, none=None),
    ]
    return Wish(
        assignments=tuple(assignments),
        cpus=resources.cpuset_cpus,
        mems=resources.cpuset_mems,
        shares=resources.cpu_shares or None,
    )


def _cpu(resources: Resources, own: Own) -> list[Assignment]:
    cpus, quota, period = resources.cpus, resources.cpu_quota, resources.cpu_period
    if cpus is not None:
        if quota is not None or period is not None:
            raise InvalidArgument("--cpus can't be used together with --cpu-quota or --cpu-period")
        amount = quota_of_cpus(cpus)
        return [Assignment(key=limit.CPU, text=f"{cpus:g}", amount=amount, period=limit.DEFAULT_PERIOD)]
    if quota is None and period is None:
        return []
    period = period or own.cpu_period
    wanted = own.cpu_quota if quota is None else quota
    if wanted is None or wanted <= 0:
        return [Assignment(key=limit.CPU, text="max", amount=None)]
    try:
        return [limit.assign(limit.CPU, f"{wanted}/{period}")]
    except ValueError as error:
        raise InvalidArgument(str(error)) from error


def _memory(resources: Resources, own: Own) -> list[Assignment]:
    assignments = _number(limit.MEMORY, resources.memory, none_below=1, none=None)
    total = resources.memory_swap
    if total is None or total == 0:
        return assignments
    memory = assignments[0].amount if assignments else own.memory_max
    if total < 0:
        return [*assignments, Assignment(key=limit.SWAP, text="max", amount=None)]
    if memory is None:
        raise InvalidArgument("--memory-swap needs a memory limit as well", hint="add --memory")
    if total < memory:
        raise InvalidArgument(f"--memory-swap {total} is memory plus swap, so it can't be less than --memory {memory}")
    return [*assignments, Assignment(key=limit.SWAP, text=str(total - memory), amount=total - memory)]


def _number(key: str, value: int | None, *, none_below: int, none: int | None) -> list[Assignment]:
    if value is None:
        return []
    amount = none if value < none_below else value
    return [Assignment(key=key, text="max" if amount is None else str(amount), amount=amount)]
