"""The container whose limits are looked at or changed: its record, its process, its cgroup."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nrdctl.cgroup.plan import Situation, stopped_reading
from nrdctl.cgroup.resources import own_of_resources
from nrdctl.containerd.records import ContainerRecord, Task, TaskStatus
from nrdctl.engine import labels
from nrdctl.engine.procinfo import start_time
from nrdctl.errors import Conflict, NotFound, Unavailable

if TYPE_CHECKING:
    from nrdctl.cgroup.driver import Location, Reading
    from nrdctl.cgroup.host import Host
    from nrdctl.cgroup.sample import CgroupSample
    from nrdctl.containerd.client import Client
    from nrdctl.engine.engine import Engine

_ALIVE = (TaskStatus.CREATED, TaskStatus.RUNNING, TaskStatus.PAUSED, TaskStatus.PAUSING)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A container in the client's namespace. `journal` is the folder of its journal, `lock` the file of its lock."""

    client: Client
    container_id: str
    host: Host
    journal: Path
    lock: Path


def target_of(engine: Engine, host: Host, container_id: str) -> Target:
    """Return the target for a container of the engine's namespace; `host` comes from `nrdctl.cgroup.host.discover`."""
    return Target(
        client=engine.client,
        container_id=container_id,
        host=host,
        journal=engine.layout.container_dir(engine.namespace, container_id) / "resources",
        lock=engine.layout.lock_path("container", container_id),
    )


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A container as it is now; without a process, `pid` is 0 and `location` None."""

    record: ContainerRecord
    reading: Reading
    pid: int = 0
    started: int = 0
    location: Location | None = None
    sample: CgroupSample | None = None

    @property
    def name(self) -> str:
        """What to call the container in messages."""
        return labels.display_name(self.record.labels) or self.record.id[:12]

    @property
    def running(self) -> bool:
        """Whether there is a cgroup to change."""
        return self.location is not None

    def situation(self, host: Host) -> Situation:
        """Return what the planner needs."""
        return Situation(
            reading=self.reading,
            facts=host.facts,
            sample=self.sample,
            systemd=is_systemd(self.record),
            running=self.running,
        )


def find(target: Target) -> Found:
    """Look the container up. Raises NotFound, or Unavailable when its shim doesn't answer."""
    record = target.client.containers.get(target.container_id)
    try:
        task: Task | None = target.client.tasks.get(record.id)
    except NotFound:
        task = None
    return look(target.host, record, task)


def look(host: Host, record: ContainerRecord, task: Task | None, *, sample: bool = True) -> Found:
    """Read the container's cgroup, or without a process what its spec asks for."""
    if task is not None and task.status is TaskStatus.UNKNOWN:
        raise Unavailable(f"the shim of container {record.id[:12]} doesn't answer")
    if task is None or task.status not in _ALIVE:
        return Found(record=record, reading=spec_reading(host, record))
    started = start_time(task.pid)
    location = host.driver.locate(task.pid, record.id)
    # The pid may have been another process' for a moment already: what was read belongs to the container only if not.
    if started is None or start_time(task.pid) != started:
        raise NotFound(f"container {record.id[:12]} has just exited")
    asked = own_of_resources(resources_of(record), version=host.facts.version)
    reading = dataclasses.replace(host.driver.read(location), asked_cpus=asked.cpus, asked_mems=asked.mems)
    return Found(
        record=record,
        reading=reading,
        pid=task.pid,
        started=started,
        location=location,
        sample=read_sample(host, location) if sample else None,
    )


def still_there(found: Found) -> bool:
    """Say whether the process that the cgroup was found by is still the same."""
    return found.pid != 0 and start_time(found.pid) == found.started


def spec_reading(host: Host, record: ContainerRecord) -> Reading:
    """Return the reading that stands for a container without a process."""
    own = own_of_resources(resources_of(record), version=host.facts.version)
    parent = parent_path(_linux(record).get("cgroupsPath") or "")
    return stopped_reading(own, host.facts, parent, host.driver.granted(parent))


def read_sample(
    host: Host, location: Location, groups: tuple[str, ...] = ("cpu", "memory", "pids")
) -> CgroupSample | None:
    """Read the counters once; None when the cgroup is gone."""
    sampler = host.driver.sampler(location, groups)
    if sampler is None:
        return None
    try:
        return sampler.read(time.monotonic_ns())
    finally:
        sampler.close()


def resources_of(record: ContainerRecord) -> dict[str, Any]:
    """Return `linux.resources` of a container's spec."""
    resources = _linux(record).get("resources")
    return resources if isinstance(resources, dict) else {}


def is_systemd(record: ContainerRecord) -> bool:
    """Say whether systemd manages the container's cgroup: its path is then `slice:prefix:name`."""
    return record.runtime.systemd_cgroup or (_linux(record).get("cgroupsPath") or "").count(":") == 2


def parent_path(cgroups_path: str) -> str:
    """Return the cgroup that a container with this `linux.cgroupsPath` will be made in.

    >>> parent_path("/default/web"), parent_path("a-b.slice:nerdctl:web")
    ('/default', '/a.slice/a-b.slice')
    """
    if cgroups_path.count(":") == 2:
        parts = cgroups_path.partition(":")[0].removesuffix(".slice").split("-")
        return "/" + "/".join("-".join(parts[: count + 1]) + ".slice" for count in range(len(parts)))
    return cgroups_path.rpartition("/")[0] or "/"


def own_path(record: ContainerRecord) -> str:
    """Return the path of the container's cgroup; empty when its spec names none."""
    path = _linux(record).get("cgroupsPath") or ""
    _, _, scope = path.partition(":")
    return f"{parent_path(path)}/{scope.replace(':', '-')}.scope" if scope else path


def guard_owner(target: Target, record: ContainerRecord) -> None:
    """Refuse a container that somebody else keeps the limits of. Raises Conflict."""
    owner = owner_of(target.client.namespace, record)
    if owner:
        raise Conflict(
            f"{owner} manages this container: it doesn't see the change, and undoes it at the container's next restart",
            hint="change it there, or use --force to change it here anyway",
        )


def owner_of(namespace: str, record: ContainerRecord) -> str:
    """Return who else keeps a record of the container's limits; empty when nobody does."""
    if namespace == "k8s.io" or "io.kubernetes.pod.name" in record.labels:
        return "Kubernetes"
    return "Docker" if namespace == "moby" else ""


def guard_root(found: Found) -> None:
    """Refuse a container without a cgroup of its own. Raises Conflict."""
    if found.location is not None and found.location.path == "/":
        raise Conflict(f"{found.name} has no cgroup of its own, so it has no limits that could be changed")


def _linux(record: ContainerRecord) -> dict[str, Any]:
    linux = record.spec.get("linux")
    return linux if isinstance(linux, dict) else {}
