"""Shows how a pull or a load goes on: a line per layer that is redrawn on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from nrdctl.render.human import size

if TYPE_CHECKING:
    from nrdctl.image.progress import Progress

_BAR = 40


class PullProgress:
    """A context manager whose `show` takes the steps. Everything goes to standard error, so that output stays clean."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
        self._lines: dict[str, str] = {}
        self._drawn = 0
        self._lock = threading.Lock()

    def __enter__(self) -> PullProgress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._drawn:
            sys.stderr.write("\n")
            sys.stderr.flush()

    def show(self, step: Progress) -> None:
        """Take one step."""
        if self._quiet:
            return
        with self._lock:
            if self._terminal:
                self._draw(step)
            else:
                self._say(step)

    def _say(self, step: Progress) -> None:
        """Write a line when a thing's state changes, not for every piece of it."""
        text = str(step.status)
        if self._lines.get(step.id) != text:
            self._lines[step.id] = text
            print(f"{step.id}: {text}", file=sys.stderr, flush=True)

    def _draw(self, step: Progress) -> None:
        bar = ""
        if step.total and step.current < step.total:
            filled = _BAR * step.current // step.total
            arrow = "=" * max(filled - 1, 0) + (">" if filled else "")
            bar = f" [{arrow:<{_BAR}}] {size(step.current)}/{size(step.total)}"
        self._lines[step.id] = f"{step.id}: {step.status}{bar}"
        up = f"\x1b[{self._drawn - 1}A" if self._drawn > 1 else ""
        text = "\n".join(f"\x1b[2K{line}" for line in self._lines.values())
        sys.stderr.write(f"\r{up}{text}")
        sys.stderr.flush()
        self._drawn = len(self._lines)
