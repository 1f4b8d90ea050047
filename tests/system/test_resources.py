"""Changing limits of real containers: afterwards the kernel's files, the spec and the runtime's record agree."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nrdctl.cgroup.host import Host, discover
from nrdctl.cgroup.plan import Wish, make_plan
from nrdctl.containerd.records import ContainerRecord, Runtime
from nrdctl.engine.resources import journal
from nrdctl.engine.resources.apply import Progress, apply, save_spec
from nrdctl.engine.resources.change import Outcome, pin, remove_limits, repair, set_limits, unpin
from nrdctl.engine.resources.target import Target, find, resources_of
from nrdctl.engine.resources.update import update
from nrdctl.engine.resources.view import view_one
from nrdctl.errors import Conflict, InvalidArgument, NrdctlError
from nrdctl.model.container import Resources
from nrdctl.model.cpuset import CpuSet
from nrdctl.model.limit import parse_limit
from tests.support import rootfs

if TYPE_CHECKING:
    from nrdctl.cgroup.driver import Location, Reading
    from nrdctl.cgroup.effective import Limits
    from nrdctl.cgroup.own import Own
    from nrdctl.containerd.client import Client

pytestmark = pytest.mark.system

MIB = 2**20


@dataclasses.dataclass(kw_only=True)
class Box:
    """A container and what is asserted about it."""

    client: Client
    target: Target
    id: str
    snapshotter: str

    def start(self) -> None:
        mounts = self.client.snapshots.mounts(self.snapshotter, self.id)
        self.client.tasks.create(self.id, mounts)
        self.client.tasks.start(self.id)

    def stop(self) -> None:
        self.client.tasks.kill(self.id, signal.SIGKILL, all=True)
        self.client.tasks.wait(self.id, timeout=20)
        self.client.tasks.delete(self.id)

    def set(self, *texts: str, force: bool = False, dry_run: bool = False) -> Outcome:
        return set_limits(self.target, [parse_limit(text) for text in texts], force=force, dry_run=dry_run)

    @property
    def own(self) -> Own:
        return find(self.target).reading.own

    @property
    def limits(self) -> Limits:
        record, task = self.client.containers.get(self.id), self.client.tasks.get(self.id)
        return view_one(self.target.host, self.client.namespace, record, task).limits

    @property
    def spec(self) -> dict[str, object]:
        return {
            key: value for key, value in resources_of(self.client.containers.get(self.id)).items() if key != "devices"
        }

    @property
    def runtime_record(self) -> dict[str, object]:
        path = Path(f"/run/containerd/runc/{self.client.namespace}/{self.id}/state.json")
        cgroups: dict[str, object] = json.loads(path.read_text())["config"]["cgroups"]
        return cgroups


@pytest.fixture(scope="session")
def host() -> Host:
    return discover()


@pytest.fixture
def box(client: Client, snapshotter: str, host: Host, tmp_path: Path) -> Iterator[Box]:
    container = "box"
    with client.lease() as leased:
        parent = rootfs.unpack(leased, snapshotter)
        leased.snapshots.prepare(snapshotter, container, parent)
        spec = rootfs.spec(f"/{client.namespace}/{container}", "sleep", "300")
        spec["linux"]["resources"] = {"devices": [{"allow": True, "access": "rwm"}]}
        client.containers.create(
            ContainerRecord(
                id=container,
                labels={"nrdctl/name": "web"},
                runtime=Runtime(),
                spec_json=json.dumps(spec).encode(),
                snapshotter=snapshotter,
                snapshot_key=container,
            )
        )
    target = Target(
        client=client, container_id=container, host=host, journal=tmp_path / "journal", lock=tmp_path / "lock"
    )
    made = Box(client=client, target=target, id=container, snapshotter=snapshotter)
    made.start()
    yield made
    if any(task.container_id == container for task in client.tasks.list()):
        made.stop()
    for directory in Path("/sys/fs/cgroup").glob(f"**/{client.namespace}"):
        directory.rmdir()


def states(target: Target) -> list[str]:
    return [entry.state for entry in journal.history(target.journal)]


def test_set_one(box: Box) -> None:
    outcome = box.set("cpu=200m")
    assert outcome.applied
    assert [(each.key, each.old, each.new) for each in outcome.changes] == [("cpu", "max", "20000/100000")]
    assert (box.own.cpu_quota, box.own.cpu_period) == (20_000, 100_000)
    assert box.spec == {"cpu": {"quota": 20_000, "period": 100_000}}
    assert box.runtime_record["cpu_quota"] == 20_000
    assert outcome.limits is not None
    assert outcome.limits.cpu.cpus == 0.2
    assert states(box.target) == ["done"]


def test_set_all_survives_a_restart(box: Box) -> None:
    box.set("cpu=200m", "memory=64Mi", "pids=50", "cpu.weight=300")
    pin(box.target, CpuSet.of([0]))
    before = box.limits
    assert (before.cpu.quota, before.memory.own, before.pids.own, before.weight) == (20_000, 64 * MIB, 50, 300)
    assert before.cpus == before.cpus_effective == CpuSet.of([0])
    box.stop()
    box.start()
    after = box.limits
    assert (after.cpu.quota, after.memory.own, after.pids.own, after.weight) == (20_000, 64 * MIB, 50, 300)
    assert after.cpus == CpuSet.of([0])


def test_remove_gives_everything_back(box: Box) -> None:
    before, spec = box.own, box.spec
    box.set("cpu=200m", "memory=64Mi", "swap=0", "pids=50", "cpu.weight=300")
    outcome = remove_limits(box.target, ["cpu", "memory", "pids", "cpu.weight"])
    assert outcome.applied
    assert box.own == before
    assert box.spec == spec
    assert len(states(box.target)) == 2


def test_a_later_change_keeps_the_earlier_ones(box: Box) -> None:
    box.set("memory=64Mi", "cpu.weight=300")
    box.set("pids=50")
    box.set("cpu=200m")
    own = box.own
    assert (own.memory_max, own.cpu_weight, own.pids_max, own.cpu_quota) == (64 * MIB, 300, 50, 20_000)


def test_pin_and_unpin(box: Box) -> None:
    online = box.target.host.facts.online
    if len(online) < 2:
        pytest.skip("needs two CPUs")
    pin(box.target, CpuSet.parse("0-1"))
    assert box.spec["cpu"] == {"cpus": "0-1"}
    assert box.limits.cpus == CpuSet.parse("0-1")
    outcome = unpin(box.target, CpuSet.parse("0"))
    assert outcome.changes[0].new == "1"
    assert box.spec["cpu"] == {"cpus": "1"}
    pid = box.client.tasks.get(box.id).pid
    assert "Cpus_allowed_list:\t1\n" in Path(f"/proc/{pid}/status").read_text()
    pin(box.target, CpuSet.parse("0"), add=True)
    assert box.spec["cpu"] == {"cpus": "0-1"}
    unpin(box.target)
    assert box.spec == {}
    assert (box.limits.cpus, box.limits.cpus_effective) == (CpuSet(), online)
    assert f"Cpus_allowed_list:\t{online}\n" in Path(f"/proc/{pid}/status").read_text()
    assert unpin(box.target).notes == ("it was not pinned",)


def test_dry_run_changes_nothing(box: Box) -> None:
    before, spec = box.own, box.spec
    outcome = box.set("cpu=200m", "memory=64Mi", dry_run=True)
    assert not outcome.applied
    assert outcome.writes[0].name in ("cpu.max", "cpu.cfs_quota_us")
    assert (box.own, box.spec, states(box.target)) == (before, spec, [])


@pytest.mark.parametrize("texts", [["cpu=200"], ["memory=512"], ["pids=50", "cpu=9m"], ["cpu=1", "cpu=2"]])
def test_nonsense_changes_nothing(box: Box, texts: list[str]) -> None:
    before, spec = box.own, box.spec
    with pytest.raises(InvalidArgument):
        box.set(*texts)
    assert (box.own, box.spec, states(box.target)) == (before, spec, [])


def test_a_cpu_that_does_not_exist_changes_nothing(box: Box) -> None:
    before, spec = box.own, box.spec
    with pytest.raises(InvalidArgument, match="not exist on this host"):
        pin(box.target, CpuSet.of([4000]))
    assert (box.own, box.spec, states(box.target)) == (before, spec, [])


def test_a_refusal_half_way_puts_everything_back(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CPU that doesn't exist gets past our own checks, so that the runtime fails after it has changed other files."""
    box.set("memory=128Mi")
    before, spec, recorded = box.own, box.spec, box.runtime_record
    facts = dataclasses.replace(box.target.host.facts, possible=CpuSet.parse("0-63"), online=CpuSet.parse("0-63"))
    blind = dataclasses.replace(box.target, host=Host(facts=facts, driver=box.target.host.driver))
    real = box.target.host.driver.read

    def flattering(location: Location) -> Reading:
        return dataclasses.replace(real(location), parent_cpus=CpuSet.parse("0-63"))

    monkeypatch.setattr(box.target.host.driver, "read", flattering)
    with pytest.raises(NrdctlError, match="everything is as it was before"):
        pin(blind, CpuSet.of([63]))
    monkeypatch.undo()
    assert (box.own, box.spec, states(box.target)) == (before, spec, ["done", "undone"])
    assert box.runtime_record["memory"] == recorded["memory"]


