"""Mounts and places, from the texts of /proc."""

from __future__ import annotations

from pathlib import Path

import pytest

from nrdctl.cgroup.hierarchy import ancestors, container_paths, detect, parse_mountinfo, parse_proc_cgroup
from tests.unit.cgroup.trees import HYBRID_HOST_MOUNTINFO, ID, JOINT_HOST_MOUNTINFO, V2_HOST_MOUNTINFO, V2_MOUNTINFO


@pytest.mark.parametrize(
    ("text", "kind", "version"),
    [(V2_HOST_MOUNTINFO, "unified", 2), (HYBRID_HOST_MOUNTINFO, "hybrid", 1), (JOINT_HOST_MOUNTINFO, "legacy", 1)],
)
def test_detect(text: str, kind: str, version: int) -> None:
    hierarchy = detect(text)
    assert (hierarchy.kind, hierarchy.version) == (kind, version)


def test_mount_points() -> None:
    assert detect(V2_HOST_MOUNTINFO).mounts == {"": Path("/sys/fs/cgroup")}
    hybrid = detect(HYBRID_HOST_MOUNTINFO, root=Path("/host"))
    assert hybrid.mounts["cpu"] == Path("/host/sys/fs/cgroup/cpu")
    assert hybrid.mounts[""] == Path("/host/sys/fs/cgroup/unified")
    assert "name=systemd" not in hybrid.mounts
    joint = detect(JOINT_HOST_MOUNTINFO).mounts
    assert joint["cpu"] == joint["cpuacct"] == Path("/sys/fs/cgroup/cpu,cpuacct")
    assert detect("").mounts == {}


def test_a_bind_mount_of_a_part_does_not_hide_the_whole() -> None:
    part = f"90 1 0:26 /docker/{ID} /mnt/part rw - cgroup2 cgroup2 rw\n"
    assert detect(part + V2_HOST_MOUNTINFO).mounts == {"": Path("/sys/fs/cgroup")}


def test_escapes() -> None:
    line = "31 24 0:26 /a\\040b /sys/fs/c\\134d rw - cgroup2 cgroup2 rw\n"
    assert (parse_mountinfo(line)[0].root, parse_mountinfo(line)[0].point) == ("/a b", "/sys/fs/c\\d")


def test_proc_cgroup() -> None:
    text = "9:name=systemd:/x\n4:memory:/a\n3:cpu,cpuacct:/b\n0::/c (deleted)\n"
    assert parse_proc_cgroup(text) == {"memory": "/a", "cpu": "/b", "cpuacct": "/b", "": "/c"}


@pytest.mark.parametrize(
    ("cgroup", "mountinfo", "container_id", "path"),
    [
        (f"0::/default/{ID}/init", V2_MOUNTINFO, ID, f"/default/{ID}"),
        (f"0::/default/{ID}", V2_MOUNTINFO, ID, f"/default/{ID}"),
        # moved away altogether: the mount's root says nothing about it
        ("0::/elsewhere", V2_MOUNTINFO, ID, "/elsewhere"),
        (f"0::/default/{ID}", "", ID, f"/default/{ID}"),
        (f"0::/default/{ID}/a/b", V2_HOST_MOUNTINFO, ID, f"/default/{ID}"),
        (f"0::/system.slice/docker-{ID}.scope/init", V2_HOST_MOUNTINFO, ID, f"/system.slice/docker-{ID}.scope"),
        ("0::/a/b", "", "", "/a/b"),
        ("0::/", "", ID, "/"),
    ],
)
def test_container_paths(cgroup: str, mountinfo: str, container_id: str, path: str) -> None:
    assert container_paths(cgroup + "\n", mountinfo, container_id) == {"": path}


def test_ancestors() -> None:
    assert ancestors("/a/b/c") == ["/a/b", "/a"]
    assert ancestors("/a") == []
    assert ancestors("/") == []
