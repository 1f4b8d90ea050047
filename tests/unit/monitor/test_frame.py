"""Rates between two samples, histories, totals, order."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from nrdctl.monitor.cpuview import use
from nrdctl.monitor.frame import HISTORY, Frames, network_rates, ordered
from nrdctl.monitor.sample import ContainerSample, Counters
from tests.unit.monitor.made import HOST, NOON, cgroup, container, network, row, sample


def frames() -> Frames:
    return Frames(HOST, use)


def test_the_first_sample_has_counters_and_no_rates() -> None:
    frame = frames().next([sample(seconds=5, cpu_usec=1_000_000)], NOON)
    (only,) = frame.rows
    assert only.rates is None
    assert only.seconds is None
    assert only.cgroup is not None
    assert only.history == (None,)
    assert frame.totals.cpu_percent is None


@pytest.mark.parametrize(
    ("seconds", "used", "percent"),
    [(1.0, 1_000_000, 100.0), (1.0, 200_000, 20.0), (0.25, 500_000, 200.0), (1.0, 0, 0.0), (2.0, 1_000, 0.05)],
)
def test_cpu_percent_counts_one_cpu_as_100(seconds: float, used: int, percent: float) -> None:
    model = frames()
    model.next([sample(seconds=10, cpu_usec=7_000_000)], NOON)
    (only,) = model.next([sample(seconds=10 + seconds, cpu_usec=7_000_000 + used)], NOON).rows
    assert only.rates is not None
    assert only.rates.cpu_percent == pytest.approx(percent)
    assert only.seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("seconds", "counters"),
    [
        (11, {"inode": 8, "cpu_usec": 9_000_000}),  # another cgroup of the same name
        (11, {"cpu_usec": 100}),  # the counter went back
        (10, {"cpu_usec": 9_000_000}),  # no time has passed
    ],
)
def test_a_restarted_container_has_no_rates_until_the_next_sample(seconds: float, counters: dict[str, Any]) -> None:
    model = frames()
    model.next([sample(seconds=10, cpu_usec=8_000_000)], NOON)
    (only,) = model.next([sample(seconds=seconds, **counters)], NOON).rows
    assert only.rates is None
    assert only.history == (None, None)
    later = counters | {"cpu_usec": counters["cpu_usec"] + 500_000}
    (only,) = model.next([sample(seconds=seconds + 1, **later)], NOON).rows
    assert only.rates is not None
    assert only.rates.cpu_percent == pytest.approx(50.0)


def test_each_container_is_compared_with_itself_at_its_own_time() -> None:
    model = frames()
    model.next([sample("a", 1, cpu_usec=0), sample("b", 1.5, cpu_usec=0)], NOON)
    rows = model.next([sample("b", 2.0, cpu_usec=500_000), sample("a", 3, cpu_usec=1_000_000)], NOON).rows
    assert [(each.container.name, use(each)) for each in rows] == [("b", 100.0), ("a", 50.0)]


def test_containers_come_and_go() -> None:
    model = frames()
    model.next([sample("a", 1), sample("b", 1)], NOON)
    frame = model.next([sample("b", 2, cpu_usec=10_000), sample("c", 2)], NOON)
    assert [use(each) for each in frame.rows] == [1.0, None]
    frame = model.next([sample("a", 3)], NOON)  # as if new: no rate over the gap, no old history
    assert frame.rows[0].rates is None
    assert frame.rows[0].history == (None,)


def test_the_history_is_bounded_and_its_newest_value_is_the_last() -> None:
    model = frames()
    for second in range(HISTORY + 10):
        frame = model.next([sample(seconds=second, cpu_usec=second * second * 10_000)], NOON)
    history = frame.rows[0].history
    assert len(history) == HISTORY
    assert history[-1] == use(frame.rows[0])
    assert list(history) == sorted(history, key=lambda value: value or 0)


ETH0 = Counters(rx_bytes=1000, rx_packets=10, tx_bytes=500, tx_packets=5)
LATER = Counters(rx_bytes=3000, rx_packets=30, tx_bytes=600, tx_packets=6)


def test_network_rates_are_the_containers_view() -> None:
    rates = network_rates(network(1, eth0=ETH0), network(3, eth0=LATER))
    assert rates is not None
    assert (rates.rx_bytes, rates.tx_bytes, rates.rx_packets, rates.tx_packets) == (1000, 50, 10, 0.5)
    assert rates.seconds == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, network(3, eth0=LATER)),
        (network(1, eth0=ETH0), None),
        (network(1, eth0=ETH0), network(3, inode=5, eth0=LATER)),  # another network namespace
        (network(1, eth0=LATER), network(3, eth0=ETH0)),  # the interface was made anew
        (network(1, eth0=ETH0), network(1, eth0=LATER)),  # no time has passed
        (network(1, eth0=ETH0), dataclasses.replace(network(3), host=True)),
    ],
)
def test_network_samples_that_cannot_be_compared(before: object, after: object) -> None:
    assert network_rates(before, after) is None  # type: ignore[arg-type]


def test_an_interface_that_comes_or_goes_makes_no_rate() -> None:
    big = Counters(rx_bytes=10**12)
    rates = network_rates(network(1, eth0=ETH0, eth1=big), network(2, eth0=LATER, eth2=big))
    assert rates is not None
    assert rates.rx_bytes == 2000


def test_a_container_without_interfaces_has_no_traffic() -> None:
    rates = network_rates(network(1), network(2))
    assert rates is not None
    assert rates.rx_bytes == 0


def test_totals() -> None:
    model = Frames(HOST, use)

    def samples(seconds: float, used: int, traffic: Counters) -> list[ContainerSample]:
        shared = network(seconds, eth0=traffic)  # two containers of one pod
        return [
            ContainerSample(
                container=container(name), cgroup=cgroup(seconds, cpu_usec=used, memory_current=100), network=shared
            )
            for name in ("a", "b")
        ] + [ContainerSample(container=container("stopped", pid=0, state="exited"))]

    model.next(samples(1, 0, ETH0), NOON)
    totals = model.next(samples(2, 250_000, LATER), NOON).totals
    assert (totals.containers, totals.running) == (3, 2)
    assert (totals.cpu_percent, totals.memory_used) == (50.0, 200)
    assert (totals.rx_bytes, totals.tx_bytes) == (2000, 100)


@pytest.mark.parametrize(
    ("values", "reverse", "expected"),
    [
        ({"a": 1, "b": 3, "c": 2}, False, "b c a"),
        ({"a": 1, "b": 3, "c": 2}, True, "a c b"),
        ({"a": None, "b": 0.0, "c": 2}, False, "c b a"),
        ({"a": None, "b": 0.0, "c": 2}, True, "b c a"),
        ({"c": 1, "a": 1, "b": 1}, False, "a b c"),
        ({"a": "x", "b": "y", "c": None}, False, "a b c"),
        ({"a": "x", "b": "y", "c": None}, True, "b a c"),
        ({"b": None, "a": None}, True, "a b"),
    ],
)
def test_order(values: dict[str, object], reverse: bool, expected: str) -> None:
    found = ordered([row(name) for name in values], lambda each: values[each.container.name], reverse=reverse)
    assert " ".join(each.container.name for each in found) == expected
