"""`system prune`: stopped containers, and what commands that were killed left behind."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from nrdctl.containerd.records import ContainerRecord, SnapshotKind, TaskStatus
from nrdctl.engine import labels
from nrdctl.engine.container.networking import release_network
from nrdctl.engine.container.remove import remove_container
from nrdctl.engine.container.status import state_of
from nrdctl.engine.procinfo import is_alive
from nrdctl.errors import NotFound, NrdctlError
from nrdctl.network import netns
from nrdctl.state.locks import try_lock
from nrdctl.state.volumes import clear_leftovers

if TYPE_CHECKING:
    from nrdctl.containerd.client import Client
    from nrdctl.engine.engine import Engine

_ID = re.compile("[0-9a-f]{64}")


@dataclasses.dataclass(kw_only=True)
class Pruned:
    """What was removed: IDs of containers, and a line for each leftover."""

    containers: list[str] = dataclasses.field(default_factory=list)
    leftovers: list[str] = dataclasses.field(default_factory=list)


def prune(engine: Engine) -> Pruned:
    """Remove all stopped containers of the namespace and every leftover of ours."""
    pruned = Pruned()
    tasks = {task.container_id: task for task in engine.client.tasks.list()}
    for record in engine.client.containers.list():
        if state_of(record, tasks.get(record.id)).name in ("exited", "created"):
            with contextlib.suppress(NrdctlError):
                remove_container(engine, record, force=False, volumes=False)
                pruned.containers.append(record.id)
    known = {record.id for record in engine.client.containers.list()}
    _orphaned_tasks(engine, known, pruned)
    _orphaned_folders(engine, known, pruned)
    _orphaned_run_folders(engine, pruned)
    _dead_leases(engine.client, pruned)
    clear_leftovers(engine.layout, engine.namespace)
    return pruned


def _orphaned_tasks(engine: Engine, known: set[str], pruned: Pruned) -> None:
    """End tasks whose record is gone. containerd deletes a task only by its record, so one is made for the purpose."""
    client = engine.client
    for task in client.tasks.list():
        if task.container_id in known:
            continue
        with contextlib.suppress(NrdctlError):
            client.containers.create(ContainerRecord(id=task.container_id, runtime=engine.runtime, spec_json=b"{}"))
            try:
                if task.status is not TaskStatus.STOPPED:
                    client.tasks.kill(task.container_id, 9, all=True)
                    client.tasks.wait(task.container_id, timeout=10)
                client.tasks.delete(task.container_id)
            finally:
                client.containers.delete(task.container_id)
            pruned.leftovers.append(f"task {task.container_id}")


def _orphaned_folders(engine: Engine, known: set[str], pruned: Pruned) -> None:
    """Release networks and remove files of containers that do not exist, unless a command is at work on them."""
    layout = engine.layout
    folders = _subfolders(layout.containers_dir(engine.namespace))
    for container_id in sorted(folders - known):
        with try_lock(layout.lock_path("container", container_id)) as free:
            if not free or _recent(layout.container_dir(engine.namespace, container_id), engine):
                continue
            with contextlib.suppress(NrdctlError):
                release_network(engine, container_id)
                shutil.rmtree(layout.container_dir(engine.namespace, container_id), ignore_errors=True)
                shutil.rmtree(layout.run_dir(container_id), ignore_errors=True)
                _remove_snapshot(engine, container_id)
                pruned.leftovers.append(f"files of container {container_id}")


def _orphaned_run_folders(engine: Engine, pruned: Pruned) -> None:
    """Remove the volatile folders of containers that exist in no namespace: they have none in their names."""
    layout = engine.layout
    folders = {name for name in _subfolders(layout.run) if _ID.fullmatch(name)}
    if not folders:
        return
    namespaces = [namespace.name for namespace in engine.client.namespaces.list()]
    known = {record.id for name in namespaces for record in engine.client.at(name).containers.list()}
    for container_id in sorted(folders - known):
        with try_lock(layout.lock_path("container", container_id)) as free:
            if free:
                netns.remove(layout.netns_path(container_id))
                shutil.rmtree(layout.run_dir(container_id), ignore_errors=True)
                pruned.leftovers.append(f"run folder of container {container_id}")


def _recent(folder: Path, engine: Engine) -> bool:
    """Say whether a `create` that still runs may own the folder: one of our leases has a living owner."""
    young = datetime.fromtimestamp(folder.stat().st_mtime, UTC) > datetime.now(UTC) - timedelta(minutes=5)
    return young and any(is_alive(lease.labels.get(labels.OWNER, "")) for lease in engine.client.leases.list())


def _remove_snapshot(engine: Engine, key: str) -> None:
    with contextlib.suppress(NotFound):
        if engine.client.snapshots.stat(engine.settings.snapshotter, key).kind is SnapshotKind.ACTIVE:
            engine.client.snapshots.remove(engine.settings.snapshotter, key)


def _dead_leases(client: Client, pruned: Pruned) -> None:
    """Delete the leases of commands that do not run any more, and let the garbage collector take what they kept."""
    for lease in client.leases.list():
        owner = lease.labels.get(labels.OWNER)
        if owner and not is_alive(owner):
            with contextlib.suppress(NotFound):
                client.leases.delete(lease.id, sync=True)
                pruned.leftovers.append(f"lease {lease.id}")


def _subfolders(folder: Path) -> set[str]:
    return {child.name for child in folder.iterdir()} if folder.is_dir() else set()
