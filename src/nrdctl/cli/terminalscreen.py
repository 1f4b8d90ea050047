"""A full screen on the terminal: drawn by its changes, keys read one by one, everything restored on the way out."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import sys
import termios
import tty
from typing import TYPE_CHECKING, Any, Self

from nrdctl.errors import ContainerExit

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEFAULT_SIZE = (80, 24)
# Alternate screen, no cursor, no line wrap; and back, without colours.
_ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J"
_LEAVE = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"
_KEY = re.compile(r"\x1b\[[0-9;?]*[@-~]|\x1bO.|.", re.DOTALL)
_NAMES = {
    "\x1b[A": "up", "\x1bOA": "up", "\x1b[B": "down", "\x1bOB": "down",
    "\x1b[5~": "page up", "\x1b[6~": "page down", "\x1b[H": "home", "\x1b[F": "end", "\x03": "q",
}  # fmt: skip
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_WATCHED = (*_ENDING, signal.SIGWINCH, signal.SIGTSTP)


class TerminalScreen:
    """A context manager that holds the terminal. Signals are noted, and acted on in `wait`, between two drawings."""

    def __init__(self) -> None:
        self._keys = sys.stdin.fileno() if _is_terminal(sys.stdin) else -1
        self._mode: list[Any] | None = None
        self._drawn: list[str] = []
        self._noted: set[int] = set()
        self._handlers: dict[int, Any] = {}
        self._wake = -1, -1
        self._old_wakeup = -1

    def __enter__(self) -> Self:
        self._wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._old_wakeup = signal.set_wakeup_fd(self._wake[1], warn_on_full_buffer=False)
        for each in _WATCHED:
            self._handlers[each] = signal.signal(each, self._note)
        try:
            self._take()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError, termios.error, ValueError):  # the terminal may have gone
            self._give_back()
        for each, handler in self._handlers.items():
            signal.signal(each, signal.SIG_DFL if handler is None else handler)
        signal.set_wakeup_fd(self._old_wakeup)
        for fd in self._wake:
            os.close(fd)

    @property
    def size(self) -> tuple[int, int]:
        """The columns and lines of the terminal."""
        with contextlib.suppress(OSError):
            found = os.get_terminal_size(sys.stdout.fileno())
            if found.columns and found.lines:
                return found.columns, found.lines
        return _DEFAULT_SIZE

    def draw(self, lines: Sequence[str]) -> None:
        """Show these lines; only those that differ from what is there are written."""
        changed = [
            f"\x1b[{at};1H\x1b[2K{line}"
            for at, line in enumerate(lines, start=1)
            if at > len(self._drawn) or self._drawn[at - 1] != line
        ]
        if len(self._drawn) > len(lines):
            changed.append(f"\x1b[{len(lines) + 1};1H\x1b[J")
        self._drawn = list(lines)
        if changed:
            self._write("".join(changed) + "\x1b[0m")

    def wait(self, seconds: float) -> list[str] | None:
        """Return the keys that were pressed within this time, at once when there are any; None when it is over.

        An empty list asks to draw again: the size may have changed. Raises KeyboardInterrupt after SIGINT, and
        ContainerExit after another signal that ends the program.
        """
        sources = [self._wake[0], *([self._keys] if self._keys >= 0 else [])]
        ready, _, _ = select.select(sources, [], [], max(0.0, seconds))
        if self._wake[0] in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake[0], 4096)
        if self._noted:
            self._obey()
            return []
        if self._keys in ready:
            return self._read_keys()
        return None

    def _note(self, number: int, _: object) -> None:
        if number == signal.SIGINT and number in self._noted:  # whoever asks twice doesn't want to wait
            raise KeyboardInterrupt
        self._noted.add(number)

    def _obey(self) -> None:
        noted, self._noted = self._noted, set()
        for number in noted.intersection(_ENDING):
            if number == signal.SIGINT:
                raise KeyboardInterrupt
            raise ContainerExit(128 + number)
        if signal.SIGTSTP in noted:
            self._give_back()
            handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTSTP)  # sleeps here until it is continued
            signal.signal(signal.SIGTSTP, handler)
            self._take()
        self._write("\x1b[2J")
        self._drawn = []

    def _read_keys(self) -> list[str]:
        try:
            data = os.read(self._keys, 1024)
        except OSError:
            data = b""
        if not data:  # the terminal has gone
            return ["q"]
        return [_NAMES.get(key, key) for key in _KEY.findall(data.decode(errors="replace"))]

    def _take(self) -> None:
        if self._keys >= 0:
            self._mode = termios.tcgetattr(self._keys)
            tty.setcbreak(self._keys, termios.TCSADRAIN)
        self._write(_ENTER)
        self._drawn = []

    def _give_back(self) -> None:
        try:
            self._write(_LEAVE)
        finally:
            if self._mode is not None:
                termios.tcsetattr(self._keys, termios.TCSADRAIN, self._mode)
                self._mode = None

    def _write(self, text: str) -> None:
        sys.stdout.write(encodable(text, sys.stdout.encoding))
        sys.stdout.flush()


# What stands for our own characters where the terminal's encoding hasn't got them.
_PLAIN = str.maketrans("–…▁▂▃▄▅▆▇█↓↑", "-~._-:=+*#v^")


def encodable(text: str, encoding: str) -> str:
    """Return the text with plain characters for those that the encoding hasn't got."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_PLAIN).encode(encoding, "replace").decode(encoding)
    return text


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False
