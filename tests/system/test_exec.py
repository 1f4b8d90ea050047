"""`nrdctl exec`."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterator

import pytest

from tests.support.cli import Cli
from tests.support.waiting import eventually

pytestmark = pytest.mark.system


@pytest.fixture
def box(cli: Cli) -> Iterator[Cli]:
    """The command, with a container `box` that runs."""
    words = ["-e", "A=container", "-w", "/tmp", "--network", "none", "busybox", "sleep", "300"]
    cli.run("--name", "box", *words)
    yield cli
    # whatever happened to the execs, the container has not been touched, and nothing of them is left
    assert cli.status("box") == "running"
    identity = cli.document("box")["Id"]
    assert not list(cli.engine.layout.run_dir(identity).glob("exec-*"))
    eventually(lambda: len(cli.engine.client.tasks.pids(identity)) == 1)


def test_exit_codes_and_streams(box: Cli) -> None:
    result = box.fails(5, "exec", "box", "sh", "-c", "echo out; echo err >&2; exit 5")
    assert (result.raw_out, result.err) == (b"out\n", "err\n")
    missing = box.fails(127, "exec", "box", "no-such-command")
    assert 'exec: "no-such-command": executable file not found in $PATH' in missing.error
    assert "permission denied" in box.fails(126, "exec", "box", "/etc/passwd").error
    assert box.fails(137, "exec", "box", "sh", "-c", "kill -9 $$").err == ""


def test_what_the_process_gets(box: Cli) -> None:
    script = 'echo "$A $B $CALLER"; pwd; id -u; tty'
    assert box.fails(1, "exec", "box", "sh", "-c", script).lines == ["container  ", "/tmp", "0", "not a tty"]
    flags = ["-e", "A=exec", "-e", "B=2", "-e", "CALLER", "-w", "/etc", "-u", "nobody"]
    given = box("exec", *flags, "box", "sh", "-c", script + "; true", CALLER="c").lines
    assert given == ["exec 2 c", "/etc", "65534", "not a tty"]
    assert box("exec", "-u", "33:5", "box", "id", "-g").out == "5"
    assert "unable to find user nosuchuser" in box.fails(1, "exec", "-u", "nosuchuser", "box", "id").error
    # flags end at the first word of the command
    assert box("exec", "box", "echo", "-i", "--user", "x").out == "-i --user x"


def test_input(box: Cli) -> None:
    data = os.urandom(5 << 20)
    result = box("exec", "-i", "box", "cat", data=data)
    assert hashlib.sha256(result.raw_out).hexdigest() == hashlib.sha256(data).hexdigest()
    assert box("exec", "box", "cat", data=b"ignored").out == ""
    assert box("exec", "-i", "box", "head", "-c", "3", data=bytes(5 << 20)).raw_out == bytes(3)


def test_nothing_of_a_large_output_is_lost(box: Cli) -> None:
    assert len(box("exec", "box", "head", "-c", "10000000", "/dev/zero").raw_out) == 10_000_000


def test_a_terminal(box: Cli) -> None:
    person = box.terminal("exec", "-it", "box", "sh", columns=91, rows=17)
    person.expect("# ")
    assert person.raw
    person.type("tty; stty size\n")
    person.expect(r"/dev/pts/\d\r\n17 91\r\n")
    person.resize(100, 40)
    person.type("sleep 0.2; stty size\n")
    person.expect(r"\n40 100\r\n")
    person.type("exit 3\n")
    assert person.end() == 3
    assert not person.raw
    assert box.fails(1, "exec", "-it", "box", "sh").error == "the input device is not a TTY"
    assert box("exec", "-t", "box", "tty").raw_out.startswith(b"/dev/pts/")


def test_detached_from_a_terminal(box: Cli) -> None:
    person = box.terminal("exec", "-it", "box", "sh")
    person.expect("# ")
    person.type("\x10\x11")
    assert person.end() == 0
    identity = box.document("box")["Id"]
    shell = max(box.engine.client.tasks.pids(identity))
    os.kill(shell, signal.SIGKILL)


def test_in_the_background(box: Cli) -> None:
    assert box("exec", "-d", "box", "sh", "-c", "echo done > /tmp/marker; sleep 0.5").raw_out == b""
    eventually(lambda: box("exec", "box", "cat", "/tmp/marker", check=False).out == "done")
    box.fails(127, "exec", "-d", "box", "no-such-command")


def test_signals_go_to_the_process(box: Cli) -> None:
    client = box.start("exec", "box", "sh", "-c", "trap 'exit 8' TERM; echo up; while :; do sleep 0.05; done")
    assert client.line() == "up"
    client.signal(signal.SIGTERM)
    assert client.end().code == 8


def test_many_at_once(box: Cli) -> None:
    clients = [box.start("exec", "box", "echo", str(number)) for number in range(6)]
    assert [client.end().out for client in clients] == [str(number) for number in range(6)]


def test_the_container_ends_under_it(cli: Cli) -> None:
    cli.run("--name", "box", "busybox", "sleep", "300")
    client = cli.start("exec", "box", "sh", "-c", "echo up; sleep 300")
    assert client.line() == "up"
    cli("kill", "box")
    assert client.end().code == 137


def test_only_in_a_running_container(cli: Cli) -> None:
    identity = cli("create", "--name", "box", "busybox").out
    assert cli.fails(1, "exec", "box", "true").error == f"container {identity} is not running"
    assert cli.fails(1, "exec", "missing", "true").error == "No such container: missing"
    assert "requires more arguments" in cli.fails(1, "exec", "box").error
