"""Limits on cgroup v2, on 4 CPUs and 2 NUMA nodes: what `tests/vm/test_resources_v2.py` runs inside the guest."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from nrdctl.cgroup.host import Host, discover
from nrdctl.cgroup.rates import rates
from nrdctl.containerd.client import Client
from nrdctl.engine.resources import journal
from nrdctl.engine.resources.change import Outcome, pin, remove_limits, set_limits, unpin
from nrdctl.engine.resources.target import Target, find, resources_of
from nrdctl.engine.resources.view import view_one
from nrdctl.errors import Conflict, InvalidArgument, NrdctlError
from nrdctl.model.cpuset import CpuSet
from nrdctl.model.limit import parse_limit

if TYPE_CHECKING:
    from nrdctl.cgroup.driver import Reading
    from nrdctl.cgroup.effective import Limits

ROOT = Path("/sys/fs/cgroup")
IMAGE = "docker.io/library/busybox:latest"
MIB = 2**20


@dataclasses.dataclass(kw_only=True)
class Box:
    """A container and what there is to see of it."""

    client: Client
    target: Target
    id: str

    @property
    def path(self) -> Path:
        return ROOT / find(self.target).reading.path.lstrip("/")

    @property
    def pid(self) -> int:
        return self.client.tasks.get(self.id).pid

    @property
    def limits(self) -> Limits:
        record, task = self.client.containers.get(self.id), self.client.tasks.get(self.id)
        return view_one(self.target.host, self.client.namespace, record, task).limits

    @property
    def spec(self) -> dict[str, object]:
        resources = resources_of(self.client.containers.get(self.id))
        return {key: value for key, value in resources.items() if key != "devices"}

    def file(self, name: str) -> str:
        return (self.path / name).read_text().strip()

    def files(self) -> dict[str, str]:
        names = ("cpu.max", "cpu.weight", "memory.max", "memory.high", "memory.swap.max", "pids.max", "cpuset.cpus")
        return {name: self.file(name) for name in names}

    def allowed(self) -> set[str]:
        """Return the CPU lists of all threads in the container."""
        lists = set()
        for pid in (self.path / "cgroup.procs").read_text().split():
            for status in Path(f"/proc/{pid}/task").glob("*/status"):
                lists |= {line.split()[1] for line in status.read_text().splitlines() if "Cpus_allowed_list" in line}
        return lists

    def set(self, *texts: str, force: bool = False) -> Outcome:
        return set_limits(self.target, [parse_limit(text) for text in texts], force=force)

    def remove(self, *keys: str) -> Outcome:
        return remove_limits(self.target, keys)

    def pin(self, cpus: str, *, force: bool = False, mems: str = "") -> Outcome:
        return pin(self.target, CpuSet.parse(cpus), force=force, mems=CpuSet.parse(mems) if mems else None)

    def unpin(self, cpus: str = "") -> Outcome:
        return unpin(self.target, CpuSet.parse(cpus) if cpus else None)

    def stop(self) -> None:
        self.client.tasks.kill(self.id, signal.SIGKILL, all=True)
        self.client.tasks.wait(self.id, timeout=30)
        self.client.tasks.delete(self.id)

    def start(self) -> None:
        run("ctr", "task", "start", "--detach", self.id)


def run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


@contextlib.contextmanager
def box(*args: str, flags: tuple[str, ...] = ()) -> Iterator[Box]:
    """Run a container with `ctr`, so one that nrdctl did not make."""
    container = f"box{os.getpid()}"
    run("ctr", "run", "--detach", *flags, IMAGE, container, *(args or ("sleep", "3600")))
    with Client("/run/containerd/containerd.sock") as client, tempfile.TemporaryDirectory() as folder:
        target = Target(
            client=client,
            container_id=container,
            host=discover(),
            journal=Path(folder) / "journal",
            lock=Path(folder) / "lock",
        )
        made = Box(client=client, target=target, id=container)
        try:
            yield made
        finally:
            if any(task.container_id == container for task in client.tasks.list()):
                made.stop()
            run("ctr", "container", "rm", container)


@contextlib.contextmanager
def refused(kind: type[NrdctlError], text: str) -> Iterator[None]:
    message = None
    try:
        yield
    except kind as error:
        message = str(error)
    assert message is not None, "it was not refused"
    assert text in message, message


def host_is_v2() -> None:
    host = discover()
    assert host.driver.version == 2
    assert (str(host.facts.possible), str(host.facts.online), str(host.facts.nodes)) == ("0-3", "0-3", "0-1")


def set_and_remove() -> None:
    with box() as it:
        before = it.files()
        it.set("cpu=200m", "memory=64Mi", "swap=0", "pids=50", "cpu.weight=300", "memory.high=48m")
        assert it.files() == {
            "cpu.max": "20000 100000",
            "cpu.weight": "300",
            "memory.max": str(64 * MIB),
            "memory.high": str(48 * MIB),
            "memory.swap.max": "0",
            "pids.max": "50",
            "cpuset.cpus": "",
        }
        assert it.spec["cpu"]["quota"] == 20_000
        assert it.spec["unified"] == {"cpu.weight": "300", "memory.high": str(48 * MIB)}
        spec = it.spec
        it.stop()
        it.start()
        again = it.files()
        assert again["cpu.max"] == "20000 100000", again
        assert again["cpu.weight"] == "300", again
        assert again["memory.high"] == str(48 * MIB), again
        assert again["memory.swap.max"] == "0", again
        assert it.spec == spec
        it.remove("cpu", "memory", "pids", "cpu.weight", "memory.high")
        # `ctr` asks for 1024 shares, of which runc makes another weight than the kernel's default.
        assert it.files() == {**before, "cpu.weight": "100"}, it.files()


def later_changes_keep_earlier_ones() -> None:
    with box() as it:
        it.set("memory=64Mi", "cpu.weight=300", "memory.high=48m")
        it.set("pids=50")
        it.set("cpu=200m")
        files = it.files()
        assert files["memory.max"] == str(64 * MIB), files
        assert files["memory.high"] == str(48 * MIB), files
        assert (files["cpu.weight"], files["pids.max"], files["cpu.max"]) == ("300", "50", "20000 100000"), files


def busy_loop_is_held_down() -> None:
    with box("sh", "-c", "while :; do :; done") as it:
        it.set("cpu=200m")
        found = find(it.target)
        assert found.location is not None
        sampler = it.target.host.driver.sampler(found.location, ["cpu"])
        assert sampler is not None
        first = sampler.read(time.monotonic_ns())
        time.sleep(2)
        second = sampler.read(time.monotonic_ns())
        assert first is not None
        assert second is not None
        rate = rates(first, second)
        assert rate is not None
        assert 15 < (rate.cpu_percent or 0) < 25, rate
        assert (rate.throttled_percent or 0) > 80, rate
        it.remove("cpu")
        third = sampler.read(time.monotonic_ns())
        time.sleep(2)
        fourth = sampler.read(time.monotonic_ns())
        sampler.close()
        assert third is not None
        assert fourth is not None
        free = rates(third, fourth)
        assert free is not None
        assert (free.cpu_percent or 0) > 60, free


def pin_and_unpin() -> None:
    with box() as it:
        it.pin("0,1")
        assert (it.file("cpuset.cpus"), it.allowed()) == ("0-1", {"0-1"})
        assert it.spec["cpu"]["cpus"] == "0-1"
        it.unpin("0")
        assert (it.file("cpuset.cpus"), it.allowed(), it.spec["cpu"]["cpus"]) == ("1", {"1"}, "1")
        it.unpin("1")
        assert (it.file("cpuset.cpus.effective"), it.allowed()) == ("0-3", {"0-3"})
        assert it.file("cpuset.cpus") in ("", "0-3")
        assert "cpus" not in it.spec.get("cpu", {})
        assert not it.limits.cpus
        it.pin("2")
        it.unpin()
        assert it.allowed() == {"0-3"}
        it.set("cpu=200m")
        assert it.allowed() == {"0-3"}
        it.stop()
        it.start()
        assert (it.allowed(), it.limits.cpu.cpus) == ({"0-3"}, 0.2)


def pin_to_a_numa_node() -> None:
    with box() as it:
        it.pin("2-3", mems="1")
        assert (it.file("cpuset.cpus"), it.file("cpuset.mems"), it.allowed()) == ("2-3", "1", {"2-3"})
        it.unpin()
        assert it.file("cpuset.mems.effective") == "0-1"
        assert it.allowed() == {"0-3"}


def nonsense_changes_nothing() -> None:
    with box() as it:
        before, spec = it.files(), it.spec
        for texts in (["cpu=200"], ["memory=512"], ["pids=50", "cpu=9m"]):
            with refused(InvalidArgument, ""):
                it.set(*texts)
        with refused(InvalidArgument, "CPU 7 does not exist on this host, whose CPUs are 0-3"):
            it.pin("7")
        assert (it.files(), it.spec) == (before, spec)


def burst_is_lowered_first() -> None:
    with box() as it:
        it.set("cpu=1")
        (it.path / "cpu.max.burst").write_text("50000")
        outcome = it.set("cpu=200m")
        assert (it.file("cpu.max"), it.file("cpu.max.burst")) == ("20000 100000", "20000")
        assert any("burst" in note for note in outcome.notes)
        it.remove("cpu")
        assert (it.file("cpu.max"), it.file("cpu.max.burst")) == ("max 100000", "0")


def an_offline_cpu() -> None:
    switch = Path("/sys/devices/system/cpu/cpu3/online")
    with box() as it:
        it.pin("3")
        switch.write_text("0")
        try:
            assert (it.limits.cpus, it.limits.lost_cpus) == (CpuSet.of([3]), CpuSet.of([3]))
            it.target = dataclasses.replace(it.target, host=discover())
            it.unpin()
            with refused(InvalidArgument, "CPU 3 is offline (online: 0-2)"):
                it.pin("3")
            outcome = it.pin("2-3", force=True)
            assert "until it is back" in outcome.notes[0]
            assert it.file("cpuset.cpus.effective") == "2"
        finally:
            switch.write_text("1")
        assert it.file("cpuset.cpus.effective") == "2-3"


def outside_the_parents_set() -> None:
    parent = ROOT / "narrow"
    parent.mkdir()
    try:
        (parent / "cgroup.subtree_control").write_text("+cpuset +cpu +memory +pids")
        (parent / "cpuset.cpus").write_text("0-1")
        (parent / "memory.max").write_text(str(128 * MIB))
        (parent / "cpu.max").write_text("50000 100000")
        with box(flags=("--cgroup", "/narrow/in")) as it:
            with refused(InvalidArgument, "CPU 2 is not among the CPUs of the parent cgroup /narrow, which are 0-1"):
                it.pin("2")
            outcome = it.set("memory=256m", "cpu=2")
            assert any("/narrow" in note for note in outcome.notes)
            limits = it.limits
            assert (limits.memory.own, limits.memory.effective) == (256 * MIB, 128 * MIB)
            assert (limits.memory.source, limits.cpu.source, limits.cpu.effective) == ("/narrow", "/narrow", 0.5)
    finally:
        parent.rmdir()


def a_moved_init_process() -> None:
    """The container's own cgroup is found even when its first process has moved into one below it."""
    script = "mkdir /sys/fs/cgroup/init && echo 1 >/sys/fs/cgroup/init/cgroup.procs; sleep 3600"
    with box("sh", "-c", script, flags=("--privileged",)) as it:
        deadline = time.monotonic() + 20
        while "/init" not in Path(f"/proc/{it.pid}/cgroup").read_text():
            if time.monotonic() > deadline:
                print("skipped: the container can't make cgroups of its own here")
                return
            time.sleep(0.1)
        it.set("cpu=200m")
        assert it.path == ROOT / "default" / it.id
        assert it.file("cpu.max") == "20000 100000"


