"""What `container set ID KEY=VALUE…` and `container remove ID KEY…` mean, as integers.

The resource decides the grammar, so that an `m` is never ambiguous: `cpu=200m` is 0.2 CPU, `memory=512m` is 512 MiB
(as for docker, the kernel and systemd; Kubernetes spells that `512Mi`, which means the same here).

    cpu                                  200m | 1.5 | 50% (of one CPU) | 20000/100000 (µs of quota per period) | max
    cpu.weight                           1 to 10000; the kernel's default is 100
    memory memory.high memory.low swap   512m | 64Mi | 1.5G | 536870912 | 50% (of the host's memory) | max
    pids                                 1 to 4194304 | max
"""

from __future__ import annotations

import dataclasses

from nrdctl.model.keyvalue import parse_assignment
from nrdctl.model.quantity import format_bytes, parse_bytes, parse_decimal, split_unit

CPU = "cpu"
CPU_WEIGHT = "cpu.weight"
MEMORY = "memory"
MEMORY_HIGH = "memory.high"
MEMORY_LOW = "memory.low"
SWAP = "swap"
PIDS = "pids"
KEYS = (CPU, CPU_WEIGHT, MEMORY, MEMORY_HIGH, MEMORY_LOW, SWAP, PIDS)
SIZE_KEYS = (MEMORY, MEMORY_HIGH, MEMORY_LOW, SWAP)
_ALIASES = {"mem": MEMORY, "memory.max": MEMORY, "memory.swap": SWAP, "pids.max": PIDS, "cpu.max": CPU}
_UNLIMITED = ("max", "none", "unlimited")

DEFAULT_PERIOD = 100_000
LONGEST_PERIOD = 1_000_000
SHORTEST_PERIOD = 1_000
LEAST_QUOTA = 1_000
DEFAULT_WEIGHT = 100
MOST_WEIGHT = 10_000
MOST_PIDS = 4_194_304


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Assignment:
    """One `KEY=VALUE`. `amount` is None for `max`.

    The unit of `amount` is the key's: µs of CPU time per `period` for `cpu`, bytes for sizes, else a number. With
    `of_total` the amount is a share of the host's memory in millionths, which only the planner can turn into bytes.
    `period` is None where the cgroup's own period is to stay.
    """

    key: str
    text: str
    amount: int | None
    period: int | None = None
    of_total: bool = False

    @property
    def cpus(self) -> float | None:
        """The CPUs of a `cpu` assignment, None for `max`."""
        return None if self.amount is None else self.amount / (self.period or DEFAULT_PERIOD)

    def normalised(self) -> str:
        """Return the assignment in one spelling that `parse_limit` reads again: `cpu=20000/100000`, `memory=1024`."""
        if self.amount is None:
            return f"{self.key}=max"
        if self.of_total:
            return f"{self.key}={self.amount / 10_000:g}%"
        return f"{self.key}={self.amount}/{self.period}" if self.key == CPU else f"{self.key}={self.amount}"

    def describe(self) -> str:
        """Return the echo for a person: `memory: 512m → 536870912 bytes (512 MiB)`."""
        return f"{self.key}: {self.text} → {self._resolved()}"

    def _resolved(self) -> str:
        if self.amount is None:
            return "no limit"
        if self.of_total:
            return f"{self.amount / 10_000:g}% of the host's memory"
        if self.key == CPU:
            share = f"{self.cpus:g} CPU" + ("" if self.cpus == 1 else "s")
            return f"{self.amount} µs in each {self.period} µs ({share})"
        if self.key in SIZE_KEYS:
            human = format_bytes(self.amount)
            return human if human.endswith("bytes") else f"{self.amount} bytes ({human})"
        return str(self.amount)


def parse_limit(text: str) -> Assignment:
    """Parse one `KEY=VALUE`. Raises ValueError with a reason."""
    key, value = parse_assignment(text)
    return assign(key, value)


def parse_key(text: str) -> str:
    """Return the canonical key that a person's text names. Raises ValueError."""
    key = _ALIASES.get(text, text)
    if key in KEYS:
        return key
    if text in ("cpus", "cpuset", "cpuset.cpus", "mems"):
        raise ValueError(f"{text!r} is not set this way; use `container pin` and `container unpin`")
    raise ValueError(f"unknown limit {text!r}; the limits are {', '.join(KEYS)}")


