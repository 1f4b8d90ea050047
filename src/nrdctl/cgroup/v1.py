"""The driver for cgroup v1, and for hybrid hosts, whose controllers are on v1.

Its answers are in v2's terms: shares become a weight, memory+swap becomes swap, the soft limit becomes memory.low.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from nrdctl.cgroup import files
from nrdctl.cgroup.cpu import DEFAULT_SHARES, weight_of_shares
from nrdctl.cgroup.driver import UNIFIED, Ceiling, FileWrite, Location, Reading
from nrdctl.cgroup.fileio import KeptFiles, read_optional, write_once
from nrdctl.cgroup.hierarchy import ancestors, container_paths
from nrdctl.cgroup.memory import swap_of_oci
from nrdctl.cgroup.own import CPUS, MEMS, Own
from nrdctl.cgroup.sample import V1_FILES, V2_FILES, CgroupSample, from_v1
from nrdctl.errors import NotFound
from nrdctl.model import limit
from nrdctl.model.cpuset import CpuSet

# key → (controller, file); memory.high has no counterpart.
_FILE_OF_KEY = {
    limit.CPU: ("cpu", files.V1_CPU_QUOTA),
    "period": ("cpu", files.V1_CPU_PERIOD),
    "burst": ("cpu", files.V1_CPU_BURST),
    limit.CPU_WEIGHT: ("cpu", files.V1_CPU_SHARES),
    CPUS: ("cpuset", files.CPUSET_CPUS),
    MEMS: ("cpuset", files.CPUSET_MEMS),
    limit.MEMORY: ("memory", files.V1_MEMORY_LIMIT),
    limit.MEMORY_LOW: ("memory", files.V1_MEMORY_SOFT_LIMIT),
    limit.SWAP: ("memory", files.V1_MEMSW_LIMIT),
    limit.PIDS: ("pids", files.PIDS_MAX),
}
# The base files that the v2 hierarchy of a hybrid host has without any controller.
_UNIFIED_FILES = {"cpu": (files.CPU_STAT,), "pressure": V2_FILES["pressure"]}


class V1Driver:
    """Reads and writes cgroups below v1 mounts; `mounts` is controller → mount point, with `""` for a v2 mount."""

    version = 1

    def __init__(self, mounts: Mapping[str, Path], *, proc: Path = Path("/proc")) -> None:
        self.mounts: Mapping[str, Path] = dict(mounts)
        self._proc = proc

    def locate(self, pid: int, container_id: str = "") -> Location:
        """Return the cgroup of the container that this process is the first of. Raises NotFound when it is gone.

        Controllers that have it in their root are left out: their files are the host's, not the container's.
        """
        process = self._proc / str(pid)
        try:
            cgroup, mountinfo = (process / "cgroup").read_text(), (process / "mountinfo").read_text()
        except (FileNotFoundError, ProcessLookupError):
            raise NotFound(f"process {pid} has just gone") from None
        paths = container_paths(cgroup, mountinfo, container_id)
        return Location(paths={name: path for name, path in paths.items() if name in self.mounts and path != "/"})

    def read(self, location: Location) -> Reading:
        """Read the limits, the cgroup's own and those of its ancestors. Raises NotFound when it is gone."""
        if location.paths and not self._directory(*_anchor(location)).is_dir():
            raise NotFound(f"the cgroup {location.path} has just gone")
        texts = {key: self._text(location, *place) for key, place in _FILE_OF_KEY.items()}
        above = ancestors(location.paths.get("cpuset", "/"))
        return Reading(
            path=location.path,
            own=_own({key: text for key, text in texts.items() if text is not None}),
            supported=frozenset(key for key, text in texts.items() if text is not None and key != "period"),
            ceilings=tuple(self._all_ceilings(location)),
            cpus_effective=self._granted([location.paths.get("cpuset", "/")], files.V1_CPUSET_CPUS_EFFECTIVE),
            mems_effective=self._granted([location.paths.get("cpuset", "/")], files.V1_CPUSET_MEMS_EFFECTIVE),
            parent_path=above[0] if above else "/",
            parent_cpus=self._granted(above[:1], files.V1_CPUSET_CPUS_EFFECTIVE),
            parent_mems=self._granted(above[:1], files.V1_CPUSET_MEMS_EFFECTIVE),
            cpu_idle=(self._text(location, "cpu", files.CPU_IDLE) or "0").strip() == "1",
        )

    def granted(self, path: str) -> tuple[CpuSet, CpuSet]:
        """Return the CPUs and NUMA nodes that the cgroup at `path`, or its nearest existing ancestor, really has."""
        paths = [path, *ancestors(path)]
        cpus = self._granted(paths, files.V1_CPUSET_CPUS_EFFECTIVE)
        return cpus, self._granted(paths, files.V1_CPUSET_MEMS_EFFECTIVE)

    def sampler(self, location: Location, groups: Iterable[str]) -> V1Sampler | None:
        """Open the counters of these groups; None when the cgroup is gone."""
        groups = tuple(groups)
        names = {
            name: self._directory(controller, location.paths[controller]) / name
            for group in groups
            for controller, name in V1_FILES.get(group, ())
            if controller in location.paths
        }
        kept = KeptFiles.open(self._directory(*_anchor(location)), names) if location.paths else None
        if kept is None:
            return None
        return V1Sampler(kept, self._unified(location, groups))

    def write(self, location: Location, write: FileWrite) -> None:
        """Write one file. Raises OSError as the kernel gave it."""
        write_once(self._directory(write.controller, location.paths[write.controller]) / write.name, write.text)

    def enable_cpuset(self, location: Location) -> None:
        """Do nothing: on v1 each mounted controller is there at every level."""

    def _unified(self, location: Location, groups: tuple[str, ...]) -> KeptFiles | None:
        """Open the v2 base files, if the container's processes are in a v2 cgroup of their own as well."""
        path = location.paths.get(UNIFIED, "/")
        if path == "/" or path != location.path:
            return None
        directory = self._directory(UNIFIED, path)
        names = {name: directory / name for group in groups for name in _UNIFIED_FILES.get(group, ())}
        return KeptFiles.open(directory, names)

    def _directory(self, controller: str, path: str) -> Path:
        return self.mounts[controller] / path.lstrip("/")

    def _text(self, location: Location, controller: str, name: str) -> str | None:
        if controller not in location.paths:
            return None
        return read_optional(self._directory(controller, location.paths[controller]) / name)

    def _granted(self, paths: list[str], name: str) -> CpuSet:
        """Return the effective set of the first of these cgroups that can be read, else the root's."""
        if "cpuset" not in self.mounts:
            return CpuSet()
        for path in (*paths, "/"):
            text = read_optional(self._directory("cpuset", path) / name)
            if text is not None:
                return CpuSet.from_file(text)
        return CpuSet()

    def _all_ceilings(self, location: Location) -> Iterable[Ceiling]:
        for controller, ceilings in (("cpu", _cpu_ceilings), ("memory", _memory_ceilings), ("pids", _pids_ceilings)):
            if controller in location.paths:
                for path in ancestors(location.paths[controller]):
                    yield from ceilings(path, self._directory(controller, path))


