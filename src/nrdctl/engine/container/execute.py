"""`exec`: a further process in a running container."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nrdctl.containerd.records import Streams
from nrdctl.engine.console import on_resize, raw_mode, window_size
from nrdctl.engine.container.status import state_of
from nrdctl.engine.detach import DetachKeys
from nrdctl.engine.pump import Pump, write_all
from nrdctl.engine.resolve import resolve
from nrdctl.engine.sigproxy import forwarded
from nrdctl.engine.stdio import Fifos
from nrdctl.errors import Conflict, NrdctlError
from nrdctl.oci.spec import ExecRequest, exec_process

if TYPE_CHECKING:
    from nrdctl.containerd.client import Client
    from nrdctl.containerd.exits import PendingExit
    from nrdctl.containerd.records import ContainerRecord
    from nrdctl.engine.engine import Engine

STDIN, STDOUT, STDERR = 0, 1, 2


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ExecOptions:
    """What `exec` was asked for. `detach_keys` are the bytes that leave a terminal."""

    args: tuple[str, ...]
    tty: bool = False
    interactive: bool = False
    detach: bool = False
    privileged: bool = False
    user: str | None = None
    workdir: str | None = None
    env: tuple[str, ...] = ()
    detach_keys: bytes = b""


def execute(engine: Engine, reference: str, options: ExecOptions) -> int:
    """Run a command in a running container and return its exit status (0 at once when detached).

    Raises Conflict when the container does not run, StartFailed (126, 127) when the command can't be started.
    """
    record = resolve(engine.client, reference)
    _check_running(engine, record)
    request = ExecRequest(
        args=options.args,
        environment=options.env,
        workdir=options.workdir,
        user=engine.user_in(record, options.user) if options.user else None,
        tty=options.tty,
        privileged=options.privileged,
        capabilities=engine.host.capabilities,
    )
    process = exec_process(record.spec, request)
    exec_id = secrets.token_hex(32)
    client, tasks = engine.client, engine.client.tasks
    if options.detach:
        tasks.exec(record.id, exec_id, process, Streams(terminal=options.tty))
        with _deleted_on_failure(client, record.id, exec_id):
            tasks.start(record.id, exec_id)
        return 0
    fifos = Fifos.make(engine.layout.run_dir(record.id), stdin=options.interactive, terminal=options.tty)
    with contextlib.closing(fifos):
        streams = Streams(stdin=fifos.stdin, stdout=fifos.stdout, stderr=fifos.stderr, terminal=options.tty)
        tasks.exec(record.id, exec_id, process, streams)
        with _deleted_on_failure(client, record.id, exec_id):
            return _Session(client, record.id, exec_id, fifos, options).run()


def _check_running(engine: Engine, record: ContainerRecord) -> None:
    state = state_of(record, engine.task(record.id))
    if state.name == "paused":
        raise Conflict(f"Container {record.id} is paused, unpause the container before exec")
    if state.name != "running":
        raise Conflict(f"container {record.id} is not running")


@contextlib.contextmanager
def _deleted_on_failure(client: Client, container_id: str, exec_id: str) -> Iterator[None]:
    """Take the exec's record in the shim away again when it could not be started."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(NrdctlError):
            client.tasks.delete_process(container_id, exec_id)
        raise


class _Session:
    """An attached exec: this process's streams joined with those of the process in the container."""

    def __init__(self, client: Client, container_id: str, exec_id: str, fifos: Fifos, options: ExecOptions) -> None:
        self._client, self._container, self._exec = client, container_id, exec_id
        self._fifos, self._options = fifos, options
        self._keys = DetachKeys(options.detach_keys if options.tty else b"")
        self._pump = Pump()
        self._detached = False

    def run(self) -> int:
        """Start the process, copy until it has ended and its output is read; return its status."""
        tasks = self._client.tasks
        waiting = tasks.wait_async(self._container, self._exec)
        tasks.start(self._container, self._exec)
        with contextlib.ExitStack() as stack:
            if self._options.tty and self._options.interactive:
                stack.enter_context(raw_mode(STDIN))
            if self._options.tty:
                self._resize()
                stack.enter_context(on_resize(self._resize))
            else:
                stack.enter_context(forwarded(self._send))
            self._connect()
            status = self._copy(waiting)
        if self._detached:
            return 0
        return status

    def _connect(self) -> None:
        fifos = self._fifos
        fifos.open_stdin()
        self._pump.copy(fifos.stdout_fd, lambda data: write_all(STDOUT, data))
        if fifos.stderr_fd >= 0:
            self._pump.copy(fifos.stderr_fd, lambda data: write_all(STDERR, data))
        if self._options.interactive:
            self._pump.copy(STDIN, self._typed, self._end_of_input)

    def _typed(self, data: bytes) -> bool:
        passed, detached = self._keys.feed(data)
        try:
            write_all(self._fifos.stdin_fd, passed)
        except BrokenPipeError:
            return False
        self._detached = detached
        return not detached

    def _end_of_input(self) -> None:
        self._fifos.close_stdin()
        with contextlib.suppress(NrdctlError):
            self._client.tasks.close_stdin(self._container, self._exec)

    def _copy(self, waiting: PendingExit) -> int:
        """Copy until the exit, then have the shim close the streams, and read them to the end."""
        wake_read, wake_write = os.pipe()
        result: list[int] = []

        def watch() -> None:
            with contextlib.suppress(NrdctlError):
                waiting.result()
            os.write(wake_write, b"x")
            with contextlib.suppress(NrdctlError):
                result.append(self._client.tasks.delete_process(self._container, self._exec).status)

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        self._pump.copy(wake_read, lambda _: False)
        outputs = [fd for fd in (self._fifos.stdout_fd, self._fifos.stderr_fd) if fd >= 0]
        while wake_read in self._pump and not self._detached:
            self._pump.step()
        if not self._detached:
            self._pump.remove(STDIN)
            self._pump.run_until_ended(*outputs)
            watcher.join()
        os.close(wake_read)
        sys.stdout.flush()
        return result[0] if result else 1

    def _resize(self) -> None:
        size = window_size(STDOUT) or window_size(STDIN)
        if size:
            with contextlib.suppress(NrdctlError):
                self._client.tasks.resize(self._container, *size, exec_id=self._exec)

    def _send(self, number: int) -> None:
        with contextlib.suppress(NrdctlError):
            self._client.tasks.kill(self._container, number, exec_id=self._exec)
