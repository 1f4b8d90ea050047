"""Go's fmt package for the values that templates know: `%v` and its friends. Bad verbs are shown, never raised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from nrdctl.render.values import MISSING, Row, type_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ESCAPES: Final = {
    "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\",
}  # fmt: skip
_LIMIT: Final = 1_000_000  # Go's own limit for widths and precisions


class _Spec(NamedTuple):
    """One verb with its flags: `%-10.2f`."""

    verb: str
    flags: str = ""
    width: int | None = None
    precision: int | None = None

    def pad(self, text: str) -> str:
        if self.width is None:
            return text
        if "-" in self.flags:
            return text.ljust(self.width)
        return text.rjust(self.width, "0" if "0" in self.flags else " ")

    def pad_number(self, text: str) -> str:
        """Pad with zeros between sign and digits when the flags ask for it."""
        if self.width is not None and "0" in self.flags and "-" not in self.flags:
            sign, digits = (text[0], text[1:]) if text[0] in "+- " else ("", text)
            return sign + digits.rjust(self.width - len(sign), "0")
        return self._replace(flags=self.flags.replace("0", "")).pad(text)

    def sign(self, negative: bool) -> str:
        if negative:
            return "-"
        return "+" if "+" in self.flags else " " if " " in self.flags else ""


def sprint(values: Sequence[object]) -> str:
    """Go's Sprint: a space between two operands when neither is a string."""
    out: list[str] = []
    for at, value in enumerate(values):
        if at and not isinstance(value, str) and not isinstance(values[at - 1], str):
            out.append(" ")
        out.append(text(value))
    return "".join(out)


def text(value: object) -> str:
    """A value as `%v` and a bare `{{.}}` print it."""
    if isinstance(value, str):
        return value
    return _format(_Spec("v"), value)


def quote(value: str, *, ascii_only: bool = False) -> str:
    """A string as Go's strconv.Quote writes it."""
    return '"' + _escaped(value, '"', ascii_only=ascii_only) + '"'


