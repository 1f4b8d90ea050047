"""Go templates' escaping functions: html, js, urlquery."""

from __future__ import annotations

from typing import Final

from nrdctl.render.gofmt import sprint
from nrdctl.render.values import MISSING

_HTML: Final = str.maketrans(
    {'"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "\0": "\ufffd"},
)
_JS: Final = {
    "\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D",
}  # fmt: skip


def _shown(values: tuple[object, ...]) -> str:
    return sprint(["<no value>" if value is MISSING else value for value in values])


def html(*values: object) -> str:
    """Text for an HTML page."""
    return _shown(values).translate(_HTML)


def js(*values: object) -> str:
    """Text for a JavaScript string."""
    return "".join(_js_char(char) for char in _shown(values))


def _js_char(char: str) -> str:
    if char in _JS:
        return _JS[char]
    if char < " " or (char > "\x7f" and not char.isprintable()):
        return f"\\u{ord(char):04X}"
    return char


def urlquery(*values: object) -> str:
    """Text for the query part of a URL."""
    from urllib.parse import quote_plus  # import cost

    return quote_plus(_shown(values), safe="", errors="surrogateescape")
