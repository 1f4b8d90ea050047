"""Rows as lines of text that fit a width, in columns that stay where they are from frame to frame."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from nrdctl.monitor.frame import HISTORY
from nrdctl.monitor.sparkline import sparkline
from nrdctl.monitor.view import NAME, NAMESPACE
from nrdctl.render.human import ellipsis
from nrdctl.render.table import display_width

if TYPE_CHECKING:
    from nrdctl.monitor.figures import Figure
    from nrdctl.monitor.frame import Row
    from nrdctl.monitor.view import View

GAP = 2
# A name keeps this many columns before others give way to it; in a very narrow window it has to do with the least.
NAME_WIDTH = 20
LEAST_NAME = 8
LONGEST_TEXT = 40
LONGEST_NAMESPACE = 14
LEAST_HISTORY = 10
HISTORY_HEADER = "HISTORY"
# What stands beside a figure that deserves attention, so that colour is never the only sign.
MARK = "!"

# How a piece of a line may be painted: (text, "header" or "alert") → text.
Paint = Callable[[str, str], str]


def plain(text: str, style: str) -> str:  # noqa: ARG001 - the signature of Paint
    """Paint nothing."""
    return text


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One figure of one row."""

    text: str
    alert: bool = False


class Layout:
    """Lays rows out as a table, with their namespace as soon as there are several.

    `marks`: figures that deserve attention get a mark, and the history is drawn where there is room.
    """

    def __init__(self, view: View, *, marks: bool = False, paint: Paint = plain) -> None:
        self._view = view
        self._figures = view.shown(namespaces=False)
        self._marks = marks
        self._paint = paint
        everything = view.shown(namespaces=True)
        self._widths = {figure.name: max(display_width(figure.header), figure.width) for figure in everything}

    def expect(self, rows: Iterable[Row]) -> None:
        """Show namespaces from now on if these rows, which may be more than are ever laid out, have several."""
        if len({row.container.namespace for row in rows}) > 1:
            self._figures = self._view.shown(namespaces=True)

    def lines(self, rows: Sequence[Row], width: int | None = None) -> list[str]:
        """Return the header and a line for each row, none of them wider than `width` (None: as wide as need be)."""
        self.expect(rows)
        table = [{figure.name: self._cell(figure, row) for figure in self._figures} for row in rows]
        for cells in table:
            for figure in self._figures:
                longest = LONGEST_NAMESPACE if figure is NAMESPACE else LONGEST_TEXT
                needed = min(display_width(cells[figure.name].text), longest)
                self._widths[figure.name] = max(self._widths[figure.name], needed)
        figures, widths = self._fitting(width)
        history = self._history_width(widths, width)
        header = [self._pad(figure.header, widths[figure.name], figure) for figure in figures]
        if history:
            header.append(HISTORY_HEADER.rjust(history))
        lines = [self._paint((" " * GAP).join(header).rstrip()[:width], "header")]
        for row, cells in zip(rows, table, strict=True):
            parts = [self._painted(cells[figure.name], widths[figure.name], figure) for figure in figures]
            if history:
                parts.append(sparkline(row.history, history, top=self._view.top(row)))
            lines.append((" " * GAP).join(parts).rstrip())
        return lines

    def _cell(self, figure: Figure, row: Row) -> Cell:
        alert = self._marks and figure.alert is not None and figure.alert(row)
        return Cell(text=figure.show(row) + (MARK if alert else ""), alert=alert)

    def _fitting(self, width: int | None) -> tuple[list[Figure], dict[str, int]]:
        """Choose the figures that there is room for, and make the name as narrow as it must be."""
        figures, widths = list(self._figures), dict(self._widths)
        if width is None or _breadth(figures, widths) <= width:
            return figures, widths
        for least in (NAME_WIDTH, LEAST_NAME):
            widths[NAME.name] = min(self._widths[NAME.name], least)
            while len(figures) > (1 if least == LEAST_NAME else 3) and _breadth(figures, widths) > width:
                lowest = min(figure.rank for figure in figures)
                figures = [figure for figure in figures if figure.rank > lowest]
        spare = width - _breadth(figures, widths)
        widths[NAME.name] = max(1, min(self._widths[NAME.name], widths[NAME.name] + spare))
        return figures, widths

    def _history_width(self, widths: dict[str, int], width: int | None) -> int:
        """Return the room for the history beside a whole table, 0 for none."""
        if not self._marks or width is None:
            return 0
        spare = width - _breadth(self._figures, widths) - GAP
        return min(spare, HISTORY) if spare >= LEAST_HISTORY and widths == self._widths else 0

    def _painted(self, cell: Cell, width: int, figure: Figure) -> str:
        text = self._pad(cell.text, width, figure)
        return self._paint(text, "alert") if cell.alert else text

    def _pad(self, text: str, width: int, figure: Figure) -> str:
        text = ellipsis(text, width)
        blanks = " " * (width - display_width(text))
        return text + blanks if figure.left else blanks + text


def _breadth(figures: Sequence[Figure], widths: dict[str, int]) -> int:
    return sum(widths[figure.name] for figure in figures) + GAP * (len(figures) - 1)