def test_a_stopped_container_has_its_spec_changed(box: Box) -> None:
    box.stop()
    outcome = box.set("cpu=200m", "pids=50")
    assert outcome.writes == ()
    assert box.spec == {"cpu": {"quota": 20_000, "period": 100_000}, "pids": {"limit": 50}}
    box.start()
    assert (box.own.cpu_quota, box.own.pids_max) == (20_000, 50)
    box.stop()
    remove_limits(box.target, ["cpu", "pids"])
    assert box.spec == {}
    box.start()


def test_a_paused_container_stays_paused(box: Box) -> None:
    box.client.tasks.pause(box.id)
    box.set("cpu=200m")
    assert box.client.tasks.get(box.id).status == "paused"
    assert box.own.cpu_quota == 20_000
    box.client.tasks.resume(box.id)


def test_an_interrupted_change_is_undone_by_the_next(box: Box) -> None:
    before, spec = box.own, box.spec
    found = find(box.target)
    plan = make_plan(Wish(assignments=(parse_limit("cpu=200m"),)), found.situation(box.target.host))
    after = plan.resources(spec)
    journal.begin(
        box.target.journal,
        box.id,
        ("set", "cpu=200m"),
        before=plan.before,
        wanted=plan.wanted,
        spec_before=resources_of(found.record),
        spec_after={**resources_of(found.record), **after},
        pid=found.pid,
        started=found.started,
    )
    save_spec(box.target, found.record, {**resources_of(found.record), **after})
    apply(box.target, found, plan, Progress())  # and then the process was killed
    assert box.own.cpu_quota == 20_000
    outcome = box.set("pids=50")
    assert "(set cpu=200m) was interrupted; it was undone first" in outcome.notes[0]
    assert (box.own, box.spec) == (dataclasses.replace(before, pids_max=50), {**spec, "pids": {"limit": 50}})
    assert states(box.target) == ["undone", "done"]
    assert repair(box.target) == ""


