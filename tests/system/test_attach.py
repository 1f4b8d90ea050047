"""Terminals, detaching, and several clients of one container."""

from __future__ import annotations

import signal

import pytest

from tests.support.cli import Background, Cli

pytestmark = pytest.mark.system

DETACH = "\x10\x11"
# says each word that it reads, until `end`
REPEATER = ["sh", "-c", 'echo up; while read word; do echo "got $word"; [ "$word" = end ] && exit 4; done; echo eof']


def wait_until_attached(writer: Background, client: Background) -> None:
    """Have words repeated until a client sees one."""
    for number in range(400):
        writer.write(f"{number}\n")
        assert writer.line() == f"got {number}"
        if client.readable(0.05):
            return
    raise AssertionError("it is not attached")


class TestTerminal:
    def test_a_shell_on_a_terminal(self, cli: Cli) -> None:
        person = cli.terminal("run", "-it", "--rm", "busybox", "sh", columns=91, rows=17)
        person.expect(r"/ # ")
        assert person.raw
        person.type("tty; stty size; echo $TERM\n")
        person.expect(r"/dev/pts/0\r\n17 91\r\nxterm\r\n")
        person.resize(100, 40)
        person.type("sleep 0.2; stty size\n")
        person.expect(r"\n40 100\r\n")
        # control-C goes to what the shell runs, and to nothing else
        person.type("sh -c 'echo ready; exec sleep 100'\n")
        person.expect(r"ready\r\n")
        person.type("\x03")
        person.expect(r"/ # ")
        person.type("exit 3\n")
        assert person.end() == 3
        assert not person.raw
        assert cli("ps", "-aq").out == ""

    def test_a_terminal_needs_one(self, cli: Cli) -> None:
        assert cli.fails(1, "run", "-it", "busybox", "sh").error == "the input device is not a TTY"

    def test_tty_without_input_into_a_pipe(self, cli: Cli) -> None:
        result = cli("run", "-t", "--name", "tty", "busybox", "sh", "-c", "tty; echo err >&2")
        assert (result.raw_out, result.err) == (b"/dev/pts/0\r\nerr\r\n", "")
        assert cli("logs", "tty").raw_out == b"/dev/pts/0\r\nerr\r\n"

    def test_control_c_without_a_terminal_inside(self, cli: Cli) -> None:
        person = cli.terminal(
            "run", "--rm", "busybox", "sh", "-c", "trap 'exit 9' INT; echo up; while :; do sleep 0.1; done"
        )
        person.expect("up")
        person.type("\x03")
        assert person.end() == 9


class TestDetach:
    def test_the_container_goes_on_and_is_attached_to_again(self, cli: Cli) -> None:
        first = cli.terminal("run", "-it", "--name", "shell", "busybox", "sh")
        first.expect("/ # ")
        first.type("export KEPT=yes\n")
        first.expect("/ # ")
        first.type(DETACH)
        assert first.end() == 0
        assert not first.raw
        assert cli.status("shell") == "running"
        second = cli.terminal("attach", "--detach-keys", "ctrl-a,x", "shell")
        # what is typed before the keys are complete is not lost
        second.type("echo =$KEPT=\x01\n")
        second.expect("=yes=")
        second.type("\x01x")
        assert second.end() == 0
        third = cli.terminal("attach", "shell")
        third.type("exit 6\n")
        assert third.end() == 6
        assert cli.status("shell") == "exited"

    def test_rm_after_detaching_acts_at_the_end(self, cli: Cli) -> None:
        person = cli.terminal("run", "-it", "--rm", "--name", "left", "busybox", "sh")
        person.expect("/ # ")
        person.type(DETACH)
        assert person.end() == 0
        assert cli.status("left") == "running"
        cli("kill", "left")
        cli.has_status("left", "")


class TestSeveralClients:
    def test_both_see_the_output_and_one_may_go(self, cli: Cli) -> None:
        first = cli.start("run", "-i", "--name", "both", "busybox", *REPEATER)
        assert first.line() == "up"
        second = cli.start("attach", "--no-stdin", "both")
        third = cli.start("attach", "--no-stdin", "both")
        for client in (second, third):
            wait_until_attached(first, client)
        third.signal(signal.SIGKILL)
        third.process.wait()
        first.write("last\nend\n")
        ended = first.end(), second.end()
        assert [result.code for result in ended] == [4, 4]
        assert all(result.lines[-2:] == ["got last", "got end"] for result in ended)
        assert cli("logs", "both").lines[-2:] == ["got last", "got end"]

    def test_input_of_a_container_in_the_background(self, cli: Cli) -> None:
        cli.run("-i", "--name", "waits", "busybox", *REPEATER)
        # detached containers keep their input open when a client goes (docker's StdinOnce is false)
        writer = cli.start("attach", "waits")
        writer.write("one\n")
        assert writer.line() == "got one"
        writer.kill()
        result = cli.fails(4, "attach", "waits", data=b"end\n")
        assert result.lines[-1] == "got end"

    def test_start_attached(self, cli: Cli) -> None:
        cli("create", "-i", "--name", "later", "busybox", *REPEATER)
        result = cli("start", "-a", "-i", "later", data=b"word\n")
        assert result.lines == ["up", "got word", "eof"]
        assert cli.fails(4, "start", "-ai", "later", data=b"end\n").lines == ["up", "got end"]
        assert cli("logs", "later").lines == ["up", "got word", "eof", "up", "got end"]

    def test_a_stopped_one_can_not_be_attached_to(self, cli: Cli) -> None:
        cli("create", "--name", "never", "busybox")
        error = cli.fails(1, "attach", "never").error
        assert error == "You cannot attach to a stopped container, start it first"
        assert cli.fails(1, "attach", "missing").error == "No such container: missing"
