"""The v1 driver on real v1 hierarchies: cgroups of the test's own, with a process in them."""

from __future__ import annotations

import dataclasses
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nrdctl.cgroup.driver import FileWrite, Location
from nrdctl.cgroup.effective import CPUSET_SOURCE, limits_of
from nrdctl.cgroup.host import Host, discover
from nrdctl.cgroup.plan import Plan, Situation, Wish, make_plan, mismatches
from nrdctl.cgroup.rates import rates
from nrdctl.cgroup.refusal import explain
from nrdctl.cgroup.sample import GROUPS
from nrdctl.cgroup.v1 import V1Driver
from nrdctl.cgroup.writes import file_writes
from nrdctl.errors import Conflict, NotFound
from nrdctl.model.cpuset import CpuSet
from nrdctl.model.limit import parse_limit, removal

pytestmark = pytest.mark.system

CONTROLLERS = ("cpu", "cpuacct", "cpuset", "memory", "pids", "blkio")
MIB = 2**20


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sandbox:
    host: Host
    driver: V1Driver
    mounts: dict[str, Path]
    path: str
    process: subprocess.Popen[bytes]

    @property
    def location(self) -> Location:
        return self.driver.locate(self.process.pid)

    def file(self, controller: str, name: str) -> Path:
        return self.mounts[controller] / self.path.lstrip("/") / name

    def parent_file(self, controller: str, name: str) -> Path:
        return self.file(controller, name).parent.parent / name

    def plan(self, *texts: str, wish: Wish | None = None, force: bool = False) -> Plan:
        wish = wish or Wish(assignments=tuple(parse_limit(text) for text in texts))
        sampler = self.driver.sampler(self.location, GROUPS)
        assert sampler is not None
        sample = sampler.read(time.monotonic_ns())
        sampler.close()
        reading = self.driver.read(self.location)
        return make_plan(wish, Situation(reading=reading, facts=self.host.facts, sample=sample), force=force)

    def carry_out(self, plan: Plan) -> None:
        for write in plan.writes:
            self.driver.write(self.location, write)
        assert mismatches(plan, self.driver.read(self.location), online=self.host.facts.online) == []


def enter(pid: int, directory: Path) -> None:
    (directory / "cgroup.procs").write_text(f"{pid}\n")


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    host = discover()
    if not isinstance(host.driver, V1Driver):
        pytest.skip("needs a host whose controllers are on cgroup v1")
    mounts = {name: host.driver.mounts[name] for name in CONTROLLERS}
    path = f"/nrdctl-test-{secrets.token_hex(4)}/container"
    directories = [mount / path.lstrip("/") for mount in mounts.values()]
    process = subprocess.Popen(["sleep", "300"])
    try:
        for directory in directories:
            directory.mkdir(parents=True, exist_ok=True)
        for directory in (mounts["cpuset"] / path.split("/")[1], mounts["cpuset"] / path.lstrip("/")):
            for name in ("cpuset.cpus", "cpuset.mems"):  # a new v1 cpuset is empty
                (directory / name).write_text((mounts["cpuset"] / name).read_text())
        for directory in directories:
            enter(process.pid, directory)
        yield Sandbox(host=host, driver=host.driver, mounts=mounts, path=path, process=process)
    finally:
        process.kill()
        process.wait()
        for directory in directories:
            remove(directory)
            remove(directory.parent)


def remove(directory: Path) -> None:
    for _ in range(100):
        try:
            directory.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.05)  # the last process is still leaving
        else:
            return


def test_an_unlimited_cgroup(sandbox: Sandbox) -> None:
    limits = limits_of(sandbox.driver.read(sandbox.location))
    assert sandbox.location.path == sandbox.path
    assert (limits.cpu.quota, limits.cpu.source, limits.cpu.effective) == (
        None,
        CPUSET_SOURCE,
        len(sandbox.host.facts.online),
    )
    assert (limits.weight, limits.shares, limits.cpus) == (100, 1024, CpuSet())
    assert (limits.memory.own, limits.swap.own, limits.pids.own) == (None, None, None)
    assert {"cpu", "cpu.weight", "memory", "pids", "cpus", "mems"} <= limits.supported


