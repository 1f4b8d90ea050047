"""From the messages that events carry to plain values."""

from __future__ import annotations

from collections.abc import MutableMapping, MutableSequence
from typing import Any

from google.protobuf import any_pb2, timestamp_pb2
from google.protobuf.message import DecodeError, Message

from nrdctl._pb import eventtypes_pb2, images_pb2
from nrdctl.containerd import convert

_MODULES = {"containerd.events": eventtypes_pb2, "containerd.services.images.v1": images_pb2}


def fields_of(event: Any) -> dict[str, Any]:
    """Return the fields of the message in an Any by name; none when its type is not known here."""
    package, _, kind = convert.type_name(event).rpartition(".")
    known = getattr(_MODULES.get(package), kind, None)
    if known is None:
        return {}
    try:
        return _plain_message(known.FromString(event.value))
    except DecodeError:
        return {}


def _plain_message(message: Any) -> dict[str, Any]:
    return {field.name: _plain_field(message, field.name) for field in message.DESCRIPTOR.fields}


def _plain_field(message: Any, name: str) -> Any:
    # By the values and not their descriptors, whose attributes differ from one version of protobuf to another.
    value = getattr(message, name)
    if isinstance(value, MutableMapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, MutableSequence):
        return [_plain(each) for each in value]
    if isinstance(value, timestamp_pb2.Timestamp):
        return convert.to_datetime(message, name)
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, any_pb2.Any):
        return value.type_url
    return _plain_message(value) if isinstance(value, Message) else value
