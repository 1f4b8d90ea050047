from typing import Any

import pytest

from nrdctl.errors import InvalidArgument
from nrdctl.model.container import Resources, Security, Storage
from nrdctl.model.mount import Mount, parse_tmpfs, parse_volume
from nrdctl.oci.spec import build_spec
from nrdctl.oci.specmounts import mounts, tmpfs_options
from tests.support.specs import make_host, make_request


def by_target(documents: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {document["destination"]: document for document in documents}


def test_the_fixed_mounts() -> None:
    found = mounts(make_request())

    assert [mount["destination"] for mount in found] == [
        "/proc",
        "/dev",
        "/dev/pts",
        "/sys",
        "/sys/fs/cgroup",
        "/dev/mqueue",
        "/dev/shm",
    ]
    assert by_target(found)["/dev/shm"]["options"][-1] == "size=67108864"
    assert "ro" in by_target(found)["/sys"]["options"]
    assert "ro" in by_target(found)["/sys/fs/cgroup"]["options"]


def test_shm_size_and_privileged() -> None:
    found = by_target(mounts(make_request(resources=Resources(shm_size=4096), security=Security(privileged=True))))

    assert found["/dev/shm"]["options"][-1] == "size=4096"
    assert "ro" not in found["/sys"]["options"]
    assert "ro" not in found["/sys/fs/cgroup"]["options"]


def test_the_users_mounts_come_sorted_by_depth_after_the_fixed_ones() -> None:
    request = make_request(
        mounts=(
            parse_volume("/h/1:/a/b/c"),
            parse_volume("/h/2:/a/b:ro"),
            Mount(kind="volume", source="/vol/_data", target="/a/"),
        ),
        storage=Storage(tmpfs=(parse_tmpfs("/a/b/t"),)),
        hosts_file="/c/hosts",
        resolv_file="/c/resolv.conf",
        hostname_file="/c/hostname",
    )

    found = mounts(request)[7:]

    assert [mount["destination"] for mount in found] == [
        "/a",
        "/etc/resolv.conf",
        "/etc/hostname",
        "/etc/hosts",
        "/a/b",
        "/a/b/c",
        "/a/b/t",
    ]
    targets = by_target(found)
    assert targets["/a"] == {
        "destination": "/a",
        "type": "bind",
        "source": "/vol/_data",
        "options": ["rbind", "rprivate"],
    }
    assert targets["/a/b"]["options"] == ["rbind", "ro", "rprivate"]
    assert targets["/etc/hosts"]["options"] == ["rbind", "rprivate"]
    assert targets["/a/b/t"]["type"] == "tmpfs"


def test_options_of_binds() -> None:
    request = make_request(
        mounts=(parse_volume("/h:/a:ro"), parse_volume("/h:/b:ro,bind"), parse_volume("/h:/c:rslave,z")),
        host=make_host(recursive_readonly=True),
    )

    found = by_target(mounts(request))

    assert found["/a"]["options"] == ["rbind", "rro", "rprivate"]
    assert found["/b"]["options"] == ["bind", "ro", "rprivate"]
    assert found["/c"]["options"] == ["rbind", "rslave"]


@pytest.mark.parametrize(
    ("options", "expected"), [([], None), (["rprivate"], None), (["slave"], "rslave"), (["rslave", "shared"], "shared")]
)
def test_the_root_follows_the_propagation_of_the_mounts(options: list[str], expected: str | None) -> None:
    binds = tuple(parse_volume(f"/h:/m{i}:{option}") for i, option in enumerate(options))

    assert build_spec(make_request(mounts=binds))["linux"].get("rootfsPropagation") == expected


def test_the_user_replaces_fixed_mounts_and_files() -> None:
    request = make_request(
        mounts=(parse_volume("/h:/dev"), parse_volume("/h/cg:/sys/fs/cgroup/"), parse_volume("/h/hosts:/etc/hosts")),
        hosts_file="/c/hosts",
    )

    found = mounts(request)

    assert [mount["destination"] for mount in found] == ["/proc", "/sys", "/dev", "/etc/hosts", "/sys/fs/cgroup"]
    assert by_target(found)["/etc/hosts"]["source"] == "/h/hosts"


def test_with_a_read_only_root_the_files_in_etc_are_too() -> None:
    request = make_request(storage=Storage(read_only=True), hosts_file="/c/hosts")

    assert by_target(mounts(request))["/etc/hosts"]["options"] == ["rbind", "ro", "rprivate"]
    assert build_spec(request)["root"] == {"path": "rootfs", "readonly": True}


@pytest.mark.parametrize("second", [parse_volume("/x:/a/"), parse_volume("/x:/b/../a"), parse_volume("/x://a")])
def test_two_mounts_at_one_place(second: Mount) -> None:
    with pytest.raises(InvalidArgument, match=r"^Duplicate mount point: /a$"):
        mounts(make_request(mounts=(parse_volume("/h:/a"), second)))
    with pytest.raises(InvalidArgument, match=r"^Duplicate mount point: /a$"):
        mounts(make_request(mounts=(second,), storage=Storage(tmpfs=(parse_tmpfs("/a"),))))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["noexec", "nosuid", "nodev", "rprivate"]),
        (["exec", "size=64m"], ["nosuid", "nodev", "rprivate", "exec", "size=64m"]),
        (["rw", "dev", "suid"], ["noexec", "rprivate", "rw", "dev", "suid"]),
        (["size=1m", "mode=700", "size=2m"], ["noexec", "nosuid", "nodev", "rprivate", "mode=700", "size=2m"]),
        (["shared"], ["noexec", "nosuid", "nodev", "shared"]),
    ],
)
def test_tmpfs_options(options: list[str], expected: list[str]) -> None:
    assert tmpfs_options(options) == expected


@pytest.mark.parametrize("option", ["foo", "size", "size=", "foo=1", "bind", "noexec=1"])
def test_unknown_tmpfs_options(option: str) -> None:
    with pytest.raises(InvalidArgument, match=f'^invalid tmpfs option "{option}"$'):
        tmpfs_options([option])
