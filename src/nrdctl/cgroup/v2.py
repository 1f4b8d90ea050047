"""The driver for cgroup v2."""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping
from pathlib import Path

from nrdctl.cgroup import files
from nrdctl.cgroup.driver import UNIFIED, Ceiling, FileWrite, Location, Reading
from nrdctl.cgroup.fileio import KeptFiles, read_optional, write_once
from nrdctl.cgroup.hierarchy import ancestors, container_paths
from nrdctl.cgroup.own import CPUS, MEMS, Own
from nrdctl.cgroup.sample import V2_FILES, CgroupSample, from_v2
from nrdctl.errors import Conflict, NotFound
from nrdctl.model import limit
from nrdctl.model.cpuset import CpuSet

_FILE_OF_KEY = {
    limit.CPU: files.CPU_MAX,
    "burst": files.CPU_MAX_BURST,
    limit.CPU_WEIGHT: files.CPU_WEIGHT,
    CPUS: files.CPUSET_CPUS,
    MEMS: files.CPUSET_MEMS,
    limit.MEMORY: files.MEMORY_MAX,
    limit.MEMORY_HIGH: files.MEMORY_HIGH,
    limit.MEMORY_LOW: files.MEMORY_LOW,
    limit.SWAP: files.MEMORY_SWAP_MAX,
    limit.PIDS: files.PIDS_MAX,
}
_CEILINGS = (
    (limit.MEMORY, files.MEMORY_MAX),
    (limit.MEMORY_HIGH, files.MEMORY_HIGH),
    (limit.SWAP, files.MEMORY_SWAP_MAX),
    (limit.PIDS, files.PIDS_MAX),
)


