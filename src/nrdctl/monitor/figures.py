"""The figures that views are made of: a value for machines, a text for people."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nrdctl.render.human import size

if TYPE_CHECKING:
    from nrdctl.monitor.frame import Row

NONE = "–"
Number = float | int


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One column. `name` is its field in JSON and templates, where it shows `value`; tables show `show`.

    `rank`: a table that is too wide loses the lowest first, equal ones together; 0 is never shown in one. `width` is
    the least width, so that columns don't jump about as values change. `alert` says when the cell deserves a person's
    attention.
    """

    name: str
    header: str
    value: Callable[[Row], object]
    show: Callable[[Row], str]
    rank: int = 0
    width: int = 1
    left: bool = False
    alert: Callable[[Row], bool] | None = None


def number(
    name: str,
    header: str,
    value: Callable[[Row], Number | None],
    form: Callable[[Number], str] = str,
    **more: Any,
) -> Figure:
    """Return the figure of a number: tables show it by `form`, or as `–` where there is none."""

    def show(row: Row) -> str:
        found = value(row)
        return NONE if found is None else form(found)

    def machine(row: Row) -> Number | None:
        found = value(row)
        return round(found, 2) if isinstance(found, float) else found

    return Figure(name=name, header=header, value=machine, show=show, **more)


def word(name: str, header: str, value: Callable[[Row], str | None], *, left: bool = True, **more: Any) -> Figure:
    """Return the figure of a text."""
    return Figure(name=name, header=header, value=value, show=lambda row: value(row) or NONE, left=left, **more)


def stating(figure: Figure) -> Figure:
    """Return the figure with the container's state in its place in tables, where the container doesn't run."""
    return dataclasses.replace(figure, show=lambda row: figure.show(row) if row.container.pid else row.container.state)


def percent(value: Number) -> str:
    """Return a percentage with one digit after the point, without any from 1000 on.

    >>> percent(19.96), percent(1234.5)
    ('20.0', '1234')
    """
    return f"{value:.0f}" if value >= 999.95 else f"{value:.1f}"


def cpus(value: Number) -> str:
    """Return a number of CPUs.

    >>> cpus(0.25), cpus(2.0)
    ('0.25', '2')
    """
    return f"{value:.3f}".rstrip("0").rstrip(".")


def binary(value: Number) -> str:
    """Return bytes in binary units with three digits.

    >>> binary(999), binary(1023 * 1024), binary(50.25 * 2**20)
    ('999B', '1023KiB', '50.2MiB')
    """
    units = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
    if value < 1024:
        return f"{value:.0f}B"
    step = -1
    while value >= 1023.5 and step < len(units) - 1:
        value /= 1024
        step += 1
    return f"{value:.{0 if value >= 99.95 else 1 if value >= 9.995 else 2}f}{units[step]}"


def decimal(value: Number) -> str:
    """Return bytes in decimal units, as docker does for networks.

    >>> decimal(12345.6)
    '12.3kB'
    """
    return size(round(value))


def total(name: str, value: Number | None, form: Callable[[Number], str]) -> str:
    """Return one part of the line that sums a frame up.

    >>> total("CPU", 143.2, percent), total("CPU", None, percent)
    ('CPU 143.2', 'CPU –')
    """
    return f"{name} {NONE if value is None else form(value)}"