class V1Sampler:
    """The counters of one container on v1, over files that stay open."""

    def __init__(self, kept: KeptFiles, unified: KeptFiles | None) -> None:
        self._kept = kept
        self._unified = unified

    def read(self, time_ns: int) -> CgroupSample | None:
        """Return the counters, None once the cgroup is gone."""
        texts = self._kept.read()
        if texts is None:
            return None
        unified = self._unified.read() if self._unified is not None else None
        return from_v1(texts, inode=self._kept.inode, time_ns=time_ns, unified=unified or {})

    def close(self) -> None:
        """Close the files."""
        self._kept.close()
        if self._unified is not None:
            self._unified.close()


def _anchor(location: Location) -> tuple[str, str]:
    """Return the controller (and path) whose directory stands for the container."""
    for controller in ("cpu", "memory", "pids", "cpuacct"):
        if controller in location.paths:
            return controller, location.paths[controller]
    return next(iter(location.paths.items()))


def _cpu_ceilings(path: str, directory: Path) -> Iterable[Ceiling]:
    quota, period = read_optional(directory / files.V1_CPU_QUOTA), read_optional(directory / files.V1_CPU_PERIOD)
    if quota is not None and period is not None and int(quota) > 0:
        yield Ceiling(key=limit.CPU, path=path, value=int(quota) / int(period))


def _memory_ceilings(path: str, directory: Path) -> Iterable[Ceiling]:
    memory = _bytes(read_optional(directory / files.V1_MEMORY_LIMIT))
    if memory is not None:
        yield Ceiling(key=limit.MEMORY, path=path, value=memory)
    swap = swap_of_oci(memory, _bytes(read_optional(directory / files.V1_MEMSW_LIMIT)))
    if swap is not None:
        yield Ceiling(key=limit.SWAP, path=path, value=swap)


def _pids_ceilings(path: str, directory: Path) -> Iterable[Ceiling]:
    text = read_optional(directory / files.PIDS_MAX)
    value = None if text is None else files.parse_max(text)
    if value is not None:
        yield Ceiling(key=limit.PIDS, path=path, value=value)


def _own(texts: Mapping[str, str]) -> Own:
    quota = int(texts.get(limit.CPU, "-1"))
    shares = int(texts.get(limit.CPU_WEIGHT, str(DEFAULT_SHARES)))
    memory = _bytes(texts.get(limit.MEMORY))
    return Own(
        cpu_quota=quota if quota > 0 else None,
        cpu_period=int(texts.get("period", str(limit.DEFAULT_PERIOD))),
        cpu_burst=int(texts.get("burst", "0")),
        cpu_weight=weight_of_shares(shares),
        cpu_shares=shares,
        cpus=CpuSet.from_file(texts.get(CPUS, "")),
        mems=CpuSet.from_file(texts.get(MEMS, "")),
        memory_max=memory,
        memory_low=_bytes(texts.get(limit.MEMORY_LOW)) or 0,
        swap_max=swap_of_oci(memory, _bytes(texts.get(limit.SWAP))),
        pids_max=files.parse_max(texts.get(limit.PIDS, files.MAX)),
    )


def _bytes(text: str | None) -> int | None:
    return None if text is None else files.parse_v1_bytes(text)
