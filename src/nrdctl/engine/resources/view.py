"""The limits of containers, for `list`, `describe` and `container limits`, without another call to containerd."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from nrdctl.cgroup.effective import Limits, limits_of
from nrdctl.engine import labels
from nrdctl.engine.resources.target import look, owner_of, spec_reading
from nrdctl.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from nrdctl.cgroup.host import Host
    from nrdctl.cgroup.sample import CgroupSample
    from nrdctl.containerd.records import ContainerRecord, Task


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ContainerLimits:
    """One container's limits and, when it runs, what it uses.

    `state` is the task's (`created` without one). For a container without a process the limits are those of its spec,
    and `pid` is 0. `owner` says who else manages them.
    """

    container_id: str
    name: str
    namespace: str
    image: str
    state: str
    pid: int
    owner: str
    limits: Limits
    sample: CgroupSample | None = None


def view_limits(
    host: Host, namespace: str, records: Iterable[ContainerRecord], tasks: Mapping[str, Task]
) -> list[ContainerLimits]:
    """Return the limits of containers, in order; `tasks` by container id."""
    return [view_one(host, namespace, record, tasks.get(record.id)) for record in records]


def view_one(host: Host, namespace: str, record: ContainerRecord, task: Task | None) -> ContainerLimits:
    """Return the limits of one container. One that goes away meanwhile is shown by its spec."""
    state = "created" if task is None else str(task.status)
    try:
        found = look(host, record, task)
        reading, pid, sample = found.reading, found.pid, found.sample
    except (NotFound, Unavailable):
        reading, pid, sample = spec_reading(host, record), 0, None
    return ContainerLimits(
        container_id=record.id,
        name=labels.display_name(record.labels),
        namespace=namespace,
        image=record.image,
        state=state,
        pid=pid,
        owner=owner_of(namespace, record),
        limits=limits_of(reading),
        sample=sample,
    )
