"""Go's fmt: verbs, flags, and what it prints for values that don't fit."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from nrdctl.render import gofmt
from nrdctl.render.values import MISSING, Row, Shape, StringMap

GOLDENS = json.loads((Path(__file__).parents[2] / "data" / "template_goldens.json").read_text())


def test_sprintf_prints_as_go() -> None:
    results = [(call, gofmt.sprintf(call[0], call[1:])) for call, _ in GOLDENS["printf"]]
    assert results == [(call, output) for call, output in GOLDENS["printf"]]
    assert len(results) > 500


def test_quote_as_go() -> None:
    assert [gofmt.quote(text) for text, _, _ in GOLDENS["quote"]] == [quoted for _, quoted, _ in GOLDENS["quote"]]


def test_bytes_that_are_no_utf8() -> None:
    text = b"a\xffb".decode("utf-8", "surrogateescape")
    assert gofmt.quote(text) == '"a\\xffb"'
    assert gofmt.sprintf("%x", [text]) == "61ff62"


def test_sprint_puts_spaces_between_operands_that_are_no_strings() -> None:
    assert gofmt.sprint([1, 2, "a", "b", 3, 4.5, None, True]) == "1 2ab3 4.5 <nil> true"


def test_rows_missing_keys_and_typed_maps() -> None:
    row = Row(Shape("thing", {"B": lambda _: 1, "A": lambda _: "x"}), None)
    assert (
        gofmt.sprintf("%v %v %T %T", [row, MISSING, StringMap(), row]) == "map[A:x B:1] <nil> map[string]string thing"
    )


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers(value: int) -> None:
    assert gofmt.sprintf("%d %x", [value, value]) == f"{value:d} {value:x}"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_shortest_floats_mean_the_same_number(value: float) -> None:
    assert float(gofmt.text(value)) == value


@given(st.floats(), st.integers(0, 12))
def test_floats_with_a_precision(value: float, precision: int) -> None:
    expected = f"{value:.{precision}f}"
    names = {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}
    assert gofmt.sprintf(f"%.{precision}f", [value]) == names.get(expected, expected)


@given(
    st.text("%+-# 0123456789.*²vsdqxfgtcUT!ab"),
    st.lists(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()), max_size=3),
)
def test_any_layout_prints_something(layout: str, values: list[object]) -> None:
    assert isinstance(gofmt.sprintf(layout, values), str)
