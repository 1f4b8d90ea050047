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
    """The FIFO at `path`. It is opened for both ways: that works before the shim has opened it, and keeps what is written until it does."""

    def __init__(self, loop: Loop, path: bytes, on_room: "Callable[[], None]") -> None:
        self._loop = loop
        self._on_room = on_room
        self._fd = posix.open(path, posix.O_RDWR | posix.O_NONBLOCK | posix.O_CLOEXEC)
        self._pending = bytearray()
        self._closing = False

    @property
    def open(self) -> bool:
        """Whether the container can still get input from here."""
        return self._fd >= 0 and not self._closing

    @property
    def full(self) -> bool:
        """Whether so much is waiting that no more should be taken."""
        return len(self._pending) >= _FULL

    def write(self, data: bytes) -> None:
        """Write `data` as the container takes it. Dropped when the input is closed."""
        if self.open:
            self._pending += data
            self._push()

    def finish(self) -> None:
        """Close the FIFO when all has been written."""
        self._closing = True
        self._push()

    def close(self) -> None:
        """Close the FIFO now and forget what is waiting."""
        self._closing = True
        self._pending.clear()
        self._push()

    def _push(self) -> None:
        if self._fd < 0:
            return
        try:
            while self._pending:
                del self._pending[: posix.write(self._fd, self._pending[:_PIECE])]
        except BlockingIOError:
            self._loop.watch(self._fd, WRITE, lambda _events: self._push())
        except OSError:
            self._pending.clear()
        if not self._pending:
            self._loop.forget(self._fd)
            if self._closing:
                posix.close(self._fd)
                self._fd = -1
        if len(self._pending) <= _ROOM:
            self._on_room()
