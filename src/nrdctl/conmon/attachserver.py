"""The attach socket: many clients, each with a bounded queue of packets that it has not taken yet."""

import posix
from _collections import deque  # type: ignore[import-not-found]
from _socket import (
    AF_UNIX,
    CMSG_SPACE,
    MSG_CMSG_CLOEXEC,
    MSG_CTRUNC,
    MSG_TRUNC,
    SCM_RIGHTS,
    SOCK_CLOEXEC,
    SOCK_NONBLOCK,
    SOCK_SEQPACKET,
    SOL_SOCKET,
    socket,
)

from nrdctl.conmon import protocol
from nrdctl.conmon.loop import HANGUP, READ, WRITE, Loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Owner(Protocol):
        """Who answers the requests."""

        def on_request(self, client: "Client", kind: bytes, payload: bytes, sockets: list[int]) -> None:
            """Answer a packet; the descriptors in `sockets` now belong to the owner."""

        def on_gone(self, client: "Client") -> None:
            """A client has disconnected and all that it had sent has been read."""

        def on_clients_changed(self) -> None:
            """A client has hung up, or has taken packets."""


QUEUE_HIGH = 1 << 20
"""Bytes waiting for one client at which the monitor stops to read the container's output, as docker does."""
QUEUE_LOW = 1 << 18

_TYPE = SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC
_ANCILLARY = CMSG_SPACE(4 * protocol.MAX_SOCKETS)


class Client:
    """One connection."""

    __slots__ = ("claimed", "connection", "hung_up", "queue", "queued", "subscribed", "writes_stdin")

    def __init__(self, connection: socket) -> None:
        self.connection = connection
        self.queue: deque[bytes] = deque()
        self.queued = 0
        self.subscribed = False
        self.claimed = False
        self.writes_stdin = False
        self.hung_up = False

    def enqueue(self, packet: bytes) -> None:
        """Send `packet` now or as soon as the client takes it."""
        if not self.hung_up:
            self.queue.append(packet)
            self.queued += len(packet)
            self.push()

    def push(self) -> None:
        """Send what the socket takes."""
        while self.queue:
            try:
                self.connection.send(self.queue[0])
            except BlockingIOError:
                return
            except OSError:
                # What the client had written before it went may still be read: the end is when reading says so.
                self.hang_up()
                return
            self.queued -= len(self.queue.popleft())

    def hang_up(self) -> None:
        """Note that nobody reads any more."""
        self.hung_up = True
        self.queue.clear()
        self.queued = 0


