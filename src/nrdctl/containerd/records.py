"""What the services of containerd take and give, as plain values.

Times are aware and in UTC; None where containerd has none.

Import all records from here. Those of containers and tasks, which most commands need, are made at once; the others when
they are asked for: a dataclass takes half a millisecond to make.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from nrdctl.containerd.daemonrecords import Event, NamespaceRecord, Plugin, ServerInfo, Version
    from nrdctl.containerd.storerecords import (
        BlobInfo,
        ImageRecord,
        IngestStatus,
        Lease,
        LeaseResource,
        SnapshotInfo,
        SnapshotKind,
        Usage,
    )

__all__ = (
    "BlobInfo",
    "ContainerRecord",
    "Event",
    "ExitStatus",
    "ImageRecord",
    "IngestStatus",
    "Lease",
    "LeaseResource",
    "Mount",
    "NamespaceRecord",
    "Plugin",
    "Runtime",
    "ServerInfo",
    "SnapshotInfo",
    "SnapshotKind",
    "Streams",
    "Task",
    "TaskStatus",
    "Usage",
    "Version",
)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Mount:
    """One call of mount(2), as a snapshotter asks for it."""

    type: str
    source: str
    options: tuple[str, ...] = ()
    target: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """Which shim runs a container and how it calls runc; empty values leave the shim's defaults.

    `binary` is runc or a program like it, `root` the directory of its state.
    """

    name: str = "io.containerd.runc.v2"
    binary: str = ""
    root: str = ""
    systemd_cgroup: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class ContainerRecord:
    """A container as the database has it. `extensions` are JSON texts by key, `spec_json` the runtime specification."""

    id: str
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    image: str = ""
    runtime: Runtime = Runtime()
    spec_json: bytes = b""
    snapshotter: str = ""
    snapshot_key: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    extensions: Mapping[str, bytes] = dataclasses.field(default_factory=dict)

    @functools.cached_property
    def spec(self) -> dict[str, Any]:
        """The runtime specification, decoded when first asked for. Treat it as read-only."""
        document = json.loads(self.spec_json) if self.spec_json else {}
        return document if isinstance(document, dict) else {}


class TaskStatus(enum.StrEnum):
    """The state of a process; `unknown` when its shim does not answer."""

    CREATED = "created"
    RUNNING = "running"
    STOPPED = "stopped"
    PAUSED = "paused"
    PAUSING = "pausing"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """The init process of a running container, or one of its execs (then `exec_id` is set)."""

    container_id: str
    exec_id: str = ""
    pid: int = 0
    status: TaskStatus = TaskStatus.UNKNOWN
    stdin: str = ""
    stdout: str = ""
    stderr: str = ""
    terminal: bool = False
    exit_status: int = 0
    exited_at: datetime | None = None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Streams:
    """Where a process's streams go: paths of FIFOs or a URI (`file://`, `binary://`); all empty is /dev/null.

    The shim fails when `stdout` is given and `stderr` is not (without a terminal), and hangs on `stdin` alone.
    """

    stdin: str = ""
    stdout: str = ""
    stderr: str = ""
    terminal: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ExitStatus:
    """How a process ended: `status` as a shell counts it (128 + n for signal n)."""

    status: int
    exited_at: datetime | None = None


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in ("Event", "NamespaceRecord", "Plugin", "ServerInfo", "Version"):
        from nrdctl.containerd import daemonrecords  # import cost

        return getattr(daemonrecords, name)
    from nrdctl.containerd import storerecords  # import cost

    return getattr(storerecords, name)
