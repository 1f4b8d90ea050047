"""`ps`: every container with its state, in two calls whatever their number."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nrdctl.engine import labels
from nrdctl.engine.container.ports import published_ports
from nrdctl.engine.container.request import Request, labels_of, request_of
from nrdctl.engine.container.status import State, state_of
from nrdctl.errors import InvalidArgument
from nrdctl.model.summary import ContainerSummary

if TYPE_CHECKING:
    from nrdctl.containerd.client import Client
    from nrdctl.containerd.records import ContainerRecord, Task
    from nrdctl.engine.engine import Engine

FILTERS = ("id", "name", "label", "status", "ancestor", "exited", "network", "volume")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Container:
    """A container as containerd has it, joined with the state of its task."""

    record: ContainerRecord
    task: Task | None
    state: State
    namespace: str

    @property
    def name(self) -> str:
        """The name, whoever gave it; empty when it has none."""
        return labels.display_name(self.record.labels)


def list_containers(client: Client) -> list[Container]:
    """Return the containers of the client's namespace, newest first: two calls."""
    records = client.containers.list()
    tasks = {task.container_id: task for task in client.tasks.list()} if records else {}
    found = [
        Container(
            record=record,
            task=tasks.get(record.id),
            state=state_of(record, tasks.get(record.id)),
            namespace=client.namespace,
        )
        for record in records
    ]
    oldest = datetime.fromtimestamp(0, UTC)
    return sorted(found, key=lambda c: c.record.created_at or oldest, reverse=True)


def summarize(engine: Engine, container: Container, *, now: datetime, with_size: bool = False) -> ContainerSummary:
    """Return the row of `ps`. Sizes cost a call for each container."""
    record = container.record
    request = request_of(record)
    size_rw, size_root = sizes(engine, record) if with_size else (None, None)
    return ContainerSummary(
        id=record.id,
        names=container.name,
        image=request.config.image if request else record.image,
        command=" ".join(request.args if request else record.spec.get("process", {}).get("args", [])),
        created_at=record.created_at or now,
        state=container.state.name,
        status=container.state.text(now),
        ports=_ports(engine, container, request),
        labels=labels_of(record),
        networks=(request.config.networking.network,) if request else (),
        mounts=tuple(m.source or m.target for m in request.config.storage.volumes) if request else (),
        size_rw=size_rw,
        size_root=size_root,
        platform="linux",
        runtime=record.runtime.name,
        namespace=container.namespace,
    )


def check_filters(filters: Mapping[str, Sequence[str]]) -> None:
    """Raise InvalidArgument, in docker's words, for a filter that does not exist."""
    for key in filters:
        if key not in FILTERS:
            raise InvalidArgument(f"invalid filter '{key}'", hint=f"filters are: {', '.join(FILTERS)}")


def matches(row: ContainerSummary, state: State, filters: Mapping[str, Sequence[str]]) -> bool:
    """Say whether a row passes docker's filters: one value of each key must fit (every one of `label`)."""
    tests: dict[str, Callable[[str], bool]] = {
        "id": row.id.startswith,
        "name": lambda v: v.strip("^$/") in row.names if not v.startswith("^") else row.names == v.strip("^$/"),
        "status": lambda v: row.state == v,
        "ancestor": lambda v: v in (row.image, row.image.partition(":")[0]),
        "exited": lambda v: row.state == "exited" and str(state.exit_code) == v,
        "network": lambda v: v in row.networks,
        "volume": lambda v: v in row.mounts,
    }
    for key, values in filters.items():
        if key == "label":
            if not all(_has_label(row.labels, value) for value in values):
                return False
        elif not any(tests[key](value) for value in values):
            return False
    return True


def _has_label(found: Mapping[str, str], wanted: str) -> bool:
    key, equals, value = wanted.partition("=")
    return key in found and (not equals or found[key] == value)


def _ports(engine: Engine, container: Container, request: Request | None) -> str:
    if not container.state.running or request is None:
        return ""
    mappings = published_ports(engine, container.namespace, container.record.id)
    published = {f"{m.container_port}/{m.protocol}" for m in mappings}
    exposed = [port for port in request.exposed_ports if port not in published]
    return ", ".join([*(str(m) for m in mappings), *exposed])


def sizes(engine: Engine, record: ContainerRecord) -> tuple[int, int]:
    """Return the bytes of the writable layer, and of the whole root file system (every layer below it too)."""
    snapshots = engine.client.snapshots
    own = total = snapshots.usage(record.snapshotter, record.snapshot_key).size
    parent = snapshots.stat(record.snapshotter, record.snapshot_key).parent
    while parent:
        total += snapshots.usage(record.snapshotter, parent).size
        parent = snapshots.stat(record.snapshotter, parent).parent
    return own, total