class V2Driver:
    """Reads and writes the cgroups below one cgroup2 mount."""

    version = 2

    def __init__(self, mount: Path, *, proc: Path = Path("/proc")) -> None:
        self._mount = mount
        self._proc = proc

    def locate(self, pid: int, container_id: str = "") -> Location:
        """Return the cgroup of the container that this process is the first of. Raises NotFound when it is gone."""
        process = self._proc / str(pid)
        try:
            cgroup, mountinfo = (process / "cgroup").read_text(), (process / "mountinfo").read_text()
        except (FileNotFoundError, ProcessLookupError):
            raise NotFound(f"process {pid} has just gone") from None
        paths = container_paths(cgroup, mountinfo, container_id)
        return Location(paths={UNIFIED: paths.get(UNIFIED, "/")})

    def read(self, location: Location) -> Reading:
        """Read the limits, the cgroup's own and those of its ancestors. Raises NotFound when it is gone."""
        path = location.path
        directory = self._directory(path)
        if not directory.is_dir():
            raise NotFound(f"the cgroup {path} has just gone")
        texts = {key: read_optional(directory / name) for key, name in _FILE_OF_KEY.items()}
        above = ancestors(path)
        parent = above[0] if above else "/"
        return Reading(
            path=path,
            own=_own({key: text for key, text in texts.items() if text is not None}),
            supported=frozenset(key for key, text in texts.items() if text is not None),
            ceilings=tuple(ceiling for each in above for ceiling in self._ceilings(each)),
            cpus_effective=self._granted([path, *above], files.CPUSET_CPUS_EFFECTIVE),
            mems_effective=self._granted([path, *above], files.CPUSET_MEMS_EFFECTIVE),
            parent_path=parent,
            parent_cpus=self._granted(above, files.CPUSET_CPUS_EFFECTIVE),
            parent_mems=self._granted(above, files.CPUSET_MEMS_EFFECTIVE),
            cpu_idle=(read_optional(directory / files.CPU_IDLE) or "0").strip() == "1",
        )

    def granted(self, path: str) -> tuple[CpuSet, CpuSet]:
        """Return the CPUs and NUMA nodes that the cgroup at `path`, or its nearest existing ancestor, really has."""
        paths = [path, *ancestors(path)]
        cpus = self._granted(paths, files.CPUSET_CPUS_EFFECTIVE)
        return cpus, self._granted(paths, files.CPUSET_MEMS_EFFECTIVE)

    def sampler(self, location: Location, groups: Iterable[str]) -> V2Sampler | None:
        """Open the counters of these groups; None when the cgroup is gone."""
        directory = self._directory(location.path)
        names = {name: directory / name for group in groups for name in V2_FILES.get(group, ())}
        kept = KeptFiles.open(directory, names)
        return None if kept is None else V2Sampler(kept)

    def write(self, location: Location, write: FileWrite) -> None:
        """Write one file, its fallback where the kernel answers ENOSPC. Raises OSError as the kernel gave it."""
        path = self._directory(location.path) / write.name
        try:
            write_once(path, write.text)
        except OSError as error:
            # Up to kernel 6.19 the CPUs of a cgroup with processes can't be cleared.
            if error.errno != errno.ENOSPC or write.fallback is None:
                raise
            write_once(path, write.fallback)

    def enable_cpuset(self, location: Location) -> None:
        """Enable the cpuset controller on the way down to the cgroup, where that is harmless.

        In a cgroup that has processes of its own the kernel would accept the write, and turn the subtree into a
        threaded one, in which no container can be started any more. Raises Conflict then.
        """
        parents = ["/", *reversed(ancestors(location.path))]
        missing = [each for each in parents if not self._passes_cpuset_on(each)]
        for path in missing:
            if path != "/" and (read_optional(self._directory(path) / files.CGROUP_PROCS) or "").strip():
                raise Conflict(
                    f"the cpuset controller can't be enabled: the cgroup {path} has processes of its own",
                    hint="move them into a cgroup below it, or start the container elsewhere (--cgroup-parent)",
                )
        for path in missing:
            write_once(self._directory(path) / files.CGROUP_SUBTREE_CONTROL, "+cpuset")

    def _passes_cpuset_on(self, path: str) -> bool:
        return "cpuset" in (read_optional(self._directory(path) / files.CGROUP_SUBTREE_CONTROL) or "").split()

    def _directory(self, path: str) -> Path:
        return self._mount / path.lstrip("/")

    def _granted(self, paths: list[str], name: str) -> CpuSet:
        """Return the effective set of the nearest cgroup that has one; the root's is all that is online."""
        for path in (*paths, "/"):
            text = read_optional(self._directory(path) / name)
            if text is not None:
                return CpuSet.from_file(text)
        return CpuSet()

    def _ceilings(self, path: str) -> Iterable[Ceiling]:
        directory = self._directory(path)
        text = read_optional(directory / files.CPU_MAX)
        if text is not None:
            quota, period = files.parse_cpu_max(text)
            if quota is not None:
                yield Ceiling(key=limit.CPU, path=path, value=quota / period)
        for key, name in _CEILINGS:
            text = read_optional(directory / name)
            value = None if text is None else files.parse_max(text)
            if value is not None:
                yield Ceiling(key=key, path=path, value=value)


class V2Sampler:
    """The counters of one v2 cgroup, over files that stay open."""

    def __init__(self, kept: KeptFiles) -> None:
        self._kept = kept

    def read(self, time_ns: int) -> CgroupSample | None:
        """Return the counters, None once the cgroup is gone."""
        texts = self._kept.read()
        return None if texts is None else from_v2(texts, inode=self._kept.inode, time_ns=time_ns)

    def close(self) -> None:
        """Close the files."""
        self._kept.close()


def _own(texts: Mapping[str, str]) -> Own:
    quota, period = files.parse_cpu_max(texts.get(limit.CPU, f"max {limit.DEFAULT_PERIOD}"))
    return Own(
        cpu_quota=quota,
        cpu_period=period,
        cpu_burst=int(texts.get("burst", "0")),
        cpu_weight=int(texts.get(limit.CPU_WEIGHT, str(limit.DEFAULT_WEIGHT))),
        cpus=CpuSet.from_file(texts.get(CPUS, "")),
        mems=CpuSet.from_file(texts.get(MEMS, "")),
        memory_max=files.parse_max(texts.get(limit.MEMORY, files.MAX)),
        memory_high=files.parse_max(texts.get(limit.MEMORY_HIGH, files.MAX)),
        memory_low=files.parse_low(texts.get(limit.MEMORY_LOW, "0")),
        swap_max=files.parse_max(texts.get(limit.SWAP, files.MAX)),
        pids_max=files.parse_max(texts.get(limit.PIDS, files.MAX)),
    )
