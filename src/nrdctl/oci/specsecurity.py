"""Isolation: `--security-opt`, namespaces, hidden paths, kernel parameters, seccomp and AppArmor."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from nrdctl.errors import InvalidArgument
from nrdctl.oci import seccomp
from nrdctl.oci.specrequest import HOST_NETWORK, Host, SpecRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nrdctl.model.container import Security

UNCONFINED = "unconfined"
_BUILTIN = "builtin"

_MASKED = (
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
)
_READONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")
_BOOLEANS = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False}


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class SecurityOptions:
    """What the `--security-opt` texts mean. `seccomp` is `builtin`, `unconfined` or a file; `apparmor` a profile."""

    no_new_privileges: bool = False
    seccomp: str = ""
    apparmor: str = ""
    system_paths: bool = False

    @property
    def seccomp_file(self) -> str | None:
        """The file with a seccomp profile that somebody has to read, if one is named."""
        return self.seccomp if self.seccomp not in ("", _BUILTIN, UNCONFINED) else None


def parse_security_options(texts: Iterable[str]) -> SecurityOptions:
    """Parse `no-new-privileges[=true]`, `seccomp=…`, `apparmor=…`, `systempaths=unconfined`, `label=…`.

    `:` may stand for `=`, as docker still allows. Labels are for SELinux, which is not supported, and change nothing.
    Raises InvalidArgument.
    """
    found: dict[str, Any] = {}
    for text in texts:
        key, separator, value = text.partition("=") if "=" in text else text.partition(":")
        if key == "no-new-privileges" and (not separator or value.lower() in _BOOLEANS):
            found["no_new_privileges"] = _BOOLEANS[value.lower()] if separator else True
        elif key in ("seccomp", "apparmor") and value:
            found[key] = value
        elif (key, value) == ("systempaths", UNCONFINED):
            found["system_paths"] = True
        elif key != "disable" and not (key == "label" and value):
            raise InvalidArgument(
                f'invalid --security-opt: "{text}"',
                hint="known are no-new-privileges, seccomp=, apparmor=, systempaths=unconfined and label=",
            )
    return SecurityOptions(**found)


def namespaces(request: SpecRequest) -> list[dict[str, str]]:
    """Return `linux.namespaces`. On cgroup v1 the cgroup namespace is the host's, as docker has it."""
    spaces = [{"type": kind} for kind in ("mount", "uts", "pid", "ipc")]
    if request.network != HOST_NETWORK:
        network = {"type": "network"}
        if request.network:
            network["path"] = request.network
        spaces.append(network)
    if request.host.unified:
        spaces.append({"type": "cgroup"})
    return spaces


def hidden_paths(request: SpecRequest) -> dict[str, list[str]]:
    """Return `maskedPaths` and `readonlyPaths`, empty for those who may see everything."""
    security = request.config.security
    if security.privileged or parse_security_options(security.security_opt).system_paths:
        return {"maskedPaths": [], "readonlyPaths": []}
    return {"maskedPaths": [*_MASKED, *request.host.masked_paths], "readonlyPaths": list(_READONLY)}


def sysctls(request: SpecRequest) -> dict[str, str]:
    """Return docker's defaults for a network namespace of one's own: low ports and ping without privileges."""
    if request.network == HOST_NETWORK:
        return {}
    return {"net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647"}


def seccomp_profile(request: SpecRequest, bounding: Iterable[str]) -> dict[str, Any] | None:
    """Return `linux.seccomp`, None for an unconfined container. Raises InvalidArgument for a wrong custom profile."""
    security, host = request.config.security, request.host
    options = parse_security_options(security.security_opt)
    path = options.seccomp_file
    if path is None:
        if options.seccomp == UNCONFINED or security.privileged or not host.seccomp:
            return None
        return seccomp.default_profile(host.architecture, bounding)
    if not host.seccomp:
        raise InvalidArgument("seccomp is not enabled in your kernel, cannot run a custom seccomp profile")
    if request.seccomp_profile is None:
        raise InvalidArgument(f"opening seccomp profile ({path}) failed: it was not read")
    facts = seccomp.Facts(architecture=host.architecture, capabilities=frozenset(bounding), kernel=host.kernel)
    return seccomp.resolve_profile(request.seccomp_profile, facts)


def apparmor_profile(security: Security, host: Host) -> str:
    """Return the AppArmor profile of the process, empty where the kernel has no AppArmor or nothing applies."""
    if not host.apparmor:
        return ""
    wanted = parse_security_options(security.security_opt).apparmor
    return wanted or (UNCONFINED if security.privileged else host.apparmor_profile)