def _escaped(value: str, mark: str, *, ascii_only: bool = False) -> str:
    if value.isascii() and value.isprintable() and mark not in value and "\\" not in value:
        return value
    out: list[str] = []
    for char in value:
        code = ord(char)
        if char in _ESCAPES:
            out.append(_ESCAPES[char])
        elif char == mark:
            out.append("\\" + char)
        elif char.isprintable() and (not ascii_only or code < 0x80):
            out.append(char)
        elif 0xDC80 <= code < 0xDD00:  # a byte that was no UTF-8
            out.append(f"\\x{code - 0xDC00:02x}")
        elif code < 0x80:
            out.append(f"\\x{code:02x}")
        else:
            out.append(f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    return "".join(out)


def sprintf(layout: str, values: Sequence[object]) -> str:
    """Go's Sprintf. Argument indexes (`%[1]d`) are not known."""
    out: list[str] = []
    used = at = 0
    while (found := layout.find("%", at)) >= 0:
        out.append(layout[at:found])
        piece, at, used = _directive(layout, found + 1, values, used)
        out.append(piece)
    out.append(layout[at:])
    if used < len(values):
        extra = ", ".join(
            f"{type_name(value)}={text(value)}" if value is not None else "<nil>" for value in values[used:]
        )
        out.append(f"%!(EXTRA {extra})")
    return "".join(out)


def _directive(layout: str, at: int, values: Sequence[object], used: int) -> tuple[str, int, int]:
    """Format the directive after a percent sign; gives the text, and how far layout and values are used up."""
    start = at
    while layout[at : at + 1] in ("+", "-", "#", "0", " "):
        at += 1
    flags = layout[start:at]
    width, at, used, bad = _count(layout, at, values, used)
    prefix = "%!(BADWIDTH)" if bad else ""
    if width is not None and width < 0:
        flags, width = flags + "-", -width
    precision: int | None = None
    if layout[at : at + 1] == ".":
        precision, at, used, bad = _count(layout, at + 1, values, used)
        if bad or (precision is not None and precision < 0):
            prefix, precision = prefix + "%!(BADPREC)", None
        elif precision is None:
            precision = 0
    verb = layout[at : at + 1]
    if not verb:
        return prefix + "%!(NOVERB)", at, used
    if verb == "%":
        return prefix + "%", at + 1, used
    if used >= len(values):
        return f"{prefix}%!{verb}(MISSING)", at + 1, used
    flags = flags.replace("+", "") if verb == "v" else flags  # there it asks for the names of a struct's fields
    return prefix + _format(_Spec(verb, flags, width, precision), values[used]), at + 1, used + 1


def _count(layout: str, at: int, values: Sequence[object], used: int) -> tuple[int | None, int, int, bool]:
    """Read a width or precision, digits or a star; the last result says that a star's value was no good."""
    if layout[at : at + 1] == "*":
        value = values[used] if used < len(values) else None
        good = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LIMIT
        return (value if good and isinstance(value, int) else None), at + 1, min(used + 1, len(values)), not good
    start = at
    while layout[at : at + 1] in tuple("0123456789"):
        at += 1
    if start == at:
        return None, at, used, False
    count = int(layout[start:at]) if at - start <= len(str(_LIMIT)) else _LIMIT + 1
    return (count if count <= _LIMIT else None), at, used, False


def _format(spec: _Spec, value: object) -> str:
    """One value under one verb."""
    if spec.verb == "T":
        return spec._replace(verb="s").pad(type_name(value))
    if value is None or value is MISSING:
        return spec.pad("<nil>") if spec.verb == "v" else _bad(spec, value)
    if isinstance(value, Row):
        value = value.as_map()
    match value:
        case bool():
            return _bool(spec, value)
        case int():
            return _integer(spec, value)
        case float():
            return _float(spec, value)
        case dict():
            return _map(spec, value)
        case list() | tuple():
            return _list(spec, value)
    return _string(spec, str(value))


def _bad(spec: _Spec, value: object) -> str:
    """What a verb prints that does not fit its value."""
    if value is None or value is MISSING:
        return f"%!{spec.verb}(<nil>)"
    return f"%!{spec.verb}({type_name(value)}={_format(spec._replace(verb='v'), value)})"


def _bool(spec: _Spec, value: bool) -> str:
    return spec.pad("true" if value else "false") if spec.verb in "tv" else _bad(spec, value)


def _integer(spec: _Spec, value: int) -> str:
    if spec.verb == "c":
        return spec.pad(_char(value))
    if spec.verb == "q":
        return spec.pad("'" + _escaped(_char(value), "'", ascii_only="+" in spec.flags) + "'")
    if spec.verb == "U":
        name = f"U+{value & 0xFFFFFFFFFFFFFFFF:04X}"
        return spec.pad(f"{name} '{chr(value)}'" if "#" in spec.flags and chr(value).isprintable() else name)
    if spec.verb not in "vdboOxX":
        return _bad(spec, value)
    digits = format(abs(value), {"v": "d", "O": "o"}.get(spec.verb, spec.verb))
    if spec.precision is not None:
        digits = "" if spec.precision == 0 and value == 0 else digits.rjust(spec.precision, "0")
        spec = spec._replace(flags=spec.flags.replace("0", ""))
    mark = {"b": "0b", "o": "0", "x": "0x", "X": "0X"}.get(spec.verb, "") if "#" in spec.flags else ""
    if spec.verb == "O":
        mark = "0o"
    return spec.pad_number(spec.sign(value < 0) + mark + digits)


def _char(code: int) -> str:
    return chr(code) if 0 <= code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else "\ufffd"


def _float(spec: _Spec, value: float) -> str:
    verb = "g" if spec.verb == "v" else spec.verb
    if verb not in "eEfFgG":
        return _bad(spec, value)
    if value != value or value in (float("inf"), float("-inf")):
        number = "NaN" if value != value else spec.sign(value < 0) or "+"
        number = number if number == "NaN" else number + "Inf"
        spec = spec._replace(flags=spec.flags.replace("0", ""))
        return spec.pad(number)
    negative = str(value)[0] == "-"
    if spec.precision is None and verb in "gG":
        digits = shortest(abs(value), -4, 6)
        digits = digits.upper() if verb == "G" else digits
    else:
        digits = format(abs(value), f".{6 if spec.precision is None else spec.precision}{verb}")
    return spec.pad_number(spec.sign(negative) + digits)


def shortest(value: float, low: int, high: int) -> str:
    """The fewest digits that mean this value, not negative; with an exponent when that is not within [low, high)."""
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    if not digits.strip("0"):
        return "0"
    point = (int(exponent or 0)) + len(whole) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if not low <= point - 1 < high:
        return f"{digits[0]}{'.' + digits[1:] if len(digits) > 1 else ''}e{point - 1:+03d}"
    if point <= 0:
        return "0." + "0" * -point + digits
    if len(digits) <= point:
        return digits.ljust(point, "0")
    return f"{digits[:point]}.{digits[point:]}"


def _string(spec: _Spec, value: str) -> str:
    if spec.verb in "vs":
        if spec.verb == "v" and "#" in spec.flags:
            return spec.pad(quote(value))
        return spec.pad(value if spec.precision is None else value[: spec.precision])
    if spec.verb == "q":
        value = value if spec.precision is None else value[: spec.precision]
        if "#" in spec.flags and "`" not in value and all(char.isprintable() or char == "\t" for char in value):
            return spec.pad(f"`{value}`")
        return spec.pad(quote(value, ascii_only="+" in spec.flags))
    if spec.verb in "xX":
        raw = value.encode("utf-8", "surrogateescape")
        separator = " " if " " in spec.flags else ""
        mark = "0x" if "#" in spec.flags else ""
        digits = separator.join(f"{mark if separator else ''}{byte:02x}" for byte in raw)
        digits = digits if separator else mark + digits if digits else ""
        return spec.pad(digits.upper() if spec.verb == "X" else digits)
    return _bad(spec, value)


def _list(spec: _Spec, value: Sequence[object]) -> str:
    if spec.verb == "v" and "#" in spec.flags:
        return "[]interface {}{" + ", ".join(_syntax(spec, item) for item in value) + "}"
    return "[" + " ".join(_format(spec, item) for item in value) + "]"


def _map(spec: _Spec, value: Mapping[str, object]) -> str:
    pairs = sorted(value.items())
    if spec.verb == "v" and "#" in spec.flags:
        name = type_name(value)
        return name + "{" + ", ".join(f"{quote(key)}:{_syntax(spec, item)}" for key, item in pairs) + "}"
    return "map[" + " ".join(f"{_format(spec, key)}:{_format(spec, item)}" for key, item in pairs) + "]"


def _syntax(spec: _Spec, value: object) -> str:
    return "interface {}(nil)" if value is None else _format(spec, value)