def a_paused_container() -> None:
    with box() as it:
        it.client.tasks.pause(it.id)
        it.set("cpu=200m")
        assert it.file("cpu.max") == "20000 100000"
        assert it.client.tasks.get(it.id).status == "paused"
        it.client.tasks.resume(it.id)


def memory_in_use() -> None:
    hog = "dd if=/dev/zero of=/dev/null bs=80M count=100000"
    with box("sh", "-c", hog) as it:
        deadline = time.monotonic() + 30
        while int(it.file("memory.current")) < 80 * MIB and time.monotonic() < deadline:
            time.sleep(0.2)
        with refused(Conflict, "can't be taken back, so the kernel would kill it"):
            it.set("memory=16m")
        assert it.file("memory.max") == "max"


def a_failure_half_way() -> None:
    """The runtime is asked for a CPU that does not exist, past our own checks: it fails after changing other files."""
    with box() as it:
        it.set("memory=128Mi", "cpu.weight=50")
        before, spec = it.files(), it.spec
        many = CpuSet.parse("0-63")
        host = it.target.host
        driver = host.driver
        real = driver.read

        def flattering(location: object) -> Reading:
            return dataclasses.replace(real(location), parent_cpus=many)  # type: ignore[arg-type]

        driver.read = flattering  # type: ignore[method-assign]
        facts = dataclasses.replace(host.facts, possible=many, online=many)
        it.target = dataclasses.replace(it.target, host=Host(facts=facts, driver=driver))
        with refused(NrdctlError, "everything is as it was before"):
            it.pin("63")
        assert (it.files(), it.spec) == (before, spec), (it.files(), it.spec)
        assert journal.history(it.target.journal)[-1].state == "undone"


