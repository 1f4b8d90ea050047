"""Which containers there are: asked of containerd now and then, in the background, for a shim may be slow."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from nrdctl.containerd.records import TaskStatus
from nrdctl.engine import labels
from nrdctl.engine.container.status import state_of
from nrdctl.errors import InvalidArgument, NotFound, NrdctlError
from nrdctl.monitor.sample import Container

if TYPE_CHECKING:
    from nrdctl.containerd.client import Client
    from nrdctl.containerd.records import ContainerRecord, Task

# Seconds between two looks; `SOON` when a watched container has gone, which often means that it starts again.
PERIOD = 3.0
SOON = 1.0
# A look may cost the daemon (which asks every shim) a twentieth of the time at most.
_REST = 20.0
_RANDOM_ID = re.compile(r"[0-9a-f]{64}")
_ALIVE = (TaskStatus.RUNNING, TaskStatus.PAUSED, TaskStatus.PAUSING)


class Discovery:
    """Lists the running containers of `namespaces` (empty: of all), or those that are `wanted`.

    Wanted are names, IDs and starts of IDs; such a container is listed while it doesn't run, too.
    """

    def __init__(self, client: Client, namespaces: Sequence[str] = (), wanted: Sequence[str] = ()) -> None:
        self._client = client
        self._namespaces = tuple(namespaces)
        self._wanted = tuple(wanted)
        self._known: Mapping[tuple[str, str], Container] = {}
        self._found: list[Container] | None = None
        self._thread: threading.Thread | None = None
        self._looked = self._took = 0.0
        self.problem = ""

    def first(self) -> list[Container]:
        """Look now. Raises Unavailable, or NotFound when a wanted container doesn't exist."""
        found = self._look()
        for reference in self._wanted:
            check(found, reference)
        return self._keep(found)

    def poll(self, *, soon: bool = False) -> list[Container] | None:
        """Return what the last look found, once, None when nothing is new; start the next look when it is due.

        `problem` then says why containerd couldn't be asked; it is empty when it could.
        """
        if self._thread is not None:
            if self._thread.is_alive():
                return None
            self._thread = None
            found, self._found = self._found, None
            return None if found is None else self._keep(found)
        pause = max(SOON if soon else PERIOD, self._took * _REST)
        if time.monotonic() - self._looked >= pause:
            self._thread = threading.Thread(target=self._try, name="discovery", daemon=True)
            self._thread.start()
        return None

    def _try(self) -> None:
        try:
            self._found = self._look()
            self.problem = ""
        except NrdctlError as error:
            self.problem = str(error)
        except Exception as error:
            self.problem = f"{type(error).__name__}: {error}"

    def _look(self) -> list[Container]:
        started = time.monotonic()
        try:
            names = self._namespaces or [each.name for each in self._client.namespaces.list()]
            return [container for name in names for container in self._list(name)]
        finally:
            self._looked = time.monotonic()
            self._took = self._looked - started

    def _list(self, namespace: str) -> Iterable[Container]:
        client = self._client.at(namespace)
        try:
            records = client.containers.list()
            tasks = {task.container_id: task for task in client.tasks.list()} if records else {}
        except NotFound:  # the namespace has just gone
            return
        for record in records:
            task = tasks.get(record.id)
            known = self._known.get((namespace, record.id))
            if task is not None and task.status is TaskStatus.UNKNOWN and known is not None:
                yield known  # its shim doesn't answer, but the kernel does
            elif self._wanted or (task is not None and task.status in _ALIVE):
                yield to_container(namespace, record, task)

    def _keep(self, found: list[Container]) -> list[Container]:
        chosen = choose(found, self._wanted)
        self._known = {container.key: container for container in chosen}
        return chosen


def to_container(namespace: str, record: ContainerRecord, task: Task | None) -> Container:
    """Join a record with its task."""
    alive = task is not None and task.status in _ALIVE
    # Whoever makes containers without names gives them IDs that can be read.
    name = labels.display_name(record.labels) or (record.id[:12] if _RANDOM_ID.fullmatch(record.id) else record.id)
    return Container(
        namespace=namespace,
        id=record.id,
        # Labels are anybody's to write, and must not write to the terminal.
        name="".join(char if char.isprintable() else "?" for char in name),
        pid=task.pid if task is not None and alive else 0,
        state=state_of(record, task).name,
    )


def choose(found: Iterable[Container], wanted: Sequence[str]) -> list[Container]:
    """Return those that are wanted, or all when none is named."""
    found = list(found)
    if not wanted:
        return found
    chosen = {each.key: each for reference in wanted for each in fitting(found, reference)}
    return list(chosen.values())


def fitting(found: Iterable[Container], reference: str) -> list[Container]:
    """Return the containers of this name or ID, in whatever namespace, else those whose ID starts so."""
    found, reference = list(found), reference.removeprefix("/")
    exact = [each for each in found if reference in (each.name, each.id)]
    return exact or [each for each in found if reference and each.id.startswith(reference)]


def check(found: Iterable[Container], reference: str) -> None:
    """Raise NotFound when nothing fits what a person typed, InvalidArgument when the start of an ID fits several."""
    fits = fitting(found, reference)
    if not fits:
        raise NotFound(f"No such container: {reference}")
    if len(fits) > 1 and reference.removeprefix("/") not in (fits[0].name, fits[0].id):
        names = ", ".join(sorted(f"{each.id[:12]} ({each.name})" for each in fits))
        raise InvalidArgument(f"Multiple containers found with provided prefix: {reference}", hint=f"it fits {names}")
