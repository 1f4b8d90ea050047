"""What a real monitor process does when the container has exited."""

from __future__ import annotations

import pathlib
import time

import pytest

from nrdctl import errors
from tests.unit.conmon.shim import Shim, eventually, packets_until_exit


@pytest.fixture
def ran(shim: Shim) -> pathlib.Path:
    """The file in which the commands below leave a line each."""
    return shim.directory / "ran"


def command(ran: pathlib.Path, script: str) -> tuple[str, ...]:
    """A command that notes its run, then does `script`. $count is the number of runs so far."""
    return ("/bin/sh", "-c", f"echo run >>{ran}; count=$(wc -l <{ran}); {script}")


def runs(ran: pathlib.Path) -> int:
    return ran.read_text().count("\n") if ran.exists() else 0


class TestExitCommand:
    def test_it_runs_after_the_output_and_ends_the_monitor(self, shim: Shim, ran: pathlib.Path) -> None:
        shim.start(exit_command=command(ran, f"cp {shim.log} {ran}.log"))
        shim.run("printf last")
        assert shim.wait() == 0
        assert runs(ran) == 1
        assert '"last"' in pathlib.Path(f"{ran}.log").read_text()

    def test_its_surroundings(self, shim: Shim) -> None:
        """Nothing of the monitor's but standard error, a session of its own, default signals, the given environment."""
        told = shim.directory / "told"
        script = (
            f"(echo $$; cut -d' ' -f6 /proc/self/stat; ls /proc/self/fd; pwd; env; grep Sig /proc/self/status) >{told}"
        )
        shim.start(exit_command=("/bin/sh", "-c", script), environment={"PATH": "/usr/bin:/bin", "A": "b c"})
        shim.run("exit 0")
        assert shim.wait() == 0
        lines = told.read_text().splitlines()
        assert lines[0] == lines[1]
        assert lines[2:6] == ["0", "1", "2", "3"]  # 3 is ls's own
        assert {"/", "A=b c", "PATH=/usr/bin:/bin"} <= set(lines)
        signals = {
            line.split(":")[0]: int(line.split()[1], 16) for line in lines if line.startswith("Sig") and "/" not in line
        }
        internal = 1 << 31 | 1 << 32  # the C library's own
        assert signals["SigBlk"] == signals["SigIgn"] & ~internal == 0

    def test_failure_is_tried_again(self, shim: Shim, ran: pathlib.Path) -> None:
        shim.start(exit_command=command(ran, "echo cannot >&2; [ $count -ge 2 ]"))
        shim.run("exit 0")
        eventually(lambda: runs(ran) == 1)
        began = time.monotonic()
        assert shim.wait() == 0
        assert 0.7 < time.monotonic() - began < 3
        assert runs(ran) == 2
        assert "cannot" in (shim.directory / "conmon.err").read_text()

    def test_failure_without_a_run_directory_is_the_end(self, shim: Shim, ran: pathlib.Path) -> None:
        shim.start(exit_command=command(ran, f"rm {shim.directory}/attach.sock; exit 1"))
        shim.run("exit 0")
        assert shim.wait() == 0
        assert runs(ran) == 1

    def test_a_command_that_is_not_there(self, shim: Shim) -> None:
        shim.start(exit_command=("/nonexistent",))
        shim.run("exit 0")
        eventually(lambda: "/nonexistent" in (shim.directory / "conmon.err").read_text())
        assert not shim.gone
        assert shim.delete() == 0

    def test_a_running_command_outlives_the_monitor(self, shim: Shim, ran: pathlib.Path) -> None:
        """It is the command that deletes the task, upon which the shim ends the monitor."""
        shim.start(exit_command=command(ran, f"sleep 1; echo done >>{ran}"))
        shim.run("exit 0")
        eventually(lambda: runs(ran) == 1)
        began = time.monotonic()
        assert shim.delete() == 0
        assert time.monotonic() - began < 0.9
        eventually(lambda: runs(ran) == 2)


