"""The OCI runtime-spec document of a container: one pure function from a request to what docker would have made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nrdctl.errors import InvalidArgument
from nrdctl.model.signal import parse_signal
from nrdctl.oci import capabilities
from nrdctl.oci.specdevices import device_rules
from nrdctl.oci.specmounts import check_targets, mounts, rootfs_propagation, tmpfs_options
from nrdctl.oci.specprocess import command, container_process, exec_process, working_directory
from nrdctl.oci.specrequest import HOST_NETWORK, ExecRequest, Host, SpecRequest
from nrdctl.oci.specresources import check_resources, resource_document, resource_warnings
from nrdctl.oci.specsecurity import hidden_paths, namespaces, parse_security_options, seccomp_profile, sysctls

if TYPE_CHECKING:
    from nrdctl.model.container import ContainerConfig
    from nrdctl.oci.imageconfig import ImageConfig

__all__ = [
    "HOST_NETWORK",
    "OCI_VERSION",
    "ExecRequest",
    "Host",
    "SpecRequest",
    "build_spec",
    "check_config",
    "exec_process",
    "spec_warnings",
]

OCI_VERSION = "1.0.2"


def build_spec(request: SpecRequest) -> dict[str, Any]:
    """Return the document. Raises InvalidArgument for whatever `check_config` refuses, and for a bad seccomp file."""
    check_config(request.config, request.image, request.host)
    process = container_process(request)
    return {
        "ociVersion": OCI_VERSION,
        "process": process,
        "root": {"path": "rootfs", "readonly": request.config.storage.read_only},
        "hostname": request.hostname,
        "mounts": mounts(request),
        "annotations": {
            "nrdctl/namespace": request.host.namespace,
            "nrdctl/id": request.id,
            **request.annotations,
        },
        "linux": _linux(request, process["capabilities"]["bounding"]),
    }


def check_config(config: ContainerConfig, image: ImageConfig, host: Host) -> None:
    """Refuse what can be refused before anything is created. Raises InvalidArgument in docker's words."""
    command(config, image)
    working_directory(config, image)
    if config.process.stop_signal:
        try:
            parse_signal(config.process.stop_signal)
        except ValueError as error:
            raise InvalidArgument(str(error)) from None
    check_resources(config.resources, host)
    security = config.security
    capabilities.choose(add=security.cap_add, drop=security.cap_drop, available=host.capabilities)
    parse_security_options(security.security_opt)
    check_targets([*config.storage.volumes, *config.storage.tmpfs])
    for mount in config.storage.tmpfs:
        tmpfs_options(mount.options)


def spec_warnings(config: ContainerConfig, host: Host) -> tuple[str, ...]:
    """Say what `build_spec` leaves out because the host has no means for it."""
    return resource_warnings(config.resources, host)


def cgroups_path(container_id: str, host: Host) -> str:
    """Return `linux.cgroupsPath`: slice, prefix and name for systemd, a path below every hierarchy's root else."""
    if host.cgroup_manager == "systemd":
        return f"system.slice:nrdctl:{container_id}"
    return f"/{host.namespace}/{container_id}"


def _linux(request: SpecRequest, bounding: list[str]) -> dict[str, Any]:
    privileged = request.config.security.privileged
    linux: dict[str, Any] = {
        "sysctl": sysctls(request),
        "resources": {
            "devices": device_rules(privileged=privileged),
            **resource_document(request.config.resources, request.host),
        },
        "cgroupsPath": cgroups_path(request.id, request.host),
        "namespaces": namespaces(request),
        "devices": [device.node() for device in request.host.devices] if privileged else [],
        **hidden_paths(request),
    }
    propagation = rootfs_propagation(request)
    if propagation:
        linux["rootfsPropagation"] = propagation
    profile = seccomp_profile(request, bounding)
    if profile is not None:
        linux["seccomp"] = profile
    return linux
