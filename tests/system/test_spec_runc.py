"""What `build_spec` says, proven with runc: a bundle of its own for every container, and no containerd."""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import pty
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nrdctl.model.container import ContainerConfig, Lifecycle, Process, Resources, Security, Storage
from nrdctl.model.cpuset import CpuSet
from nrdctl.model.mount import Mount, parse_tmpfs, parse_volume
from nrdctl.oci import capabilities
from nrdctl.oci.imageconfig import ImageConfig
from nrdctl.oci.platform import host_platform
from nrdctl.oci.spec import ExecRequest, Host, SpecRequest, build_spec, exec_process
from nrdctl.oci.specdevices import SKIPPED_DIRECTORIES, host_devices
from nrdctl.oci.specresources import merge_resources, task_resources
from nrdctl.oci.user import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not shutil.which("runc"), reason="needs runc"),
    pytest.mark.skipif(not Path("/bin/busybox").exists(), reason="needs busybox-static"),
]

PASSWD = "root:x:0:0:root:/root:/bin/sh\nbob:x:1000:1000::/home/bob:/bin/sh\n"
GROUP = "root:x:0:root\nbob:x:1000:\nstaff:x:50:bob\n"
UNIFIED = Path("/sys/fs/cgroup/cgroup.controllers").exists()
MIB = 1024 * 1024


def make_host(namespace: str) -> Host:
    online = CpuSet.from_file(Path("/sys/devices/system/cpu/online").read_text())
    mems = Path("/sys/devices/system/node/online")
    swap = "memory.memsw.limit_in_bytes"
    status = Path("/proc/self/status").read_text()
    mask = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:"))
    major, minor = platform.release().split(".")[:2]
    return Host(
        namespace=namespace,
        architecture=host_platform(platform.machine()).architecture,
        kernel=(int(major), int(minor)),
        unified=UNIFIED,
        cpus=online,
        mems=CpuSet.from_file(mems.read_text()) if mems.exists() else CpuSet.of([0]),
        swap_limit=UNIFIED or Path("/sys/fs/cgroup/memory", swap).exists(),
        recursive_readonly=(int(major), int(minor)) >= (5, 12),
        capabilities=capabilities.from_mask(int(mask, 16)),
        devices=host_devices(walk_devices()),
    )


def walk_devices() -> Iterator[tuple[str, os.stat_result]]:
    for directory, directories, files in os.walk("/dev"):
        directories[:] = [name for name in directories if name not in SKIPPED_DIRECTORIES]
        for name in files:
            path = os.path.join(directory, name)
            yield path, os.lstat(path)


