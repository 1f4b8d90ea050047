"""Tasks of a real containerd, and what runc says when it can not."""

from __future__ import annotations

import os
import pathlib
import shutil
import signal
import tempfile
import threading
import time

import pytest

from nrdctl.containerd.client import Client
from nrdctl.containerd.records import (
    Mount,
    Runtime,
    Streams,
    TaskStatus,
)
from nrdctl.errors import (
    AlreadyExists,
    Conflict,
    NotFound,
    RuntimeFailed,
    StartFailed,
)
from tests.support import rootfs
from tests.support.box import Box
from tests.support.daemon import PrivateContainerd, freeze, missing, unique_namespace
from tests.support.waiting import SOON, answers, eventually

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(missing()), reason=missing() or "-"),
    pytest.mark.skipif(not rootfs.BUSYBOX.exists(), reason="needs busybox-static"),
]


class TestTasks:
    def test_life(self, box: Box) -> None:
        tasks = box.client.tasks
        pid = box.task("web", "sh", "-c", "exit 7")
        created = tasks.get("web")
        assert (created.status, created.pid, created.container_id) == (TaskStatus.CREATED, pid, "web")
        pending = tasks.wait_async("web")
        assert tasks.start("web") == pid
        exit_ = pending.result(SOON)
        assert exit_.status == 7
        assert exit_.exited_at is not None
        assert pending.done()
        stopped = tasks.get("web")
        assert (stopped.status, stopped.exit_status, stopped.exited_at) == (TaskStatus.STOPPED, 7, exit_.exited_at)
        assert tasks.wait("web", timeout=SOON) == exit_
        assert tasks.delete("web") == exit_
        for gone in (tasks.get, tasks.delete, tasks.start, tasks.wait, tasks.pids):
            with pytest.raises(NotFound):
                gone("web")

    def test_output_goes_where_the_streams_say(self, box: Box, tmp_path: pathlib.Path) -> None:
        _, mounts = box.record("web", "sh", "-c", "echo out; echo err >&2")
        log = f"file://{tmp_path}/log"
        box.client.tasks.create("web", mounts, Streams(stdout=log, stderr=log))
        assert box.client.tasks.get("web").stdout == log
        box.client.tasks.start("web")
        box.client.tasks.wait("web", timeout=SOON)
        box.client.tasks.delete("web")
        assert sorted((tmp_path / "log").read_text().split()) == ["err", "out"]

    def test_input_ends_with_close_stdin(self, box: Box, tmp_path: pathlib.Path) -> None:
        _, mounts = box.record("web", "sh", "-c", "cat > /copy; exit $(cat /copy)")
        for name in ("in", "out", "err"):
            os.mkfifo(tmp_path / name)
        readers = [os.open(tmp_path / name, os.O_RDONLY | os.O_NONBLOCK) for name in ("out", "err")]
        tasks = box.client.tasks
        streams = Streams(stdin=f"{tmp_path}/in", stdout=f"{tmp_path}/out", stderr=f"{tmp_path}/err")
        tasks.create("web", mounts, streams)
        tasks.start("web")
        with (tmp_path / "in").open("w") as stdin:
            stdin.write("42")
        tasks.close_stdin("web")
        assert tasks.wait("web", timeout=SOON).status == 42
        tasks.delete("web")
        for reader in readers:
            os.close(reader)

    def test_a_terminal_has_a_size(self, box: Box, tmp_path: pathlib.Path) -> None:
        _, mounts = box.record("web", "sh", "-c", "stty size", terminal=True)
        os.mkfifo(tmp_path / "out")
        reader = os.open(tmp_path / "out", os.O_RDONLY | os.O_NONBLOCK)
        tasks = box.client.tasks
        tasks.create("web", mounts, Streams(stdout=f"{tmp_path}/out", terminal=True))
        tasks.resize("web", 100, 30)
        tasks.start("web")
        assert tasks.wait("web", timeout=SOON).status == 0
        os.set_blocking(reader, True)
        assert os.read(reader, 100) == b"30 100\r\n"
        os.close(reader)
        assert tasks.get("web").terminal
        tasks.delete("web")

    def test_signals(self, box: Box) -> None:
        tasks = box.client.tasks
        box.run("web", "sleep", "100")
        with pytest.raises(Conflict, match="cannot delete a running process"):
            tasks.delete("web")
        with pytest.raises(Conflict, match="cannot start a running process"):
            tasks.start("web")
        with pytest.raises(RuntimeFailed):
            tasks.kill("web", 200)
        pending = tasks.wait_async("web")
        assert not pending.done()
        tasks.kill("web", signal.SIGKILL, all=True)
        assert pending.result(SOON).status == 128 + signal.SIGKILL
        with pytest.raises(NotFound, match="process already finished"):
            tasks.kill("web", signal.SIGTERM)
        tasks.delete("web")

    def test_pause_and_resume(self, box: Box) -> None:
        tasks = box.client.tasks
        box.run("web", "sleep", "100")
        tasks.pause("web")
        assert tasks.get("web").status is TaskStatus.PAUSED
        with pytest.raises(Conflict, match="paused"):
            tasks.exec("web", "e", rootfs.process("true"))
        tasks.resume("web")
        assert tasks.get("web").status is TaskStatus.RUNNING
        with pytest.raises(Conflict):
            tasks.resume("web")

    def test_limits(self, box: Box) -> None:
        pid = box.run("web", "sleep", "100")
        limit = memory_limit(pid)
        assert int(limit.read_text()) == 64 << 20
        box.client.tasks.update("web", {"memory": {"limit": 32 << 20}})
        assert int(limit.read_text()) == 32 << 20
        with pytest.raises(RuntimeFailed, match=r"cpuset\.cpus"):
            box.client.tasks.update("web", {"cpu": {"cpus": "4000"}})

    def test_exec(self, box: Box) -> None:
        tasks = box.client.tasks
        pid = box.run("web", "sleep", "100")
        tasks.exec("web", "e1", rootfs.process("sh", "-c", "exit 5"))
        with pytest.raises(AlreadyExists):
            tasks.exec("web", "e1", rootfs.process("true"))
        pending = tasks.wait_async("web", "e1")
        tasks.start("web", "e1")
        assert pending.result(SOON).status == 5
        process = tasks.get("web", "e1")
        assert (process.container_id, process.exec_id, process.status) == ("web", "e1", TaskStatus.STOPPED)
        assert tasks.delete_process("web", "e1").status == 5
        tasks.exec("web", "e2", rootfs.process("sleep", "100"))
        other = tasks.start("web", "e2")
        assert sorted(tasks.pids("web")) == sorted([pid, other])
        with pytest.raises(Conflict, match="running"):
            tasks.delete_process("web", "e2")
        tasks.kill("web", signal.SIGTERM, exec_id="e2")
        assert tasks.wait("web", "e2", timeout=SOON).status == 128 + signal.SIGTERM
        tasks.delete_process("web", "e2")
        with pytest.raises(NotFound):
            tasks.get("web", "e2")
        assert tasks.get("web").status is TaskStatus.RUNNING

    @pytest.mark.parametrize(
        ("command", "exit_code", "why"),
        [
            ("nosuch", 127, 'exec: "nosuch": executable file not found'),
            ("/bin/nosuch", 127, "no such file or directory"),
            (rootfs.NOT_EXECUTABLE, 126, "permission denied"),
            ("/tmp", 126, "permission denied|is a directory"),
        ],
    )
    def test_a_command_that_can_not_run(self, box: Box, command: str, exit_code: int, why: str) -> None:
        tasks = box.client.tasks
        with pytest.raises(StartFailed, match=f"^exec: .*({why})|^{why}") as caught:
            box.task("failed", command)
        assert caught.value.exit_code == exit_code
        with pytest.raises(NotFound):
            tasks.get("failed")
        box.run("web", "sleep", "100")
        tasks.exec("web", "e", rootfs.process(command))
        with pytest.raises(StartFailed, match=why) as caught:
            tasks.start("web", "e")
        assert caught.value.exit_code == exit_code
        tasks.delete_process("web", "e")

    def test_what_is_missing_is_not_always_the_command(self, box: Box) -> None:
        box.record("mount", "true")
        with pytest.raises(StartFailed, match="mount") as caught:
            box.client.tasks.create("mount", [Mount(type="bind", source="/nonexistent", options=("rbind",))])
        assert caught.value.exit_code == 125
        _, mounts = box.record("runtime", "true")
        with pytest.raises(StartFailed) as caught:
            box.client.tasks.create("runtime", mounts, runtime=Runtime(binary="/nonexistent/runc"))
        assert caught.value.exit_code == 125

    def test_list(self, box: Box) -> None:
        box.record("never", "true")
        box.run("one", "sleep", "100")
        box.run("two", "true")
        box.client.tasks.wait("two", timeout=SOON)
        found = {task.container_id: task.status for task in box.client.tasks.list()}
        assert found == {"one": TaskStatus.RUNNING, "two": TaskStatus.STOPPED}

    def test_shims_that_hang_do_not_block_the_list(self, box: Box, containerd: PrivateContainerd) -> None:
        box.record("never", "true")
        for name in ("one", "two", "three", "fine"):
            box.run(name, "sleep", "100")
        names = {id_: pid for pid, (namespace, id_) in containerd.shims().items() if namespace == box.client.namespace}
        hung = [names[name] for name in ("one", "two", "three")]
        for pid in hung:
            freeze(pid)
        try:
            start = time.monotonic()
            found = {task.container_id: task.status for task in box.client.tasks.list()}
            assert time.monotonic() - start < 9
        finally:
            for pid in hung:
                os.kill(pid, signal.SIGCONT)
        unknown = dict.fromkeys(("one", "two", "three"), TaskStatus.UNKNOWN)
        assert found == {**unknown, "fine": TaskStatus.RUNNING}
        # Asked one by one only after the list had failed; containerd 1.7 asks the shims all at once by itself.
        assert box.client.calls["Tasks.Get"] in (0, 5)

    def test_an_interrupt_does_not_tear_a_call(self, box: Box, containerd: PrivateContainerd) -> None:
        """A Tasks call that is cancelled half-way leaks its shim, so Ctrl-C waits for it."""
        box.run("web", "sleep", "100")
        shim = next(pid for pid, found in containerd.shims().items() if found == (box.client.namespace, "web"))
        freeze(shim)
        timers = [
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)),
            threading.Timer(0.9, os.kill, (shim, signal.SIGCONT)),
        ]
        for timer in timers:
            timer.start()
        start = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            box.client.tasks.kill("web", signal.SIGKILL)
        assert time.monotonic() - start > 0.8
        for timer in timers:
            timer.join()
        assert box.client.tasks.wait("web", timeout=SOON).status == 137

    def test_a_task_survives_the_daemon(self) -> None:
        directory = pathlib.Path(tempfile.mkdtemp(prefix="nrdctl-", dir="/tmp"))
        try:
            with PrivateContainerd(directory) as daemon:
                with Client(daemon.address, namespace=unique_namespace()) as unleased, unleased.lease() as client:
                    box = Box(client, daemon.snapshotter, rootfs.unpack(client, daemon.snapshotter))
                    pid = box.run("web", "sleep", "100")
                    daemon.kill()
                    daemon.start()
                    eventually(lambda: answers(client))
                    assert client.tasks.get("web").pid == pid
                shims = daemon.shims()
                assert len(shims) == 1
            assert daemon.shims() == {}
            assert not pathlib.Path(f"/proc/{pid}").exists()
        finally:
            shutil.rmtree(directory, ignore_errors=True)


def memory_limit(pid: int) -> pathlib.Path:
    """Return the file of a process's memory limit, in either hierarchy."""
    for line in pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "memory":
            return pathlib.Path(f"/sys/fs/cgroup/memory{path}/memory.limit_in_bytes")
        if controllers == "" and pathlib.Path("/sys/fs/cgroup/cgroup.controllers").exists():
            return pathlib.Path(f"/sys/fs/cgroup{path}/memory.max")
    raise AssertionError("no memory controller")
