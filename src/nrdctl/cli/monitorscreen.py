"""The live view of `nrdctl monitor` on a terminal."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from nrdctl.cli.terminalscreen import TerminalScreen
from nrdctl.monitor.frame import ordered
from nrdctl.monitor.layout import Layout
from nrdctl.render.human import ellipsis

if TYPE_CHECKING:
    from nrdctl.cli.monitor import Watching
    from nrdctl.monitor.figures import Figure
    from nrdctl.monitor.frame import Frame, Row
    from nrdctl.monitor.view import View
    from nrdctl.monitor.watch import Watch

# The first rates are shown so many seconds after the first counters.
FIRST_RATES = 0.25
KEYS = "q quit   s sort by the next column   r reverse   p pause   ↑ ↓ scroll"
_BOLD, _ALERT, _END = "\x1b[1m", "\x1b[1;31m", "\x1b[0m"


def show(watch: Watch, view: View, watching: Watching, sort: Figure) -> Frame | None:
    """Show frames until a key ends it, or their number or time is up: then return the last one."""
    with TerminalScreen() as screen:
        return Live(screen, view, watching, sort).run(watch)


class Live:
    """The state of the screen: what is sorted by, what is shown, whether it stands still."""

    def __init__(self, screen: TerminalScreen, view: View, watching: Watching, sort: Figure) -> None:
        self._screen = screen
        self._view = view
        self._watching = watching
        self._sort = sort
        self._reverse = False
        self._paused = False
        self._offset = 0
        self._layout = Layout(
            view, marks=True, paint=_paint if not os.environ.get("NO_COLOR") else _paint_without_colour
        )
        self._frame: Frame | None = None

    def run(self, watch: Watch) -> Frame | None:
        """Read, draw and obey keys; return the last frame unless a key ended it."""
        started = time.monotonic()
        due, left = started, self._watching.count
        first = True
        while True:
            frame = watch.frame()
            if self._frame is None or not self._paused:
                self._frame = frame
            self._draw()
            now = time.monotonic()
            if not first and left is not None:
                left -= 1
            if left == 0 or (self._watching.duration is not None and now - started >= self._watching.duration):
                return frame
            due = max(due + (min(FIRST_RATES, self._watching.interval) if first else self._watching.interval), now)
            first = False
            if not self._wait(due):
                return None

    def _wait(self, due: float) -> bool:
        """Obey keys until then; False when one of them ends the program."""
        while (left := due - time.monotonic()) > 0:
            keys = self._screen.wait(left)
            for key in keys or ():
                if key in ("q", "Q"):
                    return False
                self._obey(key)
            if keys is not None:
                self._draw()
        return True

    def _obey(self, key: str) -> None:
        page = max(1, self._screen.size[1] - 5)
        moves = {
            "up": -1,
            "k": -1,
            "down": 1,
            "j": 1,
            "page up": -page,
            "page down": page,
            "home": -(10**9),
            "end": 10**9,
        }
        if key == "s":
            figures = self._view.shown(namespaces=True)
            self._sort = (
                figures[(figures.index(self._sort) + 1) % len(figures)] if self._sort in figures else figures[0]
            )
        elif key == "r":
            self._reverse = not self._reverse
        elif key in ("p", " "):
            self._paused = not self._paused
        elif key in moves:
            self._offset += moves[key]

    def _draw(self) -> None:
        if self._frame is None:
            return
        columns, lines = self._screen.size
        rows = ordered(self._frame.rows, self._sort.value, reverse=self._reverse)
        room = max(1, lines - 4)
        self._offset = max(0, min(self._offset, len(rows) - room))
        self._layout.expect(rows)
        header, *table = self._layout.lines(rows[self._offset : self._offset + room], columns)
        blank = [""] * (room - len(table))
        text = [ellipsis(self._status(self._frame), columns), ellipsis(self._note(self._frame, rows, room), columns)]
        self._screen.draw([*text, header, *table, *blank, ellipsis(KEYS, columns)][: max(lines, 1)])

    def _status(self, frame: Frame) -> str:
        totals = frame.totals
        parts = [
            f"monitor {self._view.kind}",
            f"{totals.running} running",
            self._view.total(frame),
            f"by {self._sort.header} {'↑' if self._reverse else '↓'}",
            f"{frame.time.astimezone():%H:%M:%S}",
            f"every {self._watching.interval:g}s",
        ]
        return "  ".join(["PAUSED", *parts] if self._paused else parts)

    def _note(self, frame: Frame, rows: list[Row], room: int) -> str:
        if frame.problem:
            return f"! {frame.problem}; showing the containers known so far"
        if not rows:
            return "No running containers."
        return f"{self._offset + 1}-{self._offset + room} of {len(rows)}" if len(rows) > room else ""


def _paint(text: str, style: str) -> str:
    return f"{_BOLD if style == 'header' else _ALERT}{text}{_END}"


def _paint_without_colour(text: str, style: str) -> str:  # noqa: ARG001 - everything that is painted is bold
    return f"{_BOLD}{text}{_END}"
