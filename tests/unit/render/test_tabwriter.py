"""The table writer: cells as wide as docker's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nrdctl.render.table import align, display_width

GOLDENS = json.loads((Path(__file__).parents[2] / "data" / "template_goldens.json").read_text())


def test_aligns_as_go() -> None:
    results = [align(text, min_width=width, padding=padding) for text, width, padding, _ in GOLDENS["align"]]
    assert results == [output for _, _, _, output in GOLDENS["align"]]


def test_the_table_of_docker_ps() -> None:
    text = 'CONTAINER ID\tIMAGE\tCOMMAND\tNAMES\n4f66ad9a0b2e\tubuntu\t"sh"\tweb\n'
    assert align(text) == (
        "CONTAINER ID   IMAGE     COMMAND   NAMES\n"
        "4f66ad9a0b2e   ubuntu    \"sh\"      web\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("abc", 3), ("日本", 4), ("é", 1), ("e\u0301", 1), ("…", 1), ("😀", 2), ("\x1b", 0), ("a\u200bb", 2)],
)
def test_width_on_a_terminal(text: str, width: int) -> None:
    assert display_width(text) == width


@given(st.lists(st.tuples(st.text("abc", max_size=20), st.text("xyz", max_size=9)), min_size=1, max_size=6))
def test_a_column_is_as_wide_as_its_widest_cell(rows: list[tuple[str, str]]) -> None:
    width = max(10, *(len(first) + 3 for first, _ in rows))
    expected = [first.ljust(width) + second for first, second in rows]
    assert align("\n".join("\t".join(row) for row in rows)).split("\n") == expected


@given(st.lists(st.lists(st.text("ab 日é", max_size=12), min_size=1, max_size=5), min_size=1, max_size=8))
def test_only_spaces_are_added(lines: list[list[str]]) -> None:
    output = align("\n".join("\t".join(line) for line in lines)).split("\n")
    assert [line.replace(" ", "") for line in output] == ["".join(line).replace(" ", "") for line in lines]
    assert [line.endswith(cells[-1]) for line, cells in zip(output, lines, strict=True)] == [True] * len(lines)
