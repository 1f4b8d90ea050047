"""A row of bars that shows how a figure went."""

from __future__ import annotations

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float | None], width: int, *, top: float) -> str:
    """Return the last `width` values as bars, the newest at the right; None is a gap.

    A full bar stands for `top`, or for the highest value when that is more.

    >>> sparkline([0, 50, None, 100], 6, top=100)
    '  ▁▅ █'
    """
    shown = values[-width:] if width > 0 else ()
    highest = max([top, *(value for value in shown if value is not None)], default=top)
    text = "".join(" " if value is None else _bar(value, highest) for value in shown)
    return text.rjust(max(width, 0))


def _bar(value: float, highest: float) -> str:
    if highest <= 0:
        return BARS[0]
    return BARS[min(len(BARS) - 1, max(0, round(value / highest * (len(BARS) - 1))))]