class Bundle:
    """A directory with a busybox root file system, and runc with a state directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.rootfs = directory / "rootfs"
        self.id = f"t{uuid.uuid4().hex[:12]}"
        self.host = make_host(f"nrdctl-test-{self.id}")
        for name in ("bin", "etc", "proc", "sys", "dev", "tmp", "root", "home/bob", "data"):
            (self.rootfs / name).mkdir(parents=True)
        (self.rootfs / "tmp").chmod(0o1777)
        shutil.copy("/bin/busybox", self.rootfs / "bin/busybox")
        applets = subprocess.run(["/bin/busybox", "--list"], capture_output=True, text=True, check=True)
        for applet in applets.stdout.split():
            if applet != "busybox":
                (self.rootfs / "bin" / applet).symlink_to("busybox")
        (self.rootfs / "etc/passwd").write_text(PASSWD)
        (self.rootfs / "etc/group").write_text(GROUP)

    def request(self, *args: str, image: ImageConfig | None = None, **groups: Any) -> SpecRequest:
        known = {field.name for field in dataclasses.fields(ContainerConfig)}
        config = ContainerConfig(
            image="busybox", args=args, **{key: value for key, value in groups.items() if key in known}
        )
        user = resolve(config.process.user or "", PASSWD, GROUP)
        rest = {key: value for key, value in groups.items() if key not in known}
        rest = {"id": self.id, "host": self.host, "user": user, "hostname": "box", **rest}
        return SpecRequest(config=config, image=image or ImageConfig(), **rest)

    def write(self, spec: dict[str, Any]) -> None:
        (self.directory / "config.json").write_text(json.dumps(spec))

    def runc(self, *args: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        command = ["runc", "--root", str(self.directory / "state"), *args]
        options = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, "timeout": 60, **options}
        result = subprocess.run(command, **options)
        assert not check or result.returncode == 0, result.stderr
        return result

    def run(self, *args: str, **groups: Any) -> str:
        self.write(build_spec(self.request(*args, **groups)))
        return self.runc("run", "--bundle", str(self.directory), self.id).stdout.strip()

    def output(self, script: str, **groups: Any) -> str:
        return self.run("sh", "-c", script, **groups)

    def cgroup(self, controller: str) -> Path:
        base = Path("/sys/fs/cgroup") if UNIFIED else Path("/sys/fs/cgroup", controller)
        return base / self.host.namespace / self.id

    def remove(self) -> None:
        self.runc("delete", "--force", self.id, check=False)
        for hierarchy in [Path("/sys/fs/cgroup"), *Path("/sys/fs/cgroup").iterdir()]:
            parent = hierarchy / self.host.namespace
            if parent.is_dir() and not hierarchy.is_symlink():
                parent.rmdir()


@pytest.fixture
def bundle(tmp_path: Path) -> Iterator[Bundle]:
    made = Bundle(tmp_path)
    yield made
    made.remove()


def status(text: str, key: str) -> str:
    return next(line.split()[1] for line in text.splitlines() if line.startswith(f"{key}:"))


def test_a_default_container_has_dockers_capabilities_and_a_seccomp_filter(bundle: Bundle) -> None:
    text = bundle.output("cat /proc/self/status; echo score $(cat /proc/self/oom_score_adj)")

    for key in ("CapBnd", "CapEff", "CapPrm"):
        assert status(text, key) == "00000000a80425fb"
    assert status(text, "CapInh") == status(text, "CapAmb") == "0" * 16
    assert status(text, "Seccomp") == "2"
    assert status(text, "NoNewPrivs") == "0"
    assert text.endswith("score 0")


def test_a_default_container_cannot_mount_or_make_namespaces(bundle: Bundle) -> None:
    text = bundle.output(
        "exec 2>&1; mount -t tmpfs none /data; unshare -U true; unshare -m true; hostname changed; "
        "{ echo x >/proc/sys/kernel/hostname; }; ls -A /sys/firmware; wc -c </proc/keys"
    )

    assert text.splitlines() == [
        "mount: permission denied (are you root?)",
        "unshare: unshare(0x10000000): Operation not permitted",
        "unshare: unshare(0x20000): Operation not permitted",
        "hostname: sethostname: Operation not permitted",
        "sh: can't create /proc/sys/kernel/hostname: Read-only file system",
        "0",
    ]


def test_environment_hostname_and_working_directory(bundle: Bundle) -> None:
    image = ImageConfig(env=("PATH=/bin:/sbin", "COLOUR=red", "SIZE=1"), working_dir="/data/new")
    text = bundle.run("env", image=image, environment=("COLOUR=blue",))

    assert text.splitlines() == ["PATH=/bin:/sbin", "HOSTNAME=box", "COLOUR=blue", "SIZE=1", "HOME=/root"]
    assert bundle.run("pwd", image=image) == "/data/new"
    assert bundle.run("hostname") == "box"


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("", "uid=0(root) gid=0(root) groups=0(root) home=/root"),
        ("bob", "uid=1000(bob) gid=1000(bob) groups=50(staff),1000(bob) home=/home/bob"),
        ("1000:50", "uid=1000(bob) gid=50(staff) groups=50(staff) home=/home/bob"),
        ("7:8", "uid=7 gid=8 groups=8 home=/"),
    ],
)
def test_users_groups_and_home(bundle: Bundle, user: str, expected: str) -> None:
    text = bundle.output("echo $(id) home=$HOME; grep Cap /proc/self/status", process=Process(user=user))

    first = text.splitlines()[0]
    groups = first.partition("groups=")[2].partition(" ")[0]
    assert first.replace(groups, ",".join(sorted(groups.split(","), key=lambda g: int(g.split("(")[0])))) == expected
    assert status(text, "CapBnd") == "00000000a80425fb"
    assert status(text, "CapEff") == ("00000000a80425fb" if not user else "0" * 16)


def test_capabilities_added_and_dropped(bundle: Bundle) -> None:
    dropped = bundle.output("grep CapEff /proc/self/status", security=Security(cap_drop=("ALL",), cap_add=("chown",)))
    assert status(dropped, "CapEff") == "0000000000000001"
    added = bundle.output(
        "grep CapEff /proc/self/status; mount -t tmpfs none /data && unshare -m true && echo mounted",
        security=Security(cap_add=("CAP_SYS_ADMIN",)),
    )
    assert int(status(added, "CapEff"), 16) == 0xA80425FB | 1 << 21
    assert added.endswith("mounted")


def test_a_privileged_container(bundle: Bundle) -> None:
    text = bundle.output(
        "cat /proc/self/status; mount -t tmpfs none /data && echo mounted; ls /dev; "
        "grep ' /sys ' /proc/self/mountinfo; grep ' /sys/fs/cgroup' /proc/self/mountinfo; grep ' /proc/sys ' "
        "/proc/self/mountinfo; echo end",
        security=Security(privileged=True),
    )

    assert int(status(text, "CapEff"), 16) == capabilities.to_mask(bundle.host.capabilities)
    assert status(text, "Seccomp") == "0"
    assert "\nmounted\n" in text
    names = set(text.split("\n"))
    assert {device.path.split("/")[2] for device in bundle.host.devices} <= names
    mounts = [line for line in text.splitlines() if " - " in line]
    assert all(line.split()[5].startswith("rw") for line in mounts)
    assert not any(" /proc/sys " in line for line in mounts)


def test_no_new_privileges_and_unconfined(bundle: Bundle) -> None:
    security = Security(security_opt=("no-new-privileges", "seccomp=unconfined", "systempaths=unconfined"))
    text = bundle.output("cat /proc/self/status; grep -c ' /proc/' /proc/self/mountinfo || true", security=security)

    assert status(text, "NoNewPrivs") == "1"
    assert status(text, "Seccomp") == "0"
    assert text.endswith("\n0")


def test_a_seccomp_profile_of_ones_own(bundle: Bundle) -> None:
    profile = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}],
        "syscalls": [
            {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28},
            {"names": ["rmdir"], "action": "SCMP_ACT_ERRNO", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
        ],
    }
    text = bundle.output(
        "mkdir /tmp/x 2>&1; rmdir /data && echo removed",
        security=Security(security_opt=("seccomp=/profile.json",)),
        seccomp_profile=profile,
    )

    assert "No space left on device" in text
    assert text.endswith("removed")


def test_address_families(bundle: Bundle) -> None:
    if not shutil.which("cc"):
        pytest.skip("needs a C compiler")
    source = bundle.directory / "sockets.c"
    source.write_text(
        "#include <sys/socket.h>\n#include <stdio.h>\n#include <errno.h>\n"
        "int main(void) { int f[] = {1, 2, 10, 16, 38, 40}; for (int i = 0; i < 6; i++) {\n"
        "errno = 0; socket(f[i], f[i] == 16 ? 3 : f[i] == 38 ? 5 : 1, 0);\n"
        'printf("%d %d\\n", f[i], errno); } }\n'
    )
    binary = bundle.rootfs / "bin/sockets"
    subprocess.run(["cc", "-static", "-o", binary, source], check=True)

    found = dict(map(str.split, bundle.output("sockets").splitlines()))

    assert found == {"1": "0", "2": "0", "10": "0", "16": "0", "38": "1", "40": "1"}


def test_a_terminal(bundle: Bundle) -> None:
    bundle.write(build_spec(bundle.request("sh", "-c", "tty; echo $TERM; stty size", process=Process(tty=True))))
    primary, secondary = pty.openpty()
    try:
        bundle.runc(
            "run",
            "--bundle",
            str(bundle.directory),
            bundle.id,
            capture_output=False,
            stdin=secondary,
            stdout=secondary,
            stderr=secondary,
        )
        text = os.read(primary, 4096).decode()
    finally:
        os.close(primary)
        os.close(secondary)

    assert text.split()[:2] == ["/dev/pts/0", "xterm"]


def test_mounts(bundle: Bundle) -> None:
    host = bundle.directory / "host"
    (host / "inner").mkdir(parents=True)
    (host / "file").write_text("from the host")
    for name in ("hosts", "resolv.conf", "hostname"):
        (bundle.directory / name).write_text(f"our {name}")
    subprocess.run(["mount", "-t", "tmpfs", "inner", host / "inner"], check=True)
    storage = Storage(tmpfs=(parse_tmpfs("/scratch"), parse_tmpfs("/run:exec,size=1m,mode=700")))
    try:
        text = bundle.output(
            "cat /etc/hosts /etc/resolv.conf /etc/hostname /ro/file; echo; touch /ro/x /ro/inner/x 2>&1; "
            "touch /rw/made /rw/deep/made && echo written; cat /proc/self/mountinfo",
            storage=storage,
            resources=Resources(shm_size=MIB),
            mounts=(
                dataclasses.replace(parse_volume(f"{host}:/rw/deep"), source=str(host)),
                parse_volume(f"{host}:/ro:ro"),
                parse_volume(f"{bundle.directory}:/rw"),
            ),
            hosts_file=str(bundle.directory / "hosts"),
            resolv_file=str(bundle.directory / "resolv.conf"),
            hostname_file=str(bundle.directory / "hostname"),
        )
    finally:
        subprocess.run(["umount", host / "inner"], check=True)

    assert text.startswith("our hostsour resolv.confour hostnamefrom the host")
    assert "touch: /ro/x: Read-only file system" in text
    assert "touch: /ro/inner/x: Read-only file system" in text  # a read-only bind covers the mounts below it too
    assert "\nwritten\n" in text
    assert (host / "made").exists()
    options = {line.split()[4]: line for line in text.splitlines() if " - " in line}
    assert all(word in options["/scratch"] for word in ("noexec", "nosuid", "nodev"))
    assert "noexec" not in options["/run"]
    assert "size=1024k" in options["/run"]
    assert "mode=700" in options["/run"]
    assert "size=1024k" in options["/dev/shm"]
    assert " ro," in options["/sys"]


def test_a_read_only_root(bundle: Bundle) -> None:
    text = bundle.output(
        "touch /x 2>&1; touch /dev/shm/x && echo shm; touch /scratch/x && echo scratch",
        storage=Storage(read_only=True, tmpfs=(parse_tmpfs("/scratch"),)),
    )

    assert text.splitlines() == ["touch: /x: Read-only file system", "shm", "scratch"]


def test_user_mounts_replace_the_fixed_ones(bundle: Bundle) -> None:
    shared = bundle.directory / "shared"
    shared.mkdir()
    (shared / "here").touch()
    text = bundle.output("ls /dev/shm", mounts=(Mount(kind="bind", source=str(shared), target="/dev/shm/"),))

    assert text == "here"


def test_devices_and_sysctls(bundle: Bundle) -> None:
    text = bundle.output(
        "for d in null zero full random urandom tty; do test -c /dev/$d || echo missing $d; done; "
        "mknod /tmp/mem c 1 1 && cat /tmp/mem 2>&1; "
        "cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/ipv4/ping_group_range"
    )

    assert "missing" not in text
    assert "Operation not permitted" in text
    assert text.splitlines()[-2:] == ["0", "0\t2147483647"]


@pytest.mark.parametrize("kind", ["host", "path"])
def test_network_namespaces(bundle: Bundle, kind: str) -> None:
    holder = subprocess.Popen(["unshare", "-n", "sh", "-c", "echo ready; exec sleep 60"], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        path = f"/proc/{holder.pid}/ns/net"
        network, expected = ("host", "/proc/self/ns/net") if kind == "host" else (path, path)
        assert bundle.output("readlink /proc/self/ns/net", network=network) == os.readlink(expected)
    finally:
        holder.kill()
        holder.communicate()


LIMITS = Resources(
    cpus=0.5,
    cpu_shares=512,
    cpuset_cpus=CpuSet.of([0]),
    memory=64 * MIB,
    memory_reservation=32 * MIB,
    pids_limit=50,
)


@pytest.mark.skipif(UNIFIED, reason="reads the files of cgroup v1")
def test_limits_and_their_change(bundle: Bundle) -> None:
    spec = build_spec(bundle.request("sleep", "60", resources=LIMITS))
    bundle.write(spec)
    bundle.runc("run", "--detach", "--bundle", str(bundle.directory), bundle.id, capture_output=False)

    def read(controller: str, name: str) -> int:
        return int((bundle.cgroup(controller) / name).read_text())

    assert read("cpu", "cpu.cfs_quota_us") == 50_000
    assert read("cpu", "cpu.cfs_period_us") == 100_000
    assert read("cpu", "cpu.shares") == 512
    assert read("cpuset", "cpuset.cpus") == 0
    assert read("memory", "memory.limit_in_bytes") == 64 * MIB
    assert read("memory", "memory.soft_limit_in_bytes") == 32 * MIB
    if bundle.host.swap_limit:
        assert read("memory", "memory.memsw.limit_in_bytes") == 128 * MIB
    assert read("pids", "pids.max") == 50

    changed = merge_resources(spec, {"cpu": {"quota": -1}, "pids": {"limit": 70}})
    bundle.runc("update", "--resources", "-", bundle.id, stdin=None, input=json.dumps(task_resources(changed)))

    assert read("cpu", "cpu.cfs_quota_us") == -1
    assert read("pids", "pids.max") == 70
    assert read("memory", "memory.limit_in_bytes") == 64 * MIB


def test_exec(bundle: Bundle) -> None:
    spec = build_spec(bundle.request("sleep", "60", environment=("A=1",), process=Process(workdir="/data")))
    bundle.write(spec)
    bundle.runc("run", "--detach", "--bundle", str(bundle.directory), bundle.id, capture_output=False)

    def execute(request: ExecRequest) -> str:
        path = bundle.directory / "process.json"
        path.write_text(json.dumps(exec_process(spec, request)))
        return bundle.runc("exec", "--process", str(path), bundle.id).stdout

    plain = execute(ExecRequest(args=("sh", "-c", "echo $A $PWD $HOME; cat /proc/self/status")))
    assert plain.startswith("1 /data /root\n")
    assert status(plain, "CapEff") == "00000000a80425fb"
    other = execute(
        ExecRequest(
            args=("sh", "-c", "echo $A $B $PWD $HOME; id -u"),
            environment=("A=2", "B=3"),
            workdir="/tmp",
            user=resolve("bob", PASSWD, GROUP),
        )
    )
    assert other == "2 3 /tmp /home/bob\n1000\n"
    request = ExecRequest(args=("cat", "/proc/self/status"), privileged=True, capabilities=bundle.host.capabilities)
    assert int(status(execute(request), "CapEff"), 16) == capabilities.to_mask(bundle.host.capabilities)


def test_nothing_of_the_request_gets_lost_in_annotations(bundle: Bundle) -> None:
    request = bundle.request("true", annotations={"nrdctl/extra": "x"}, lifecycle=Lifecycle(name="web"))
    bundle.write(build_spec(request))
    bundle.runc("create", "--bundle", str(bundle.directory), bundle.id, capture_output=False)

    state = json.loads(bundle.runc("state", bundle.id).stdout)

    assert state["annotations"] == {
        "nrdctl/id": bundle.id,
        "nrdctl/namespace": bundle.host.namespace,
        "nrdctl/extra": "x",
    }
