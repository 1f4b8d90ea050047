"""`nrdctl logs`."""

from __future__ import annotations

import re

import pytest

from tests.support.cli import Cli

pytestmark = pytest.mark.system

STAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"


def test_streams_tail_and_times(cli: Cli) -> None:
    script = "for i in 1 2 3; do echo out$i; echo err$i >&2; sleep 0.3; done; printf unfinished"
    cli("run", "--name", "said", "busybox", "sh", "-c", script)
    result = cli("logs", "said")
    assert result.raw_out == b"out1\nout2\nout3\nunfinished"
    assert result.err == "err1\nerr2\nerr3\n"
    assert cli("logs", "--tail", "1", "said").raw_out == b"unfinished"
    last = cli("logs", "-n", "3", "said")
    assert (last.out, last.err) == ("out3\nunfinished", "err3\n")
    assert cli("logs", "--tail", "0", "said").raw_out == b""
    assert cli("logs", "--tail", "all", "said").raw_out == result.raw_out
    # the times are those of the lines
    stamped = cli("logs", "-t", "said").lines
    assert [re.sub(STAMP, "T", line) for line in stamped] == ["T out1", "T out2", "T out3", "T unfinished"]
    times = [line.split()[0] for line in stamped]
    assert times == sorted(times)
    assert cli("logs", "--since", times[1], "said").raw_out == b"out2\nout3\nunfinished"
    assert cli("logs", "--until", times[1], "said").raw_out == b"out1\nout2\n"
    assert cli("logs", "--since", times[1], "--until", times[1], "--timestamps", "said").lines == [stamped[1]]
    assert cli("logs", "--since", "1h", "--until", "1s", "said").raw_out in (b"", result.raw_out, b"out1\n")
    assert cli("logs", "--until", "1h", "said").raw_out == b""
    assert cli("logs", "--since", "2001-02-03", "said").raw_out == result.raw_out
    assert "invalid value for time 'yesterday'" in cli.fails(1, "logs", "--since", "yesterday", "said").error


def test_follow_shows_what_was_and_what_comes_and_ends_with_the_container(cli: Cli) -> None:
    cli.run("-i", "--name", "talks", "busybox", "sh", "-c", "echo first; cat")
    follower = cli.start("logs", "--follow", "talks")
    latest = cli.start("logs", "-f", "--tail", "0", "talks")
    assert follower.line() == "first"
    writer = cli.start("attach", "talks")
    for word in ("second", "third"):
        writer.write(f"{word}\n")
        assert follower.line() == word
    cli("stop", "-t", "0", "talks")
    ended = follower.end()
    assert (ended.code, ended.out, ended.err) == (0, "", "")
    assert set(latest.end().lines) <= {"second", "third"}
    # of one that has ended, it is all there is
    assert cli("logs", "-f", "talks").lines == ["first", "second", "third"]


def test_a_container_without_a_log(cli: Cli) -> None:
    cli("create", "--name", "silent", "busybox")
    assert cli("logs", "silent").raw_out == b""
    assert cli("logs", "-f", "silent").raw_out == b""
    assert cli.fails(1, "logs", "missing").error == "No such container: missing"


def test_any_bytes_and_long_lines(cli: Cli) -> None:
    script = r"""head -c 40000 /dev/zero | tr '\0' x; echo; printf 'tab\there "quoted" \\ \303\244\n'"""
    shown = cli("run", "--name", "odd", "busybox", "sh", "-c", script).raw_out
    assert shown == b"x" * 40000 + b'\ntab\there "quoted" \\ \xc3\xa4\n'
    assert cli("logs", "odd").raw_out == shown
