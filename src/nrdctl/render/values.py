"""The values a template sees beside Python's own: declared rows, Go's typed maps and nil collections, a missing key."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class StringMap(dict[str, str]):
    """A Go `map[string]string` (labels, options): keys are sorted and a missing key is never an error."""


class NilMap(StringMap):
    """A Go map that is nil: JSON says null, templates see an empty map."""


class NilList(list[object]):
    """A Go slice that is nil: JSON says null, templates see an empty list."""


class Missing:
    """The type of MISSING."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<no value>"

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()
"""What looking up an absent key gives: prints as `<no value>`, is false, and has every field, itself MISSING."""


class Shape(NamedTuple):
    """What rows of one kind can be asked: fields computed from the item, and methods of the item and one string."""

    name: str
    fields: Mapping[str, Callable[[Any], object]]
    methods: Mapping[str, Callable[[Any, str], object]] = MappingProxyType({})


class Row:
    """A struct-like value: only the fields of its shape exist, each computed when it is asked for."""

    __slots__ = ("item", "shape")

    def __init__(self, shape: Shape, item: Any) -> None:
        self.shape = shape
        self.item = item

    def as_map(self) -> dict[str, object]:
        """All fields, sorted by name: docker's JSON of a row."""
        return {name: self.shape.fields[name](self.item) for name in sorted(self.shape.fields)}


def type_name(value: object) -> str:
    """Go's name for the type of a value, as error messages and `%T` show it."""
    match value:
        case None | Missing():
            return "<nil>"
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float64"
        case str():
            return "string"
        case StringMap():
            return "map[string]string"
        case dict():
            return "map[string]interface {}"
        case list() | tuple():
            return "[]interface {}"
        case Row():
            return value.shape.name
    return type(value).__name__


def truth(value: object) -> bool:
    """Whether `if` takes its branch: not false, 0, nil, missing, or empty."""
    return isinstance(value, Row) or bool(value)


def zero_of(mapping: Mapping[str, object]) -> object:
    """The zero value of a map's elements: what `index` gives for an absent key.

    JSON has no types, so a map that holds nothing but strings counts as `map[string]string`, whose zero value is "".
    """
    if isinstance(mapping, StringMap) or all(isinstance(value, str) for value in mapping.values()):
        return ""
    return MISSING
