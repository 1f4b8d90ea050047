"""What must be done once a container's process has ended.

Whoever comes first does it: the client of a foreground run, `stop`, `rm`, or the process that the monitor starts. Each
step may be repeated: the exit is kept as labels before the task that knows it is deleted.
"""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nrdctl.containerd.records import TaskStatus
from nrdctl.engine import labels
from nrdctl.engine.container.networking import release_network
from nrdctl.engine.container.request import Request, request_of, wants_restart
from nrdctl.engine.container.status import format_time, parse_time
from nrdctl.errors import NotFound
from nrdctl.state import volumes

if TYPE_CHECKING:
    from nrdctl.containerd.records import ContainerRecord, Task
    from nrdctl.engine.engine import Engine

# Docker's back-off: 100 ms, doubled at each restart up to a minute; a run of 10 s starts it again.
_FIRST_DELAY, _LONGEST_DELAY, _GOOD_RUN = 0.1, 60.0, 10.0
_KILLED = 128 + 9


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """`restart_after` is the seconds until the container must be started again; None: it stays as it is."""

    exit_code: int
    restart_after: float | None = None


def settle(engine: Engine, container_id: str, *, may_restart: bool) -> Settled:
    """Keep the exit, delete the task, release network and ports, and remove a container that was run with `--rm`.

    With `may_restart`, a container whose policy wants it is left for the restart instead. Raises NotFound for a
    container that is gone.
    """
    with engine.locked("container", container_id):
        record = engine.client.containers.get(container_id)
        task = engine.task(container_id)
        if task is not None and task.status not in (TaskStatus.STOPPED, TaskStatus.CREATED):
            return Settled(exit_code=0)
        request = request_of(record)
        if task is not None and task.status is TaskStatus.STOPPED:
            record = keep_exit(engine, record, task)
        code = int(record.labels.get(labels.EXIT_CODE, "0"))
        if may_restart and task is not None and wants_restart(record, code):
            return Settled(exit_code=code, restart_after=_plan_restart(engine, record))
        _finish(engine, record, request, task)
        return Settled(exit_code=code)


def keep_exit(engine: Engine, record: ContainerRecord, task: Task) -> ContainerRecord:
    """Write a stopped task's exit code and time to the container's labels."""
    if task.status is not TaskStatus.STOPPED:
        return record
    exited = task.exited_at or datetime.now(UTC)
    changes = {labels.EXIT_CODE: str(task.exit_status), labels.EXITED_AT: format_time(exited)}
    if task.exit_status == _KILLED and _lacked_memory(record):
        changes[labels.OOM_KILLED] = "true"
    if all(record.labels.get(key) == value for key, value in changes.items()):
        return record
    return update_labels(engine, record, changes)


def _lacked_memory(record: ContainerRecord) -> bool:
    """Say whether the kernel has killed a process for want of memory: the cgroup stays until the task is deleted.

    Where systemd made it, it may be gone already; then nothing is known.
    """
    from nrdctl.cgroup.driver import UNIFIED, Location  # import cost
    from nrdctl.cgroup.host import discover  # import cost
    from nrdctl.engine.resources.target import own_path, read_sample  # import cost

    host, path = discover(), own_path(record)
    if not path:
        return False
    found = read_sample(host, Location(paths={UNIFIED if host.driver.version == 2 else "memory": path}), ("memory",))
    return found is not None and bool(found.oom_kills)


def update_labels(engine: Engine, record: ContainerRecord, changes: dict[str, str]) -> ContainerRecord:
    """Change labels of a container in one call; an empty value takes a label away."""
    kept = {key: value for key, value in record.labels.items() if key not in changes}
    changed = dataclasses.replace(record, labels={**kept, **{k: v for k, v in changes.items() if v}})
    return engine.client.containers.update(changed, *(f"labels.{key}" for key in changes))


def remove_record(engine: Engine, record: ContainerRecord, *, with_volumes: bool) -> None:
    """Remove a container that has no task: record, snapshot, files, and its anonymous volumes if asked for."""
    request = request_of(record)
    release_network(engine, record.id)
    client = engine.client
    with contextlib.suppress(NotFound):
        client.containers.delete(record.id)
    if record.snapshot_key:
        with contextlib.suppress(NotFound):
            client.snapshots.remove(record.snapshotter, record.snapshot_key)
    shutil.rmtree(engine.layout.container_dir(engine.namespace, record.id), ignore_errors=True)
    shutil.rmtree(engine.layout.run_dir(record.id), ignore_errors=True)
    if with_volumes and request:
        for name in request.anonymous_volumes:
            with contextlib.suppress(NotFound):
                volumes.remove(engine.layout, engine.namespace, name)


def _finish(engine: Engine, record: ContainerRecord, request: Request | None, task: Task | None) -> None:
    # The network first: while the task is there, the monitor tries again what failed.
    release_network(engine, record.id)
    if task is not None:
        with contextlib.suppress(NotFound):
            engine.client.tasks.delete(record.id)
    shutil.rmtree(engine.layout.run_dir(record.id), ignore_errors=True)
    if request and request.config.lifecycle.auto_remove:
        remove_record(engine, record, with_volumes=True)
    elif labels.RESTARTING in record.labels:
        update_labels(engine, record, {labels.RESTARTING: ""})


def _plan_restart(engine: Engine, record: ContainerRecord) -> float:
    """Mark the container as restarting and return the delay in seconds."""
    restarts = int(record.labels.get(labels.RESTARTS, "0"))
    started = parse_time(record.labels.get(labels.STARTED_AT, ""))
    exited = parse_time(record.labels.get(labels.EXITED_AT, ""))
    ran = (exited - started).total_seconds() if started and exited else 0.0
    # The label holds the streak of short runs, which the delay grows with.
    streak = 0 if ran >= _GOOD_RUN else int(record.labels.get(labels.RESTARTING) or restarts)
    update_labels(engine, record, {labels.RESTARTS: str(restarts + 1), labels.RESTARTING: str(streak + 1)})
    return float(min(_FIRST_DELAY * 2 ** min(streak, 16), _LONGEST_DELAY))
