"""What is watched, and what was read of it at one moment."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nrdctl.cgroup.effective import Limits
    from nrdctl.cgroup.sample import CgroupSample


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """A container as it was listed last. `pid` is its init process on the host, 0 when it doesn't run."""

    namespace: str
    id: str
    name: str
    pid: int
    state: str = "running"

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from all others."""
        return self.namespace, self.id


@dataclasses.dataclass(frozen=True, slots=True)
class Counters:
    """One network interface since it was made; received means received by the container. Bytes and packets."""

    rx_bytes: int = 0
    rx_packets: int = 0
    rx_errors: int = 0
    rx_drops: int = 0
    tx_bytes: int = 0
    tx_packets: int = 0
    tx_errors: int = 0
    tx_drops: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class NetworkSample:
    """The interfaces of a network namespace, without `lo`. `inode` is the namespace's.

    `host`: the container uses the host's network, so the counters aren't its own (and were not read).
    """

    inode: int
    time_ns: int
    host: bool = False
    interfaces: Mapping[str, Counters] = dataclasses.field(default_factory=dict)

    def total(self, *names: str) -> int:
        """Return the sum of these counters over all interfaces."""
        return sum(getattr(each, name) for each in self.interfaces.values() for name in names)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ContainerSample:
    """One container at one moment; None is what wasn't asked for or doesn't exist."""

    container: Container
    cgroup: CgroupSample | None = None
    network: NetworkSample | None = None
    limits: Limits | None = None
