"""`nrdctl run`, as docker's users know it."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import signal
import socket
import time
import urllib.request

import pytest

from nrdctl.engine.engine import Engine
from tests.support import busybox
from tests.support.cli import Cli
from tests.support.waiting import eventually

pytestmark = pytest.mark.system

LINES = 100_000
WRITE_LINES = ["awk", f'BEGIN {{ for (i = 0; i < {LINES}; i++) printf "%099d\\n", i }}']


def fetch(port: int) -> str:
    """Fetch a page from a published port; the server inside needs a moment."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 10
    while True:
        try:
            with opener.open(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            assert time.monotonic() < deadline, f"nobody answers at port {port}"
            time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def web(text: str) -> list[str]:
    """Return the words that run a web server."""
    return ["busybox", "sh", "-c", f"mkdir /www; echo {text} > /www/index.html; exec httpd -f -p 80 -h /www"]


def host_pid(cli: Cli, name: str) -> int:
    return int(cli.get(name, "{{.State.Pid}}"))


class TestExitCodes:
    def test_that_of_the_command(self, cli: Cli) -> None:
        result = cli.fails(7, "run", "--name", "seven", "busybox", "sh", "-c", "exit 7")
        assert (result.out, result.err) == ("", "")
        assert cli.get("seven", "{{.State.Status}} {{.State.ExitCode}}") == "exited 7"

    def test_a_missing_command_is_127_and_the_container_stays(self, cli: Cli) -> None:
        result = cli.fails(127, "run", "--name", "none", "busybox", "no-such-command")
        assert 'exec: "no-such-command": executable file not found in $PATH' in result.error
        assert cli.get("none", "{{.State.Status}} {{.State.ExitCode}}") == "created 127"
        assert "executable file not found" in cli.get("none", "{{.State.Error}}")

    def test_one_that_cannot_be_executed_is_126_and_rm_leaves_nothing(self, cli: Cli) -> None:
        assert "permission denied" in cli.fails(126, "run", "--rm", "busybox", "/etc/passwd").error
        assert cli.fails(126, "run", "--rm", "busybox", "/etc").code == 126
        assert cli.fails(127, "run", "--rm", "-d", "busybox", "/no/such/file").code == 127
        assert cli("ps", "-aq").out == ""

    def test_killed_by_a_signal(self, cli: Cli) -> None:
        client = cli.start("run", "--name", "killed", "busybox", "sh", "-c", "echo up; sleep 60")
        assert client.line() == "up"
        os.kill(host_pid(cli, "killed"), signal.SIGKILL)
        assert client.end().code == 137
        assert cli.get("killed", "{{.State.ExitCode}} {{.State.OOMKilled}}") == "137 false"

    def test_a_wrong_request_is_125_and_makes_nothing(self, cli: Cli, engine: Engine) -> None:
        wrong = {
            "--no-such-flag": "unknown flag: --no-such-flag",
            "--memory lots": 'invalid argument for "-m, --memory" flag',
            "--cpus many": 'invalid argument for "--cpus" flag',
            "--cpus 1000": "Range of CPUs is from 0.01 to",
            "--cpuset-cpus 9999": "9999",
            "-m 1k": "Minimum memory limit",
            "-p 99999:80": "99999",
            "-p 80:x": "invalid containerPort: x",
            "-v a:relative": "the mount path must be absolute",
            "-v /:/:wrong": "wrong",
            "--restart sometimes": "invalid restart policy",
            "--rm --restart always": "Conflicting options: --restart and --rm",
            "-e =value": 'invalid environment variable: "=value"',
            "--env-file /no/such/file": "open /no/such/file: No such file or directory",
            "--name not/valid": "Invalid container name (not/valid)",
            "--network no-such-net": "network no-such-net not found",
            "--user nosuchuser": "unable to find user nosuchuser",
            "--stop-signal NOSIGNAL": "Invalid signal: NOSIGNAL",
            "--cap-add NO_CAP": "NO_CAP",
            "--pull sometimes": "invalid pull option: 'sometimes'",
            "--detach-keys ctrl-nothing": "ctrl-nothing",
            "--add-host x:y": "bad format for add-host",
        }
        seen = {}
        for flags, reason in wrong.items():
            result = cli("run", *flags.split(), "busybox", "true", check=False)
            as_expected = result.code == 125 and reason in result.error
            seen[flags] = reason if as_expected else f"{result.code}: {result.err}"
        assert seen == wrong
        assert cli("ps", "-aq").out == ""
        assert not list(engine.layout.containers_dir(cli.namespace).glob("*"))

    def test_a_missing_image_is_125(self, bare_cli: Cli) -> None:
        result = bare_cli.fails(125, "run", "--pull", "never", "nothere", "true")
        assert (result.error, result.hint) == ("No such image: nothere", "run `nrdctl pull nothere` first")
        assert "IMAGE is missing" in bare_cli.fails(1, "run").error
        assert "invalid reference format" in bare_cli.fails(125, "run", "Not:A:Name", "true").error

    def test_a_taken_name_is_125(self, cli: Cli) -> None:
        taken = cli("create", "--name", "same", "busybox").out
        error = cli.fails(125, "run", "--name", "same", "busybox", "true").error
        assert error == (
            f'The container name "/same" is already in use by container "{taken}". '
            "You have to remove (or rename) that container to be able to reuse that name."
        )


class TestStreams:
    def test_output_and_errors_are_kept_apart(self, cli: Cli) -> None:
        result = cli("run", "--rm", "busybox", "sh", "-c", "echo out; echo err >&2")
        assert (result.raw_out, result.err) == (b"out\n", "err\n")

    def test_nothing_of_a_large_output_is_lost(self, cli: Cli) -> None:
        result = cli("run", "--name", "large", "busybox", *WRITE_LINES)
        expected = hashlib.sha256(b"".join(b"%099d\n" % number for number in range(LINES))).hexdigest()
        assert hashlib.sha256(result.raw_out).hexdigest() == expected
        assert hashlib.sha256(cli("logs", "large").raw_out).hexdigest() == expected

    def test_input_goes_in_and_comes_out(self, cli: Cli) -> None:
        data = os.urandom(10 << 20)
        result = cli("run", "--rm", "-i", "busybox", "cat", data=data)
        assert hashlib.sha256(result.raw_out).hexdigest() == hashlib.sha256(data).hexdigest()
        assert cli("run", "--rm", "-i", "busybox", "wc", "-c", data=data).out == str(len(data))

    def test_without_i_there_is_no_input(self, cli: Cli) -> None:
        assert cli("run", "--rm", "busybox", "cat", data=b"ignored").out == ""

    def test_a_command_that_does_not_read_its_input_ends_anyway(self, cli: Cli) -> None:
        assert cli("run", "--rm", "-i", "busybox", "echo", "done", data=bytes(1 << 20)).out == "done"

    def test_a_reader_that_goes_away_does_not_hang_the_client(self, cli: Cli) -> None:
        # bounded: what nobody reads goes to the log
        words = ["sh", "-c", "echo up; head -c 1000000 /dev/zero; sleep 60"]
        client = cli.start("run", "--name", "chatty", "busybox", *words)
        assert client.line() == "up"
        client.process.stdout.close()
        assert client.process.wait(20) == 141
        assert client.process.stderr.read() == b""
        assert cli.status("chatty") == "running"


class TestRemoval:
    def test_rm_leaves_nothing(self, cli: Cli, engine: Engine) -> None:
        snapshots = {it.name for it in engine.client.snapshots.list(engine.settings.snapshotter)}
        cli.fails(3, "run", "--rm", "-v", "/anonymous", "busybox", "sh", "-c", "exit 3")
        assert cli("ps", "-aq").out == ""
        assert {it.name for it in engine.client.snapshots.list(engine.settings.snapshotter)} == snapshots
        assert not list(engine.layout.containers_dir(cli.namespace).glob("*"))
        assert not list(engine.layout.volumes_dir(cli.namespace).glob("*"))
        assert not engine.client.leases.list()

    def test_rm_in_the_background_leaves_nothing(self, cli: Cli, engine: Engine) -> None:
        started = cli.run("--rm", "--name", "gone", "-v", "/anonymous", "busybox", "sleep", "0.5")
        assert len(started) == 64
        cli.has_status("gone", "")
        eventually(lambda: not list(engine.layout.containers_dir(cli.namespace).glob("*")))
        eventually(lambda: not list(engine.layout.volumes_dir(cli.namespace).glob("*")))
        eventually(lambda: not engine.layout.run_dir(started).exists())

    def test_a_named_volume_outlives_the_container(self, cli: Cli) -> None:
        cli("run", "--rm", "-v", "kept:/data", "busybox", "sh", "-c", "echo x > /data/file")
        assert cli("run", "--rm", "-v", "kept:/data", "busybox", "cat", "/data/file").out == "x"

    def test_the_client_is_killed_and_the_container_goes_on(self, cli: Cli) -> None:
        client = cli.start("run", "--rm", "--name", "alone", "busybox", "sh", "-c", "echo up; sleep 2; echo down")
        assert client.line() == "up"
        client.signal(signal.SIGKILL)
        client.process.wait()
        assert cli.status("alone") == "running"
        cli.has_status("alone", "")


class TestProcess:
    def test_what_the_flags_say_is_so_inside(self, cli: Cli, tmp_path: pathlib.Path) -> None:
        file = tmp_path / "env"
        file.write_text("# a comment\nFROM_FILE=f\nBOTH=file\n")
        flags = "--name told --hostname box -w /new/folder -u nobody -e A=1 -e BOTH=flag -e CALLER -e MISSING"
        labels = ["-l", "color=red", "--label", "empty"]
        script = 'echo "$A $BOTH $FROM_FILE $CALLER ${MISSING-none}"; pwd; id -un; hostname; hostname > /dev/stderr'
        words = [*flags.split(), *labels, "--env-file", str(file), "busybox", "sh", "-c", script]
        result = cli("run", *words, CALLER="c")
        assert result.lines == ["1 flag f c none", "/new/folder", "nobody", "box"]
        assert result.err == "box\n"
        config = cli.inspect("told")["Config"]
        assert config["Labels"] == {"color": "red", "empty": ""}
        assert (config["Hostname"], config["User"], config["WorkingDir"]) == ("box", "nobody", "/new/folder")
        assert {"A=1", "BOTH=flag", "FROM_FILE=f", "CALLER=c"} <= set(config["Env"])

    def test_entrypoint_and_command(self, cli: Cli, tmp_path: pathlib.Path) -> None:
        image = {"Entrypoint": ["echo", "entry"], "Cmd": ["default"], "User": "33", "WorkingDir": "/tmp"}
        name = "docker.io/library/entry:latest"
        cli("load", "-i", str(busybox.write_archive(tmp_path / "entry.tar", name, **image)))
        assert cli("run", "--rm", "entry").out == "entry default"
        assert cli("run", "--rm", "entry", "mine").out == "entry mine"
        assert cli("run", "--rm", "--entrypoint", "sh", "entry", "-c", "pwd; id -u").lines == ["/tmp", "33"]
        assert "no command specified" in cli.fails(125, "run", "--entrypoint", "", "entry").error

    def test_a_default_hostname_is_the_short_id(self, cli: Cli) -> None:
        assert cli("run", "--name", "host", "busybox", "hostname").out == cli.get("host", "{{.Id}}")[:12]


class TestStorage:
    def test_binds(self, cli: Cli, tmp_path: pathlib.Path) -> None:
        (tmp_path / "in").write_text("from the host")
        script = "cat /rw/in /file; echo back > /rw/out; touch /ro/x"
        binds = ["-v", f"{tmp_path}:/rw", "-v", f"{tmp_path}:/ro:ro", "-v", f"{tmp_path}/in:/file:ro"]
        result = cli.fails(1, "run", "--rm", *binds, "busybox", "sh", "-c", script)
        assert result.out == "from the host" * 2
        assert "Read-only file system" in result.err
        assert (tmp_path / "out").read_text() == "back\n"
        cli("run", "--rm", "-v", f"{tmp_path}/made/deep:/made", "busybox", "touch", "/made/x")
        assert (tmp_path / "made/deep/x").exists()

    def test_a_new_volume_begins_with_what_the_image_has_there(self, cli: Cli, tmp_path: pathlib.Path) -> None:
        layer = busybox.text_layer(("data/motd", "from the image"))
        name = "docker.io/library/full:latest"
        cli("load", "-i", str(busybox.write_archive(tmp_path / "full.tar", name, extra=(layer,))))
        change = "cat /data/motd; echo changed > /data/motd"
        assert cli("run", "--rm", "-v", "vol:/data", "full", "sh", "-c", change).out == "from the image"
        assert cli("run", "--rm", "-v", "vol:/data:ro", "full", "cat", "/data/motd").out == "changed"
        assert cli("run", "--rm", "-v", "other:/data:nocopy", "full", "ls", "/data").out == ""

    def test_tmpfs_and_a_read_only_root(self, cli: Cli) -> None:
        script = "grep ' /scratch tmpfs ' /proc/mounts; touch /scratch/x && touch /x"
        words = ["--read-only", "--tmpfs", "/scratch:size=1m", "busybox", "sh", "-c", script]
        result = cli.fails(1, "run", "--rm", *words)
        assert "size=1024k" in result.out
        assert "Read-only file system" in result.err


class TestResources:
    def test_limits_are_in_the_kernels_files(self, cli: Cli) -> None:
        flags = "-m 64m --memory-reservation 32m --cpus 0.5 --cpuset-cpus 0 --pids-limit 50 --cpu-shares 512"
        cli.run("--name", "held", *flags.split(), "busybox", "sleep", "300")
        own = pathlib.Path(f"/proc/{host_pid(cli, 'held')}/cgroup").read_text()
        paths = {key: path for _, keys, path in (line.split(":", 2) for line in own.split()) for key in keys.split(",")}
        top = pathlib.Path("/sys/fs/cgroup")
        if (top / "cgroup.controllers").exists():
            files = {
                "memory.max": str(64 << 20),
                "memory.low": str(32 << 20),
                "cpu.max": "50000 100000",
                "cpuset.cpus": "0",
                "pids.max": "50",
            }
            found = {name: (top / paths[""].lstrip("/") / name).read_text().strip() for name in files}
        else:
            files = {
                "memory.limit_in_bytes": str(64 << 20),
                "memory.soft_limit_in_bytes": str(32 << 20),
                "cpu.cfs_quota_us": "50000",
                "cpu.cfs_period_us": "100000",
                "cpu.shares": "512",
                "cpuset.cpus": "0",
                "pids.max": "50",
            }
            folders = {name: top / name.split(".")[0] / paths[name.split(".")[0]].lstrip("/") for name in files}
            found = {name: (folder / name).read_text().strip() for name, folder in folders.items()}
        assert found == files
        config = cli.inspect("held")["HostConfig"]
        assert {key: config[key] for key in ("Memory", "NanoCpus", "CpusetCpus", "PidsLimit", "CpuShares")} == {
            "Memory": 64 << 20,
            "NanoCpus": 500_000_000,
            "CpusetCpus": "0",
            "PidsLimit": 50,
            "CpuShares": 512,
        }

    def test_out_of_memory_is_told(self, cli: Cli) -> None:
        cli.fails(137, "run", "--name", "oom", "-m", "16m", "busybox", "tail", "-c", "1000000000", "/dev/zero")
        assert cli.get("oom", "{{.State.OOMKilled}} {{.State.ExitCode}}") == "true 137"


class TestNetwork:
    def test_none_and_host(self, cli: Cli) -> None:
        devices = "ls /sys/class/net; readlink /proc/self/ns/net"
        none = cli("run", "--rm", "--network", "none", "busybox", "sh", "-c", devices).lines
        host = cli("run", "--rm", "--net=host", "busybox", "sh", "-c", devices).lines
        assert none[:-1] == ["lo"]
        own = os.readlink("/proc/self/ns/net")
        assert (host[-1] == own, none[-1] == own) == (True, False)

    def test_a_published_port_and_names_of_peers(self, cli: Cli) -> None:
        port = free_port()
        cli.run("--name", "web", "--hostname", "hosty", "-p", f"{port}:80", *web("hello"))
        assert fetch(port) == "hello\n"
        assert cli("ps", "--format", "{{.Ports}}").out == f"0.0.0.0:{port}->80/tcp"
        settings = cli.inspect("web")["NetworkSettings"]
        assert settings["Ports"] == {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": str(port)}]}
        assert settings["Networks"]["bridge"]["IPAddress"] == settings["IPAddress"] != ""
        # the later one knows the earlier one, and the other way round
        cli.run("--name", "peer", *web("peer"))
        for name in ("web", "hosty", settings["IPAddress"]):
            assert cli("exec", "peer", "wget", "-qO-", f"http://{name}/").out == "hello"
        assert cli("exec", "web", "wget", "-qO-", "http://peer/").out == "peer"
        cli("rm", "-f", "peer")
        assert "peer" not in cli("exec", "web", "cat", "/etc/hosts").out
        # a taken port is refused in docker's words, and nothing runs
        error = cli.fails(125, "run", "-d", "--name", "second", "-p", f"{port}:80", *web("second")).error
        assert f"Bind for 0.0.0.0:{port} failed: port is already allocated" in error
        assert cli.status("second") == "created"
        cli("rm", "second")
        # and it is free again afterwards
        cli("stop", "-t", "0", "web")
        assert cli("ps", "-a", "--format", "{{.Ports}}").out == ""
        cli.run("-p", f"127.0.0.1:{port}:80", *web("third"))
        assert fetch(port) == "third\n"

    def test_a_port_that_the_host_uses_is_refused(self, cli: Cli) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            error = cli.fails(125, "run", "--rm", "-p", f"{port}:80", "busybox", "true").error
        assert f"Bind for 0.0.0.0:{port} failed: port is already allocated" in error
        assert cli("ps", "-aq").out == ""

    def test_a_port_may_be_chosen(self, cli: Cli) -> None:
        cli.run("--name", "web", "-p", "80", *web("random"))
        (binding,) = json.loads(cli.get("web", '{{json (index .NetworkSettings.Ports "80/tcp")}}'))
        assert fetch(int(binding["HostPort"])) == "random\n"
        cli("restart", "-t", "0", "web")
        assert cli.inspect("web")["HostConfig"]["PortBindings"] == {"80/tcp": [{"HostIp": "", "HostPort": ""}]}

    def test_names_that_are_given(self, cli: Cli) -> None:
        flags = ["--add-host", "extra:192.0.2.1", "--dns", "192.0.2.53", "--hostname", "me"]
        shown = cli("run", "--rm", *flags, "busybox", "cat", "/etc/hosts", "/etc/resolv.conf", "/etc/hostname").out
        assert "192.0.2.1\textra\n" in shown
        assert "nameserver 192.0.2.53\n" in shown
        assert shown.endswith("\nme")


class TestRestartPolicies:
    def test_on_failure_counts_and_gives_up(self, cli: Cli, tmp_path: pathlib.Path) -> None:
        words = ["-v", f"{tmp_path}:/v", "busybox", "sh", "-c", "echo run >> /v/runs; echo said; exit 3"]
        cli.run("--name", "fails", "--restart", "on-failure:2", *words)
        cli.has_status("fails", "exited")
        assert (tmp_path / "runs").read_text().splitlines() == ["run"] * 3
        assert cli.get("fails", "{{.RestartCount}} {{.State.ExitCode}}") == "2 3"
        assert cli("logs", "fails").lines == ["said"] * 3

    def test_on_failure_leaves_a_success_alone(self, cli: Cli) -> None:
        cli("run", "--name", "fine", "--restart", "on-failure", "busybox", "true")
        cli.has_status("fine", "exited")
        assert cli.get("fine", "{{.RestartCount}}") == "0"

    def test_always_starts_again_until_it_is_stopped(self, cli: Cli) -> None:
        cli.run("--name", "ever", "--restart", "always", "-p", "80", *web("again"))
        ports = cli.get("ever", "{{json .NetworkSettings.Ports}}")
        first = host_pid(cli, "ever")
        os.kill(first, signal.SIGKILL)
        eventually(lambda: (doc := cli.document("ever"))["RestartCount"] == 1 and doc["State"]["Running"])
        assert host_pid(cli, "ever") != first
        assert cli.get("ever", "{{json .NetworkSettings.Ports}}") == ports
        assert fetch(int(json.loads(ports)["80/tcp"][0]["HostPort"])) == "again\n"
        cli("stop", "-t", "0", "ever")
        assert cli.status("ever") == "exited"
        cli("start", "ever")
        assert cli.get("ever", "{{.RestartCount}} {{.State.Running}}") == "0 true"
        cli("kill", "ever")
        assert cli.status("ever") == "exited"

    def test_stop_ends_one_that_is_about_to_restart(self, cli: Cli) -> None:
        cli.run("--name", "crash", "--restart", "always", "busybox", "false")
        eventually(lambda: cli.document("crash")["RestartCount"] >= 3)
        cli("stop", "crash")
        count = cli.get("crash", "{{.RestartCount}}")
        assert cli.status("crash") == "exited"
        time.sleep(1.5)  # longer than the delay that was due
        assert cli.get("crash", "{{.State.Status}} {{.RestartCount}}") == f"exited {count}"
        cli("rm", "crash")


class TestSignals:
    def test_what_the_client_gets_goes_to_the_container(self, cli: Cli) -> None:
        script = "trap 'echo got; exit 5' TERM; echo up; while :; do sleep 0.05; done"
        client = cli.start("run", "--rm", "busybox", "sh", "-c", script)
        assert client.line() == "up"
        client.signal(signal.SIGTERM)
        result = client.end()
        assert (result.code, result.out) == (5, "got")

    def test_unless_that_was_not_wanted(self, cli: Cli) -> None:
        script = "trap 'exit 5' TERM; echo up; while :; do sleep 0.05; done"
        client = cli.start("run", "--sig-proxy=false", "--name", "goes-on", "busybox", "sh", "-c", script)
        assert client.line() == "up"
        client.signal(signal.SIGTERM)
        assert client.process.wait(20) != 5
        assert cli.status("goes-on") == "running"
