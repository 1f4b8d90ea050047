"""`rm`: from a stopped container (or, forced, any) to nothing."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from nrdctl.containerd.records import TaskStatus
from nrdctl.engine.container.settle import remove_record
from nrdctl.engine.container.stop import KILL, STOP_SECONDS, claimed
from nrdctl.engine.labels import display_name
from nrdctl.engine.resolve import resolve
from nrdctl.errors import Conflict, DeadlineExceeded, NotFound, NrdctlError

if TYPE_CHECKING:
    from nrdctl.containerd.records import ContainerRecord
    from nrdctl.engine.engine import Engine


def remove(engine: Engine, reference: str, *, force: bool = False, volumes: bool = False) -> None:
    """Remove a container. Raises NotFound, or Conflict when it runs and `force` is not given."""
    remove_container(engine, resolve(engine.client, reference), force=force, volumes=volumes)


def remove_container(engine: Engine, record: ContainerRecord, *, force: bool, volumes: bool) -> None:
    """Remove a container that has been looked up; also what a killed command left half-made."""
    with claimed(engine, record.id), engine.locked("container", record.id):
        _end_task(engine, record, force=force)
        remove_record(engine, record, with_volumes=volumes)


def _end_task(engine: Engine, record: ContainerRecord, *, force: bool) -> None:
    tasks = engine.client.tasks
    try:
        status = tasks.get(record.id).status
    except NotFound:
        return
    if status in (TaskStatus.RUNNING, TaskStatus.PAUSED, TaskStatus.PAUSING) and not force:
        called = display_name(record.labels)
        running = "container is running: stop the container before removing or force remove"
        why = running if status is TaskStatus.RUNNING else "container is paused and must be unpaused first"
        raise Conflict(f'cannot remove container "{f"/{called}" if called else record.id}": {why}')
    with contextlib.suppress(NotFound):
        if status is not TaskStatus.STOPPED:
            tasks.kill(record.id, KILL, all=True)
            try:
                tasks.wait(record.id, timeout=STOP_SECONDS)
            except DeadlineExceeded:
                raise NrdctlError(f"container {record.id} does not end although it was killed") from None
        tasks.delete(record.id)
