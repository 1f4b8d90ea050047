from typing import Any

import pytest

from nrdctl.errors import InvalidArgument
from nrdctl.model.container import Security
from nrdctl.oci.spec import build_spec
from nrdctl.oci.specsecurity import SecurityOptions, parse_security_options
from tests.support.specs import make_host, make_request


@pytest.mark.parametrize(
    ("texts", "options"),
    [
        ([], SecurityOptions()),
        (["no-new-privileges"], SecurityOptions(no_new_privileges=True)),
        (["no-new-privileges=true"], SecurityOptions(no_new_privileges=True)),
        (["no-new-privileges:true", "no-new-privileges=0"], SecurityOptions(no_new_privileges=False)),
        (["seccomp=unconfined"], SecurityOptions(seccomp="unconfined")),
        (["seccomp:/p=1.json"], None),
        (["seccomp=/p:1.json", "apparmor=a"], SecurityOptions(seccomp="/p:1.json", apparmor="a")),
        (["systempaths=unconfined", "label=disable", "label:type:x", "disable"], SecurityOptions(system_paths=True)),
    ],
)
def test_options(texts: list[str], options: SecurityOptions | None) -> None:
    if options is None:
        with pytest.raises(InvalidArgument):
            parse_security_options(texts)
    else:
        assert parse_security_options(texts) == options


@pytest.mark.parametrize("text", ["", "foo", "foo=bar", "seccomp", "seccomp=", "label", "no-new-privileges=maybe"])
def test_wrong_options(text: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse_security_options([text])
    assert caught.value.message == f'invalid --security-opt: "{text}"'


def test_the_file_that_must_be_read() -> None:
    assert parse_security_options([]).seccomp_file is None
    assert parse_security_options(["seccomp=builtin"]).seccomp_file is None
    assert parse_security_options(["seccomp=unconfined"]).seccomp_file is None
    assert parse_security_options(["seccomp=/p.json"]).seccomp_file == "/p.json"


def linux(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = build_spec(make_request(**changes))["linux"]
    return document


def test_hidden_paths() -> None:
    plain = linux(host=make_host(masked_paths=("/sys/devices/system/cpu/cpu0/thermal_throttle",)))
    assert {"/proc/kcore", "/proc/keys", "/sys/firmware", "/proc/interrupts"} < set(plain["maskedPaths"])
    assert plain["maskedPaths"][-1] == "/sys/devices/system/cpu/cpu0/thermal_throttle"
    assert plain["readonlyPaths"] == ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
    for security in (Security(privileged=True), Security(security_opt=("systempaths=unconfined",))):
        document = linux(security=security)
        assert document["maskedPaths"] == document["readonlyPaths"] == []


def test_namespaces() -> None:
    def kinds(**changes: Any) -> list[str]:
        return [space["type"] for space in linux(**changes)["namespaces"]]

    assert kinds() == ["mount", "uts", "pid", "ipc", "network", "cgroup"]
    assert kinds(host=make_host(unified=False)) == ["mount", "uts", "pid", "ipc", "network"]
    assert kinds(network="host") == ["mount", "uts", "pid", "ipc", "cgroup"]
    assert {"type": "network", "path": "/run/n"} in linux(network="/run/n")["namespaces"]


def test_sysctls() -> None:
    expected = {"net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647"}
    assert linux()["sysctl"] == linux(network="/run/n")["sysctl"] == expected
    assert linux(network="host")["sysctl"] == {}


def test_who_is_filtered() -> None:
    profile = {"defaultAction": "SCMP_ACT_LOG"}
    own = ("seccomp=/p.json",)

    assert linux()["seccomp"]["defaultAction"] == "SCMP_ACT_ERRNO"
    assert "seccomp" in linux(security=Security(security_opt=("seccomp=builtin",)))
    assert "seccomp" not in linux(security=Security(security_opt=("seccomp=unconfined",)))
    assert "seccomp" not in linux(security=Security(privileged=True))
    assert "seccomp" not in linux(host=make_host(seccomp=False))
    for privileged in (False, True):
        security = Security(privileged=privileged, security_opt=own)
        document = linux(security=security, seccomp_profile=profile)
        assert document["seccomp"]["defaultAction"] == "SCMP_ACT_LOG"


def test_the_filter_follows_the_capabilities() -> None:
    calls = linux(security=Security(cap_add=("SYS_ADMIN",)))["seccomp"]["syscalls"]
    assert "mount" in calls[0]["names"]
    calls = linux(security=Security(cap_drop=("SYS_CHROOT",)))["seccomp"]["syscalls"]
    assert "chroot" not in calls[0]["names"]


def test_a_profile_that_cannot_be_used() -> None:
    security = Security(security_opt=("seccomp=/p.json",))
    with pytest.raises(InvalidArgument, match="seccomp is not enabled in your kernel"):
        linux(security=security, seccomp_profile={}, host=make_host(seccomp=False))
    with pytest.raises(InvalidArgument, match=r"opening seccomp profile \(/p.json\) failed"):
        linux(security=security)
