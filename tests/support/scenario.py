"""One story of limits and pins, told on the hybrid host and on the cgroup v2 machine: the same words and output."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAME = "web"
FIELDS = "{{.CPULimit}} {{.MemoryLimit}} {{.PIDsLimit}} {{.CPUs}}"
# Values of the kernel's files, by what they are called on v2; a test maps them to what its host has.
UNLIMITED = {"cpu.max": "max 100000", "memory.max": "max", "pids.max": "max"}
LIMITED = {"cpu.max": "20000 100000", "memory.max": str(64 * 2**20), "pids.max": "100"}


def play(nrdctl: Callable[..., str], read: Callable[[str], Mapping[str, str]], *, all_cpus: str) -> None:
    """Set, restart, pin, unpin and remove. `nrdctl` runs a command; `read` gives the files of a container by its ID."""

    def limits() -> str:
        return nrdctl("container", "limits", NAME, "--format", FIELDS)

    def files() -> Mapping[str, str]:
        return read(nrdctl("ps", "--no-trunc", "--quiet", "--filter", f"name={NAME}"))

    nrdctl("run", "--detach", "--net", "none", "--name", NAME, "busybox", "sleep", "3600")
    assert files() == {**UNLIMITED, "cpuset.cpus.effective": all_cpus}

    said = nrdctl("container", "set", NAME, "cpu=200m", "memory=64Mi", "pids=100")
    assert said.splitlines() == [
        "web: cpu: max → 20000/100000",
        "web: memory: max → 67108864",
        "web: pids: max → 100",
    ]
    assert files() == {**LIMITED, "cpuset.cpus.effective": all_cpus}
    assert limits() == f"0.2 64MiB 100 {all_cpus}"

    nrdctl("restart", "--time", "0", NAME)
    assert files() == {**LIMITED, "cpuset.cpus.effective": all_cpus}

    assert nrdctl("container", "pin", NAME, "cpu", "0,1") == "web: cpus: all → 0-1"
    assert files()["cpuset.cpus.effective"] == "0-1"
    assert limits() == "0.2 64MiB 100 0-1 *"
    assert nrdctl("container", "unpin", NAME, "cpu", "0") == "web: cpus: 0-1 → 1"
    assert files()["cpuset.cpus.effective"] == "1"
    assert nrdctl("container", "unpin", NAME, "cpu", "1") == "web: cpus: 1 → all"
    assert files()["cpuset.cpus.effective"] == all_cpus

    said = nrdctl("container", "remove", NAME, "cpu", "memory", "pids")
    assert said.splitlines() == [
        "web: cpu: 20000/100000 → max",
        "web: memory: 67108864 → max",
        "web: pids: 100 → max",
    ]
    assert files() == {**UNLIMITED, "cpuset.cpus.effective": all_cpus}
    assert limits() == f"- - - {all_cpus}"
    nrdctl("rm", "--force", NAME)
