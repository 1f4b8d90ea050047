from typing import Any

import pytest

from nrdctl.errors import InvalidArgument
from nrdctl.oci import capabilities
from nrdctl.oci import seccomptable as table
from nrdctl.oci.seccomp import Facts, default_profile, resolve_profile

FACTS = Facts(architecture="amd64", capabilities=frozenset({"CAP_CHOWN"}), kernel=(5, 10))


def allowed(profile: dict[str, Any]) -> set[str]:
    """Return the calls that are allowed whatever their arguments."""
    calls = [c for c in profile["syscalls"] if c["action"] == "SCMP_ACT_ALLOW" and not c.get("args")]
    return {name for call in calls for name in call["names"]}


def rules(profile: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [call for call in profile["syscalls"] if call["names"] == [name]]


def test_a_default_container() -> None:
    profile = default_profile("amd64", capabilities.DEFAULT)

    assert (profile["defaultAction"], profile["defaultErrnoRet"]) == ("SCMP_ACT_ERRNO", 1)
    assert profile["architectures"] == ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]
    names = allowed(profile)
    assert {"read", "execve", "futex_time64", "ptrace", "chroot", "arch_prctl", "socketcall"} <= names
    refused = {"mount", "umount2", "unshare", "setns", "bpf", "reboot", "keyctl", "add_key", "kexec_load", "syslog"}
    refused |= {"clone", "clone3", "personality", "socket", "open_by_handle_at", "init_module", "mbind", "userfaultfd"}
    refused |= {"io_uring_setup", "perf_event_open", "pivot_root", "swapon", "nfsservctl", "settimeofday"}
    assert not refused & names


def test_calls_with_conditions() -> None:
    profile = default_profile("amd64", capabilities.DEFAULT)

    (clone,) = rules(profile, "clone")
    assert clone["args"] == [{"index": 0, "value": 0x7E020000, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]
    (clone3,) = rules(profile, "clone3")
    assert (clone3["action"], clone3["errnoRet"]) == ("SCMP_ACT_ERRNO", 38)
    values = [rule["args"][0]["value"] for rule in rules(profile, "personality")]
    assert values == [0, 8, 0x20000, 0x20008, 0xFFFFFFFF]
    comparisons = [(rule["args"][0]["op"], rule["args"][0]["value"]) for rule in rules(profile, "socket")]
    assert comparisons == [("SCMP_CMP_LT", 38), ("SCMP_CMP_EQ", 39), ("SCMP_CMP_GT", 40)]
    assert all(len(rule.get("args", ())) <= 1 for rule in profile["syscalls"])  # runc joins more of them with "or"


@pytest.mark.parametrize("capability", sorted(table.WITH_CAPABILITY))
def test_capabilities_open_calls(capability: str) -> None:
    gained = allowed(default_profile("amd64", [capability])) - allowed(default_profile("amd64", []))

    expected = set(table.WITH_CAPABILITY[capability].split())
    assert gained == expected - set(table.TRACING.split())


def test_an_administrator_may_make_namespaces() -> None:
    profile = default_profile("amd64", ["CAP_SYS_ADMIN"])

    assert {"clone", "clone3", "mount", "unshare"} <= allowed(profile)
    assert not rules(profile, "clone")
    assert not rules(profile, "clone3")


def test_architectures() -> None:
    arm = default_profile("arm64", capabilities.DEFAULT)
    assert arm["architectures"] == ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]
    assert "cacheflush" in allowed(arm)
    assert "arch_prctl" not in allowed(arm)
    (clone,) = rules(default_profile("s390x", []), "clone")
    assert clone["args"][0]["index"] == 1
    assert default_profile("mips", [])["architectures"] == []


def test_the_table_says_nothing_twice() -> None:
    names = [name for text in table.ALWAYS.values() for name in text.split()]

    assert len(names) == len(set(names))
    conditional = {name for text in table.WITH_CAPABILITY.values() for name in text.split()} | {"socket", "personality"}
    assert not conditional & set(names)
    assert set(table.WITH_CAPABILITY) <= set(capabilities.KNOWN)


def test_dockers_format() -> None:
    profile = {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 1,
        "archMap": [
            {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]},
            {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]},
        ],
        "syscalls": [
            {"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [], "comment": "dropped"},
            {"name": "write", "action": "SCMP_ACT_ALLOW"},
            {"names": ["a"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_CHOWN"]}},
            {"names": ["b"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
            {"names": ["c"], "action": "SCMP_ACT_ALLOW", "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
            {"names": ["d"], "action": "SCMP_ACT_ALLOW", "excludes": {"caps": ["CAP_CHOWN"]}},
            {"names": ["e"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["amd64", "x32"]}},
            {"names": ["f"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["arm64"]}},
            {"names": ["g"], "action": "SCMP_ACT_ALLOW", "excludes": {"arches": ["amd64"]}},
            {"names": ["h"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
            {"names": ["i"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "5.12"}},
            {"names": ["j"], "action": "SCMP_ACT_ALLOW", "excludes": {"minKernel": "5.9"}},
            {"names": ["k"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0},
        ],
    }

    resolved = resolve_profile(profile, FACTS)

    assert resolved["architectures"] == ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]
    assert resolved["defaultErrnoRet"] == 1
    assert [call["names"][0] for call in resolved["syscalls"]] == ["read", "write", "a", "c", "e", "h", "k"]
    assert resolved["syscalls"][0] == {"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": []}
    assert resolved["syscalls"][-1]["errnoRet"] == 0


def test_the_runtimes_own_format_passes_through() -> None:
    profile = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "architectures": ["SCMP_ARCH_X86_64"],
        "flags": ["SECCOMP_FILTER_FLAG_LOG"],
        "syscalls": [{"names": ["read"], "action": "SCMP_ACT_LOG"}],
    }

    assert resolve_profile(profile, FACTS) == profile


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ({}, "there is no defaultAction"),
        ({"defaultAction": "A", "syscalls": 5}, "not a list of objects"),
        ({"defaultAction": "A", "syscalls": [5]}, "not a list of objects"),
        ({"defaultAction": "A", "architectures": ["x"], "archMap": [{}]}, "both 'architectures' and 'archMap'"),
        ({"defaultAction": "A", "syscalls": [{"name": "a", "names": ["b"]}]}, "both 'name' and 'names'"),
        (
            {"defaultAction": "A", "syscalls": [{"name": "a", "includes": {"minKernel": "five"}}]},
            'invalid kernel version in the seccomp profile: "five"',
        ),
    ],
)
def test_wrong_profiles(profile: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        resolve_profile(profile, FACTS)
