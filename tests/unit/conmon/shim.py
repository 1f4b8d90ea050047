"""Plays containerd's shim, and the container, for a real monitor process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

from nrdctl.conmon import launcher
from nrdctl.conmon.client import MonitorClient, Packet
from nrdctl.conmon.config import MonitorConfig

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable

SOON = 10.0


def eventually(what: Callable[[], bool]) -> None:
    """Return once it holds; fail after ten seconds."""
    deadline = time.monotonic() + SOON
    while not what():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def packets_until_exit(client: MonitorClient) -> list[Packet]:
    """Return what the monitor sends, up to EXITED."""
    packets = list(client.packets())
    assert packets, "the monitor went without a word"
    assert packets[-1].kind == b"x", packets[-1]
    return packets


def output_of(packets: list[Packet], kind: bytes = b"o") -> bytes:
    """Return the bytes of one stream."""
    return b"".join(packet.data for packet in packets if packet.kind == kind)


def _high_pipe() -> tuple[int, int]:
    """Make a pipe whose descriptors are above those that its ends get in the child."""
    low = os.pipe()
    reader, writer = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in low)
    for end in low:
        os.close(end)
    return reader, writer


class Shim:
    """One task: a monitor with its pipes, and an init process that begins when told to."""

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        self.log = directory / "log"
        self.monitor = 0
        self.init: subprocess.Popen[bytes] | None = None
        self.ends: list[int] = []
        self._clients: list[MonitorClient] = []

    def start(self, **config: Any) -> None:
        """Start the monitor as the shim does, and wait until it is ready."""
        MonitorConfig(**{"log_path": str(self.log), **config}).write(self.directory)
        self.spawn()

    def spawn(self) -> bytes:
        """Start the monitor with what configuration there is; return what it writes when it is ready."""
        pipes = [_high_pipe() for _ in range(3)]
        (out_r, out_w), (err_r, err_w), (ready_r, ready_w) = pipes
        program = launcher.install(self.directory / "launchers")
        self.monitor = os.posix_spawn(
            program,
            [str(program), "dir", str(self.directory)],
            {"CONTAINER_ID": "c", "CONTAINER_NAMESPACE": "n"},
            file_actions=[
                *((os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1, 2)),
                *((os.POSIX_SPAWN_DUP2, fd, number) for fd, number in ((out_r, 3), (err_r, 4), (ready_w, 5))),
            ],
        )
        for fd in (out_r, err_r, ready_w):
            os.close(fd)
        self.ends = [out_w, err_w]
        assert select.select([ready_r], [], [], SOON)[0], "not ready"
        with open(ready_r, "rb") as ready:
            return ready.read()

    def create(self, script: str, **streams: Any) -> int:
        """Make the init process, which waits for `go` before it runs `script`; return its pid."""
        out, err = self.ends
        self.init = subprocess.Popen(
            ["/bin/sh", "-c", f"read go; exec </dev/null; {script}"],
            **{"stdin": subprocess.PIPE, "stdout": out, "stderr": err, **streams},
        )
        return self.init.pid

    def go(self) -> None:
        """Start the container's program."""
        assert self.init is not None
        assert self.init.stdin is not None
        self.init.stdin.write(b"go\n")
        self.init.stdin.close()

    def run(self, script: str) -> None:
        """Create, tell the monitor, start; as the engine does."""
        pid = self.create(script)
        with self.client() as client:
            client.send_pid(pid)
        self.go()

    def client(self) -> MonitorClient:
        """Return a connected client."""
        client = MonitorClient(self.directory)
        client.connect()
        self._clients.append(client)
        return client

    def delete(self) -> int:
        """Do what the shim does at Tasks.Delete; return the monitor's exit status."""
        for fd in self.ends:
            os.close(fd)
        self.ends = []
        os.kill(self.monitor, signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Wait for the monitor's own exit; return its status."""
        deadline = time.monotonic() + SOON
        while True:
            pid, status = os.waitpid(self.monitor, os.WNOHANG)
            if pid:
                self.monitor = 0
                return os.waitstatus_to_exitcode(status)
            assert time.monotonic() < deadline, "the monitor lives"
            time.sleep(0.005)

    @property
    def gone(self) -> bool:
        """Whether the monitor has exited by itself."""
        return os.waitid(os.P_PID, self.monitor, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def finish(self) -> None:
        """End everything."""
        for client in self._clients:
            client.close()
        for fd in self.ends:
            os.close(fd)
        if self.init is not None:
            self.init.kill()
            self.init.wait()
            for stream in (self.init.stdin, self.init.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
        if self.monitor:
            os.kill(self.monitor, signal.SIGKILL)
            os.waitpid(self.monitor, 0)
