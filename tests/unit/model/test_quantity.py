"""Sizes, CPUs and durations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nrdctl.model.quantity import format_bytes, parse_bytes, parse_cpus, parse_duration, parse_memory_swap


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1048576", 1048576),
        ("0", 0),
        ("1b", 1),
        ("1k", 1024),
        ("1K", 1024),
        ("1kb", 1024),
        ("1KiB", 1024),
        ("64Mi", 64 * 2**20),
        ("64m", 64 * 2**20),
        ("512m", 512 * 2**20),
        ("512M", 512 * 2**20),
        ("512MB", 512 * 2**20),
        ("1g", 2**30),
        ("1.5G", 3 * 2**29),
        (".5g", 2**29),
        ("1.g", 2**30),
        ("2t", 2**41),
        ("1p", 2**50),
        ("1.0000001k", 1024),
        ("0.1m", 104857),
    ],
)
def test_size(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize(
    "text",
    ["", "m", "-1", "1x", "1bb", "1mm", "1mib2", "5 m", " 5m", "1,5g", "1e6", "0x10", "1..5", "16e", "9999999t", "１m"],
)
def test_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="invalid size"):
        parse_bytes(text)


def test_huge_numbers_are_refused_quickly() -> None:
    with pytest.raises(ValueError, match="too many digits"):
        parse_bytes("9" * 100_000)


def test_memory_swap() -> None:
    assert parse_memory_swap("-1") == -1
    assert parse_memory_swap("1g") == 2**30
    with pytest.raises(ValueError, match="invalid size"):
        parse_memory_swap("-2")


@pytest.mark.parametrize(("text", "cpus"), [("1.5", 1.5), ("2", 2.0), (".5", 0.5), ("0.000000001", 1e-9)])
def test_cpus(text: str, cpus: float) -> None:
    assert parse_cpus(text) == cpus


@pytest.mark.parametrize("text", ["", "0", "0.0", "-1", "abc", "1e3", "0.0000000001", "nan", "inf", "1.5.2", "200m"])
def test_no_cpus(text: str) -> None:
    with pytest.raises(ValueError, match="invalid number of CPUs"):
        parse_cpus(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("1m30s", 90), ("1.5h", 5400), ("300ms", 0.3), ("2h45m", 9900), ("1us", 1e-6), ("100ns", 1e-7)],
)
def test_duration(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "s", "1x", "-1s", "1m 30s", "1m30", "1d"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="invalid duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1000, "1000 bytes"),
        (1024, "1 KiB"),
        (536870912, "512 MiB"),
        (3 * 2**29, "1.5 GiB"),
        (1234567, "1.18 MiB"),
    ],
)
def test_format(size: int, text: str) -> None:
    assert format_bytes(size) == text


@given(st.integers(min_value=0, max_value=2**63 - 1))
def test_plain_numbers_are_bytes(size: int) -> None:
    assert parse_bytes(str(size)) == size


@given(st.integers(min_value=0, max_value=2**13 - 1), st.sampled_from("kmgtp"), st.sampled_from(["", "b", "i", "ib"]))
def test_units_count_by_1024(number: int, unit: str, suffix: str) -> None:
    size = number * 1024 ** ("kmgtp".index(unit) + 1)
    if size < 2**63:
        assert parse_bytes(f"{number}{unit}{suffix}") == parse_bytes(f"{number}{unit}{suffix}".upper()) == size


@given(st.text(max_size=12))
def test_any_text_is_a_size_or_a_value_error(text: str) -> None:
    for parse in (parse_bytes, parse_cpus, parse_duration):
        try:
            value = parse(text)
        except ValueError:
            continue
        assert value >= 0
