"""The resource commands as a person types them, on this host's hierarchy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import scenario
from tests.support.cli import Cli

pytestmark = pytest.mark.system
ROOT = Path("/sys/fs/cgroup")
UNLIMITED_V1 = 2**63 - 4096


def v1_files(path: str) -> dict[str, str]:
    """Read the files of cgroup v1 and say them in the words of v2."""

    def value(controller: str, name: str) -> str:
        return (ROOT / controller / path / name).read_text().strip()

    quota, memory = value("cpu", "cpu.cfs_quota_us"), int(value("memory", "memory.limit_in_bytes"))
    return {
        "cpu.max": f"{'max' if quota == '-1' else quota} {value('cpu', 'cpu.cfs_period_us')}",
        "memory.max": "max" if memory >= UNLIMITED_V1 else str(memory),
        "pids.max": value("pids", "pids.max"),
        "cpuset.cpus.effective": value("cpuset", "cpuset.effective_cpus"),
    }


@pytest.mark.skipif((ROOT / "cgroup.controllers").exists(), reason="this host has cgroup v2: see tests/vm")
def test_the_same_story_as_on_v2(cli: Cli) -> None:
    all_cpus = (ROOT / "cpuset" / "cpuset.effective_cpus").read_text().strip()
    scenario.play(
        lambda *words: cli(*words).out,
        lambda container: v1_files(f"{cli.namespace}/{container}"),
        all_cpus=all_cpus,
    )


def test_remove_with_only_a_container_is_refused(cli: Cli) -> None:
    cli("create", "--name", "precious", "busybox", "true")
    refused = cli.fails(125, "container", "remove", "precious")
    assert "nrdctl container rm precious" in refused.hint
    assert cli("ps", "-aq").lines
