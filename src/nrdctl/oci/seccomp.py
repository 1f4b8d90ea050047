"""Seccomp: the default profile for a set of capabilities, and docker's profile files made into the runtime's form."""

from __future__ import annotations

import dataclasses
import errno
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nrdctl.errors import InvalidArgument
from nrdctl.oci import seccomptable as table

_ALLOW = "SCMP_ACT_ALLOW"
_ERRNO = "SCMP_ACT_ERRNO"
# What a profile file and the runtime's document share, besides architectures and calls.
_PLAIN_KEYS = ("defaultAction", "defaultErrnoRet", "flags", "listenerPath", "listenerMetadata")
# An OCI name → the name that libseccomp, and with it `archMap`, uses.
_NATIVE = {name: names[0] for name, names in table.ARCHITECTURES.items()} | {
    "386": "SCMP_ARCH_X86",
    "arm": "SCMP_ARCH_ARM",
    "ppc64le": "SCMP_ARCH_PPC64LE",
}


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What the conditions of a profile file ask: OCI architecture, the container's capabilities, kernel version."""

    architecture: str
    capabilities: frozenset[str]
    kernel: tuple[int, int]


def default_profile(architecture: str, capabilities: Iterable[str]) -> dict[str, Any]:
    """Return `linux.seccomp` of a container with this bounding set."""
    held = set(capabilities)
    names = {name for text in table.ALWAYS.values() for name in text.split()}
    names.update(table.TRACING.split(), table.OF_ARCHITECTURE.get(architecture, "").split())
    for capability, text in table.WITH_CAPABILITY.items():
        if capability in held:
            names.update(text.split())
    calls = [{"names": sorted(names), "action": _ALLOW}]
    calls += [_condition(condition) for condition in (*table.PERSONALITIES, *table.SOCKETS)]
    if "CAP_SYS_ADMIN" not in held:
        calls += _without_namespaces(architecture)
    return {
        "defaultAction": _ERRNO,
        "defaultErrnoRet": errno.EPERM,
        "architectures": list(table.ARCHITECTURES.get(architecture, ())),
        "syscalls": calls,
    }


def _without_namespaces(architecture: str) -> list[dict[str, Any]]:
    flags = 1 if architecture == "s390x" else 0  # clone's flags are its second argument there
    allowed = {"index": flags, "value": table.NAMESPACE_FLAGS, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
    return [
        {"names": ["clone"], "action": _ALLOW, "args": [allowed]},
        {"names": ["clone3"], "action": _ERRNO, "errnoRet": errno.ENOSYS},
    ]


def _condition(condition: table.Condition) -> dict[str, Any]:
    argument = {"index": condition.argument, "value": condition.value, "op": f"SCMP_CMP_{condition.operator}"}
    return {"names": [condition.call], "action": _ALLOW, "args": [argument]}


def resolve_profile(profile: Mapping[str, Any], facts: Facts) -> dict[str, Any]:
    """Return `linux.seccomp` for a decoded profile file, docker's format or the runtime's own. Raises InvalidArgument.

    docker's has `archMap` for `architectures`, and calls with `includes` and `excludes` (architectures, capabilities,
    `minKernel`), which are settled here.
    """
    _check_shape(profile)
    result = {key: profile[key] for key in _PLAIN_KEYS if profile.get(key) is not None}
    result["architectures"] = _architectures(profile, facts)
    result["syscalls"] = [_call(call) for call in profile.get("syscalls") or () if _applies(call, facts)]
    return result


def _check_shape(profile: Mapping[str, Any]) -> None:
    if not isinstance(profile, Mapping) or not isinstance(profile.get("defaultAction"), str):
        raise InvalidArgument("decoding seccomp profile failed: there is no defaultAction")
    if profile.get("architectures") and profile.get("archMap"):
        raise InvalidArgument(
            "both 'architectures' and 'archMap' are specified in the seccomp profile, use either one of them"
        )
    calls = profile.get("syscalls") or ()
    if not isinstance(calls, Sequence) or not all(isinstance(call, Mapping) for call in calls):
        raise InvalidArgument("decoding seccomp profile failed: syscalls is not a list of objects")
    for call in calls:
        if call.get("name") and call.get("names"):
            raise InvalidArgument(
                "both 'name' and 'names' are specified in the seccomp profile, use either one of them"
            )


def _architectures(profile: Mapping[str, Any], facts: Facts) -> list[str]:
    if profile.get("architectures"):
        return list(profile["architectures"])
    native = _NATIVE.get(facts.architecture)
    for entry in profile.get("archMap") or ():
        if native and entry.get("architecture") == native:
            return [native, *(entry.get("subArchitectures") or ())]
    return []


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    names = [call["name"]] if call.get("name") else list(call.get("names") or ())
    result = {"names": names, "action": call.get("action", _ALLOW)}
    return result | {key: call[key] for key in ("errnoRet", "args") if call.get(key) is not None}


def _applies(call: Mapping[str, Any], facts: Facts) -> bool:
    excludes, includes = call.get("excludes") or {}, call.get("includes") or {}
    if facts.architecture in (excludes.get("arches") or ()):
        return False
    if facts.capabilities.intersection(excludes.get("caps") or ()):
        return False
    if excludes.get("minKernel") and facts.kernel >= _version(excludes["minKernel"]):
        return False
    if includes.get("arches") and facts.architecture not in includes["arches"]:
        return False
    if not facts.capabilities.issuperset(includes.get("caps") or ()):
        return False
    return not includes.get("minKernel") or facts.kernel >= _version(includes["minKernel"])


def _version(text: object) -> tuple[int, int]:
    major, _, minor = str(text).partition(".")
    if not major.isdecimal() or not minor.isdecimal():
        raise InvalidArgument(f'invalid kernel version in the seccomp profile: "{text}", expected "<kernel>.<major>"')
    return int(major), int(minor)
