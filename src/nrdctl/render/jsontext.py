"""JSON as Go's encoding/json writes it: compact or indented, order kept, no HTML escaping unless asked for."""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Final

from nrdctl.errors import InvalidArgument
from nrdctl.render.gofmt import shortest
from nrdctl.render.values import Missing, NilList, NilMap, Row, StringMap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

INSPECT_INDENT: Final = "    "
_HTML: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
_LINE_ENDS: Final = str.maketrans({"\u2028": "\\u2028", "\u2029": "\\u2029"})


def encode(value: object, *, indent: str = "") -> str:
    """Write one value: an indent makes it many lines; dicts keep their order, rows and StringMaps are sorted."""
    out: list[str] = []
    _write(out, value, indent, "\n")
    return "".join(out)


def row_line(row: Row) -> str:
    """A row as docker's `--format json` prints it: compact, sorted, with `<`, `>` and `&` escaped.

    The escapes are docker's, whose rows pass through Go's default encoder: they mean the same to every JSON reader.
    """
    return fields_line(row.as_map())


def fields_line(fields: Mapping[str, object]) -> str:
    """The same for the fields of a row, already sorted."""
    return encode(fields).translate(_HTML)


def inspect_document(objects: Iterable[object]) -> str:
    """What `inspect` prints without a format: the objects as an indented list, and a newline."""
    return encode(list(objects), indent=INSPECT_INDENT) + "\n"


def _write(out: list[str], value: object, indent: str, newline: str) -> None:
    if isinstance(value, str):
        out.append(_string(value))
    elif isinstance(value, NilMap | NilList):
        out.append("null")
    elif isinstance(value, dict):
        pairs = sorted(value.items()) if isinstance(value, StringMap) else value.items()
        entries = ((f"{_string(str(key))}:{' ' if indent else ''}", item) for key, item in pairs)
        _write_group(out, "{}", entries, indent, newline + indent)
    elif isinstance(value, list | tuple):
        _write_group(out, "[]", (("", item) for item in value), indent, newline + indent)
    elif isinstance(value, Row):
        out.append(row_line(value))
    else:
        out.append(_scalar(value))


def _write_group(
    out: list[str], brackets: str, entries: Iterable[tuple[str, object]], indent: str, newline: str
) -> None:
    out.append(brackets[0])
    empty = True
    for prefix, item in entries:
        out.append("" if empty else ",")
        out.append(newline if indent else "")
        out.append(prefix)
        _write(out, item, indent, newline)
        empty = False
    if indent and not empty:
        out.append(newline.removesuffix(indent))
    out.append(brackets[1])


def _scalar(value: object) -> str:
    match value:
        case None | Missing():
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return int.__repr__(value)
        case float():
            return _float(value)
    raise InvalidArgument(f"json: unsupported type: {type(value).__name__}")


def _string(value: str) -> str:
    text = encode_basestring(value)
    if text.isascii():
        return text
    text = text.translate(_LINE_ENDS)
    return "".join("\\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


def _float(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        raise InvalidArgument(f"json: unsupported value: {value}")
    digits = shortest(abs(value), -6, 21)
    if "e-0" in digits:
        digits = digits.replace("e-0", "e-")
    return f"-{digits}" if str(value)[0] == "-" else digits
