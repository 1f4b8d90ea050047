"""The bed itself: what every other test in the machine relies on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.vm.bed import initramfs, kernel, mirror

if TYPE_CHECKING:
    from tests.vm.guest import Guest

BUSYBOX = "docker.io/library/busybox:latest"


def test_cgroup_is_unified_with_every_controller_delegated(vm: Guest) -> None:
    assert vm.check("stat -f -c %T /sys/fs/cgroup").strip() == "cgroup2fs"
    controllers = set(vm.check("cat /sys/fs/cgroup/cgroup.subtree_control").split())
    assert controllers >= {"cpuset", "cpu", "memory", "io", "pids"}


def test_four_cpus_on_two_sockets_and_two_nodes(vm: Guest) -> None:
    cpus = "/sys/devices/system/cpu"
    packages = vm.check(f"cat {cpus}/cpu[0-3]/topology/physical_package_id").split()
    assert packages == ["0", "0", "1", "1"]
    assert vm.check("cat /sys/devices/system/node/node[01]/cpulist").split() == ["0-1", "2-3"]
    assert vm.check(f"cat {cpus}/online").strip() == "0-3"


def test_containerd_is_up_and_newer_than_the_oldest_supported(vm: Guest) -> None:
    version = vm.check("ctr version | awk '/^Server/ {server=1} server && /Version/ {print $2}'").strip()
    major, minor = (int(part) for part in version.split(".")[:2])
    assert (major, minor) > (1, 6)
    assert BUSYBOX in vm.check("ctr image ls -q").split()


def test_a_container_runs_in_a_cgroup_of_its_own(vm: Guest) -> None:
    assert vm.check(f"ctr run --rm {BUSYBOX} bed cat /proc/self/cgroup") == "0::/default/bed\n"


def test_a_quota_holds_in_the_kernel(vm: Guest) -> None:
    script = """
        g=/sys/fs/cgroup/bed-quota; mkdir $g; echo "20000 100000" >$g/cpu.max
        ( echo $BASHPID >$g/cgroup.procs; exec timeout 3 sh -c 'while :; do :; done' )
        awk '/^nr_throttled/ {print $2}' $g/cpu.stat; rmdir $g
    """
    assert int(vm.check(script)) > 5


def test_bridge_veth_and_packet_filter_work(vm: Guest) -> None:
    script = """
        set -e
        ip netns add bed; ip link add bed0 type bridge; ip link add bed1 type veth peer name eth0 netns bed
        ip link set bed1 master bed0; ip addr add 198.51.100.1/24 dev bed0; ip link set bed0 up; ip link set bed1 up
        ip -n bed addr add 198.51.100.2/24 dev eth0; ip -n bed link set eth0 up; ip -n bed link set lo up
        iptables -t nat -A POSTROUTING -s 198.51.100.0/24 -m comment --comment bed -j MASQUERADE
        iptables -t nat -D POSTROUTING -s 198.51.100.0/24 -m comment --comment bed -j MASQUERADE
        ip netns exec bed busybox ping -c 1 -w 20 198.51.100.1
        ip link del bed0; ip netns del bed
        ls /usr/lib/cni/bridge /usr/lib/cni/portmap /usr/lib/cni/firewall
    """
    vm.check(script)


def test_python_has_what_the_project_needs(vm: Guest) -> None:
    script = """
