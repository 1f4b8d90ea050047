"""From samples to frames: rates between two samples, histories, totals, and the order of the rows."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from nrdctl.cgroup.rates import Rates, rates

if TYPE_CHECKING:
    from datetime import datetime

    from nrdctl.cgroup.driver import HostFacts
    from nrdctl.cgroup.effective import Limits
    from nrdctl.cgroup.sample import CgroupSample
    from nrdctl.monitor.sample import Container, ContainerSample, NetworkSample

HISTORY = 60


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class NetworkRates:
    """What happened between two network samples, per second: bytes and packets, as the container sees them."""

    seconds: float
    rx_bytes: float
    tx_bytes: float
    rx_packets: float
    tx_packets: float


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One container in one frame. Rates are None in its first sample and when it was re-created since the last one.

    `history` holds the view's main figure, oldest first, with None where there was none.
    """

    container: Container
    time: datetime
    host: HostFacts
    cgroup: CgroupSample | None = None
    rates: Rates | None = None
    limits: Limits | None = None
    network: NetworkSample | None = None
    network_rates: NetworkRates | None = None
    history: tuple[float | None, ...] = ()

    @property
    def seconds(self) -> float | None:
        """The time that the rates are an average over."""
        rates = self.rates or self.network_rates
        return rates.seconds if rates else None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """Sums over the rows that have the figure; None when none has. A shared network namespace counts once."""

    containers: int
    running: int
    cpu_percent: float | None = None
    memory_used: int | None = None
    rx_bytes: float | None = None
    tx_bytes: float | None = None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """What is shown at one moment. `problem` says why the list of containers may be out of date."""

    rows: tuple[Row, ...]
    totals: Totals
    time: datetime
    problem: str = ""


class Frames:
    """Turns each set of samples into a frame, remembering the one before and the histories of the main figure."""

    def __init__(self, host: HostFacts, figure: Callable[[Row], float | None]) -> None:
        self._host = host
        self._figure = figure
        self._previous: dict[tuple[str, str], ContainerSample] = {}
        self._histories: dict[tuple[str, str], collections.deque[float | None]] = {}

    def next(self, samples: Iterable[ContainerSample], time: datetime, *, problem: str = "") -> Frame:
        """Return the frame of these samples. `time` is the time of day that it will show."""
        samples = list(samples)
        rows = tuple(self._row(sample, time) for sample in samples)
        self._previous = {sample.container.key: sample for sample in samples}
        self._histories = {key: self._histories[key] for key in self._previous}
        return Frame(rows=rows, totals=totals_of(rows), time=time, problem=problem)

    def _row(self, sample: ContainerSample, time: datetime) -> Row:
        key = sample.container.key
        previous = self._previous.get(key)
        row = Row(
            container=sample.container,
            time=time,
            host=self._host,
            cgroup=sample.cgroup,
            rates=cgroup_rates(previous, sample),
            limits=sample.limits,
            network=sample.network,
            network_rates=network_rates(previous.network if previous else None, sample.network),
        )
        history = self._histories.setdefault(key, collections.deque(maxlen=HISTORY))
        history.append(self._figure(row))
        return dataclasses.replace(row, history=tuple(history))


def cgroup_rates(previous: ContainerSample | None, current: ContainerSample) -> Rates | None:
    """Return the rates of the cgroup's counters, None where the two samples can't be compared."""
    if previous is None or previous.cgroup is None or current.cgroup is None:
        return None
    return rates(previous.cgroup, current.cgroup)


def network_rates(previous: NetworkSample | None, current: NetworkSample | None) -> NetworkRates | None:
    """Return the rates of the interfaces that both samples have.

    None where there is nothing to compare: another network namespace, the host's, a counter that went back.
    """
    if previous is None or current is None or current.host or previous.inode != current.inode:
        return None
    seconds = (current.time_ns - previous.time_ns) / 1e9
    if seconds <= 0:
        return None
    pairs = [
        (previous.interfaces[name], after) for name, after in current.interfaces.items() if name in previous.interfaces
    ]

    def per_second(name: str) -> float:
        change: int = sum(getattr(after, name) - getattr(before, name) for before, after in pairs)
        return change / seconds

    if any(after.rx_bytes < before.rx_bytes or after.tx_bytes < before.tx_bytes for before, after in pairs):
        return None
    return NetworkRates(
        seconds=seconds,
        rx_bytes=per_second("rx_bytes"),
        tx_bytes=per_second("tx_bytes"),
        rx_packets=per_second("rx_packets"),
        tx_packets=per_second("tx_packets"),
    )


def totals_of(rows: Sequence[Row]) -> Totals:
    """Add the rows up."""
    networks = {row.network.inode: row.network_rates for row in rows if row.network is not None}
    used = _sum(row.cgroup.working_set if row.cgroup else None for row in rows)
    return Totals(
        containers=len(rows),
        running=sum(row.container.pid != 0 for row in rows),
        cpu_percent=_sum(row.rates.cpu_percent if row.rates else None for row in rows),
        memory_used=None if used is None else int(used),
        rx_bytes=_sum(each.rx_bytes if each else None for each in networks.values()),
        tx_bytes=_sum(each.tx_bytes if each else None for each in networks.values()),
    )


def ordered(rows: Iterable[Row], value: Callable[[Row], object], *, reverse: bool = False) -> list[Row]:
    """Sort rows: numbers from high to low, texts from A to Z, those without a value last; `reverse` turns that round.

    Equal ones come by name, so that rows don't dance.
    """
    named = sorted(rows, key=lambda row: (row.container.name, row.container.key))
    present = [row for row in named if value(row) is not None]
    absent = [row for row in named if value(row) is None]
    numeric = all(isinstance(value(row), int | float) for row in present)
    present.sort(key=value, reverse=numeric != reverse)  # type: ignore[arg-type]
    return present + absent


def _sum(values: Iterable[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return sum(present) if present else None
