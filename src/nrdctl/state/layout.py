"""Where each file of ours lives. Path arithmetic only: nothing is made or read, but symbolic links of the socket."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
from pathlib import Path

RUN_ROOT = Path("/run/nrdctl")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """The paths of one installation, which is one data root used with one containerd.

    `data` survives a reboot; `run` does not, and is private to the installation because its name depends on both the
    data root and the socket.
    """

    data_root: Path
    address: str
    run_root: Path = RUN_ROOT
    data: Path = dataclasses.field(init=False)
    run: Path = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        socket = os.path.realpath(self.address.removeprefix("unix://"))
        object.__setattr__(self, "data", self.data_root / _short_hash(socket))
        object.__setattr__(self, "run", self.run_root / _short_hash(f"{self.data_root}\0{socket}"))

    def container_dir(self, namespace: str, container_id: str) -> Path:
        """Return the folder of a container: hosts, resolv.conf, hostname, conmon.conf, network.json, its log."""
        return self.containers_dir(namespace) / container_id

    def containers_dir(self, namespace: str) -> Path:
        """Return the folder that holds the containers of a namespace."""
        return self.data / "containers" / namespace

    def log_path(self, namespace: str, container_id: str) -> Path:
        """Return a container's log in docker's json-file format."""
        return self.container_dir(namespace, container_id) / f"{container_id}-json.log"

    def run_dir(self, container_id: str) -> Path:
        """Return the volatile folder of a container: attach.sock, netns, FIFOs."""
        return self.run / container_id

    def netns_path(self, container_id: str) -> Path:
        """Return where a container's network namespace is mounted."""
        return self.run_dir(container_id) / "netns"

    def attach_socket(self, container_id: str) -> Path:
        """Return the socket of a container's monitor."""
        return self.run_dir(container_id) / "attach.sock"

    @property
    def network_dir(self) -> Path:
        """The folder of our CNI conflists."""
        return self.data / "networks"

    @property
    def ipam_dir(self) -> Path:
        """The folder where host-local keeps the leases of our networks; a reboot ends them like the containers."""
        return self.run / "ipam"

    def volumes_dir(self, namespace: str) -> Path:
        """Return the folder that holds the volumes of a namespace."""
        return self.data / "volumes" / namespace

    def volume_dir(self, namespace: str, name: str) -> Path:
        """Return the folder of a volume; its content is in `_data` below."""
        return self.volumes_dir(namespace) / name

    def lock_path(self, kind: str, name: str) -> Path:
        """Return the lock file of an object, e.g. `("container", id)`; any text is allowed as the name."""
        plain = name if _PLAIN.fullmatch(name) else hashlib.sha256(name.encode()).hexdigest()
        return self.run / "locks" / f"{kind}-{plain}.lock"


def _short_hash(text: str) -> str:
    """Return 8 hex digits, as nerdctl names its folders: `1935db59` for /run/containerd/containerd.sock."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