def test_two_changes_at_once_are_both_made(box: Box) -> None:
    failures: list[BaseException] = []

    def run(text: str) -> None:
        try:
            box.set(text)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(text,)) for text in ("cpu=200m", "pids=50", "memory=64m")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert (box.own.cpu_quota, box.own.pids_max, box.own.memory_max) == (20_000, 50, 64 * MIB)
    assert box.spec.keys() == {"cpu", "pids", "memory"}


def test_memory_in_use_is_refused(box: Box) -> None:
    found = find(box.target)
    assert found.location is not None
    mount = Path("/sys/fs/cgroup/memory" if box.target.host.facts.version == 1 else "/sys/fs/cgroup")
    procs = mount / found.location.path.lstrip("/") / "cgroup.procs"
    # Memory is charged to the cgroup that first touches it, so the program goes in before.
    program = "import sys, time; sys.stdin.readline(); data = b'x' * (48 << 20); print(flush=True); time.sleep(300)"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as hog:
        try:
            assert hog.stdin is not None
            assert hog.stdout is not None
            procs.write_text(str(hog.pid))
            hog.stdin.write(b"\n")
            hog.stdin.flush()
            hog.stdout.readline()
            with pytest.raises(Conflict, match="can't be taken back"):
                box.set("memory=16m")
            assert box.own.memory_max is None
        finally:
            hog.kill()


def test_somebody_elses_container_needs_force(box: Box) -> None:
    record = box.client.containers.get(box.id)
    labelled = dataclasses.replace(record, labels={**record.labels, "io.kubernetes.pod.name": "pod"})
    box.client.containers.update(labelled, "labels.io.kubernetes.pod.name")
    with pytest.raises(Conflict, match="Kubernetes manages this container"):
        box.set("cpu=200m")
    assert box.own.cpu_quota is None
    assert box.set("cpu=200m", force=True).applied


def test_dockers_update(box: Box) -> None:
    update(box.target, Resources(cpus=0.5, memory=64 * MIB, memory_swap=96 * MIB, pids_limit=9, cpu_shares=512))
    own = box.own
    assert (own.cpu_quota, own.memory_max, own.pids_max) == (50_000, 64 * MIB, 9)
    assert box.limits.swap.own in (32 * MIB, None)
    assert own.cpu_shares in (512, None)
    update(box.target, Resources(cpu_quota=-1, memory_swap=-1, pids_limit=-1))
    assert (box.own.cpu_quota, box.own.swap_max, box.own.pids_max) == (None, None, None)


def test_limits_of_a_stopped_container_come_from_its_spec(box: Box) -> None:
    box.set("cpu=200m", "memory=64m")
    box.stop()
    record = box.client.containers.get(box.id)
    seen = view_one(box.target.host, box.client.namespace, record, None)
    assert (seen.state, seen.pid, seen.sample) == ("created", 0, None)
    assert (seen.name, seen.limits.cpu.cpus, seen.limits.memory.own) == ("web", 0.2, 64 * MIB)
    box.start()
    seen = view_one(box.target.host, box.client.namespace, record, box.client.tasks.get(box.id))
    assert seen.sample is not None
    assert (seen.state, seen.sample.pids_current) == ("running", 1)
    assert seen.limits.memory.own == 64 * MIB
