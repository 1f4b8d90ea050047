"""Standard input and FIFOs, with a real monitor process."""

from __future__ import annotations

import os
import pathlib
import select
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest

from nrdctl import errors
from nrdctl.conmon import fifos, launcher
from nrdctl.conmon.client import STDIN_CLOSED, MonitorClient
from nrdctl.conmon.config import MonitorConfig
from tests.unit.conmon.shim import SOON, Shim, eventually, output_of, packets_until_exit

if TYPE_CHECKING:
    from collections.abc import Iterator


def write_all(client: MonitorClient, data: bytes) -> list[bytes]:
    """Write as the engine does, receiving meanwhile; return what came."""
    received = []
    while data:
        taken = client.write_stdin(data)
        data = data[taken:]
        while (packet := client.receive()) is not None:
            received.append(packet.data)
        if not taken:
            poll = select.poll()
            poll.register(client, select.POLLIN | select.POLLOUT)
            poll.poll(SOON * 1000)
    return received


class FifoShim(Shim):
    """The shim as it is with FIFOs: it copies between them and the container's pipes, and holds both ends of each."""

    def start(self, **config: object) -> None:
        MonitorConfig(**{"log_path": str(self.log), "stdin": True, "stdin_once": True, **config}).write(self.directory)
        fifos.make(self.directory, "stdin", "stdout", "stderr")
        fifos.spawn_monitor(launcher.install(self.directory / "launchers"), self.directory)

    def open(self) -> None:
        """Open the FIFOs as Tasks.Create does: standard input for both ways, until CloseIO."""
        self.ends = [os.open(self.directory / name, os.O_RDWR) for name in ("stdout", "stderr")]
        self.own_stdin = os.open(self.directory / "stdin", os.O_WRONLY)
        self.stdin = os.open(self.directory / "stdin", os.O_RDONLY)

    def close_io(self) -> None:
        os.close(self.own_stdin)
        self.own_stdin = -1

    def run_program(self, *argv: str) -> int:
        self.init = subprocess.Popen(argv, stdin=self.stdin, stdout=self.ends[0], stderr=self.ends[1])
        return self.init.pid

    def end_streams(self) -> None:
        while self.ends:
            os.close(self.ends.pop())

    def finish(self) -> None:
        super().finish()
        for fd in (self.stdin, self.own_stdin):
            if fd >= 0:
                os.close(fd)

    own_stdin = -1
    stdin = -1


@pytest.fixture
def fifo_shim(tmp_path: pathlib.Path) -> Iterator[FifoShim]:
    shim = FifoShim(tmp_path)
    yield shim
    shim.finish()
    for process in monitors(tmp_path):
        os.kill(process, 9)


