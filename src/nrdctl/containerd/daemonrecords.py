"""Records of the daemon itself: namespaces, plugins, versions, events. Import them from `nrdctl.containerd.records`."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


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
