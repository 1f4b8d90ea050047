"""A terminal with a command on it, as a person sits at one."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECONDS = 30.0


class Terminal:
    """The command's controlling terminal, seen from the person's side."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], *, columns: int, rows: int) -> None:
        self.seen = ""
        self._read = 0
        self._master, slave = os.openpty()
        self.resize(columns, rows)
        # setsid --ctty: the terminal's keys and its changes of size become signals for the command
        self.process = subprocess.Popen(
            ["setsid", "--ctty", *command],
            env={**environment, "TERM": "xterm"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)

    def resize(self, columns: int, rows: int) -> None:
        """Give the window a size."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text: str) -> None:
        """Type keys; those that detach are control-P and control-Q, 16 and 17."""
        os.write(self._master, text.encode())

    def expect(self, pattern: str) -> re.Match[str]:
        """Wait until a pattern is shown, after what was expected before."""
        deadline = time.monotonic() + SECONDS
        while not (match := re.search(pattern, self.seen[self._read :])):
            assert time.monotonic() < deadline, f"{pattern!r} was not shown, but {self.seen!r}"
            ended = self.process.poll() is not None
            if not self._take(0.1) and ended:
                raise AssertionError(f"{pattern!r} was not shown, but {self.seen!r}, and the command ended")
        self._read += match.end()
        return match

    def end(self) -> int:
        """Wait for the command's end and return its exit code; all that it wrote is in `seen`."""
        deadline = time.monotonic() + SECONDS
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it does not end; {self.seen!r} was shown"
            self._take(0.05)
        while self._take(0):
            pass
        return self.process.returncode

    @property
    def raw(self) -> bool:
        """Whether the terminal is in raw mode."""
        flags = termios.tcgetattr(self._master)[3]
        return not flags & (termios.ICANON | termios.ECHO)

    def kill(self) -> None:
        """End the command at once."""
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):
            os.close(self._master)

    def _take(self, seconds: float) -> bool:
        """Read what there is; False when there is nothing."""
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: nobody has the other side open
            return False
        self.seen += data.decode(errors="replace")
        return bool(data)
