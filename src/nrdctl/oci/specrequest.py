"""What `build_spec` is given: the request, the image, and the facts about the host that it can't look up itself."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from nrdctl.oci import capabilities
from nrdctl.oci.user import ROOT, User

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nrdctl.model.container import ContainerConfig
    from nrdctl.model.cpuset import CpuSet
    from nrdctl.model.mount import Mount
    from nrdctl.oci.imageconfig import ImageConfig
    from nrdctl.oci.specdevices import Device

HOST_NETWORK = "host"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """The machine that the container runs on.

    `architecture` is an OCI name (`amd64`); `kernel` the version's first two numbers; `unified` says that all cgroup
    controllers are in the v2 hierarchy; `cpus` and `mems` are the CPUs and NUMA nodes a container may ask for;
    `swap_limit` says that swap can be limited (on v1 it may be off); `recursive_readonly` that kernel (≥ 5.12) and
    runtime (runc ≥ 1.1) know `rro` mounts; `apparmor_profile` is a profile that is loaded, for containers that name
    none. `capabilities` are those the daemon has, `devices` the nodes a privileged container gets, `masked_paths`
    hidden besides the fixed ones.
    """

    namespace: str
    architecture: str
    kernel: tuple[int, int]
    unified: bool
    cpus: CpuSet
    mems: CpuSet
    cgroup_manager: str = "cgroupfs"
    swap_limit: bool = True
    seccomp: bool = True
    apparmor: bool = False
    apparmor_profile: str = ""
    recursive_readonly: bool = False
    capabilities: tuple[str, ...] = capabilities.KNOWN
    devices: tuple[Device, ...] = ()
    masked_paths: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class SpecRequest:
    """A container to describe, everything resolved.

    `environment` is what `-e` and `--env-file` said, as `KEY=VALUE`; `network` the path of a network namespace,
    `host`, or empty for a new one that the runtime makes; `mounts` the binds and volumes with host paths as sources
    (tmpfs mounts are taken from `config`); the three `*_file` paths are bound over /etc, empty ones are not.
    `seccomp_profile` is the decoded file that `--security-opt seccomp=FILE` names.
    """

    id: str
    config: ContainerConfig
    image: ImageConfig
    host: Host
    user: User = ROOT
    environment: tuple[str, ...] = ()
    hostname: str = ""
    network: str = ""
    mounts: tuple[Mount, ...] = ()
    hosts_file: str = ""
    resolv_file: str = ""
    hostname_file: str = ""
    seccomp_profile: Mapping[str, Any] | None = None
    annotations: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ExecRequest:
    """Another process for a running container. None means: as the container's own process.

    `capabilities` are those the daemon has; only `privileged` uses them.
    """

    args: tuple[str, ...]
    environment: tuple[str, ...] = ()
    workdir: str | None = None
    user: User | None = None
    tty: bool = False
    privileged: bool = False
    capabilities: tuple[str, ...] = capabilities.KNOWN