class TestClaim:
    def test_a_claim_holds_it_back_until_the_task_is_deleted(self, shim: Shim, ran: pathlib.Path) -> None:
        shim.start(exit_command=command(ran, ":"))
        client = shim.client()
        assert client.claim()
        shim.run("exit 0")
        packets_until_exit(client)
        time.sleep(0.2)
        assert shim.delete() == 0
        assert runs(ran) == 0

    def test_quit_says_that_the_task_is_deleted(self, shim: Shim, ran: pathlib.Path) -> None:
        shim.start(terminal=True, exit_command=command(ran, ":"))
        client = shim.client()
        client.claim()
        shim.run("sleep 0.2")
        with pytest.raises(errors.Conflict, match="running"):
            client.quit()
        assert shim.init is not None
        shim.init.wait()
        client.quit()
        assert shim.wait() == 0
        assert runs(ran) == 0
        client.quit()

    @pytest.mark.parametrize("before_exit", [True, False])
    def test_claimants_that_go(self, shim: Shim, ran: pathlib.Path, before_exit: bool) -> None:
        shim.start(exit_command=command(ran, ":"))
        first, second = shim.client(), shim.client()
        assert first.claim()
        assert second.claim()
        shim.run("sleep 0.2" if before_exit else "exit 0")
        if not before_exit:
            packets_until_exit(first)
        first.close()
        if before_exit:
            packets_until_exit(second)
        time.sleep(0.2)
        assert runs(ran) == 0
        second.close()
        assert shim.wait() == 0
        assert runs(ran) == 1

    def test_too_late(self, shim: Shim, ran: pathlib.Path) -> None:
        shim.start(exit_command=command(ran, "sleep 0.5"))
        shim.run("exit 0")
        eventually(lambda: runs(ran) == 1)
        client = shim.client()
        assert not client.claim()
        assert shim.wait() == 0
        assert runs(ran) == 1

    def test_a_claim_between_two_attempts(self, shim: Shim, ran: pathlib.Path) -> None:
        shim.start(exit_command=command(ran, "exit 1"))
        shim.run("exit 0")
        eventually(lambda: runs(ran) == 1)
        time.sleep(0.2)
        client = shim.client()
        assert client.claim()
        time.sleep(1.2)
        assert runs(ran) == 1
        client.close()
        eventually(lambda: runs(ran) == 2)
        assert shim.delete() == 0


class TestRestart:
    def test_after_the_delay(self, shim: Shim, ran: pathlib.Path) -> None:
        restarted = shim.directory / "restarted"
        shim.start(exit_command=command(ran, "echo restart 300"), restart_command=("/bin/touch", str(restarted)))
        client = shim.client()
        shim.run("exit 0")
        packets_until_exit(client)
        began = time.monotonic()
        eventually(restarted.exists)
        assert 0.25 < time.monotonic() - began < 1.5
        assert shim.wait() == 0
        assert runs(ran) == 1

    def test_a_claim_stops_it_and_its_end_decides_anew(self, shim: Shim, ran: pathlib.Path) -> None:
        restarted = shim.directory / "restarted"
        script = "[ $count -gt 1 ] || echo restart 300"
        shim.start(exit_command=command(ran, script), restart_command=("/bin/touch", str(restarted)))
        shim.run("exit 0")
        eventually(lambda: runs(ran) == 1)
        time.sleep(0.1)
        client = shim.client()
        assert client.claim()
        time.sleep(0.5)
        assert not restarted.exists()
        client.close()
        assert shim.wait() == 0
        assert runs(ran) == 2
        assert not restarted.exists()

    def test_one_that_fails_is_decided_anew(self, shim: Shim, ran: pathlib.Path) -> None:
        script = "[ $count -gt 1 ] || echo restart 10"
        shim.start(exit_command=command(ran, script), restart_command=("/bin/false",))
        shim.run("exit 0")
        assert shim.wait() == 0
        assert runs(ran) == 2

    def test_deleting_the_task_cancels_it(self, shim: Shim, ran: pathlib.Path) -> None:
        restarted = shim.directory / "restarted"
        shim.start(exit_command=command(ran, "echo restart 300"), restart_command=("/bin/touch", str(restarted)))
        shim.run("exit 0")
        eventually(lambda: runs(ran) == 1)
        time.sleep(0.1)
        assert shim.delete() == 0
        time.sleep(0.5)
        assert not restarted.exists()
        assert shim.log.exists()
