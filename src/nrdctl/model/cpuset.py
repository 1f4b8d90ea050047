"""Sets of CPUs (or of NUMA nodes) in the kernel's list format, `0-3,8`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

# The largest CONFIG_NR_CPUS of any architecture is 8192; the bound keeps "0-4000000000" from eating the memory.
_MOST = 65536


@dataclasses.dataclass(frozen=True, slots=True)
class CpuSet:
    """An immutable set of CPU numbers. The empty set is falsy and means "not pinned" where a limit is described."""

    cpus: frozenset[int] = frozenset()

    @classmethod
    def of(cls, cpus: Iterable[int]) -> CpuSet:
        """Return the set of these CPUs."""
        return cls(frozenset(cpus))

    @classmethod
    def parse(cls, text: str) -> CpuSet:
        """Parse a person's list such as `0-3,8`. Raises ValueError for an empty or a malformed one."""
        if not text:
            raise ValueError("invalid list '': it is empty; write for example 0-3,8")
        cpus: set[int] = set()
        for part in text.split(","):
            cpus.update(_range(text, part))
        return cls(frozenset(cpus))

    @classmethod
    def from_file(cls, text: str) -> CpuSet:
        """Parse what a kernel file says; white space around it is dropped, an empty file is the empty set."""
        text = text.strip()
        return cls.parse(text) if text else cls()

    def format(self) -> str:
        """Return the canonical list: ascending, runs as ranges (`0-3,8`); the empty set gives an empty text."""
        runs: list[list[int]] = []
        for cpu in self:
            if runs and runs[-1][1] == cpu - 1:
                runs[-1][1] = cpu
            else:
                runs.append([cpu, cpu])
        return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)

    def __str__(self) -> str:
        return self.format()

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self.cpus))

    def __len__(self) -> int:
        return len(self.cpus)

    def __bool__(self) -> bool:
        return bool(self.cpus)

    def __contains__(self, cpu: object) -> bool:
        return cpu in self.cpus

    def __or__(self, other: CpuSet) -> CpuSet:
        return CpuSet(self.cpus | other.cpus)

    def __and__(self, other: CpuSet) -> CpuSet:
        return CpuSet(self.cpus & other.cpus)

    def __sub__(self, other: CpuSet) -> CpuSet:
        return CpuSet(self.cpus - other.cpus)

    def __le__(self, other: CpuSet) -> bool:
        return self.cpus <= other.cpus


def _range(text: str, part: str) -> range:
    first, dash, last = part.partition("-")
    if not _is_number(first) or (dash and not _is_number(last)):
        raise ValueError(f"invalid list {text!r}: {part!r} is neither a number nor a range; write for example 0-3,8")
    start, end = int(first), int(last) if dash else int(first)
    if end < start:
        raise ValueError(f"invalid list {text!r}: the range {part} runs backwards")
    if end >= _MOST:
        raise ValueError(f"invalid list {text!r}: {end} is larger than any CPU's number")
    return range(start, end + 1)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 10