import sys, google.protobuf, grpc, psutil, typer, yaml, nrdctl
print(sys.version_info[:2] >= (3, 13), psutil.cpu_count(), typer.__version__.rsplit(".", 1)[0], nrdctl.__file__)
"""
    for result in (vm.python(script), vm.run(f"cat >/tmp/needs.py <<'END'{script}END\npython3 /tmp/needs.py")):
        assert (result.code, result.text) == (0, "True 4 0.28 /mnt/w/src/nrdctl/__init__.py\n")


def test_the_command_is_installed(vm: Guest) -> None:
    result = vm.run("nrdctl --help")
    assert (result.code, "nrdctl" in result.text) == (0, True), result.text
    assert vm.nrdctl("--help") == result


def test_devices_have_the_usual_links(vm: Guest) -> None:
    assert vm.check("echo through | cat /dev/stdin; test -d /dev/fd && test -e /dev/stderr") == "through\n"


def test_status_and_output_come_back_as_they_are(vm: Guest) -> None:
    result = vm.run(r"printf 'a\0\377\n'; printf 'b' >&2; exit 7")
    assert (result.code, result.data) == (7, b"a\0\xff\nb")
    assert len(vm.run("head -c 2000000 /dev/zero").data) == 2000000
    failed = vm.python("def cause():\n    raise OSError('why')\ncause()")
    assert failed.code == 1
    assert "in cause\n    raise OSError('why')" in failed.text


def test_a_time_limit_ends_the_command_and_not_the_guest(vm: Guest) -> None:
    result = vm.run("echo before; sleep 1000; echo after", timeout=2)
    assert (result.code, result.text) == (124, "before\n")
    assert vm.check("pgrep -xc sleep || true").strip() == "0"


def test_a_background_process_does_not_hold_up_the_answer(vm: Guest) -> None:
    assert vm.check("sleep 1000 & echo started") == "started\n"
    vm.check("pkill -x sleep")


def test_reset_undoes_everything(vm: Guest) -> None:
    vm.check("mkdir /sys/fs/cgroup/left; touch /root/left; sleep 1000 & true")
    vm.reset()
    assert vm.run("ls -d /sys/fs/cgroup/left /root/left 2>/dev/null; pgrep -x sleep").data == b""
    vm.check("test -d /mnt/w/src/nrdctl")


@pytest.mark.parametrize(
    ("names", "picked"),
    [
        (["linux-image-6.12.9+deb12-amd64", "linux-image-6.12.10+deb12-amd64"], "linux-image-6.12.10+deb12-amd64"),
        (["linux-image-6.12.9+deb13-amd64", "linux-image-6.16.1+deb13-amd64"], "linux-image-6.12.9+deb13-amd64"),
        (["linux-image-6.1.0-9-amd64", "linux-image-6.16.1+deb13-amd64"], "linux-image-6.16.1+deb13-amd64"),
        (["linux-image-6.12.9+deb12-cloud-amd64", "linux-image-6.12-amd64", "linux-image-6.1.0-1-rt-amd64"], None),
    ],
)
def test_the_newest_generic_kernel_is_picked(names: list[str], picked: str | None) -> None:
    assert kernel.pick(names) == picked


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sources.list", "deb-src http://x.test/debian a main\ndeb [arch=amd64 a=b] http://x.test/debian/ x main\n"),
        ("sources.list.d/a.sources", "Types: deb\n# a: b\nURIs: http://x.test/debian\nSuites: x\nComponents: main\n"),
        ("sources.list.d/a.list", "deb http://y.test/other x main\ndeb http://x.test/debian x main # why\n"),
    ],
)
def test_the_mirror_is_the_one_that_apt_uses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.delenv("NRDCTL_VM_MIRROR", raising=False)
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/00-off.sources").write_text(
        "Enabled: no\nTypes: deb\nURIs: http://off.test/debian\nSuites: x\n\n"
        "Types: deb\nURIs: http://s.test/debian\nSuites: x-security\n"
    )
    (tmp_path / name).write_text(text)
    assert mirror.find(tmp_path) == "http://x.test/debian"


def test_modules_load_after_what_they_need(tmp_path: Path) -> None:
    dep = "a/ext4.ko.xz: a/jbd2.ko.xz a/crc16.ko.xz\na/jbd2.ko.xz:\na/crc16.ko.xz:\na/virtio_blk.ko.xz:\n"
    (tmp_path / "modules.dep").write_text(dep)
    order = [path.name.partition(".")[0] for path in initramfs.load_order(tmp_path)]
    assert order == ["virtio_blk", "crc16", "jbd2", "ext4"]
