"""`run`: create and start, in the background or as the first client of the container's monitor."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from nrdctl.conmon.client import MonitorClient
from nrdctl.engine.container.attach import Session
from nrdctl.engine.container.create import Created, create
from nrdctl.engine.container.remove import remove_container
from nrdctl.engine.container.request import request_of
from nrdctl.engine.container.start import start, start_attached
from nrdctl.engine.container.status import state_of
from nrdctl.engine.resolve import resolve
from nrdctl.errors import Conflict, NrdctlError

if TYPE_CHECKING:
    from nrdctl.containerd.records import ContainerRecord
    from nrdctl.engine.engine import Engine
    from nrdctl.image.progress import Progress
    from nrdctl.model.container import ContainerConfig

Report = Callable[["Progress"], None] | None


def run_detached(engine: Engine, config: ContainerConfig, *, on_progress: Report = None) -> Created:
    """Create a container and start it in the background. A container that can't start stays, unless it has `--rm`."""
    created = create(engine, config, detached=True, on_progress=on_progress)
    with _removed_on_failure(engine, created.record, config):
        start(engine, created.record)
    return created


def run_foreground(engine: Engine, config: ContainerConfig, *, on_progress: Report = None) -> Session:
    """Create a container and start it with this process attached; `attach` on the result does the copying."""
    created = create(engine, config, on_progress=on_progress)
    with _removed_on_failure(engine, created.record, config):
        session = _start(engine, created.record)
    session.warnings = created.warnings
    return session


def start_foreground(engine: Engine, reference: str) -> Session:
    """Start an existing container with this process attached, or attach to it when it runs already."""
    record = resolve(engine.client, reference)
    if state_of(record, engine.task(record.id)).running:
        return attach_to(engine, reference)
    return _start(engine, record)


def attach_to(engine: Engine, reference: str) -> Session:
    """Attach to a running container. Raises Conflict when it does not run."""
    record = resolve(engine.client, reference)
    state = state_of(record, engine.task(record.id))
    if state.name == "paused":
        raise Conflict("You cannot attach to a paused container, unpause it first")
    if not state.running:
        raise Conflict("You cannot attach to a stopped container, start it first")
    monitor = MonitorClient(engine.layout.run_dir(record.id))
    monitor.connect()
    pending = engine.client.tasks.wait_async(record.id)
    monitor.subscribe()
    return Session(engine, record, monitor, pending, claimed=False)


def _start(engine: Engine, record: ContainerRecord) -> Session:
    request = request_of(record)
    # A container that may be started again by its policy is left to its monitor.
    claim = request is not None and request.config.lifecycle.restart.name == "no"
    attachment = start_attached(engine, record, claim=claim)
    return Session(engine, record, attachment.monitor, attachment.exit, claimed=claim)


@contextlib.contextmanager
def _removed_on_failure(engine: Engine, record: ContainerRecord, config: ContainerConfig) -> Iterator[None]:
    try:
        yield
    except NrdctlError:
        if config.lifecycle.auto_remove:
            with contextlib.suppress(NrdctlError):
                remove_container(engine, record, force=True, volumes=True)
        raise
