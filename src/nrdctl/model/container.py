"""ContainerConfig: what a person asks for when they run or create a container, in groups of fields.

Each field that has a flag declares it here and nowhere else (see `nrdctl.model.option`). `None` means "not given".
"""

from __future__ import annotations

import dataclasses
from typing import Annotated

from nrdctl.model.cpuset import CpuSet
from nrdctl.model.keyvalue import parse_label
from nrdctl.model.mount import Mount, parse_tmpfs, parse_volume
from nrdctl.model.option import flag
from nrdctl.model.port import PortMapping, parse_ports
from nrdctl.model.quantity import parse_bytes, parse_cpus, parse_memory_swap
from nrdctl.model.restart import RestartPolicy, parse_restart


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """The process of a container and its terminal."""

    tty: Annotated[bool, flag("--tty", "-t", help="Allocate a pseudo-TTY", compose="tty")] = False
    interactive: Annotated[
        bool, flag("--interactive", "-i", help="Keep STDIN open even if not attached", compose="stdin_open")
    ] = False
    env: Annotated[tuple[str, ...], flag("--env", "-e", help="Set environment variables", metavar="list")] = ()
    env_file: Annotated[
        tuple[str, ...], flag("--env-file", help="Read in a file of environment variables", metavar="list")
    ] = ()
    workdir: Annotated[
        str | None,
        flag("--workdir", "-w", help="Working directory inside the container", metavar="string", compose="working_dir"),
    ] = None
    user: Annotated[
        str | None,
        flag("--user", "-u", help="Username or UID (format: <name|uid>[:<group|gid>])", metavar="string"),
    ] = None
    entrypoint: Annotated[
        str | None, flag("--entrypoint", help="Overwrite the default ENTRYPOINT of the image", metavar="string")
    ] = None
    stop_signal: Annotated[
        str | None,
        flag("--stop-signal", help="Signal to stop the container", metavar="string", compose="stop_signal"),
    ] = None
    stop_timeout: Annotated[
        int | None, flag("--stop-timeout", help="Timeout (in seconds) to stop a container", metavar="int")
    ] = None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Resources:
    """What a container may use. Sizes in bytes; `cpus` in CPUs; `memory_swap` is memory plus swap, -1 unlimited."""

    cpus: Annotated[
        float | None, flag("--cpus", help="Number of CPUs", metavar="decimal", parse=parse_cpus, compose="cpus")
    ] = None
    cpu_shares: Annotated[
        int | None, flag("--cpu-shares", "-c", help="CPU shares (relative weight)", metavar="int", compose="cpu_shares")
    ] = None
    cpu_period: Annotated[
        int | None, flag("--cpu-period", help="Limit CPU CFS (Completely Fair Scheduler) period", metavar="int")
    ] = None
    cpu_quota: Annotated[
        int | None, flag("--cpu-quota", help="Limit CPU CFS (Completely Fair Scheduler) quota", metavar="int")
    ] = None
    cpuset_cpus: Annotated[
        CpuSet | None,
        flag(
            "--cpuset-cpus",
            help="CPUs in which to allow execution (0-3, 0,1)",
            metavar="string",
            parse=CpuSet.parse,
            compose="cpuset",
        ),
    ] = None
    cpuset_mems: Annotated[
        CpuSet | None,
        flag(
            "--cpuset-mems",
            help="MEMs in which to allow execution (0-3, 0,1)",
            metavar="string",
            parse=CpuSet.parse,
        ),
    ] = None
    memory: Annotated[
        int | None, flag("--memory", "-m", help="Memory limit", metavar="bytes", parse=parse_bytes, compose="mem_limit")
    ] = None
    memory_swap: Annotated[
        int | None,
        flag(
            "--memory-swap",
            help="Swap limit equal to memory plus swap: '-1' to enable unlimited swap",
            metavar="bytes",
            parse=parse_memory_swap,
            compose="memswap_limit",
        ),
    ] = None
    memory_reservation: Annotated[
        int | None,
        flag(
            "--memory-reservation",
            help="Memory soft limit",
            metavar="bytes",
            parse=parse_bytes,
            compose="mem_reservation",
        ),
    ] = None
    pids_limit: Annotated[
        int | None,
        flag(
            "--pids-limit",
            help="Tune container pids limit (set -1 for unlimited)",
            metavar="int",
            compose="pids_limit",
        ),
    ] = None
    shm_size: Annotated[
        int | None, flag("--shm-size", help="Size of /dev/shm", metavar="bytes", parse=parse_bytes, compose="shm_size")
    ] = None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Networking:
    """Networks, published ports and names. `network` is `bridge`, `host`, `none` or a network's name."""

    network: Annotated[str, flag("--network", "--net", help="Connect a container to a network", metavar="network")] = (
        "bridge"
    )
    publish: Annotated[
        tuple[tuple[PortMapping, ...], ...],
        flag("--publish", "-p", help="Publish a container's port(s) to the host", metavar="list", parse=parse_ports),
    ] = ()
    hostname: Annotated[
        str | None,
        flag("--hostname", "-h", help="Container host name", metavar="string", compose="hostname"),
    ] = None
    add_host: Annotated[
        tuple[str, ...],
        flag("--add-host", help="Add a custom host-to-IP mapping (host:ip)", metavar="list"),
    ] = ()
    dns: Annotated[tuple[str, ...], flag("--dns", help="Set custom DNS servers", metavar="list")] = ()

    @property
    def ports(self) -> tuple[PortMapping, ...]:
        """All published ports, ranges spread out."""
        return tuple(port for ports in self.publish for port in ports)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Storage:
    """Mounts and the root file system."""

    volumes: Annotated[
        tuple[Mount, ...],
        flag("--volume", "-v", help="Bind mount a volume", metavar="list", parse=parse_volume),
    ] = ()
    tmpfs: Annotated[
        tuple[Mount, ...], flag("--tmpfs", help="Mount a tmpfs directory", metavar="list", parse=parse_tmpfs)
    ] = ()
    read_only: Annotated[
        bool, flag("--read-only", help="Mount the container's root filesystem as read only", compose="read_only")
    ] = False


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Security:
    """Privileges."""

    privileged: Annotated[
        bool, flag("--privileged", help="Give extended privileges to this container", compose="privileged")
    ] = False
    cap_add: Annotated[
        tuple[str, ...], flag("--cap-add", help="Add Linux capabilities", metavar="list", compose="cap_add")
    ] = ()
    cap_drop: Annotated[
        tuple[str, ...], flag("--cap-drop", help="Drop Linux capabilities", metavar="list", compose="cap_drop")
    ] = ()
    security_opt: Annotated[
        tuple[str, ...],
        flag("--security-opt", help="Security Options", metavar="list", compose="security_opt"),
    ] = ()


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Lifecycle:
    """Name, labels, and what happens when the container exits."""

    name: Annotated[
        str | None, flag("--name", help="Assign a name to the container", metavar="string", compose="container_name")
    ] = None
    labels: Annotated[
        tuple[tuple[str, str], ...],
        flag("--label", "-l", help="Set meta data on a container", metavar="list", parse=parse_label),
    ] = ()
    auto_remove: Annotated[
        bool, flag("--rm", help="Automatically remove the container and its associated anonymous volumes when it exits")
    ] = False
    restart: Annotated[
        RestartPolicy,
        flag(
            "--restart",
            help="Restart policy to apply when a container exits (no, always, unless-stopped, on-failure[:N])",
            metavar="string",
            parse=parse_restart,
            compose="restart",
        ),
    ] = RestartPolicy()
    pull: Annotated[
        str, flag("--pull", help='Pull image before running ("always", "missing", "never")', metavar="string")
    ] = "missing"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ContainerConfig:
    """A whole request. `args` are the words after the image (the command)."""

    image: str
    args: tuple[str, ...] = ()
    process: Process = Process()
    resources: Resources = Resources()
    networking: Networking = Networking()
    storage: Storage = Storage()
    security: Security = Security()
    lifecycle: Lifecycle = Lifecycle()
