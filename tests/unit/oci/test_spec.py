import json
import os
import stat
from typing import Any

import pytest

from nrdctl.errors import InvalidArgument
from nrdctl.model.container import ContainerConfig, Process, Resources, Security, Storage
from nrdctl.model.mount import parse_tmpfs, parse_volume
from nrdctl.oci.imageconfig import ImageConfig
from nrdctl.oci.spec import build_spec, check_config, spec_warnings
from nrdctl.oci.specdevices import Device, host_devices
from tests.support.specs import HOST, ID, make_host, make_request


def test_the_frame() -> None:
    spec = build_spec(make_request("sleep", "1", annotations={"nrdctl/name": "web"}))

    assert spec["ociVersion"] == "1.0.2"
    assert spec["root"] == {"path": "rootfs", "readonly": False}
    assert spec["hostname"] == "box"
    assert spec["process"]["args"] == ["sleep", "1"]
    assert spec["annotations"] == {"nrdctl/namespace": "default", "nrdctl/id": ID, "nrdctl/name": "web"}
    assert "rootfsPropagation" not in spec["linux"]
    assert json.loads(json.dumps(spec)) == spec


def test_the_same_request_gives_the_same_document_and_nothing_is_shared() -> None:
    request = make_request()
    first = build_spec(request)
    untouched = json.dumps(first)
    first["process"]["env"].append("X=1")
    first["linux"]["maskedPaths"].clear()
    for mount in first["mounts"]:
        mount["options"].clear()

    assert json.dumps(build_spec(request)) == untouched


def test_cgroup_paths() -> None:
    assert build_spec(make_request())["linux"]["cgroupsPath"] == f"/default/{ID}"
    systemd = make_host(cgroup_manager="systemd")
    assert build_spec(make_request(host=systemd))["linux"]["cgroupsPath"] == f"system.slice:nrdctl:{ID}"


def test_resources_and_device_rules() -> None:
    resources = build_spec(make_request(resources=Resources(pids_limit=5)))["linux"]["resources"]

    assert resources["pids"] == {"limit": 5}
    assert resources["devices"][0] == {"allow": False, "access": "rwm"}
    allowed = {(rule["major"], rule["minor"]) for rule in resources["devices"] if rule["allow"]}
    assert allowed == {(1, 3), (1, 5), (1, 8), (1, 9), (5, 0), (5, 1)}


def test_devices_of_a_privileged_container() -> None:
    host = make_host(devices=(Device(path="/dev/kvm", kind="c", major=10, minor=232, mode=0o660, gid=108),))

    assert build_spec(make_request(host=host))["linux"]["devices"] == []
    linux = build_spec(make_request(host=host, security=Security(privileged=True)))["linux"]
    assert linux["devices"] == [
        {"path": "/dev/kvm", "type": "c", "major": 10, "minor": 232, "fileMode": 0o660, "uid": 0, "gid": 108}
    ]
    assert linux["resources"]["devices"] == [{"allow": True, "access": "rwm"}]


def entry(mode: int, device: int = 0) -> os.stat_result:
    fields: list[Any] = [mode, 1, 2, 1, 0, 6, 0, 0, 0, 0]
    return os.stat_result(fields, {"st_rdev": device})


def test_host_devices() -> None:
    found = host_devices(
        [
            ("/dev/sda", entry(stat.S_IFBLK | 0o660, os.makedev(8, 0))),
            ("/dev/null", entry(stat.S_IFCHR | 0o666, os.makedev(1, 3))),
            ("/dev/log", entry(stat.S_IFSOCK | 0o666)),
            ("/dev/core", entry(stat.S_IFLNK | 0o777)),
            ("/dev/console", entry(stat.S_IFCHR | 0o600, os.makedev(5, 1))),
        ]
    )

    assert found == (
        Device(path="/dev/sda", kind="b", major=8, minor=0, mode=0o660, gid=6),
        Device(path="/dev/null", kind="c", major=1, minor=3, mode=0o666, gid=6),
    )


WRONG = [
    (ContainerConfig(image="i"), "no command specified"),
    (ContainerConfig(image="i", args=("a",), process=Process(workdir="x")), "needs to be an absolute path"),
    (ContainerConfig(image="i", args=("a",), resources=Resources(memory=1)), "Minimum memory limit"),
    (ContainerConfig(image="i", args=("a",), security=Security(cap_add=("X",))), "unknown capability"),
    (ContainerConfig(image="i", args=("a",), security=Security(security_opt=("x",))), "invalid --security-opt"),
    (
        ContainerConfig(
            image="i",
            args=("a",),
            storage=Storage(volumes=(parse_volume("/h:/a"),), tmpfs=(parse_tmpfs("/a"),)),
        ),
        "Duplicate mount point: /a",
    ),
    (
        ContainerConfig(image="i", args=("a",), storage=Storage(tmpfs=(parse_tmpfs("/a:foo"),))),
        "invalid tmpfs option",
    ),
]


@pytest.mark.parametrize(("config", "message"), WRONG)
def test_what_is_refused_before_anything_is_made(config: ContainerConfig, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        check_config(config, ImageConfig(), HOST)


def test_warnings() -> None:
    config = make_request(resources=Resources(memory=64 * 1024 * 1024)).config

    assert spec_warnings(config, HOST) == ()
    assert len(spec_warnings(config, make_host(swap_limit=False))) == 1
