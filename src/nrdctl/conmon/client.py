"""The engine's end of the attach socket."""

from __future__ import annotations

import array
import contextlib
import dataclasses
import os
import select
import socket
import time
from collections import deque
from typing import TYPE_CHECKING, Self

from nrdctl import errors
from nrdctl.conmon import protocol
from nrdctl.conmon.fifos import failure_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

STDOUT = protocol.STDOUT
STDERR = protocol.STDERR
EXITED = protocol.EXITED
STDIN_CLOSED = protocol.STDIN_CLOSE
"""Kinds of packets."""


@dataclasses.dataclass(frozen=True, slots=True)
class Packet:
    """STDOUT and STDERR carry bytes of the container; EXITED comes once, after the last of them.

    STDIN_CLOSED: the input has reached the shim as a whole, now call Tasks.CloseIO.
    """

    kind: bytes
    data: bytes = b""


class MonitorClient:
    """A connection to a container's monitor.

    Every method raises errors.Unavailable where there is no monitor (any more), and errors.Conflict where it refuses.
    """

    def __init__(self, run_directory: Path, *, timeout: float = 10.0) -> None:
        """`timeout`: the seconds within which the monitor must answer a request."""
        self._directory = run_directory
        self._timeout = timeout
        self._socket: socket.socket | None = None
        self._waiting: deque[Packet] = deque()
        self._answers: deque[tuple[bytes, bytes, bytes]] = deque()
        self._ended = False
        self.version = 0

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def connect(self) -> None:
        """Connect and wait for the monitor's greeting. Does nothing when connected."""
        if self._socket is not None:
            return
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            _connect(connection, self._directory)
            connection.setblocking(False)
        except OSError as error:
            connection.close()
            reason = failure_text(self._directory)
            raise errors.Unavailable(
                f"no monitor answers for this container: {os.strerror(error.errno or 0)}"
                + (f" ({reason})" if reason else "")
            ) from error
        self._socket = connection
        self.version = int(self._answer(protocol.HELLO))

    def close(self) -> None:
        """Disconnect. That ends a claim, and the input under stdin_once."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def fileno(self) -> int:
        """Return the socket, for poll: readable when `receive` has something to do, writable when `write_stdin` has."""
        return self._connection.fileno()

    # -- requests

    def send_pid(self, pid: int) -> None:
        """Name the init process: after Tasks.Create, before Tasks.Start."""
        self._request(protocol.PID, b"%d" % pid)

    def hand_over(self, sockets: Sequence[socket.socket | int]) -> None:
        """Have the monitor keep these sockets open for its life, so that their ports stay taken. Then close yours."""
        fds = [item if isinstance(item, int) else item.fileno() for item in sockets]
        for start in range(0, len(fds), protocol.MAX_SOCKETS):
            part = array.array("i", fds[start : start + protocol.MAX_SOCKETS])
            self._request(protocol.SOCKETS, ancillary=[(socket.SOL_SOCKET, socket.SCM_RIGHTS, part)])

    def claim(self) -> bool:
        """Promise to clean up after the exit, while connected. False: the monitor's own clean-up runs already."""
        return self._request(protocol.CLAIM) == protocol.CLAIM_GRANTED

    def subscribe(self, *, stdin: bool = False) -> None:
        """Ask for the output from now on.

        `stdin`: this client provides the input too, and under stdin_once its going is the input's end.
        """
        if stdin:
            self._send(protocol.STDIN)
        self._request(protocol.SUBSCRIBE)

    def quit(self) -> None:
        """Say that the task has been deleted; nothing to do where the monitor has seen it already.

        Raises errors.Conflict while the init process lives.
        """
        with contextlib.suppress(errors.Unavailable):
            self._request(protocol.QUIT)

    def close_stdin(self) -> None:
        """Say that there is no more input. Under stdin_once a STDIN_CLOSED packet follows when Tasks.CloseIO is due."""
        self._send(protocol.STDIN_CLOSE)

    def write_stdin(self, data: bytes | memoryview) -> int:
        """Send input; return how many bytes were taken, 0 when the container reads too slowly. Never blocks.

        Whoever waits for room must go on receiving meanwhile: the container may be blocked by its own output.
        """
        view = memoryview(data)
        taken = 0
        while taken < len(view):
            piece = view[taken : taken + protocol.MAX_PACKET - 1]
            try:
                self._connection.send(b"".join((protocol.STDIN, piece)))
            except BlockingIOError:
                break
            except OSError as error:
                raise _gone() from error
            taken += len(piece)
        return taken

    # -- what the monitor sends

    def receive(self) -> Packet | None:
        """Return the next packet, or None when there is none now. Raises errors.Unavailable at the connection's end."""
        if self._waiting:
            return self._waiting.popleft()
        self._take()
        return self._waiting.popleft() if self._waiting else None

    def packets(self) -> Iterator[Packet]:
        """Yield packets as they come, EXITED as the last one; or until the monitor is gone."""
        while True:
            try:
                packet = self.receive()
            except errors.Unavailable:
                return
            if packet is None:
                self._wait(select.POLLIN, None)
                continue
            yield packet
            if packet.kind == EXITED:
                return

    # -- the wire

    @property
    def _connection(self) -> socket.socket:
        if self._socket is None:
            raise errors.Unavailable("not connected to the container's monitor")
        return self._socket

    def _request(
        self, kind: bytes, payload: bytes = b"", *, ancillary: Sequence[tuple[int, int, array.array[int]]] = ()
    ) -> bytes:
        """Send a request and return the result of its acknowledgement; what comes before it waits for `receive`."""
        self._send(kind + payload, ancillary)
        return self._answer(kind)

    def _send(self, packet: bytes, ancillary: Sequence[tuple[int, int, array.array[int]]] = ()) -> None:
        deadline = time.monotonic() + self._timeout
        while True:
            try:
                self._connection.sendmsg([packet], ancillary)
            except BlockingIOError:
                self._take()
                self._wait(select.POLLIN | select.POLLOUT, deadline)
            except OSError as error:
                raise _gone() from error
            else:
                return

    def _answer(self, kind: bytes) -> bytes:
        deadline = time.monotonic() + self._timeout
        while True:
            while self._answers:
                verdict, request, result = self._answers.popleft()
                if request != kind:
                    continue
                if verdict == protocol.NACK:
                    raise errors.Conflict(f"the container's monitor refused: {result.decode('utf-8', 'replace')}")
                return result
            if not self._take():
                self._wait(select.POLLIN, deadline)

    def _take(self) -> bool:
        """Read one packet into a queue. False: there is none now."""
        try:
            packet = self._connection.recv(protocol.MAX_PACKET)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            return (
                True  # said once, when the monitor went with requests unread; what it had sent before can still be read
            )
        except OSError as error:
            raise _gone() from error
        if not packet:
            raise _gone()
        kind, data = packet[:1], packet[1:]
        if kind in (protocol.ACK, protocol.NACK):
            self._take_answer(kind, data[:1], data[1:])
        elif kind == protocol.HELLO:
            self._answers.append((protocol.ACK, kind, data))
        else:
            self._waiting.append(Packet(kind, data))
        return True

    def _take_answer(self, verdict: bytes, request: bytes, result: bytes) -> None:
        if request != protocol.STDIN_CLOSE:
            self._answers.append((verdict, request, result))
        elif result == protocol.STDIN_CLOSED:
            self._waiting.append(Packet(STDIN_CLOSED))

    def _wait(self, events: int, deadline: float | None) -> None:
        poll = select.poll()
        poll.register(self._connection, events)
        left = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1000
        if not poll.poll(left):
            raise errors.Unavailable(f"the container's monitor has not answered in {self._timeout:g} s")


def _connect(connection: socket.socket, directory: Path) -> None:
    """Connect through the directory's descriptor: its path may be longer than a socket address."""
    fd = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        connection.settimeout(5.0)
        connection.connect(f"/proc/self/fd/{fd}/{protocol.SOCKET_NAME}")
    finally:
        os.close(fd)


def _gone() -> errors.Unavailable:
    return errors.Unavailable("the container's monitor has ended")
