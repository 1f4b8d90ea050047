"""Sets of CPUs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nrdctl.model.cpuset import CpuSet

cpusets = st.builds(CpuSet.of, st.sets(st.integers(min_value=0, max_value=300)))


@pytest.mark.parametrize(
    ("text", "cpus", "canonical"),
    [
        ("0", {0}, "0"),
        ("0-3,8", {0, 1, 2, 3, 8}, "0-3,8"),
        ("1,0", {0, 1}, "0-1"),
        ("0,0,0-0", {0}, "0"),
        ("3,1-2", {1, 2, 3}, "1-3"),
        ("00-03", {0, 1, 2, 3}, "0-3"),
    ],
)
def test_parse(text: str, cpus: set[int], canonical: str) -> None:
    assert CpuSet.parse(text) == CpuSet.of(cpus)
    assert str(CpuSet.parse(text)) == canonical


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("1-0", "runs backwards"),
        ("abc", "neither a number nor a range"),
        ("0-", "neither"),
        ("-1", "neither"),
        ("0,", "neither"),
        ("0,,1", "neither"),
        ("0x3", "neither"),
        ("+1", "neither"),
        ("0.5", "neither"),
        ("0-3:1/2", "neither"),
        (" 0", "neither"),
        ("²", "neither"),
        ("0-99999999", "larger than any CPU"),
        ("99999999999999999999", "neither"),
    ],
)
def test_nonsense(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        CpuSet.parse(text)


def test_files_may_be_empty() -> None:
    assert CpuSet.from_file("\n") == CpuSet()
    assert CpuSet.from_file("0-3\n") == CpuSet.parse("0-3")
    assert not CpuSet()
    assert CpuSet().format() == ""


def test_algebra() -> None:
    one, other = CpuSet.parse("0-3"), CpuSet.parse("2-5")
    assert str(one | other) == "0-5"
    assert str(one & other) == "2-3"
    assert str(one - other) == "0-1"
    assert one & other <= one
    assert not one <= other
    assert 3 in one
    assert 4 not in one
    assert list(CpuSet.of([8, 1, 3])) == [1, 3, 8]
    assert len(one) == 4


@given(cpusets)
def test_round_trip(cpus: CpuSet) -> None:
    assert CpuSet.from_file(cpus.format()) == cpus
    assert hash(CpuSet.from_file(cpus.format())) == hash(cpus)


@given(cpusets, cpusets)
def test_set_laws(one: CpuSet, other: CpuSet) -> None:
    assert (one - other) | (one & other) == one
    assert one <= one | other
    assert (one <= other) == (set(one) <= set(other))
    assert sorted(set(one) | set(other)) == list(one | other)


@given(st.text(alphabet="0123456789-,x ", max_size=10))
def test_any_text_is_a_set_or_a_value_error(text: str) -> None:
    try:
        cpus = CpuSet.parse(text)
    except ValueError:
        return
    assert cpus
    assert CpuSet.parse(str(cpus)) == cpus