def many_threads() -> None:
    script = (
        "import threading, time\n"
        "for _ in range(299): threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()\n"
        "time.sleep(3600)"
    )
    with box() as it, subprocess.Popen(["python3", "-c", script]) as process:
        try:
            (it.path / "cgroup.procs").write_text(str(process.pid))
            while len(list(Path(f"/proc/{process.pid}/task").iterdir())) < 300:
                time.sleep(0.1)
            it.pin("2-3")
            assert it.allowed() == {"2-3"}
        finally:
            process.kill()


def cpuset_is_held_back() -> None:
    control = ROOT / "default/cgroup.subtree_control"
    with box() as it:
        control.write_text("-cpuset")
        assert not (it.path / "cpuset.cpus").exists()
        assert "cpus" not in it.limits.supported
        with subprocess.Popen(["sleep", "3600"]) as process:
            try:
                (ROOT / "default/cgroup.procs").write_text(str(process.pid))
                moved = True
            except OSError:
                moved = False
            if moved:
                with refused(Conflict, "the cgroup /default has processes of its own"):
                    it.pin("1")
                (ROOT / "cgroup.procs").write_text(str(process.pid))
            process.kill()
        assert (ROOT / "default/cgroup.type").read_text() == "domain\n"
        it.pin("1")
        assert it.allowed() == {"1"}


def crun_too() -> None:
    if not os.path.lexists("/dev/stdin"):  # udev's work elsewhere; crun reads the resources from there
        Path("/dev/stdin").symlink_to("/proc/self/fd/0")
    with box(flags=("--runc-binary", "/usr/bin/crun")) as it:
        before = it.files()
        it.set("cpu=200m", "memory=64Mi", "pids=50", "cpu.weight=300", "swap=0")
        it.pin("1")
        assert (it.file("cpu.max"), it.file("cpu.weight"), it.allowed()) == ("20000 100000", "300", {"1"})
        it.remove("cpu", "memory", "pids", "cpu.weight")
        it.unpin()
        assert it.allowed() == {"0-3"}
        after = it.files()
        assert {**after, "cpuset.cpus": ""} == {**before, "cpu.weight": "100"}, after
