"""Reads the counters of many containers, again and again, from the kernel's files."""

from __future__ import annotations

import dataclasses
import resource
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from nrdctl.cgroup.effective import Limits, limits_of
from nrdctl.errors import NrdctlError
from nrdctl.monitor.network import NetworkReader
from nrdctl.monitor.sample import Container, ContainerSample

if TYPE_CHECKING:
    from nrdctl.cgroup.driver import Driver, Location, Sampler
    from nrdctl.cgroup.sample import CgroupSample

# Limits change seldom and take some thirty files to read: the oldest are read again, for so long in each tick.
LIMITS_AGE = 2.0
LIMITS_BUDGET = 0.010
# What a container keeps open at most (v1's CPU view, and a pidfd), and what the rest of the program needs.
_FILES_EACH = 8
_FILES_SPARE = 128
_FILES_WANTED = 65536
# What the kernel's files may answer about one container; it must not end the watching of all others.
_GONE = (OSError, NrdctlError, ValueError)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """What a view wants read: groups of cgroup counters (of `cgroup.sample.GROUPS`), limits, network counters."""

    groups: tuple[str, ...] = ()
    limits: bool = False
    network: bool = False


class Collector:
    """Readers of the watched containers. Raises the soft limit of open files as far as the hard one allows."""

    def __init__(self, driver: Driver, needs: Needs) -> None:
        self._driver = driver
        self._needs = needs
        self._readers: dict[tuple[str, str], Reader] = {}
        self._idle: list[Container] = []
        self._room = max(0, _open_files() - _FILES_SPARE) // _FILES_EACH
        self.lost = False

    def watch(self, containers: Iterable[Container]) -> None:
        """Watch these from now on; those already watched keep their files and limits."""
        wanted = {container.key: container for container in containers}
        for key in [key for key, each in self._readers.items() if not _same(wanted.get(key), each.container)]:
            self._readers.pop(key).close()
        for key, container in wanted.items():
            if container.pid and key in self._readers:
                self._readers[key].container = container
            elif container.pid:
                self._open(container)
        self._idle = [container for container in wanted.values() if not container.pid]

    def collect(self) -> list[ContainerSample]:
        """Read all once. Containers that have gone are left out from then on, and `lost` says that there were any."""
        self.lost = False
        self._refresh_limits()
        samples = []
        for key, reader in list(self._readers.items()):
            try:
                sample = reader.read()
            except _GONE:
                sample = None
            if sample is None:
                self.lost = True
                self._readers.pop(key).close()
            else:
                samples.append(sample)
        return [*samples, *(ContainerSample(container=each) for each in self._idle)]

    def close(self) -> None:
        """Close all files; a second time does nothing."""
        while self._readers:
            self._readers.popitem()[1].close()

    def _open(self, container: Container) -> None:
        try:
            reader = Reader(self._driver, self._needs, container, keep=len(self._readers) < self._room)
        except _GONE:
            self.lost = True
        else:
            self._readers[container.key] = reader

    def _refresh_limits(self) -> None:
        if not self._needs.limits:
            return
        started = time.monotonic()
        for reader in sorted(self._readers.values(), key=lambda each: each.limits_at):
            now = time.monotonic()
            if now - reader.limits_at < LIMITS_AGE or now - started > LIMITS_BUDGET:
                return
            reader.refresh_limits()


class Reader:
    """The files of one running container. Raises an error of `_GONE` when it has just ended."""

    def __init__(self, driver: Driver, needs: Needs, container: Container, *, keep: bool) -> None:
        self.container = container
        self.limits_at = 0.0
        self._driver = driver
        self._needs = needs
        self._keep = keep
        self._limits: Limits | None = None
        self._location: Location | None = None
        self._sampler: Sampler | None = None
        if needs.groups:
            location = driver.locate(container.pid, container.id)
            # In the root cgroup a container has no counters of its own; those of the whole host would be a lie.
            self._location = None if location.path == "/" else location
            if needs.limits:
                self.refresh_limits()
        self._network = NetworkReader(container.pid) if needs.network else None

    def read(self) -> ContainerSample | None:
        """Return the counters; None once the container is gone."""
        network = self._network.read() if self._network is not None else None
        cgroup = self._read_cgroup() if self._location is not None else None
        if (network is None and self._network is not None) or (cgroup is None and self._location is not None):
            return None
        return ContainerSample(container=self.container, cgroup=cgroup, network=network, limits=self._limits)

    def refresh_limits(self) -> None:
        """Read the limits again; they stay as they were when the container has just gone."""
        self.limits_at = time.monotonic()
        if self._location is None:
            return
        try:
            self._limits = limits_of(self._driver.read(self._location))
        except _GONE:
            return

    def close(self) -> None:
        """Close the files."""
        if self._sampler is not None:
            self._sampler.close()
            self._sampler = None
        if self._network is not None:
            self._network.close()

    def _read_cgroup(self) -> CgroupSample | None:
        if self._sampler is None and self._location is not None:
            self._sampler = self._driver.sampler(self._location, self._needs.groups)
        if self._sampler is None:
            return None
        try:
            return self._sampler.read(time.monotonic_ns())
        finally:
            if not self._keep:
                self._sampler.close()
                self._sampler = None


def _same(wanted: Container | None, watched: Container) -> bool:
    return wanted is not None and wanted.pid == watched.pid


def _open_files() -> int:
    """Raise the soft limit of open files and return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, _FILES_WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return _FILES_WANTED if soft == resource.RLIM_INFINITY else soft
