"""How a field of a configuration group declares its own command-line flag.

The field is the declaration: the command line, the compose mapping and the flag reference are all built from the
`Flag` marker in the field's `Annotated` type, so no flag is listed twice.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Iterator
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Flag:
    """What the command line, compose and the documentation need to know about one field.

    `parse` turns one text into one element and raises `ValueError` with a reason. A field of tuple type is a
    repeatable flag. `choices` limits the texts, `compose` names the service key of the compose file.
    """

    names: tuple[str, ...]
    help: str
    metavar: str | None = None
    parse: Callable[[str], Any] | None = None
    compose: str | None = None
    hidden: bool = False


def flag(
    *names: str,
    help: str,  # noqa: A002 - the word that typer and argparse use
    metavar: str | None = None,
    parse: Callable[[str], Any] | None = None,
    compose: str | None = None,
) -> Flag:
    """Make the marker that goes into the `Annotated` type of a field."""
    return Flag(names=names, help=help, metavar=metavar, parse=parse, compose=compose)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One declared field: its name, its element type, whether it repeats, its default and its flag."""

    field: str
    type: type
    repeated: bool
    optional: bool
    default: Any
    flag: Flag


def options_of(group: type) -> Iterator[Option]:
    """Yield the options that the fields of a configuration group declare, in order."""
    hints = typing.get_type_hints(group, include_extras=True)
    for field in dataclasses.fields(group):
        hint = hints[field.name]
        marker = next((m for m in getattr(hint, "__metadata__", ()) if isinstance(m, Flag)), None)
        if marker is None:
            continue
        element, repeated, optional = _shape(hint.__origin__)
        default = field.default if field.default is not dataclasses.MISSING else None
        yield Option(field=field.name, type=element, repeated=repeated, optional=optional, default=default, flag=marker)


def _shape(hint: Any) -> tuple[type, bool, bool]:
    """Split a type into (element type, repeated?, may be None?)."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        inner = [a for a in typing.get_args(hint) if a is not type(None)]
        element, repeated, _ = _shape(inner[0])
        return element, repeated, True
    if typing.get_origin(hint) is tuple:
        return typing.get_args(hint)[0], True, False
    return hint, False, False
