"""Writes the container's standard input, a FIFO that the shim reads."""

import posix

from nrdctl.conmon.loop import WRITE, Loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_FULL = 1 << 18
_ROOM = 1 << 16
_PIECE = 65536


class ContainerInput:
    """The FIFO at `path`.

    It is opened for both ways: that works before the shim has opened it, and keeps what is written until it does.
    """

    def __init__(self, loop: Loop, path: bytes, on_room: "Callable[[], None]") -> None:
        self._loop = loop
        self._on_room = on_room
        self._fd = posix.open(path, posix.O_RDWR | posix.O_NONBLOCK | posix.O_CLOEXEC)
        self._pending = bytearray()
        self._held = True
        self._closing = False
        self._closed: list[Callable[[], None]] = []

    @property
    def full(self) -> bool:
        """Whether so much is waiting that no more should be taken."""
        return len(self._pending) >= _FULL

    def write(self, data: bytes) -> None:
        """Write `data` as the container takes it. Dropped when the input is closed."""
        if self._fd >= 0 and not self._closing:
            self._pending += data
            self._push()

    def release(self) -> None:
        """Allow the end of the input: the shim has opened the FIFO, so that closing our end loses nothing."""
        self._held = False
        self._push()

    def finish(self, closed: "Callable[[], None]") -> None:
        """Close the FIFO when all has been written, then call `closed`."""
        self._closing = True
        self._closed.append(closed)
        self._push()

    def close(self) -> None:
        """Close the FIFO now and forget what is waiting."""
        self._closing = True
        self._held = False
        self._pending.clear()
        self._push()

    def _push(self) -> None:
        try:
            while self._pending:
                del self._pending[: posix.write(self._fd, self._pending[:_PIECE])]
        except BlockingIOError:
            self._loop.watch(self._fd, WRITE, lambda _events: self._push())
        except OSError:
            self._pending.clear()
        if not self._pending:
            self._loop.forget(self._fd)
            if self._closing and not self._held:
                self._shut()
        if len(self._pending) <= _ROOM:
            self._on_room()

    def _shut(self) -> None:
        if self._fd >= 0:
            posix.close(self._fd)
            self._fd = -1
        waiting, self._closed = self._closed, []
        for closed in waiting:
            closed()
