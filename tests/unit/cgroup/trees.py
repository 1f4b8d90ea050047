"""Cgroup trees in a folder, with the texts that kernels really show."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

ID = "deadbeef" * 8

# /proc/PID/mountinfo of a container with its own cgroup namespace, read from the host.
V2_MOUNTINFO = f"""\
620 560 0:46 / / rw,relatime - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w
621 620 0:49 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
630 625 0:26 /default/{ID} /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate
"""
V2_HOST_MOUNTINFO = "31 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
HYBRID_HOST_MOUNTINFO = """\
23 27 0:22 / /sys rw,relatime - sysfs sysfs rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
33 31 0:30 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct
34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
38 31 0:35 / /sys/fs/cgroup/blkio rw,relatime - cgroup cgroup rw,blkio
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
"""
JOINT_HOST_MOUNTINFO = """\
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:11 - cgroup cgroup rw,memory
"""
V1_CONTROLLERS = ("cpu", "cpuacct", "cpuset", "memory", "blkio", "pids")

PRESSURE = """\
some avg10=1.50 avg60=0.25 avg300=0.05 total=123456
full avg10=0.00 avg60=0.00 avg300=0.00 total=2345
"""

V2_CONTAINER = {
    "cgroup.controllers": "cpuset cpu io memory hugetlb pids rdma misc\n",
    "cgroup.procs": "4242\n",
    "cgroup.subtree_control": "\n",
    "cpu.max": "20000 100000\n",
    "cpu.max.burst": "1000\n",
    "cpu.weight": "300\n",
    "cpu.idle": "0\n",
    "cpu.stat": "usage_usec 1981813\nuser_usec 1900000\nsystem_usec 81813\nnice_usec 0\n"
    "core_sched.force_idle_usec 0\nnr_periods 30\nnr_throttled 29\nthrottled_usec 2400000\nnr_bursts 0\nburst_usec 0\n",
    "cpu.pressure": PRESSURE,
    "cpuset.cpus": "0-1\n",
    "cpuset.cpus.effective": "0-1\n",
    "cpuset.mems": "\n",
    "cpuset.mems.effective": "0-1\n",
    "memory.max": "67108864\n",
    "memory.high": "max\n",
    "memory.low": "0\n",
    "memory.current": "12587008\n",
    "memory.swap.max": "0\n",
    "memory.swap.current": "4096\n",
    "memory.events": "low 0\nhigh 0\nmax 12\noom 2\noom_kill 1\noom_group_kill 0\n",
    "memory.stat": "anon 6291456\nfile 4194304\nkernel 2097152\nkernel_stack 65536\npagetables 131072\nshmem 1048576\n"
    "inactive_anon 0\nactive_anon 6291456\ninactive_file 2097152\nactive_file 1048576\nslab_reclaimable 524288\n"
    "slab_unreclaimable 262144\nslab 786432\nworkingset_refault_anon 3\nworkingset_refault_file 4\n",
    "memory.pressure": PRESSURE,
    "pids.max": "50\n",
    "pids.current": "3\n",
    "io.stat": "254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n7:0 rbytes=1 wbytes=0 rios=1 wios=0\n",
    "io.pressure": PRESSURE,
}
V2_SLICE = {
    "cgroup.controllers": "cpuset cpu io memory pids\n",
    "cgroup.subtree_control": "cpuset cpu io memory pids\n",
    "cgroup.procs": "",
    "cpu.max": "max 100000\n",
    "cpuset.cpus": "0-2\n",
    "cpuset.cpus.effective": "0-2\n",
    "cpuset.mems": "\n",
    "cpuset.mems.effective": "0-1\n",
    "memory.max": "33554432\n",
    "memory.high": "max\n",
    "memory.swap.max": "max\n",
    "pids.max": "1000\n",
}
V2_ROOT = {
    "cgroup.controllers": "cpuset cpu io memory pids\n",
    "cgroup.subtree_control": "cpuset cpu io memory pids\n",
    "cgroup.procs": "1\n",
    "cpuset.cpus.effective": "0-3\n",
    "cpuset.mems.effective": "0-1\n",
}

V1_CONTAINER = {
    "cpu": {
        "cpu.cfs_quota_us": "20000\n",
        "cpu.cfs_period_us": "100000\n",
        "cpu.cfs_burst_us": "0\n",
        "cpu.shares": "512\n",
        "cpu.idle": "0\n",
        "cpu.stat": "nr_periods 30\nnr_throttled 29\nthrottled_time 2400000000\nnr_bursts 0\nburst_time 0\n",
    },
    "cpuacct": {"cpuacct.usage": "1981813000\n", "cpuacct.stat": "user 190\nsystem 8\n"},
    "cpuset": {
        "cpuset.cpus": "0-1\n",
        "cpuset.mems": "0\n",
        "cpuset.effective_cpus": "0-1\n",
        "cpuset.effective_mems": "0\n",
    },
    "memory": {
        "memory.limit_in_bytes": "67108864\n",
        "memory.soft_limit_in_bytes": "9223372036854771712\n",
        "memory.memsw.limit_in_bytes": "100663296\n",
        "memory.usage_in_bytes": "12587008\n",
        "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
        "memory.stat": "cache 1\nrss 2\nshmem 3\ninactive_file 4\nactive_file 5\nhierarchical_memory_limit 67108864\n"
        "total_cache 4194304\ntotal_rss 6291456\ntotal_shmem 1048576\ntotal_swap 4096\n"
        "total_workingset_refault_file 7\ntotal_inactive_file 2097152\ntotal_active_file 1048576\n",
    },
    "pids": {"pids.max": "50\n", "pids.current": "3\n"},
    "blkio": {
        "blkio.throttle.io_service_bytes_recursive": "254:0 Read 4096\n254:0 Write 8192\n254:0 Sync 0\n"
        "254:0 Async 0\n254:0 Discard 0\n254:0 Total 12288\n7:0 Read 1\n7:0 Write 0\n7:0 Total 1\nTotal 12289\n",
        "blkio.throttle.io_serviced_recursive": "254:0 Read 1\n254:0 Write 2\n254:0 Total 3\nTotal 3\n",
    },
}
V1_PARENT = {
    "cpu": {"cpu.cfs_quota_us": "-1\n", "cpu.cfs_period_us": "100000\n", "cpu.shares": "1024\n"},
    "cpuset": {
        "cpuset.cpus": "0-2\n",
        "cpuset.mems": "0\n",
        "cpuset.effective_cpus": "0-2\n",
        "cpuset.effective_mems": "0\n",
    },
    "memory": {
        "memory.limit_in_bytes": "33554432\n",
        "memory.memsw.limit_in_bytes": "9223372036854771712\n",
    },
    "pids": {"pids.max": "max\n"},
}


def write_files(directory: Path, texts: Mapping[str, str]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (directory / name).write_text(text)


def write_process(proc: Path, pid: int, *, cgroup: str, mountinfo: str) -> None:
    write_files(proc / str(pid), {"cgroup": cgroup, "mountinfo": mountinfo})


def v2_tree(root: Path) -> tuple[Path, Path]:
    """Return (the mount, /proc) of a host with one container below `/default`."""
    mount, proc = root / "cgroup", root / "proc"
    write_files(mount, V2_ROOT)
    write_files(mount / "default", V2_SLICE)
    write_files(mount / "default" / ID, V2_CONTAINER)
    write_process(proc, 4242, cgroup=f"0::/default/{ID}/init\n", mountinfo=V2_MOUNTINFO)
    return mount, proc


def v1_tree(root: Path) -> tuple[dict[str, Path], Path]:
    """Return (controller → mount, /proc) of a hybrid host with one container below `/default`."""
    mounts, proc = {name: root / "cgroup" / name for name in V1_CONTROLLERS}, root / "proc"
    for name, texts in V1_CONTAINER.items():
        write_files(mounts[name] / "default" / ID, texts)
    for name, texts in V1_PARENT.items():
        write_files(mounts[name] / "default", texts)
    write_files(mounts["cpuset"], {"cpuset.effective_cpus": "0-3\n", "cpuset.effective_mems": "0\n"})
    mounts[""] = root / "cgroup/unified"
    texts = {name: V2_CONTAINER[name] for name in ("cpu.stat", "cpu.pressure", "memory.pressure", "io.pressure")}
    write_files(mounts[""] / "default" / ID, {**texts, "cpu.stat": "usage_usec 7\nuser_usec 4\nsystem_usec 3\n"})
    lines = [f"{number}:{name}:/default/{ID}" for number, name in enumerate(V1_CONTROLLERS, start=1)]
    write_process(proc, 4242, cgroup="\n".join([*lines, f"0::/default/{ID}"]) + "\n", mountinfo="")
    return mounts, proc
