"""A real monitor process, from its start to its end."""

from __future__ import annotations

import json
import os
import pathlib
import select
import signal
import socket
import threading
import time

import pytest

from nrdctl import errors
from nrdctl.conmon.client import MonitorClient
from tests.unit.conmon.shim import SOON, Shim, eventually, output_of, packets_until_exit


def logs(shim: Shim) -> list[tuple[str, str]]:
    entries = [json.loads(line) for line in shim.log.read_text().splitlines()]
    return [(entry["stream"], entry["log"]) for entry in entries]


class TestOutput:
    def test_log_and_two_clients(self, shim: Shim) -> None:
        shim.start()
        pid = shim.create("echo out; echo err >&2; printf rest")
        first, second, third = shim.client(), shim.client(), shim.client()
        assert first.version == 1
        first.send_pid(pid)
        first.subscribe()
        second.subscribe()
        shim.go()
        for client in (first, second):
            packets = packets_until_exit(client)
            assert output_of(packets) == b"out\nrest"
            assert output_of(packets, b"e") == b"err\n"
        # EXITED goes to everybody, output to those who asked.
        assert [packet.kind for packet in packets_until_exit(third)] == [b"x"]
        assert sorted(logs(shim)) == [("stderr", "err\n"), ("stdout", "out\n"), ("stdout", "rest")]
        assert shim.wait() == 0

    def test_a_prompt_reaches_clients_at_once(self, shim: Shim) -> None:
        shim.start()
        client = shim.client()
        client.subscribe()
        client.send_pid(shim.create("printf 'login: '; sleep 60"))
        shim.go()
        assert next(client.packets()).data == b"login: "
        assert logs(shim) == []

    def test_a_process_in_the_background_holds_the_pipe(self, shim: Shim) -> None:
        shim.start(exit_command=("/bin/sleep", "60"))
        client = shim.client()
        client.subscribe()
        client.send_pid(shim.create("echo main; (sleep 1; echo late) & :"))
        began = time.monotonic()
        shim.go()
        assert output_of(packets_until_exit(client)) == b"main\n"
        assert time.monotonic() - began < 0.9
        eventually(lambda: ("stdout", "late\n") in logs(shim))
        assert shim.delete() == 0

    def test_the_last_words_of_a_deleted_task(self, shim: Shim) -> None:
        shim.start(exit_command=("/bin/sleep", "60"))
        shim.run("printf 'no newline'")
        assert shim.init is not None
        shim.init.wait()
        assert shim.delete() == 0
        assert logs(shim) == [("stdout", "no newline")]

    def test_no_log(self, shim: Shim) -> None:
        shim.start(log_path="")
        client = shim.client()
        client.subscribe()
        shim.run("echo x")
        assert output_of(packets_until_exit(client)) == b"x\n"
        assert not shim.log.exists()

    def test_terminal(self, shim: Shim) -> None:
        """With a terminal the end of the stderr pipe comes at any time, and the shim ends the other after the exit."""
        shim.start(terminal=True, exit_command=("/bin/sleep", "60"))
        client = shim.client()
        client.subscribe()
        shim.run("echo early")
        assert next(client.packets()).data == b"early\n"
        assert shim.init is not None
        shim.init.wait()
        writer = shim.ends.pop(0)
        os.write(writer, b"still in the shim\n")
        os.close(writer)
        assert output_of(packets_until_exit(client)) == b"still in the shim\n"


