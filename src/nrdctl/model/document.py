"""Frozen dataclasses to plain JSON documents and back, driven by their type hints alone.

Fields that hold their default are left out, so a document stays small and an older reader meets fewer surprises;
unknown keys are ignored, so a newer writer's documents can be read.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from nrdctl.model.cpuset import CpuSet

T = TypeVar("T")


def to_document(value: Any) -> Any:
    """Return the JSON form of a dataclass, tuple, CpuSet or plain value."""
    if isinstance(value, CpuSet):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        document = {}
        for field in dataclasses.fields(value):
            item = getattr(value, field.name)
            if field.default is dataclasses.MISSING or item != field.default:
                document[field.name] = to_document(item)
        return document
    if isinstance(value, tuple | list):
        return [to_document(item) for item in value]
    if isinstance(value, frozenset | set):
        return sorted(to_document(item) for item in value)
    if isinstance(value, Mapping):
        return {key: to_document(item) for key, item in value.items()}
    return value


def from_document(cls: type[T], document: Any) -> T:
    """Build a dataclass from its JSON form. Raises ValueError, TypeError or KeyError when the shape is another."""
    return typing.cast(T, _read(cls, document))


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def _read(hint: Any, value: Any) -> Any:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        inner = [a for a in typing.get_args(hint) if a is not type(None)]
        return None if value is None else _read(inner[0], value)
    if origin is tuple:
        return _read_tuple(typing.get_args(hint), value)
    if hint is CpuSet:
        return CpuSet.parse(value)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        hints = _hints(hint)
        return hint(**{name: _read(hints[name], item) for name, item in value.items() if name in hints})
    return value


def _read_tuple(arguments: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_read(arguments[0], item) for item in value)
    return tuple(_read(argument, item) for argument, item in zip(arguments, value, strict=True))
