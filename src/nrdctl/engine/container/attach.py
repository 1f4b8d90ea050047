"""A person's streams joined with those of a container, through its monitor."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import select
from typing import TYPE_CHECKING

from nrdctl.conmon.client import EXITED as EXITED_PACKET
from nrdctl.conmon.client import STDERR as STDERR_PACKET
from nrdctl.conmon.client import STDIN_CLOSED
from nrdctl.conmon.client import STDOUT as STDOUT_PACKET
from nrdctl.engine import labels
from nrdctl.engine.console import on_resize, raw_mode, window_size
from nrdctl.engine.container.request import request_of
from nrdctl.engine.container.settle import settle
from nrdctl.engine.detach import DetachKeys
from nrdctl.engine.pump import Pump, write_all
from nrdctl.engine.sigproxy import forwarded
from nrdctl.errors import Conflict, NotFound, NrdctlError, Unavailable

if TYPE_CHECKING:
    from nrdctl.conmon.client import MonitorClient, Packet
    from nrdctl.containerd.exits import PendingExit
    from nrdctl.containerd.records import ContainerRecord
    from nrdctl.engine.engine import Engine

STDIN, STDOUT, STDERR = 0, 1, 2


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class AttachOptions:
    """How to attach. `detach_keys` are the bytes that leave a terminal."""

    stdin: bool = True
    sig_proxy: bool = True
    detach_keys: bytes = b""


class Session:
    """An attached client. `detached` says, after `attach`, that the person left and the container goes on."""

    def __init__(
        self, engine: Engine, record: ContainerRecord, monitor: MonitorClient, pending: PendingExit, *, claimed: bool
    ) -> None:
        self._engine, self._record = engine, record
        self._monitor, self._pending, self._claimed = monitor, pending, claimed
        request = request_of(record)
        self._tty = bool(request and request.config.process.tty)
        self._interactive = bool(request and request.config.process.interactive)
        self._pump = Pump()
        self._exited = self._lost = False
        self._keys = DetachKeys(b"")
        self.detached = False
        self.warnings: tuple[str, ...] = ()

    def attach(self, options: AttachOptions) -> int:
        """Copy until the container's process has ended and all of its output is written; return its exit status.

        0 when the person detached.
        """
        stdin = options.stdin and self._interactive
        self._keys = DetachKeys(options.detach_keys if self._tty else b"")
        with contextlib.closing(self._monitor):
            with contextlib.ExitStack() as stack:
                if options.sig_proxy:
                    stack.enter_context(forwarded(self._send))
                if self._tty:
                    if stdin:
                        stack.enter_context(raw_mode(STDIN))
                    self._resize()
                    stack.enter_context(on_resize(self._resize))
                self._copy(stdin=stdin)
            if self.detached:
                self._pending.cancel()
                return 0
            return self._finish()

    def _copy(self, *, stdin: bool) -> None:
        if stdin:
            self._pump.copy(STDIN, self._typed, self._end_of_input)
        self._pump.watch(self._monitor.fileno(), self._packets)
        self._packets()  # some may have come with the answers to requests
        while not (self._exited or self._lost or self.detached):
            self._pump.step()

    def _packets(self) -> bool:
        """Handle what the monitor has sent. Returns False when it is gone."""
        try:
            while not self._exited and (packet := self._monitor.receive()) is not None:
                self._handle(packet)
        except Unavailable:
            self._lost = True
        return not self._lost

    def _handle(self, packet: Packet) -> None:
        if packet.kind == STDOUT_PACKET:
            _write(STDOUT, packet.data)
        elif packet.kind == STDERR_PACKET:
            _write(STDERR, packet.data)
        elif packet.kind == EXITED_PACKET:
            self._exited = True
        elif packet.kind == STDIN_CLOSED:
            with contextlib.suppress(NrdctlError):
                self._engine.client.tasks.close_stdin(self._record.id)

    def _typed(self, data: bytes) -> bool:
        passed, self.detached = self._keys.feed(data)
        view = memoryview(passed)
        while view and not (self._exited or self._lost):
            try:
                view = view[self._monitor.write_stdin(view) :]
            except Unavailable:
                self._lost = True
                break
            if view:  # the container reads slowly: go on writing its output until it takes more
                select.select([self._monitor.fileno()], [self._monitor.fileno()], [])
                self._packets()
        return not self.detached

    def _end_of_input(self) -> None:
        with contextlib.suppress(Unavailable):
            self._monitor.close_stdin()

    def _resize(self) -> None:
        size = window_size(STDOUT) or window_size(STDIN)
        if size:
            with contextlib.suppress(NrdctlError):
                self._engine.client.tasks.resize(self._record.id, *size)

    def _send(self, number: int) -> None:
        with contextlib.suppress(NrdctlError):
            self._engine.client.tasks.kill(self._record.id, number)

    def _finish(self) -> int:
        """Return the exit status, and clean up when that was claimed."""
        try:
            status = self._pending.result().status
        except NotFound:
            status = self._kept_status()
        if self._claimed:
            with contextlib.suppress(NotFound):
                settle(self._engine, self._record.id, may_restart=False)
            with contextlib.suppress(Conflict):  # somebody has started it again
                self._monitor.quit()
        return status

    def _kept_status(self) -> int:
        try:
            record = self._engine.client.containers.get(self._record.id)
        except NotFound:
            return 0
        return int(record.labels.get(labels.EXIT_CODE, "0"))


def _write(fd: int, data: bytes) -> None:
    """Write output; when nobody reads ours any more, that is this command's end, not the container's."""
    try:
        write_all(fd, data)
    except OSError as error:
        raise BrokenPipeError(error.errno, os.strerror(error.errno or 0)) from None
