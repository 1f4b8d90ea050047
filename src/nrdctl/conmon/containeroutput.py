"""Reads the container's output: the shim's pipes (or FIFOs)."""

import posix

from nrdctl.conmon.loop import READ, Loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK = 65536
"""Bytes of one read: the capacity of a pipe, and what fits into one packet."""

_LARGEST_PIPE = 1 << 20


class ContainerOutput:
    """The open output streams, watched unless paused.

    `sink(stream, chunk)` gets what they bring; `ended()` is called after the end of the last one.
    """

    def __init__(self, loop: Loop, sink: "Callable[[bytes, bytes], None]", ended: "Callable[[], None]") -> None:
        self._loop = loop
        self._sink = sink
        self._ended = ended
        self._streams: dict[int, bytes] = {}
        self._paused = False

    @property
    def open(self) -> bool:
        """Whether a stream has not ended."""
        return bool(self._streams)

    def add(self, fd: int, stream: bytes) -> None:
        """Read the stream `stream` (`stdout` or `stderr`) from `fd`."""
        posix.set_blocking(fd, False)
        self._streams[fd] = stream
        self._watch(fd)

    def pause(self, paused: bool) -> None:
        """Stop reading, so that the container blocks when its pipe is full; or go on."""
        if paused == self._paused:
            return
        self._paused = paused
        for fd in self._streams:
            if paused:
                self._loop.forget(fd)  # with no events asked for, poll would still report the end of a pipe, for ever
            else:
                self._watch(fd)

    def drain(self) -> None:
        """Read what the pipes hold now; other processes may keep them open, and even go on writing."""
        for fd in list(self._streams):
            left = _LARGEST_PIPE
            while left > 0 and fd in self._streams and (count := self._read(fd)):
                left -= count

    def close(self) -> None:
        """Close all streams, without a call of `ended`."""
        for fd in self._streams:
            self._loop.forget(fd)
            posix.close(fd)
        self._streams.clear()

    def _watch(self, fd: int) -> None:
        self._loop.watch(fd, READ, lambda _events: self._read(fd))

    def _read(self, fd: int) -> int:
        """Read once; return the number of bytes."""
        try:
            chunk = posix.read(fd, CHUNK)
        except BlockingIOError:
            return 0
        if chunk:
            self._sink(self._streams[fd], chunk)
            return len(chunk)
        self._loop.forget(fd)
        del self._streams[fd]
        posix.close(fd)
        if not self._streams:
            self._ended()
        return 0
