"""Copies bytes between file descriptors with poll(2): sources are handled when they are ready, until they end."""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Callable

CHUNK = 64 * 1024


def write_all(fd: int, data: bytes) -> None:
    """Write everything, also to a descriptor in non-blocking mode."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:
            select.select([], [fd], [])


class Pump:
    """Sources that are handled when they are ready. A source ends when its handler returns False."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._handlers: dict[int, Callable[[], bool | None]] = {}

    def watch(self, fd: int, on_ready: Callable[[], bool | None]) -> None:
        """Call back whenever `fd` is readable (or has ended)."""
        self._handlers[fd] = on_ready
        self._poll.register(fd, select.POLLIN | select.POLLHUP | select.POLLERR)

    def copy(self, fd: int, handler: Callable[[bytes], bool | None], on_end: Callable[[], None] | None = None) -> None:
        """Read `fd` whenever it is readable and pass the bytes on; at the end of the file call `on_end`."""

        def read() -> bool | None:
            try:
                data = os.read(fd, CHUNK)
            except BlockingIOError:
                return True
            except OSError:  # EIO: the other side of a terminal is gone
                data = b""
            if data:
                return handler(data)
            if on_end:
                on_end()
            return False

        self.watch(fd, read)

    def remove(self, fd: int) -> None:
        """Forget a source."""
        if self._handlers.pop(fd, None):
            with contextlib.suppress(KeyError):
                self._poll.unregister(fd)

    def __contains__(self, fd: int) -> bool:
        return fd in self._handlers

    def run_until_ended(self, *fds: int) -> None:
        """Work until all of these sources have ended."""
        while any(fd in self._handlers for fd in fds):
            self.step()

    def step(self, timeout: float | None = None) -> bool:
        """Wait (seconds) for sources to be ready and handle them once. Returns whether any was."""
        ready = self._poll.poll(None if timeout is None else timeout * 1000)
        for fd, _ in ready:
            handler = self._handlers.get(fd)
            if handler is not None and handler() is False:
                self.remove(fd)
        return bool(ready)
