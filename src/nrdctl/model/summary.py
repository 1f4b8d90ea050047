"""The records that lists return: what the columns of `nrdctl.render` are made from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import datetime


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ContainerSummary:
    """One row of `ps`. `created_at` is aware, in UTC; sizes in bytes, None when not asked for."""

    id: str
    names: str
    image: str
    command: str
    created_at: datetime
    state: str
    status: str
    ports: str = ""
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    networks: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    size_rw: int | None = None
    size_root: int | None = None
    platform: str = ""
    runtime: str = ""
    namespace: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ImageSummary:
    """One row of `images`. `id` is the full digest of the image's configuration, `size` the unpacked bytes."""

    id: str
    repository: str
    tag: str
    digest: str
    created_at: datetime | None
    size: int
    blob_size: int = 0
    platform: str = ""
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    containers: int = -1


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class NetworkSummary:
    """One row of `network ls`."""

    id: str
    name: str
    driver: str
    scope: str = "local"
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
    internal: bool = False
    ipv6: bool = False
    created_at: datetime | None = None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class NamespaceSummary:
    """One row of `namespace ls`."""

    name: str
    containers: int
    images: int
    volumes: int
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict)
