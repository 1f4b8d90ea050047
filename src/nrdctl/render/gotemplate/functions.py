"""The functions that templates call: Go's own, and docker's. Texts are measured in bytes, as Go does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from nrdctl.errors import NrdctlError
from nrdctl.render import gofmt, jsontext
from nrdctl.render.gotemplate import compare, escape
from nrdctl.render.values import MISSING, Missing, truth, type_name, zero_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Kind: TypeAlias = Literal["any", "string", "int", "[]string"]
"""What a parameter takes."""


class FunctionError(Exception):
    """What a function says about its arguments."""


class Function(NamedTuple):
    """A function: what it calls, the kinds of its parameters, and the kind of any further ones."""

    call: Callable[..., object]
    parameters: tuple[Kind, ...]
    rest: Kind | None = None


def invoke(function: Function, arguments: Sequence[object]) -> object:
    """Call a function; whatever is wrong with the arguments comes as FunctionError."""
    try:
        return function.call(*arguments)
    except (NrdctlError, compare.ComparisonError) as error:
        raise FunctionError(str(error)) from None


def _index(item: object, *keys: object) -> object:
    for key in keys:
        item = _element(item, key)
    return item


def _element(item: object, key: object) -> object:
    match item:
        case None | Missing():
            raise FunctionError("index of untyped nil")
        case dict():
            if key is None or key is MISSING:
                raise FunctionError("value is nil; should be of type string")
            if not isinstance(key, str):
                raise FunctionError(f"value has type {type_name(key)}; should be string")
            return item[key] if key in item else zero_of(item)
        case str():
            raw = item.encode("utf-8", "surrogateescape")
            return raw[_strict_position(key, len(raw), "string")]
        case list() | tuple():
            element: object = item[_strict_position(key, len(item), "slice")]
            return element
    raise FunctionError(f"can't index item of type {type_name(item)}")


def _position(key: object, limit: int) -> int:
    """An index or a bound of a slice, which may be the length itself."""
    if key is None or key is MISSING:
        raise FunctionError("cannot index slice/array with nil")
    if not isinstance(key, int) or isinstance(key, bool):
        raise FunctionError(f"cannot index slice/array with type {type_name(key)}")
    if not 0 <= key <= limit:
        raise FunctionError(f"index out of range: {key}")
    return key


def _strict_position(key: object, length: int, what: str) -> int:
    position = _position(key, length)
    if position == length:
        raise FunctionError(f"reflect: {what} index out of range")
    return position


def _slice(item: object, *bounds: object) -> object:
    if item is None or item is MISSING:
        raise FunctionError("slice of untyped nil")
    if len(bounds) > 3:
        raise FunctionError(f"too many slice indexes: {len(bounds)}")
    whole: Sequence[object]
    if isinstance(item, str):
        if len(bounds) == 3:
            raise FunctionError("cannot 3-index slice a string")
        whole = item.encode("utf-8", "surrogateescape")
    elif isinstance(item, list | tuple):
        whole = item
    else:
        raise FunctionError(f"can't slice item of type {type_name(item)}")
    positions = [_position(bound, len(whole)) for bound in bounds]
    start = positions[0] if positions else 0
    end = positions[1] if len(positions) > 1 else len(whole)
    capacity = positions[2] if len(positions) > 2 else end
    for low, high in ((start, end), (end, capacity)):
        if low > high:
            raise FunctionError(f"invalid slice index: {low} > {high}")
    part = whole[start:end]
    return part.decode("utf-8", "surrogateescape") if isinstance(part, bytes) else part


def _len(item: object) -> int:
    if isinstance(item, str):
        return len(item.encode("utf-8", "surrogateescape"))
    if isinstance(item, dict | list | tuple):
        return len(item)
    raise FunctionError("len of nil pointer" if item is None else f"len of type {type_name(item)}")


def _not(value: object) -> bool:
    return not truth(value)


def _print(*values: object) -> str:
    return gofmt.sprint(values)


def _println(*values: object) -> str:
    return " ".join(gofmt.text(value) for value in values) + "\n"


def _printf(layout: str, *values: object) -> str:
    return gofmt.sprintf(layout, values)


def _call(function: object, *_: object) -> object:
    if function is None or function is MISSING:
        raise FunctionError("call of nil")
    raise FunctionError(f"non-function of type {type_name(function)}")


def _short_circuit(*_: object) -> object:
    raise AssertionError("and, or: the evaluator's business")


BUILTINS: Final[Mapping[str, Function]] = {
    "and": Function(_short_circuit, ("any",), "any"),
    "or": Function(_short_circuit, ("any",), "any"),
    "not": Function(_not, ("any",)),
    "call": Function(_call, ("any",), "any"),
    "index": Function(_index, ("any",), "any"),
    "slice": Function(_slice, ("any",), "any"),
    "len": Function(_len, ("any",)),
    "print": Function(_print, (), "any"),
    "printf": Function(_printf, ("string",), "any"),
    "println": Function(_println, (), "any"),
    "html": Function(escape.html, (), "any"),
    "js": Function(escape.js, (), "any"),
    "urlquery": Function(escape.urlquery, (), "any"),
    "eq": Function(compare.equal, ("any",), "any"),
    "ne": Function(compare.not_equal, ("any", "any")),
    "lt": Function(compare.less, ("any", "any")),
    "le": Function(compare.less_or_equal, ("any", "any")),
    "gt": Function(compare.greater, ("any", "any")),
    "ge": Function(compare.greater_or_equal, ("any", "any")),
}


def _json(value: object) -> str:
    return jsontext.encode(value)


def _pretty_json(value: object) -> str:
    return jsontext.encode(value, indent=jsontext.INSPECT_INDENT)


def _split(text: str, separator: str) -> list[str]:
    return text.split(separator) if separator else list(text)


def _join(parts: Sequence[str], separator: str) -> str:
    return separator.join(parts)


def _title(text: str) -> str:
    """The first letter of each word in upper case, the others untouched."""
    before = " "
    out: list[str] = []
    for char in text:
        inside = before == "_" or before.isalnum() or not (before.isascii() or before.isspace())
        out.append(char if inside else char.title())
        before = char
    return "".join(out)


def _pad(text: str, before: int, after: int) -> str:
    if not text:
        return text
    if min(before, after) < 0:
        raise FunctionError("strings: negative Repeat count")
    return " " * before + text + " " * after


def _truncate(text: str, length: int) -> str:
    raw = text.encode("utf-8", "surrogateescape")
    if length < 0:
        raise FunctionError(f"runtime error: slice bounds out of range [:{length}]")
    return text if len(raw) < length else raw[:length].decode("utf-8", "surrogateescape")


DOCKER: Final[Mapping[str, Function]] = {
    "json": Function(_json, ("any",)),
    "prettyjson": Function(_pretty_json, ("any",)),
    "split": Function(_split, ("string", "string")),
    "join": Function(_join, ("[]string", "string")),
    "title": Function(_title, ("string",)),
    "lower": Function(str.lower, ("string",)),
    "upper": Function(str.upper, ("string",)),
    "pad": Function(_pad, ("string", "int", "int")),
    "truncate": Function(_truncate, ("string", "int")),
}

FUNCTIONS: Final[Mapping[str, Function]] = {**BUILTINS, **DOCKER}


def _unchanged(header: str, *_: object) -> str:
    return header


HEADER_FUNCTIONS: Final[Mapping[str, Function]] = {
    **FUNCTIONS,
    **{name: Function(_unchanged, ("string",)) for name in ("json", "prettyjson", "title", "lower", "upper")},
    **{name: Function(_unchanged, ("string", "string")) for name in ("split", "join")},
    "truncate": Function(_unchanged, ("string", "int")),
}
"""What the header line of a table calls: the name of a column stays whole, only `pad` still pads it."""
