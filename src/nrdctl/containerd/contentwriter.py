"""Writing a blob: one stream both ways, one answer for each request."""

from __future__ import annotations

import contextlib
import queue
import time
from typing import TYPE_CHECKING, Any, Self

from nrdctl._pb import content_pb2 as pb
from nrdctl.errors import InvalidArgument, NrdctlError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nrdctl.containerd.channel import Rpc

# Measured: half of it halves the rate, four times as much does too.
CHUNK = 1 << 20
_RETRY_SECONDS = 0.1


class ContentWriter:
    """An ingest under way, to be used as a context manager. Leaving it without `commit` keeps what was written.

    A later writer of the same reference goes on at its `offset`; `Content.abort` throws it away.
    """

    def __init__(self, rpc: Rpc, ref: str, *, size: int, expected: str) -> None:
        self._rpc = rpc
        self._ref, self._size, self._expected = ref, size, expected
        self._requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._buffer = bytearray()
        self._written = 0
        self._open = True
        with rpc.translated("Write"):
            self._answers = rpc.duplex("Write", iter(self._requests.get, None))
        self._written = self._exchange(pb.STAT).offset

    @property
    def offset(self) -> int:
        """Where the next byte goes; at once the whole size when containerd found the blob in another namespace."""
        return self._written + len(self._buffer)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append; small pieces are gathered."""
        self._buffer += data
        while len(self._buffer) >= CHUNK:
            self._flush(CHUNK)

    def truncate(self) -> None:
        """Forget what was written, to start again at offset 0."""
        self._buffer.clear()
        if self._written:
            # A write at offset 0, even of nothing, truncates.
            self._exchange(pb.WRITE)
            self._written = 0

    def commit(self, labels: Mapping[str, str] | None = None, size: int = 0) -> str:
        """Make a blob of it and return its digest.

        Raises AlreadyExists when another writer was faster, Conflict when its size or digest is not the expected one.
        """
        while self._buffer:
            self._flush(CHUNK)
        total = size or self._size or self._written
        if total != self._written:
            raise InvalidArgument(f"{self._ref}: {self._written} bytes were written, expected {total}")
        answer = self._exchange(pb.COMMIT, offset=self._written, total=total, labels=labels or {})
        self.close()
        return str(answer.digest)

    def close(self) -> None:
        """End the stream, and wait for containerd to let go of the reference."""
        if not self._open:
            return
        self._open = False
        self._requests.put(None)
        with contextlib.suppress(NrdctlError), self._rpc.translated("Write"):
            for _ in self._answers:
                pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _flush(self, size: int) -> None:
        data = bytes(memoryview(self._buffer)[:size])
        self._written = self._exchange(pb.WRITE, offset=self._written, data=data).offset
        del self._buffer[:size]

    def _exchange(self, action: int, **fields: Any) -> Any:
        if not self._open:
            raise InvalidArgument(f"{self._ref}: the writer is closed")
        request = pb.WriteContentRequest(
            **{"action": action, "ref": self._ref, "total": self._size, "expected": self._expected, **fields}
        )
        self._requests.put(request)
        try:
            with self._rpc.translated("Write"):
                return next(self._answers)
        except StopIteration:
            self.close()
            raise Unavailable(f"{self._ref}: containerd ended the write") from None
        except BaseException:
            self._open = False
            self._requests.put(None)
            self._answers.cancel()
            raise


def open_writer(rpc: Rpc, ref: str, *, size: int, expected: str, patience: float) -> ContentWriter:
    """Open a writer; while another one holds the reference, try again for `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return ContentWriter(rpc, ref, size=size, expected=expected)
        except Unavailable as error:
            if error.hint or time.monotonic() >= deadline:
                raise
            time.sleep(_RETRY_SECONDS)