def monitors(directory: pathlib.Path) -> list[int]:
    """The monitors of this directory."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if os.fsencode(directory) in command and b"fifos" in command:
                found.append(int(entry.name))
    return found


class TestFifos:
    def test_cat(self, fifo_shim: FifoShim) -> None:
        """A million bytes through a slow path, both ways at once, and the end of the input."""
        fifo_shim.start()
        data = os.urandom(1 << 20)
        with MonitorClient(fifo_shim.directory) as client:
            client.claim()
            client.subscribe(stdin=True)
            # Before the task is there, as a pipeline does.
            assert client.write_stdin(b"early ") == 6
            fifo_shim.open()
            client.send_pid(fifo_shim.run_program("/bin/cat"))
            received = write_all(client, data)
            client.close_stdin()
            for packet in client.packets():
                if packet.kind == STDIN_CLOSED:
                    fifo_shim.close_io()
                    assert fifo_shim.init is not None
                    threading.Thread(target=lambda: (fifo_shim.init.wait(), fifo_shim.end_streams())).start()
                received.append(packet.data)
            assert b"".join(received) == b"early " + data
            client.quit()
        eventually(lambda: not monitors(fifo_shim.directory))

    def test_no_false_end(self, fifo_shim: FifoShim) -> None:
        """The monitor reads before the shim opens, and output that ends is not the container's end."""
        fifo_shim.start()
        with MonitorClient(fifo_shim.directory) as client:
            client.subscribe()
            time.sleep(0.1)
            fifo_shim.open()
            client.send_pid(fifo_shim.run_program("/bin/sh", "-c", "echo x; exec >&- 2>&-; sleep 0.5"))
            began = time.monotonic()
            fifo_shim.end_streams()
            assert output_of(packets_until_exit(client)) == b"x\n"
            assert time.monotonic() - began > 0.4

    def test_output_that_the_shim_has_still_to_copy(self, fifo_shim: FifoShim) -> None:
        fifo_shim.start()
        with MonitorClient(fifo_shim.directory) as client:
            client.subscribe()
            fifo_shim.open()
            client.send_pid(fifo_shim.run_program("/bin/true"))
            assert fifo_shim.init is not None
            fifo_shim.init.wait()
            time.sleep(0.2)
            os.write(fifo_shim.ends[0], b"late\n")
            fifo_shim.end_streams()
            assert output_of(packets_until_exit(client)) == b"late\n"

    def test_the_clean_up_ends_it(self, fifo_shim: FifoShim) -> None:
        cleaned = fifo_shim.directory / "cleaned"
        fifo_shim.start(exit_command=("/bin/touch", str(cleaned)))
        fifo_shim.open()
        with MonitorClient(fifo_shim.directory) as client:
            client.send_pid(fifo_shim.run_program("/bin/true"))
        fifo_shim.end_streams()
        eventually(cleaned.exists)
        eventually(lambda: not monitors(fifo_shim.directory))

    def test_quit_without_a_task(self, fifo_shim: FifoShim) -> None:
        fifo_shim.start()
        with MonitorClient(fifo_shim.directory) as client:
            client.quit()
        eventually(lambda: not monitors(fifo_shim.directory))

    def test_it_is_a_daemon(self, fifo_shim: FifoShim) -> None:
        inherited = os.open("/dev/null", os.O_RDONLY)
        os.set_inheritable(inherited, True)
        fifo_shim.start()
        os.close(inherited)
        (pid,) = monitors(fifo_shim.directory)
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        assert int(fields[1]) != os.getpid()
        assert int(fields[3]) not in (os.getsid(0), 0)
        targets = [str(link.readlink()) for link in pathlib.Path(f"/proc/{pid}/fd").iterdir()]
        assert targets.count("/dev/null") == 2

    def test_it_cannot_start(self, tmp_path: pathlib.Path) -> None:
        with pytest.raises(errors.Unavailable, match=r"monitor: .*conmon\.conf"):
            fifos.spawn_monitor(launcher.install(tmp_path), tmp_path)
        with pytest.raises(errors.Unavailable, match="No such file"):
            fifos.spawn_monitor(tmp_path / "nothing", tmp_path)


class TestOnce:
    def open_stdin(self, shim: Shim, **config: object) -> int:
        fifos.make(shim.directory, "stdin")
        reader = os.open(shim.directory / "stdin", os.O_RDONLY | os.O_NONBLOCK)
        shim.start(stdin=True, **config)
        return reader

    def test_kept_open_without_it(self, shim: Shim) -> None:
        reader = self.open_stdin(shim)
        with shim.client() as client:
            client.write_stdin(b"one")
            client.close_stdin()
            client.subscribe()
            assert client.receive() is None
        with shim.client() as client:
            client.write_stdin(b" two")
        assert self.read(reader, len("one two")) == b"one two"
        with pytest.raises(BlockingIOError):
            os.read(reader, 1)
        os.close(reader)

    def test_a_terminal_is_never_closed(self, shim: Shim) -> None:
        reader = self.open_stdin(shim, stdin_once=True, terminal=True)
        with shim.client() as client:
            client.write_stdin(b"x")
        time.sleep(0.3)
        assert os.read(reader, 10) == b"x"
        with pytest.raises(BlockingIOError):
            os.read(reader, 1)
        os.close(reader)

    def test_a_writer_that_dies(self, shim: Shim) -> None:
        """All that it sent arrives, then the end; somebody calls CloseIO in its place."""
        called = shim.directory / "called"
        reader = self.open_stdin(shim, stdin_once=True, stdin_command=("/bin/touch", str(called)))
        shim.run("sleep 60")
        client = shim.client()
        client.subscribe(stdin=True)
        sent = 0
        while taken := client.write_stdin(b"x" * 10_000):
            sent += taken
            time.sleep(0.002)
        assert sent > 200_000
        client.close()
        time.sleep(0.2)
        assert not called.exists()
        assert len(self.read(reader, sent)) == sent
        assert self.read(reader, 1) == b""
        eventually(called.exists)
        os.close(reader)

    def read(self, reader: int, size: int) -> bytes:
        """Read `size` bytes, or up to the end."""
        got = b""
        while len(got) < size:
            assert select.select([reader], [], [], SOON)[0]
            chunk = os.read(reader, size - len(got))
            if not chunk:
                break
            got += chunk
        return got

    def test_input_for_a_container_that_takes_none(self, shim: Shim) -> None:
        shim.start()
        client = shim.client()
        assert client.write_stdin(b"x" * 200_000) == 200_000
        client.close_stdin()
        shim.run("echo x")
        packets_until_exit(client)
