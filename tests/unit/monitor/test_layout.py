"""Tables that fit, and stay where they are."""

from __future__ import annotations

import dataclasses

import pytest

from nrdctl.monitor.layout import Layout
from nrdctl.monitor.sparkline import sparkline
from nrdctl.monitor.views import VIEWS
from nrdctl.render.table import display_width
from tests.unit.monitor.made import container, row
from tests.unit.monitor.test_views import BUSY, FULL, TALKING

CPU = VIEWS["cpu"]
ROWS = {"cpu": BUSY, "memory": FULL, "network": TALKING}
LONG = "k8s://kube-system/coredns-5d78c9869d-x2x7q/coredns-和-names"


def test_a_plain_table() -> None:
    assert Layout(CPU).lines([BUSY]) == [
        "NAME   CPU %  % OF LIMIT  LIMIT  THROTTLED %  CPUS  PIDS",
        "web     20.0        99.8    0.2         93.3   0-3     3",
    ]


@pytest.mark.parametrize("kind", VIEWS)
@pytest.mark.parametrize("width", [1, 5, 20, 40, 60, 79, 80, 100, 132, 200, 500])
@pytest.mark.parametrize("namespaces", [("default",), ("default", "k8s.io-of-this-long-name")])
def test_no_line_is_wider_than_the_window(kind: str, width: int, namespaces: tuple[str, ...]) -> None:
    rows = [
        dataclasses.replace(ROWS[kind], container=container(name, namespace=namespace), history=(1.0,) * 60)
        for namespace in namespaces
        for name in ("web", LONG)
    ]
    lines = Layout(VIEWS[kind], marks=True).lines(rows, width)
    assert len(lines) == len(rows) + 1
    assert max(display_width(line) for line in lines) <= width


@pytest.mark.parametrize("kind", VIEWS)
def test_80_columns_hold_what_matters(kind: str) -> None:
    header = Layout(VIEWS[kind], marks=True).lines([ROWS[kind]], 80)[0]
    needed = {
        "cpu": ["CPU %", "% OF LIMIT", "LIMIT", "THROTTLED %", "CPUS", "PIDS"],
        "memory": ["USED", "LIMIT", "%", "ANON", "FILE", "OOM KILLS"],
        "network": ["RX/s", "TX/s", "ERRORS", "DROPS", "RX TOTAL", "TX TOTAL"],
    }
    for title in ["NAME", *needed[kind]]:
        assert title in header


def test_in_a_narrow_window_name_and_main_figure_stay() -> None:
    long = dataclasses.replace(BUSY, container=container(LONG))
    assert Layout(CPU, marks=True).lines([long], 26) == ["NAME                 CPU %", "k8s://kube-system…    20.0"]


def test_the_namespace_is_shown_where_there_are_several() -> None:
    other = dataclasses.replace(BUSY, container=container("db", namespace="moby"))
    layout = Layout(CPU)
    assert "NAMESPACE" not in layout.lines([BUSY])[0]
    assert layout.lines([BUSY, other])[0].split()[:2] == ["NAME", "NAMESPACE"]
    assert "NAMESPACE" in layout.lines([BUSY])[0]  # the columns stay


def test_columns_do_not_shrink_again() -> None:
    layout = Layout(CPU)
    wide = layout.lines([dataclasses.replace(BUSY, container=container("a-rather-long-name"))])
    assert layout.lines([BUSY])[0] == wide[0]


def test_marks_say_what_colours_say() -> None:
    plain = Layout(CPU).lines([BUSY], 80)[1]
    assert "!" not in plain
    marked = Layout(CPU, marks=True).lines([BUSY], 80)[1]
    assert "99.8!" in marked
    assert "93.3!" in marked
    painted = Layout(CPU, marks=True, paint=lambda text, style: f"<{style}:{text}>").lines([BUSY], 80)
    assert painted[0].startswith("<header:NAME")
    assert "<alert:" in painted[1]
    assert "99.8!>" in painted[1]


def test_the_history_is_drawn_where_there_is_room() -> None:
    drawn = dataclasses.replace(BUSY, history=(None, 0.0, 10.0, 20.0))
    layout = Layout(CPU, marks=True)
    header, line = layout.lines([drawn], 100)
    assert header.endswith("HISTORY")
    assert line.endswith(" ▁▅█")
    assert "HISTORY" not in layout.lines([drawn], 60)[0]


@pytest.mark.parametrize(
    ("values", "width", "top", "expected"),
    [
        ([], 3, 1.0, "   "),
        ([0.0, 1.0], 4, 1.0, "  ▁█"),
        ([0.0, 50.0, 100.0], 3, 100.0, "▁▅█"),
        ([1.0, 2.0, 3.0], 2, 1.0, "▆█"),
        ([None, 1.0, None], 3, 1.0, " █ "),
        ([1.0, 1.0], 2, 100.0, "▁▁"),
        ([0.0], 1, 0.0, "▁"),
        ([1.0], 0, 1.0, ""),
    ],
)
def test_sparkline(values: list[float | None], width: int, top: float, expected: str) -> None:
    assert sparkline(values, width, top=top) == expected


def test_rows_without_anything() -> None:
    assert Layout(CPU).lines([])[0].startswith("NAME")
    assert Layout(CPU).lines([row()])[1].split() == ["web", *"––––––"]
