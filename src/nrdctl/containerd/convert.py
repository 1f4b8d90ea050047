"""Between protobuf's values and ours: times, mounts, Any."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from google.protobuf import any_pb2

from nrdctl._pb import types_pb2
from nrdctl.containerd.records import Mount

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Go's zero time, 1 January of the year 1, is how containerd writes "never".
_ZERO_SECONDS = -62135596800


def to_datetime(message: Any, field: str) -> datetime | None:
    """Return a Timestamp field of a message; None when it is unset, zero, or nothing that a datetime can hold."""
    if not message.HasField(field):
        return None
    stamp = getattr(message, field)
    if stamp.seconds <= _ZERO_SECONDS:
        return None
    try:
        return _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)
    except OverflowError:
        return None


def to_any(type_url: str, value: bytes) -> Any:
    """Return an Any. The type's name is bare, since containerd 1.6 rejects protobuf's `type.googleapis.com/`."""
    return any_pb2.Any(type_url=type_url, value=value)


def json_any(type_url: str, document: Mapping[str, Any]) -> Any:
    """Return an Any that holds JSON."""
    return to_any(type_url, json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())


def type_name(any_message: Any) -> str:
    """Return the name of the type in an Any, without whatever host stands before it."""
    name: str = any_message.type_url
    return name.rpartition("/")[2]


def to_mounts(messages: Iterable[Any]) -> list[Mount]:
    """Read mounts."""
    return [
        Mount(type=each.type, source=each.source, target=each.target, options=tuple(each.options)) for each in messages
    ]


def from_mounts(mounts: Iterable[Mount]) -> list[Any]:
    """Write mounts."""
    return [
        types_pb2.Mount(type=each.type, source=each.source, target=each.target, options=each.options) for each in mounts
    ]
