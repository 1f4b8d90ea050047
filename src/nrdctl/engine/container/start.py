"""`start`: from a created or exited container to a running one.

The order is what makes a kill at any point harmless: the network's intent is written before its first plugin runs, the
monitor knows the init process before that process may run, and the task is started last.
"""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from nrdctl.conmon.client import MonitorClient
from nrdctl.containerd.records import TaskStatus
from nrdctl.engine import labels
from nrdctl.engine.container.monitoring import prepare_monitor
from nrdctl.engine.container.networking import ContainerNetwork
from nrdctl.engine.container.request import Request, request_of
from nrdctl.engine.container.settle import keep_exit, update_labels
from nrdctl.engine.container.status import format_time
from nrdctl.errors import Conflict, NotFound, NrdctlError, StartFailed

if TYPE_CHECKING:
    from nrdctl.containerd.exits import PendingExit
    from nrdctl.containerd.records import ContainerRecord
    from nrdctl.engine.engine import Engine


@dataclasses.dataclass(kw_only=True)
class Attachment:
    """A client of the container's monitor that saw the start: nothing that the process wrote can be missed."""

    monitor: MonitorClient
    exit: PendingExit


@dataclasses.dataclass(frozen=True, slots=True)
class _Client:
    """Who starts the container, and whether that process will clean up after the exit."""

    claims: bool


_BACKGROUND = _Client(claims=False)


def start(engine: Engine, record: ContainerRecord) -> None:
    """Start a container in the background. Starting a running one does nothing, as with docker."""
    with engine.locked("container", record.id), contextlib.ExitStack() as stack:
        record = engine.client.containers.get(record.id)
        if not is_running(engine, record):
            _launch(engine, record, stack, _BACKGROUND)


def start_attached(engine: Engine, record: ContainerRecord, *, claim: bool) -> Attachment:
    """Start a container as a client of its monitor; with `claim`, this process will clean up after the exit."""
    with engine.locked("container", record.id), contextlib.ExitStack() as stack:
        record = engine.client.containers.get(record.id)
        if is_running(engine, record):
            raise Conflict(f"container {record.id} is already running")
        return _launch(engine, record, stack, _Client(claims=claim))


def restart_after_exit(engine: Engine, record: ContainerRecord) -> bool:
    """Start a container again by its policy, unless somebody stopped or removed it meanwhile."""
    with engine.locked("container", record.id), contextlib.ExitStack() as stack:
        record = engine.client.containers.get(record.id)
        if labels.RESTARTING not in record.labels or is_running(engine, record):
            return False
        _launch(engine, record, stack, _BACKGROUND)
        return True


def is_running(engine: Engine, record: ContainerRecord) -> bool:
    """Say whether the container's process exists."""
    task = engine.task(record.id)
    return task is not None and task.status in (TaskStatus.RUNNING, TaskStatus.PAUSED, TaskStatus.PAUSING)


def _launch(engine: Engine, record: ContainerRecord, stack: contextlib.ExitStack, client: _Client) -> Attachment:
    """Start with the lock held; on failure everything that was made is undone and the error is kept on the record."""
    request = request_of(record)
    if request is None:
        raise Conflict(f"container {record.id} was not made by nrdctl", hint="start it with the tool that created it")
    try:
        with contextlib.ExitStack() as undo:
            _delete_old_task(engine, record)
            attachment = _start_task(engine, record, request, undo, client)
            undo.pop_all()
    except NrdctlError as error:
        _keep_failure(engine, record, error)
        raise
    if client is _BACKGROUND:
        stack.callback(attachment.monitor.close)
    return attachment


def _start_task(
    engine: Engine, record: ContainerRecord, request: Request, undo: contextlib.ExitStack, who: _Client
) -> Attachment:
    client, run_dir = engine.client, engine.layout.run_dir(record.id)
    run_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
    undo.callback(shutil.rmtree, run_dir, ignore_errors=True)
    network = ContainerNetwork(engine, record, request)
    undo.callback(network.detach)
    network.prepare()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="cni") as worker:
        attaching: Future[None] = worker.submit(network.attach)
        streams = prepare_monitor(engine, record, request)
        undo.callback(_end_monitor, run_dir)
        mounts = client.snapshots.mounts(record.snapshotter, record.snapshot_key)
        pid = client.tasks.create(record.id, mounts, streams, runtime=record.runtime)
        undo.callback(_delete_task, engine, record.id)
        attaching.result()
    monitor = MonitorClient(run_dir)
    monitor.connect()
    undo.callback(monitor.close)
    network.hand_over(monitor)
    monitor.send_pid(pid)
    if who.claims:
        monitor.claim()
    if who is not _BACKGROUND:
        monitor.subscribe(stdin=request.stdin_once)
    network.write_names()
    pending = client.tasks.wait_async(record.id)
    undo.callback(pending.cancel)
    _mark_started(engine, record)
    client.tasks.start(record.id)
    return Attachment(monitor=monitor, exit=pending)


def _end_monitor(run_dir: Path) -> None:
    """End a monitor that reads FIFOs: unlike one that the shim started, it is not told of the task's end."""
    monitor = MonitorClient(run_dir)
    with contextlib.suppress(NrdctlError):
        monitor.connect()
        monitor.quit()
    monitor.close()


def _delete_old_task(engine: Engine, record: ContainerRecord) -> None:
    """Remove the stopped task of the run before, or one that was created and never started."""
    task = engine.task(record.id)
    if task is not None:
        keep_exit(engine, record, task)
        _delete_task(engine, record.id)


def _delete_task(engine: Engine, container_id: str) -> None:
    with contextlib.suppress(NrdctlError):
        engine.client.tasks.kill(container_id, 9)
    with contextlib.suppress(NotFound):
        engine.client.tasks.delete(container_id)


def _mark_started(engine: Engine, record: ContainerRecord) -> None:
    """Write the time of the start and forget the last run's end."""
    changes = {
        labels.STARTED_AT: format_time(datetime.now(UTC)),
        labels.EXIT_CODE: "",
        labels.EXITED_AT: "",
        labels.ERROR: "",
        labels.STOPPED_BY_USER: "",
        labels.RESTARTING: "",
        labels.OOM_KILLED: "",
    }
    if labels.RESTARTING not in record.labels:
        changes[labels.RESTARTS] = ""
    update_labels(engine, record, changes)


def _keep_failure(engine: Engine, record: ContainerRecord, error: NrdctlError) -> None:
    changes = {labels.ERROR: error.message[:1000], labels.STARTED_AT: "", labels.RESTARTING: ""}
    if isinstance(error, StartFailed):
        changes[labels.EXIT_CODE] = str(error.exit_code)
    with contextlib.suppress(NrdctlError):
        update_labels(engine, record, changes)
