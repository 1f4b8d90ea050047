"""`stop`, `kill`, `restart` and `wait`: how a container's process ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nrdctl.conmon.client import MonitorClient
from nrdctl.containerd.records import TaskStatus
from nrdctl.engine import labels
from nrdctl.engine.container.request import Request, request_of
from nrdctl.engine.container.settle import settle, update_labels
from nrdctl.engine.container.start import start
from nrdctl.engine.resolve import resolve
from nrdctl.errors import Conflict, DeadlineExceeded, InvalidArgument, NotFound, NrdctlError, Unavailable
from nrdctl.model.signal import parse_signal

if TYPE_CHECKING:
    from nrdctl.containerd.records import ContainerRecord, Task
    from nrdctl.engine.engine import Engine

STOP_SECONDS = 10
KILL, TERMINATE = 9, 15


def stop(engine: Engine, reference: str, *, signal: str | None = None, seconds: int | None = None) -> None:
    """Stop a container: its stop signal, then after the grace period SIGKILL. Stopping a stopped one does nothing.

    `seconds` -1 waits for ever. Restart policies don't act afterwards.
    """
    stop_record(engine, resolve(engine.client, reference), signal=signal, seconds=seconds)


def stop_record(engine: Engine, record: ContainerRecord, *, signal: str | None, seconds: int | None) -> None:
    """Stop a container that has been looked up."""
    request = request_of(record)
    process = request.config.process if request else None
    number = _parse(signal) if signal else _stop_signal(request)
    grace = seconds if seconds is not None else process.stop_timeout if process else None
    grace = STOP_SECONDS if grace is None else grace
    if request:
        record = update_labels(engine, record, {labels.STOPPED_BY_USER: "true", labels.RESTARTING: ""})
    with claimed(engine, record.id):
        task = engine.task(record.id)
        if task is not None and task.status is not TaskStatus.STOPPED:
            _end(engine, record.id, task, number, grace)
        with contextlib.suppress(NotFound):
            settle(engine, record.id, may_restart=False)


def kill(engine: Engine, reference: str, *, signal: str = "KILL") -> None:
    """Send a signal to a container's process. Raises Conflict when it does not run.

    A signal that ends the process by definition counts as an explicit stop; any other leaves restart policies alone.
    """
    number = _parse(signal)
    record = resolve(engine.client, reference)
    task = engine.task(record.id)
    if task is None or task.status not in (TaskStatus.RUNNING, TaskStatus.PAUSED):
        raise Conflict(f"Cannot kill container: {reference}: container {record.id} is not running")
    request = request_of(record)
    ends = number in (KILL, _stop_signal(request))
    if request and ends:
        update_labels(engine, record, {labels.STOPPED_BY_USER: "true"})
    if number != KILL:
        engine.client.tasks.kill(record.id, number)
        return
    with claimed(engine, record.id):
        engine.client.tasks.kill(record.id, KILL, all=True)
        with contextlib.suppress(NotFound):
            engine.client.tasks.wait(record.id, timeout=STOP_SECONDS)
            settle(engine, record.id, may_restart=False)


def restart(engine: Engine, reference: str, *, signal: str | None = None, seconds: int | None = None) -> None:
    """Stop a container if it runs, and start it."""
    record = resolve(engine.client, reference)
    stop_record(engine, record, signal=signal, seconds=seconds)
    start(engine, engine.client.containers.get(record.id))


def wait(engine: Engine, reference: str) -> int:
    """Wait until a container does not run and return its exit code; that of a container which ended is known."""
    record = resolve(engine.client, reference)
    with contextlib.suppress(NotFound):
        if engine.task(record.id) is not None:
            return engine.client.tasks.wait(record.id).status
    with contextlib.suppress(NotFound):
        record = engine.client.containers.get(record.id)
    return int(record.labels.get(labels.EXIT_CODE, "0"))


@contextlib.contextmanager
def claimed(engine: Engine, container_id: str) -> Iterator[None]:
    """Tell the container's monitor, if there is one, that this process will do the cleaning up."""
    monitor = MonitorClient(engine.layout.run_dir(container_id))
    try:
        with contextlib.suppress(Unavailable):
            monitor.connect()
            monitor.claim()
        yield
        with contextlib.suppress(Conflict):  # it goes on running
            monitor.quit()
    finally:
        monitor.close()


def _end(engine: Engine, container_id: str, task: Task, number: int, grace: int) -> None:
    """Signal, wait for the grace period, kill, wait. A paused container is resumed, or it could not take the signal."""
    tasks = engine.client.tasks
    with contextlib.suppress(NotFound):
        if task.status in (TaskStatus.PAUSED, TaskStatus.PAUSING):
            tasks.resume(container_id)
        tasks.kill(container_id, number)
        try:
            tasks.wait(container_id, timeout=None if grace < 0 else grace)
        except DeadlineExceeded:
            tasks.kill(container_id, KILL, all=True)
            try:
                tasks.wait(container_id, timeout=STOP_SECONDS)
            except DeadlineExceeded:
                raise NrdctlError(f"container {container_id} does not end although it was killed") from None


def _parse(signal: str) -> int:
    try:
        return parse_signal(signal)
    except ValueError as error:
        raise InvalidArgument(str(error)) from None


def _stop_signal(request: Request | None) -> int:
    """Return the container's stop signal; SIGTERM where its image names one that does not exist."""
    if request is not None:
        with contextlib.suppress(ValueError):
            return parse_signal(request.stop_signal)
    return TERMINATE
