"""docker's table writer: Go's text/tabwriter with cells padded by spaces.

A cell ends with a tab; what follows the last tab of a line belongs to no column and is never padded. A column is a run
of lines that all have the cell: a line without it ends the run, and each run is as wide as its widest cell needs.
"""

from __future__ import annotations

from typing import Final

MIN_WIDTH: Final = 10
PADDING: Final = 3


def align(text: str, *, min_width: int = MIN_WIDTH, padding: int = PADDING) -> str:
    """Replace the tabs of a text by padding, as docker does for `table` formats."""
    lines = [line.split("\t") for line in text.split("\n")]
    columns = max(len(line) for line in lines) - 1
    for column in range(columns):
        start = 0
        while start < len(lines):
            end = start
            while end < len(lines) and len(lines[end]) - 1 > column:
                end += 1
            _pad(lines[start:end], column, min_width, padding)
            start = end + 1
    return "\n".join("".join(line) for line in lines)


def _pad(run: list[list[str]], column: int, min_width: int, padding: int) -> None:
    """Pad the cells of one run of lines, in place."""
    widths = [display_width(line[column]) for line in run]
    width = max([min_width, *(cell + padding for cell in widths)])
    for line, cell in zip(run, widths, strict=True):
        line[column] += " " * (width - cell)


def display_width(text: str) -> int:
    """How many columns of a terminal a text takes: wide East Asian characters and emoji two, combining marks none.

    docker counts the same way (go-runewidth, since version 28); characters of ambiguous width count one.
    """
    if text.isascii():
        return len(text) if text.isprintable() else sum(char.isprintable() for char in text)
    import unicodedata  # import cost

    width = 0
    for char in text:
        if unicodedata.category(char) in ("Mn", "Me", "Cf", "Cc"):
            continue
        width += 2 if unicodedata.east_asian_width(char) in "WF" else 1
    return width
