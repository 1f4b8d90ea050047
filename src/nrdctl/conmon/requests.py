"""Answers what clients ask for over the attach socket."""

import posix

from nrdctl.conmon import protocol
from nrdctl.conmon.attachserver import AttachServer, Client
from nrdctl.conmon.commands import Command
from nrdctl.conmon.containerinput import ContainerInput
from nrdctl.conmon.loop import Loop
from nrdctl.conmon.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Life(Protocol):
        """What of the monitor the requests touch."""

        @property
        def exited(self) -> bool:
            """Whether the init process is gone and its output read."""

        def watch_init(self, pid: int) -> None:
            """Watch the init process. Raises OSError."""

        def claim(self) -> bool:
            """Leave the clean-up to clients, while one that has claimed it is there. False: it is too late."""

        def quit(self) -> bool:
            """End. False: the container runs."""

        def clients_changed(self) -> None:
            """See what follows from fewer clients, or fewer waiting packets."""


class Requests:
    """The server's owner: it maps packets to what they do."""

    def __init__(self, loop: Loop, settings: Settings, directory: bytes, life: "Life") -> None:
        self._loop = loop
        self._settings = settings
        self._life = life
        self._sockets: list[int] = []
        self._input = ContainerInput(loop, directory + b"/stdin", self._on_room) if settings.stdin else None
        self.server = AttachServer(loop, directory, self)

    def on_request(self, client: Client, kind: bytes, payload: bytes, sockets: list[int]) -> None:
        """Serve one packet."""
        if kind == protocol.SOCKETS:
            self._sockets += sockets
            self.server.acknowledge(client, kind)
            return
        _close(sockets)
        if kind == protocol.STDIN:
            self._write_stdin(payload)
        elif kind == protocol.STDIN_CLOSE:
            self._close_stdin(client)
        elif kind == protocol.SUBSCRIBE:
            self._subscribe(client)
        elif kind == protocol.PID:
            self._watch_init(client, payload)
        elif kind == protocol.CLAIM:
            client.claimed = True
            result = protocol.CLAIM_GRANTED if self._life.claim() else protocol.CLAIM_LATE
            self.server.acknowledge(client, kind, result)
        elif kind != protocol.QUIT:
            self.server.refuse(client, kind, "unknown request")
        else:
            self._quit(client)

    def on_gone(self, client: Client) -> None:
        """Take the end of a writer as the end of the input."""
        if client.writes_stdin:
            self._finish_stdin(self._run_stdin_command)

    def on_clients_changed(self) -> None:
        """Pass it on."""
        self._life.clients_changed()

    def release_stdin(self) -> None:
        """Allow the input's end: the shim has opened the FIFO."""
        if self._input is not None:
            self._input.release()

    def close_stdin(self) -> None:
        """Drop what nobody will read any more."""
        if self._input is not None:
            self._input.close()

    def close(self) -> None:
        """Take no new clients, give up the sockets that were kept."""
        self.server.stop_listening()
        _close(self._sockets)
        self._sockets.clear()

    def _subscribe(self, client: Client) -> None:
        client.subscribed = True
        self.server.acknowledge(client, protocol.SUBSCRIBE)
        if self._life.exited:
            self.server.send(client, protocol.EXITED)

    def _watch_init(self, client: Client, payload: bytes) -> None:
        try:
            self._life.watch_init(int(payload))
        except (OSError, ValueError, OverflowError) as error:
            self.server.refuse(client, protocol.PID, f"can't watch process {payload[:20]!r}: {error}")
            return
        self.server.acknowledge(client, protocol.PID)

    def _quit(self, client: Client) -> None:
        if self._life.quit():
            self.server.acknowledge(client, protocol.QUIT)
        else:
            self.server.refuse(client, protocol.QUIT, "the container is running")

    def _write_stdin(self, data: bytes) -> None:
        if self._input is not None:
            self._input.write(data)
            if self._input.full:
                self.server.pause_input(True)

    def _on_room(self) -> None:
        self.server.pause_input(False)

    def _close_stdin(self, client: Client) -> None:
        client.writes_stdin = False

        def closed() -> None:
            self.server.acknowledge(client, protocol.STDIN_CLOSE, protocol.STDIN_CLOSED)

        if not self._finish_stdin(closed):
            self.server.acknowledge(client, protocol.STDIN_CLOSE, protocol.STDIN_KEPT)

    def _finish_stdin(self, closed: "Callable[[], None]") -> bool:
        """End the input as docker does: with its first writer under stdin_once, and never on a terminal."""
        if self._input is None or self._settings.terminal or not self._settings.stdin_once:
            return False
        self._input.finish(closed)
        return True

    def _run_stdin_command(self) -> None:
        """Have Tasks.CloseIO called, for the client that should have done it is gone."""
        if self._settings.stdin_command and not self._life.exited:
            Command(self._loop, self._settings.stdin_command, self._settings.environment).watch(_ignore)


def _ignore(_status: int, _output: bytes) -> None:
    return


def _close(fds: list[int]) -> None:
    for fd in fds:
        posix.close(fd)