def test_set_and_remove(sandbox: Sandbox) -> None:
    sandbox.carry_out(sandbox.plan("cpu=200m", "memory=64Mi", "pids=50", "cpu.weight=300"))
    assert sandbox.file("cpu", "cpu.cfs_quota_us").read_text() == "20000\n"
    assert sandbox.file("cpu", "cpu.cfs_period_us").read_text() == "100000\n"
    assert sandbox.file("cpu", "cpu.shares").read_text() == "3072\n"
    assert sandbox.file("memory", "memory.limit_in_bytes").read_text() == f"{64 * MIB}\n"
    assert sandbox.file("pids", "pids.max").read_text() == "50\n"
    for key in ("cpu", "memory", "pids", "cpu.weight"):
        sandbox.carry_out(sandbox.plan(wish=Wish(assignments=removal(key))))
    limits = limits_of(sandbox.driver.read(sandbox.location))
    assert (limits.cpu.quota, limits.memory.own, limits.pids.own, limits.weight) == (None, None, None, 100)


def test_quota_and_period_change_together(sandbox: Sandbox) -> None:
    for text in ("cpu=1m", "cpu=200m", "cpu=5000/10000", "cpu=1m", "cpu=max"):
        sandbox.carry_out(sandbox.plan(text, force=True))


def test_swap_goes_up_and_down_with_memory(sandbox: Sandbox) -> None:
    if "swap" not in sandbox.driver.read(sandbox.location).supported:
        pytest.skip("needs a kernel that counts swap")
    for text in ("memory=64m swap=64m", "memory=256m", "memory=32m", "swap=0", "memory=64m", "swap=max"):
        sandbox.carry_out(sandbox.plan(*text.split()))
    plan = sandbox.plan("swap=1m")
    sandbox.carry_out(plan)
    assert sandbox.file("memory", "memory.memsw.limit_in_bytes").read_text() == f"{65 * MIB}\n"
    sandbox.carry_out(sandbox.plan("memory=max"))
    assert limits_of(sandbox.driver.read(sandbox.location)).swap.own is None


def test_pin_and_unpin(sandbox: Sandbox) -> None:
    first = CpuSet.of([min(sandbox.host.facts.online)])
    sandbox.carry_out(sandbox.plan(wish=Wish(cpus=first)))
    status = Path(f"/proc/{sandbox.process.pid}/status").read_text()
    assert f"Cpus_allowed_list:\t{first}\n" in status
    limits = limits_of(sandbox.driver.read(sandbox.location))
    assert (limits.cpus_effective, limits.cpu.effective) == (first, 1.0)
    sandbox.carry_out(sandbox.plan(wish=Wish(cpus=CpuSet())))
    status = Path(f"/proc/{sandbox.process.pid}/status").read_text()
    assert f"Cpus_allowed_list:\t{sandbox.host.facts.online}\n" in status


def test_effective_limits_name_the_ancestor(sandbox: Sandbox) -> None:
    parent = "/" + sandbox.path.split("/")[1]
    sandbox.parent_file("memory", "memory.limit_in_bytes").write_text(f"{32 * MIB}\n")
    sandbox.parent_file("cpu", "cpu.cfs_quota_us").write_text("50000\n")
    sandbox.carry_out(sandbox.plan("memory=64m"))
    limits = limits_of(sandbox.driver.read(sandbox.location))
    assert (limits.memory.own, limits.memory.effective, limits.memory.source) == (64 * MIB, 32 * MIB, parent)
    assert (limits.cpu.effective, limits.cpu.source) == (0.5, parent)
    with pytest.raises(Conflict, match=f"more than the cgroup {parent} above has: 0.5"):
        sandbox.plan("cpu=1")