def assign(key: str, value: str) -> Assignment:
    """Parse the value of one limit. Raises ValueError with a reason."""
    key = parse_key(key)
    if value in _UNLIMITED:
        if key == CPU_WEIGHT:
            raise ValueError("cpu.weight has no maximum; write 1 to 10000 (the default is 100)")
        if key == MEMORY_LOW:
            raise ValueError("memory.low protects memory, so `max` is no lack of a limit; write for example 256m")
        return Assignment(key=key, text=value, amount=None)
    if key == CPU:
        quota, period = _cpu(value)
        return Assignment(key=key, text=value, amount=quota, period=period)
    if key in SIZE_KEYS:
        amount, of_total = _size(key, value)
        return Assignment(key=key, text=value, amount=amount, of_total=of_total)
    most = MOST_WEIGHT if key == CPU_WEIGHT else MOST_PIDS
    return Assignment(key=key, text=value, amount=_count(key, value, most))


def removal(key: str) -> tuple[Assignment, ...]:
    """Return the assignments that take a limit away. Without its memory limit a container needs no swap limit."""
    key = parse_key(key)
    if key == CPU_WEIGHT:
        return (Assignment(key=key, text="default", amount=DEFAULT_WEIGHT),)
    if key == MEMORY_LOW:
        return (Assignment(key=key, text="default", amount=0),)
    keys = (MEMORY, SWAP) if key == MEMORY else (key,)
    return tuple(Assignment(key=each, text="max", amount=None) for each in keys)


def quota_for(millicpus: int) -> tuple[int, int]:
    """Return (quota, period) in µs. Below 10m the period is stretched, since the kernel wants a quota of 1 ms or more.

    >>> quota_for(200), quota_for(1)
    ((20000, 100000), (1000, 1000000))
    """
    quota = millicpus * DEFAULT_PERIOD // 1000
    if quota < LEAST_QUOTA:
        return millicpus * LONGEST_PERIOD // 1000, LONGEST_PERIOD
    return quota, DEFAULT_PERIOD


def _cpu(text: str) -> tuple[int, int]:
    if "/" in text:
        return _quota_and_period(text)
    number, unit = split_unit(text)
    digits, scale = parse_decimal(number or text, "cpu")
    if unit not in ("", "m", "%"):
        raise ValueError(f"invalid cpu {text!r}: write 200m, 1.5, 50% or 20000/100000")
    scale += {"": 0, "%": 2, "m": 3}[unit]
    if digits == 0:
        raise ValueError(f"invalid cpu {text!r}: it must be more than 0; `max` means no limit")
    if digits * 1000 % 10**scale:
        raise ValueError(f"invalid cpu {text!r}: a limit is a multiple of 1m (0.001 CPU)")
    millicpus: int = digits * 1000 // 10**scale
    if millicpus > 2**40:
        raise ValueError(f"invalid cpu {text!r}: it is larger than any host")
    return quota_for(millicpus)


def _quota_and_period(text: str) -> tuple[int, int]:
    first, _, second = text.partition("/")
    if not (_is_count(first) and _is_count(second)):
        raise ValueError(f"invalid cpu {text!r}: QUOTA/PERIOD are two whole numbers of microseconds")
    quota, period = int(first), int(second)
    if not SHORTEST_PERIOD <= period <= LONGEST_PERIOD:
        raise ValueError(f"invalid cpu {text!r}: the period must be {SHORTEST_PERIOD} to {LONGEST_PERIOD} µs")
    if quota < LEAST_QUOTA:
        raise ValueError(f"invalid cpu {text!r}: the quota must be {LEAST_QUOTA} µs or more")
    return quota, period


def _size(key: str, text: str) -> tuple[int, bool]:
    if not text:
        raise ValueError(f"{key} has no value; write for example {key}=512m, or {key}=max for no limit")
    if text.endswith("%"):
        digits, scale = parse_decimal(text[:-1], key)
        if not 0 < digits <= 100 * 10**scale:
            raise ValueError(f"invalid {key} {text!r}: a share of the host's memory is more than 0% and at most 100%")
        return digits * 10_000 // 10**scale, True
    size = parse_bytes(text)
    if size == 0 and key in (MEMORY, MEMORY_HIGH):
        raise ValueError(f"invalid {key} {text!r}: it must be more than 0; `max` means no limit")
    return size, False


def _count(key: str, text: str, most: int) -> int:
    if not _is_count(text) or not 1 <= int(text) <= most:
        raise ValueError(f"invalid {key} {text!r}: it is a whole number from 1 to {most}")
    return int(text)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 19