class AttachServer:
    """Listens at `<directory>/attach.sock`, in place of a socket that is there.

    It never unlinks it, which may be a successor's by then: a socket that nobody listens at refuses connections.
    """

    def __init__(self, loop: Loop, directory: bytes, owner: "Owner") -> None:
        self._loop = loop
        self._owner = owner
        self._clients: dict[int, Client] = {}
        self._input_paused = False
        self._listener: socket | None = _listen(directory)
        self.inode = posix.stat(directory + b"/" + protocol.SOCKET_NAME.encode()).st_ino
        loop.watch(self._listener.fileno(), READ, self._on_connect)

    @property
    def subscribed(self) -> bool:
        """Whether anybody wants the output."""
        return any(client.subscribed and not client.hung_up for client in self._clients.values())

    @property
    def claimed(self) -> bool:
        """Whether a connected client has claimed the clean-up."""
        return any(client.claimed and not client.hung_up for client in self._clients.values())

    @property
    def most_queued(self) -> int:
        """Bytes that wait for the slowest client."""
        return max((client.queued for client in self._clients.values()), default=0)

    def send(self, client: Client, packet: bytes) -> None:
        """Send one client a packet."""
        waiting = bool(client.queue)
        client.enqueue(packet)
        if bool(client.queue) != waiting:
            self._watch(client)

    def acknowledge(self, client: Client, kind: bytes, result: bytes = b"") -> None:
        """Answer a request of type `kind`."""
        self.send(client, protocol.ACK + kind + result)

    def refuse(self, client: Client, kind: bytes, reason: str) -> None:
        """Answer that a request of type `kind` failed."""
        self.send(client, protocol.NACK + kind + reason.encode())

    def publish(self, packet: bytes) -> None:
        """Send output to those who subscribed."""
        for client in self._clients.values():
            if client.subscribed:
                self.send(client, packet)

    def announce(self, packet: bytes) -> None:
        """Send `packet` to every client."""
        for client in self._clients.values():
            self.send(client, packet)

    def pause_input(self, paused: bool) -> None:
        """Stop or go on reading from the clients that write standard input."""
        if paused != self._input_paused:
            self._input_paused = paused
            for client in self._clients.values():
                if client.writes_stdin:
                    self._watch(client)

    def stop_listening(self) -> None:
        """Take no new clients."""
        if self._listener is not None:
            self._loop.forget(self._listener.fileno())
            self._listener.close()
            self._listener = None

    def _on_connect(self, _events: int) -> None:
        if self._listener is None:
            return
        try:
            fd, _ = self._listener._accept()  # type: ignore[attr-defined]
        except OSError:
            return
        connection = socket(AF_UNIX, _TYPE, 0, fileno=fd)
        connection.setblocking(False)
        client = Client(connection)
        self._clients[fd] = client
        client.enqueue(protocol.HELLO + str(protocol.VERSION).encode())
        self._watch(client)

    def _watch(self, client: Client) -> None:
        if client.connection.fileno() < 0:
            return
        paused = self._input_paused and client.writes_stdin
        events = (0 if paused else READ) | (WRITE if client.queue else 0)
        fd = client.connection.fileno()
        if client.hung_up and paused:
            self._loop.forget(fd)  # poll would report the hang-up for ever
        else:
            self._loop.watch(fd, events, lambda happened: self._on_event(client, happened))

    def _on_event(self, client: Client, events: int) -> None:
        if events & WRITE:
            client.push()
        if events & READ:
            if not self._receive(client):
                self._drop(client)
                return
        elif events & HANGUP:
            client.hang_up()
        self._watch(client)
        self._owner.on_clients_changed()

    def _receive(self, client: Client) -> bool:
        """Take one packet. False: the client is gone."""
        try:
            packet, ancillary, flags, _ = client.connection.recvmsg(protocol.MAX_PACKET, _ANCILLARY, MSG_CMSG_CLOEXEC)
        except BlockingIOError:
            return True
        except ConnectionResetError:
            client.hang_up()  # it left output unread; what it had sent can still be read
            return True
        except OSError:
            return False
        sockets = _descriptors(ancillary)
        if not packet:
            _close(sockets)
            return False
        kind = packet[:1]
        if flags & (MSG_TRUNC | MSG_CTRUNC):
            _close(sockets)
            self.refuse(client, kind, "the packet is too long")
            return True
        if kind == protocol.STDIN:
            client.writes_stdin = True
        self._owner.on_request(client, kind, packet[1:], sockets)
        return True

    def _drop(self, client: Client) -> None:
        fd = client.connection.fileno()
        self._loop.forget(fd)
        self._clients.pop(fd, None)
        client.connection.close()
        client.hang_up()
        self._owner.on_gone(client)
        self._owner.on_clients_changed()


def _listen(directory: bytes) -> socket:
    """Bind in the directory itself (the path may be longer than sun_path) and rename: there is a socket at any time."""
    listener = socket(AF_UNIX, _TYPE)
    name = protocol.SOCKET_NAME.encode()
    temporary = b"%s.%d" % (name, posix.getpid())
    posix.chdir(directory)
    try:
        listener.bind(temporary)
        posix.chmod(temporary, 0o600)
        listener.listen(64)
        posix.rename(temporary, name)
    finally:
        posix.chdir("/")
    return listener


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    fds: list[int] = []
    for level, kind, data in ancillary:
        if level == SOL_SOCKET and kind == SCM_RIGHTS:
            fds.extend(memoryview(data[: len(data) & ~3]).cast("i"))
    return fds


def _close(fds: list[int]) -> None:
    for fd in fds:
        posix.close(fd)