def test_the_kernel_agrees_with_the_checks(sandbox: Sandbox) -> None:
    """What the planner refuses the kernel refuses too, and the refusal is put into words."""
    sandbox.parent_file("cpu", "cpu.cfs_quota_us").write_text("50000\n")
    refused = FileWrite(controller="cpu", name="cpu.cfs_quota_us", text="100000")
    with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is checked below
        sandbox.driver.write(sandbox.location, refused)
    assert "no more CPUs than the cgroup above" in str(explain(caught.value, refused, sandbox.host.facts))
    outside = FileWrite(controller="cpuset", name="cpuset.cpus", text="4000")
    with pytest.raises(OSError) as caught:  # noqa: PT011
        sandbox.driver.write(sandbox.location, outside)
    assert "no such CPU" in str(explain(caught.value, outside, sandbox.host.facts))


def test_memory_in_use_is_not_cut(sandbox: Sandbox) -> None:
    program = "import sys, time; data = bytearray(48 << 20); print('ready', flush=True); time.sleep(300)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, preexec_fn=None) as hog:
        try:
            for controller in CONTROLLERS:
                enter(hog.pid, sandbox.file(controller, ""))
            assert hog.stdout is not None
            assert hog.stdout.readline() == b"ready\n"
            with pytest.raises(Conflict, match="can't be taken back"):
                sandbox.plan("memory=16m")
            assert hog.poll() is None
        finally:
            hog.kill()


def test_samples_and_rates(sandbox: Sandbox) -> None:
    sandbox.carry_out(sandbox.plan("cpu=200m"))
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as loop:
        try:
            for controller in CONTROLLERS:
                enter(loop.pid, sandbox.file(controller, ""))
            sampler = sandbox.driver.sampler(sandbox.location, GROUPS)
            assert sampler is not None
            first = sampler.read(time.monotonic_ns())
            time.sleep(1.5)
            second = sampler.read(time.monotonic_ns())
        finally:
            loop.kill()
    assert first is not None
    assert second is not None
    found = rates(first, second)
    assert found is not None
    assert found.cpu_percent is not None
    assert 10 < found.cpu_percent < 25
    assert (found.throttled_percent or 0) > 50
    assert (second.pids_current, second.memory_current is not None) == (2, True)
    sampler.close()


def test_a_removed_cgroup_is_gone_not_broken(sandbox: Sandbox) -> None:
    location = sandbox.location
    sampler = sandbox.driver.sampler(location, GROUPS)
    assert sampler is not None
    sandbox.process.kill()
    sandbox.process.wait()
    for controller in CONTROLLERS:
        remove(sandbox.file(controller, "cgroup.procs").parent)
    assert sampler.read(time.monotonic_ns()) is None
    sampler.close()
    assert sandbox.driver.sampler(location, GROUPS) is None
    with pytest.raises(NotFound, match="just gone"):
        sandbox.driver.read(location)


def test_from_anything_to_anything(sandbox: Sandbox) -> None:
    """Every order of writes that the planner comes up with is accepted by the kernel."""
    sets = sandbox.driver.read(sandbox.location).own
    wide = dataclasses.replace(sets, cpu_shares=1024)
    states = [
        wide,
        dataclasses.replace(wide, cpu_quota=20_000, memory_max=64 * MIB, swap_max=0, pids_max=9),
        dataclasses.replace(wide, cpu_quota=1_000, cpu_period=1_000_000, memory_max=16 * MIB, swap_max=128 * MIB),
        dataclasses.replace(wide, cpu_quota=90_000, cpu_period=50_000, cpu_burst=10_000, memory_max=256 * MIB),
    ]
    for old in states:
        for new in states:
            for target in (old, new):
                now = sandbox.driver.read(sandbox.location).own
                for write in file_writes(now, target, sandbox.host.facts):
                    sandbox.driver.write(sandbox.location, write)
                assert dataclasses.replace(sandbox.driver.read(sandbox.location).own, cpu_shares=1024) == target
