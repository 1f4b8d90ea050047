"""The host's end of the port to the guest's agent: length-prefixed JSON messages over a stream socket."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.vm.bed.process import BedError

if TYPE_CHECKING:
    import socket

GRACE = 60.0  # what the agent may need beyond a command's own limit to end it and answer


class GuestSilentError(BedError):
    """The guest did not answer: it died, or it hangs."""


@dataclass(frozen=True)
class Result:
    """How a command in the guest ended, and what it wrote to standard output and error."""

    code: int
    data: bytes

    @property
    def text(self) -> str:
        """The output as text."""
        return self.data.decode(errors="replace")


class Port:
    """Asks the agent one thing at a time."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._pending = bytearray()
        self._last = 0

    def request(self, kind: str, text: str, timeout: float, **extra: object) -> Result:
        """Have the agent run something, and wait for its answer."""
        self._last += 1
        body = json.dumps({"id": self._last, "kind": kind, "text": text, "timeout": timeout, **extra}).encode()
        deadline = time.monotonic() + timeout + GRACE
        try:
            self._stream.settimeout(GRACE)
            self._stream.sendall(b"%d\n%s" % (len(body), body))
        except OSError as error:
            raise GuestSilentError(f"the guest takes no commands: {error}") from error
        while True:
            answer = self._receive(deadline)
            if answer["id"] == self._last:
                return Result(answer["code"], base64.b64decode(answer["output"]))

    def _receive(self, deadline: float) -> dict[str, Any]:
        while True:
            head, newline, rest = bytes(self._pending).partition(b"\n")
            if newline and len(rest) >= int(head):
                self._pending[:] = rest[int(head) :]
                answer: dict[str, Any] = json.loads(rest[: int(head)])
                return answer
            self._pending += self._block(deadline)

    def _block(self, deadline: float) -> bytes:
        try:
            self._stream.settimeout(max(deadline - time.monotonic(), 0.001))
            block = self._stream.recv(1 << 16)
        except TimeoutError:
            raise GuestSilentError("the guest did not answer in time") from None
        except OSError as error:
            raise GuestSilentError(f"the guest is gone: {error}") from error
        if not block:
            raise GuestSilentError("the guest is gone")
        return block

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()
