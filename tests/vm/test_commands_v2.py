"""The resource commands as a person types them, on cgroup v2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support import scenario

if TYPE_CHECKING:
    from tests.vm.guest import Guest

ROOT = "/sys/fs/cgroup/default"
FILES = ("cpu.max", "memory.max", "pids.max", "cpuset.cpus.effective")
# The machine has its own defaults: the tests' guard of the host must not reach into it.
ADDRESS = ("--address", "/run/containerd/containerd.sock", "--namespace", "default")


def test_set_pin_unpin_and_remove(vm: Guest) -> None:
    def nrdctl(*words: str) -> str:
        result = vm.nrdctl(*ADDRESS, *words)
        assert result.code == 0, f"{words}: {result.text}"
        return result.text.strip()

    def read(container: str) -> dict[str, str]:
        texts = vm.check(f"cd {ROOT}/{container} && cat {' '.join(FILES)}").splitlines()
        return dict(zip(FILES, texts, strict=True))

    scenario.play(nrdctl, read, all_cpus="0-3")


def test_nonsense_changes_nothing(vm: Guest) -> None:
    vm.nrdctl(*ADDRESS, "run", "-d", "--net", "none", "--name", "sober", "busybox", "sleep", "3600")
    for words, why in (
        (("set", "sober", "cpu=abc"), "not a number"),
        (("set", "sober", "cpu=200"), "200 CPUs"),
        (("set", "sober", "memory=1k"), "memory"),
        (("pin", "sober", "cpu", "7"), "does not exist"),
        (("pin", "sober", "cpu", "1-0"), "1-0"),
    ):
        result = vm.nrdctl(*ADDRESS, "container", *words)
        assert result.code == 1, result.text
        assert why in result.text
    limits = vm.nrdctl(*ADDRESS, "container", "limits", "sober", "--format", scenario.FIELDS)
    assert limits.text.strip() == "- - - 0-3"
    assert vm.nrdctl(*ADDRESS, "rm", "-f", "sober").code == 0
