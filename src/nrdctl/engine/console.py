"""The person's terminal: raw mode and window size."""

from __future__ import annotations

import contextlib
import os
import signal
import termios
import tty
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def raw_mode(fd: int) -> Iterator[None]:
    """Put a terminal into raw mode and give back what it was, also after an error. Does nothing for a non-terminal."""
    if not os.isatty(fd):
        yield
        return
    before = termios.tcgetattr(fd)
    tty.setraw(fd, termios.TCSANOW)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def window_size(fd: int) -> tuple[int, int] | None:
    """Return (columns, rows), or None for a non-terminal."""
    try:
        size = os.get_terminal_size(fd)
    except OSError:
        return None
    return (size.columns, size.lines) if size.columns and size.lines else None


@contextlib.contextmanager
def on_resize(callback: Callable[[], None]) -> Iterator[None]:
    """Call back, in the main thread, whenever the window changes its size."""
    before = signal.signal(signal.SIGWINCH, lambda *_: callback())
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)
