"""What the services of containerd take and give, as plain values.

Times are aware and in UTC; None where containerd has none.
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

    from nrdctl.oci.descriptor import Descriptor


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


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ImageRecord:
    """A name for a descriptor."""

    name: str
    target: Descriptor
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class BlobInfo:
    """A blob of the content store; `size` in bytes."""

    digest: str
    size: int
    created_at: datetime | None = None
    updated_at: datetime | None = None
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class IngestStatus:
    """A blob being written: `offset` of `total` bytes are there; `expected` is its digest, if one was announced."""

    ref: str
    offset: int
    total: int
    expected: str = ""
    started_at: datetime | None = None
    updated_at: datetime | None = None


class SnapshotKind(enum.StrEnum):
    """Read-only, writable, or finished (only the last can be a parent)."""

    VIEW = "view"
    ACTIVE = "active"
    COMMITTED = "committed"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class SnapshotInfo:
    """A snapshot. `name` is the key of an active one."""

    name: str
    parent: str
    kind: SnapshotKind
    created_at: datetime | None = None
    updated_at: datetime | None = None
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What a snapshot alone, without its parents, takes: bytes and inodes."""

    size: int
    inodes: int


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """Keeps its resources from the garbage collector."""

    id: str
    created_at: datetime | None = None
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class LeaseResource:
    """What a lease keeps. `type` is `content`, `ingests` or `snapshots/<snapshotter>`."""

    id: str
    type: str


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class NamespaceRecord:
    """A namespace of containerd."""

    name: str
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Plugin:
    """A part of the daemon. `platforms` such as `linux/amd64`; `init_error` is empty when it works."""

    type: str
    id: str
    platforms: tuple[str, ...] = ()
    exports: Mapping[str, str] = dataclasses.field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    init_error: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ServerInfo:
    """The daemon: `pid` is 0 when it does not say (before containerd 1.7)."""

    uuid: str
    pid: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """The daemon's version and the revision it was built from."""

    version: str
    revision: str


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something happened: `topic` such as `/tasks/exit`, `kind` such as `TaskExit`, `fields` what it says.

    Fields are named as in the API and hold str, int, bool, datetime, dicts and lists of them. They are empty for a kind
    that this version does not know.
    """

    timestamp: datetime | None
    namespace: str
    topic: str
    kind: str
    fields: Mapping[str, Any] = dataclasses.field(default_factory=dict)
