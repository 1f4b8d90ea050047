"""Go's string, character and number literals, as strconv reads them."""

from __future__ import annotations

from typing import Final

_SIMPLE: Final = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", "'": "'", '"': '"',
}  # fmt: skip
_HEX_WIDTH: Final = {"x": 2, "u": 4, "U": 8}
_MAX_INT: Final = 2**63 - 1


class LiteralError(Exception):
    """The text is no literal."""


def unquote(quoted: str) -> str:
    """The meaning of a string literal, its quotes included: "text", `raw`, 'c'."""
    mark, body = quoted[0], quoted[1:-1]
    if mark == "`":
        return body.replace("\r", "")
    if "\\" not in body:
        return body
    out = bytearray()
    at = 0
    while at < len(body):
        if body[at] != "\\":
            out += body[at].encode("utf-8", "surrogateescape")
            at += 1
            continue
        piece, at = _escape(body, at + 1, mark)
        out += piece
    return out.decode("utf-8", "surrogateescape")


def _escape(body: str, at: int, mark: str) -> tuple[bytes, int]:
    """The bytes of the escape whose letter is at `at`, and the offset after it."""
    letter = body[at : at + 1]
    if letter in _SIMPLE and letter not in {"'", '"'} - {mark}:
        return _SIMPLE[letter].encode(), at + 1
    if letter in _HEX_WIDTH:
        end = at + 1 + _HEX_WIDTH[letter]
        code = _digits(body[at + 1 : end], 16, _HEX_WIDTH[letter])
        if letter == "x":
            return bytes([code]), end
        if code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise LiteralError("invalid syntax")
        return chr(code).encode(), end
    code = _digits(body[at : at + 3], 8, 3)
    if code > 0xFF:
        raise LiteralError("invalid syntax")
    return bytes([code]), at + 3


def _digits(text: str, base: int, width: int) -> int:
    if len(text) != width or not text.isalnum() or not text.isascii():
        raise LiteralError("invalid syntax")
    try:
        return int(text, base)
    except ValueError:
        raise LiteralError("invalid syntax") from None


def char_code(quoted: str) -> int:
    """The code of a character constant such as 'a'."""
    try:
        text = unquote(quoted)
    except LiteralError:
        text = ""
    if len(text) != 1:
        if quoted == "''":
            raise LiteralError("invalid syntax")
        raise LiteralError(f"malformed character constant: {quoted}")
    return ord(text)


def number(text: str) -> tuple[int | float, int | None]:
    """The value of a number by its syntax (an int, or a float when it has a point or exponent), and it as an int.

    The second is None for a number that has a fraction.
    """
    try:
        whole = _integer(text)
    except ValueError:
        return _real(text)
    if not -_MAX_INT - 1 <= whole <= _MAX_INT:
        raise LiteralError(f'integer overflow: "{text}"' if whole > 2 * _MAX_INT + 1 else f"{text} overflows int")
    return whole, whole


def _integer(text: str) -> int:
    sign, digits = (text[0], text[1:]) if text[:1] in ("+", "-") else ("", text)
    if len(digits) > 1 and digits[0] == "0" and (digits[1].isdigit() or digits[1] == "_"):
        digits = "0o" + digits[1:]
    return int(sign + digits, 0)


def _real(text: str) -> tuple[float, int | None]:
    try:
        value = float.fromhex(text.replace("_", "")) if "x" in text.lower() else float(text)
    except (ValueError, OverflowError):
        raise LiteralError(f'illegal number syntax: "{text}"') from None
    if not any(mark in text for mark in ".eEpP"):
        raise LiteralError(f'integer overflow: "{text}"')
    fits = value.is_integer() and abs(value) < _MAX_INT
    return value, int(value) if fits else None
