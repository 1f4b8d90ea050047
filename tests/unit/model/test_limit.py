"""`container set KEY=VALUE`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nrdctl.model.limit import KEYS, Assignment, assign, parse_key, parse_limit, quota_for, removal

MIB = 2**20


@pytest.mark.parametrize(
    ("text", "amount", "period"),
    [
        ("cpu=200m", 20_000, 100_000),
        ("cpu=1.5", 150_000, 100_000),
        ("cpu=2", 200_000, 100_000),
        ("cpu=50%", 50_000, 100_000),
        ("cpu=150%", 150_000, 100_000),
        ("cpu=12.5%", 12_500, 100_000),
        ("cpu=20000/100000", 20_000, 100_000),
        ("cpu=5000/10000", 5_000, 10_000),
        ("cpu=205m", 20_500, 100_000),
        ("cpu=10m", 1_000, 100_000),
        ("cpu=9m", 9_000, 1_000_000),
        ("cpu=1m", 1_000, 1_000_000),
        ("cpu=0.001", 1_000, 1_000_000),
        ("cpu=200", 20_000_000, 100_000),
        ("cpu=max", None, None),
        ("cpu.max=max", None, None),
    ],
)
def test_cpu(text: str, amount: int | None, period: int | None) -> None:
    assignment = parse_limit(text)
    assert (assignment.key, assignment.amount, assignment.period) == ("cpu", amount, period)


@pytest.mark.parametrize(
    ("text", "key", "amount"),
    [
        ("memory=64Mi", "memory", 64 * MIB),
        ("memory=64m", "memory", 64 * MIB),
        ("memory=67108864", "memory", 64 * MIB),
        ("memory=512m", "memory", 512 * MIB),
        ("memory=512M", "memory", 512 * MIB),
        ("mem=1.5g", "memory", 1536 * MIB),
        ("memory=max", "memory", None),
        ("memory=none", "memory", None),
        ("memory.high=100m", "memory.high", 100 * MIB),
        ("memory.low=0", "memory.low", 0),
        ("swap=0", "swap", 0),
        ("swap=max", "swap", None),
        ("pids=100", "pids", 100),
        ("pids=max", "pids", None),
        ("pids.max=5", "pids", 5),
        ("cpu.weight=300", "cpu.weight", 300),
    ],
)
def test_numbers(text: str, key: str, amount: int | None) -> None:
    assignment = parse_limit(text)
    assert (assignment.key, assignment.amount, assignment.of_total) == (key, amount, False)


def test_share_of_the_hosts_memory() -> None:
    assert parse_limit("memory=12.5%") == Assignment(key="memory", text="12.5%", amount=125_000, of_total=True)
    assert parse_limit("memory=50%").normalised() == "memory=50%"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("cpu", "not of the form KEY=VALUE"),
        ("=1", "not of the form"),
        ("cpu=", "not a number"),
        ("cpu=0", "more than 0"),
        ("cpu=0%", "more than 0"),
        ("cpu=-1", "not a number"),
        ("cpu=abc", "not a number"),
        ("cpu=0.5m", "multiple of 1m"),
        ("cpu=0.0005", "multiple of 1m"),
        ("cpu=1e3", "write 200m, 1.5"),
        ("cpu=200M", "write 200m, 1.5"),
        ("cpu=20000us", "write 200m"),
        ("cpu=20000,100000", "write 200m"),
        ("cpu=500/100000", "quota must be 1000"),
        ("cpu=20000/500", "period must be 1000 to 1000000"),
        ("cpu=20000/2000000", "period must be"),
        ("cpu=20000/", "two whole numbers"),
        ("cpu=99999999999999", "larger than any host"),
        ("cpu.weight=0", "from 1 to 10000"),
        ("cpu.weight=10001", "from 1 to 10000"),
        ("cpu.weight=max", "no maximum"),
        ("cpu.weight=50.5", "from 1 to 10000"),
        ("memory=", "has no value"),
        ("memory=0", "more than 0"),
        ("memory=-1", "invalid size"),
        ("memory=512e6", "unknown unit"),
        ("memory=16E", "larger than any memory"),
        ("memory=512 M", "unknown unit"),
        ("memory=101%", "at most 100%"),
        ("memory=0%", "more than 0%"),
        ("memory.low=max", "protects"),
        ("memory=\n", "invalid size"),
        ("pids=0", "from 1 to 4194304"),
        ("pids=-1", "from 1 to"),
        ("pids=4194305", "from 1 to"),
        ("pids=5k", "from 1 to"),
        ("cpus=2", "container pin"),
        ("foo=1", "unknown limit 'foo'; the limits are cpu, cpu.weight"),
    ],
)
def test_nonsense(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_limit(text)


@pytest.mark.parametrize(
    ("text", "echo"),
    [
        ("memory=512m", "memory: 512m → 536870912 bytes (512 MiB)"),
        ("memory=512", "memory: 512 → 512 bytes"),
        ("memory=50%", "memory: 50% → 50% of the host's memory"),
        ("cpu=200m", "cpu: 200m → 20000 µs in each 100000 µs (0.2 CPUs)"),
        ("cpu=1", "cpu: 1 → 100000 µs in each 100000 µs (1 CPU)"),
        ("cpu=max", "cpu: max → no limit"),
        ("pids=100", "pids: 100 → 100"),
    ],
)
def test_echo(text: str, echo: str) -> None:
    assert parse_limit(text).describe() == echo


def test_removal() -> None:
    assert [each.normalised() for each in removal("cpu")] == ["cpu=max"]
    assert [each.normalised() for each in removal("mem")] == ["memory=max", "swap=max"]
    assert [each.normalised() for each in removal("pids")] == ["pids=max"]
    assert [each.normalised() for each in removal("cpu.weight")] == ["cpu.weight=100"]
    assert [each.normalised() for each in removal("memory.low")] == ["memory.low=0"]
    with pytest.raises(ValueError, match="unknown limit"):
        removal("foo")


def test_every_key_is_known_to_all() -> None:
    for key in KEYS:
        assert parse_key(key) == key
        assert removal(key)[0].key == key
        assert assign(key, "100m" if key == "cpu" else "100").key == key


@given(st.sampled_from(KEYS), st.integers(min_value=1, max_value=10_000))
def test_normalised_reads_the_same(key: str, number: int) -> None:
    assignment = parse_limit(f"{key}={number}m" if key == "cpu" else f"{key}={number}")
    again = parse_limit(assignment.normalised())
    assert (again.amount, again.period) == (assignment.amount, assignment.period)


@given(st.integers(min_value=1, max_value=10**6))
def test_quota_is_exact_and_accepted_by_the_kernel(millicpus: int) -> None:
    quota, period = quota_for(millicpus)
    assert quota * 1000 == millicpus * period
    assert quota >= 1000
    assert 1000 <= period <= 1_000_000
