"""From the messages that events carry to plain values."""

from __future__ import annotations

from typing import Any

from google.protobuf import any_pb2, timestamp_pb2
from google.protobuf.message import DecodeError

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
    return {field.name: _plain_field(message, field) for field in message.DESCRIPTOR.fields}


def _plain_field(message: Any, field: Any) -> Any:
    value = getattr(message, field.name)
    if field.message_type is None:
        return list(value) if field.label == field.LABEL_REPEATED else value
    if field.message_type.GetOptions().map_entry:
        return dict(value)
    if field.label == field.LABEL_REPEATED:
        return [_plain_message(each) for each in value]
    if isinstance(value, timestamp_pb2.Timestamp):
        return convert.to_datetime(message, field.name)
    if isinstance(value, any_pb2.Any):
        return value.type_url
    return _plain_message(value)