class TestPressure:
    MEGABYTES = 8

    def numbers(self, shim: Shim) -> None:
        shim.run(f"yes 0123456789abcde | head -c {self.MEGABYTES << 20}")

    def test_a_client_that_does_not_read_blocks_the_container(self, shim: Shim) -> None:
        shim.start()
        client, other = shim.client(), shim.client()
        client.subscribe()
        other.subscribe()
        self.numbers(shim)
        time.sleep(0.5)
        assert shim.init is not None
        assert shim.init.poll() is None
        assert shim.log.stat().st_size < 40 << 20  # (the log has some 90 bytes for each 16)
        quick = 0
        while (packet := other.receive()) is not None:
            quick += len(packet.data)
        assert quick < 3 << 20
        totals = []
        readers = [
            threading.Thread(target=lambda c=each: totals.append(len(output_of(packets_until_exit(c)))))
            for each in (client, other)
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(SOON)
        assert sorted(totals) == [(self.MEGABYTES << 20) - quick, self.MEGABYTES << 20]

    def test_a_client_that_goes_frees_the_container(self, shim: Shim) -> None:
        shim.start()
        client, waiter = shim.client(), shim.client()
        client.subscribe()
        self.numbers(shim)
        time.sleep(0.3)
        client.close()
        packets_until_exit(waiter)
        assert len(shim.log.read_bytes().splitlines()) == (self.MEGABYTES << 20) // 16

    def test_the_shim_does_not_wait_for_a_slow_client(self, shim: Shim) -> None:
        shim.start(exit_command=("/bin/sleep", "60"))
        client = shim.client()
        client.subscribe()
        shim.run("yes 0123456789abcde | head -c 900000")
        assert shim.init is not None
        shim.init.wait()
        began = time.monotonic()
        assert shim.delete() == 0
        assert time.monotonic() - began < 1
        assert len(output_of(packets_until_exit(client))) == 900_000
        with pytest.raises(errors.Unavailable):
            MonitorClient(shim.directory).connect()
        assert select.select([client], [], [], SOON)[0]
        with pytest.raises(errors.Unavailable, match="has ended"):
            client.receive()


class TestInit:
    def test_named_twice_and_gone_before(self, shim: Shim) -> None:
        shim.start(exit_command=("/bin/sleep", "60"))
        client = shim.client()
        client.subscribe()
        pid = shim.create("echo done")
        shim.go()
        assert shim.init is not None
        shim.init.wait()
        client.send_pid(pid)
        client.send_pid(pid)
        assert output_of(packets_until_exit(client)) == b"done\n"

    @pytest.mark.parametrize("pid", [0, -5, 1 << 80])
    def test_what_is_no_process(self, shim: Shim, pid: int) -> None:
        shim.start()
        client = shim.client()
        with pytest.raises(errors.Conflict, match="can't watch process"):
            client.send_pid(pid)

    def test_a_task_that_was_never_created(self, shim: Shim) -> None:
        shim.start(exit_command=("/bin/touch", str(shim.directory / "cleaned")))
        assert shim.delete() == 0
        assert not (shim.directory / "cleaned").exists()

    def test_a_shim_that_dies_before_the_task_is_created(self, shim: Shim) -> None:
        shim.start()
        while shim.ends:
            os.close(shim.ends.pop())
        assert shim.wait() == 0

    def test_subscribing_after_the_exit(self, shim: Shim) -> None:
        shim.start(exit_command=("/bin/sleep", "60"))
        first = shim.client()
        shim.run("echo x")
        packets_until_exit(first)
        late = shim.client()
        late.subscribe()
        assert [packet.kind for packet in packets_until_exit(late)] == [b"x"]


class TestProcess:
    def test_ready_is_one_byte(self, shim: Shim) -> None:
        (shim.directory / "conmon.conf").write_bytes(b"")
        assert shim.spawn() == b"\n"

    def test_it_does_not_wake_up_when_idle(self, shim: Shim) -> None:
        shim.start()
        shim.run("sleep 60")
        client = shim.client()
        client.subscribe()
        time.sleep(0.3)

        def switches() -> str:
            status = pathlib.Path(f"/proc/{shim.monitor}/status").read_text()
            return "".join(line for line in status.splitlines() if "ctxt" in line)

        before = switches()
        time.sleep(0.5)
        assert switches() == before

    def test_signals(self, shim: Shim) -> None:
        shim.start(exit_command=("/bin/touch", str(shim.directory / "cleaned")))
        client = shim.client()
        client.subscribe()
        shim.run("sleep 0.3; echo x")
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE, signal.SIGTERM):
            # SIGTERM too: a container that lives must not lose the reader of its output.
            os.kill(shim.monitor, number)
        assert output_of(packets_until_exit(client)) == b"x\n"
        assert shim.wait() == 0
        # It was told to end, so it starts nothing.
        assert not (shim.directory / "cleaned").exists()

    def test_no_configuration(self, shim: Shim) -> None:
        assert shim.spawn() == b""
        assert shim.wait() == 1
        with pytest.raises(errors.Unavailable, match=r"no monitor answers.*conmon\.conf"):
            MonitorClient(shim.directory).connect()

    def test_no_directory(self, tmp_path: pathlib.Path) -> None:
        with pytest.raises(errors.Unavailable, match="No such file"):
            MonitorClient(tmp_path / "nothing").connect()

    def test_a_long_path(self, tmp_path: pathlib.Path) -> None:
        directory = tmp_path / ("x" * 120)
        directory.mkdir()
        shim = Shim(directory)
        try:
            shim.start()
            assert (directory / "attach.sock").stat().st_mode & 0o777 == 0o600
            with shim.client() as client:
                client.subscribe()
        finally:
            shim.finish()

    def test_a_successor_takes_the_socket(self, tmp_path: pathlib.Path) -> None:
        old, new = Shim(tmp_path), Shim(tmp_path)
        try:
            old.start(exit_command=("/bin/sleep", "60"))
            watcher = old.client()
            old.run("sleep 0.2; echo old")
            watcher.subscribe()
            new.start(exit_command=("/bin/sleep", "60"))
            client = new.client()
            client.subscribe()
            new.run("sleep 0.5; echo new")
            assert output_of(packets_until_exit(watcher)) == b"old\n"
            assert old.delete() == 0
            with new.client() as another:
                another.subscribe()
            assert output_of(packets_until_exit(client)) == b"new\n"
        finally:
            old.finish()
            new.finish()

    def test_ports_stay_taken(self, shim: Shim) -> None:
        shim.start()
        client = shim.client()
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(300)]
        ports = [each.getsockname()[1] for each in sockets]
        client.hand_over(sockets)
        for each in sockets:
            each.close()
        for port in (ports[0], ports[-1]):
            with pytest.raises(OSError, match="in use"):
                socket.create_server(("127.0.0.1", port)).close()
        client.send_pid(shim.create("exit 0"))
        shim.go()
        assert shim.wait() == 0
        for port in ports:
            socket.create_server(("127.0.0.1", port)).close()

    def test_strange_packets(self, shim: Shim) -> None:
        shim.start()
        before = self.descriptors(shim)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as raw:
            raw.connect(str(shim.directory / "attach.sock"))
            assert raw.recv(100) == b"h1"
            raw.send(b"?what")
            assert raw.recv(100) == b"n?unknown request"
            raw.send(b"i" + b"x" * 70_000)
            assert raw.recv(100) == b"nithe packet is too long"
            with socket.socket() as stray:
                socket.send_fds(raw, [b"s"], [stray.fileno()])
            assert raw.recv(100) == b"as"
        eventually(lambda: self.descriptors(shim) == before)

    def descriptors(self, shim: Shim) -> int:
        return len(list(pathlib.Path(f"/proc/{shim.monitor}/fd").iterdir()))
