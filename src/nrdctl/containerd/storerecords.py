"""Records of images, content, snapshots and leases. Import them from `nrdctl.containerd.records`."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from nrdctl.oci.descriptor import Descriptor


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
