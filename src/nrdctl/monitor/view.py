"""What a view is: its figures, what must be read for them, and its columns for JSON and templates."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

from nrdctl.errors import InvalidArgument
from nrdctl.monitor.figures import Figure, number, word
from nrdctl.render.column import Column, Columns

if TYPE_CHECKING:
    from nrdctl.monitor.collector import Needs
    from nrdctl.monitor.frame import Frame, Row


@dataclasses.dataclass(frozen=True, kw_only=True)
class View:
    """One `nrdctl monitor` command. `main` names the figure that rows are ordered by at first.

    `history` is the number whose history is drawn beside it; a full bar stands for `top` of the row, at least. `total`
    sums a frame up in words.
    """

    kind: str
    needs: Needs
    figures: tuple[Figure, ...]
    main: str
    history: Callable[[Row], float | None]
    top: Callable[[Row], float]
    total: Callable[[Frame], str]

    def shown(self, *, namespaces: bool) -> tuple[Figure, ...]:
        """The figures of tables, the namespace only when it is asked for."""
        return tuple(each for each in self.figures if each.rank and (namespaces or each is not NAMESPACE))

    def figure(self, words: str) -> Figure:
        """Return the figure that a person means: its name or header, in any case. Raises InvalidArgument."""
        wanted = _letters(words)
        for figure in self.figures:
            if words == figure.header or (wanted and wanted in (_letters(figure.name), _letters(figure.header))):
                return figure
        known = ", ".join(figure.name for figure in self.figures)
        raise InvalidArgument(f"there is no column {words!r} to sort by", hint=f"columns are: {known}")

    def columns(self) -> Columns[Row]:
        """The fields of `--format json` and of templates."""
        columns = tuple(Column(figure.name, figure.header, figure.value) for figure in self.figures)
        default = tuple(figure.name for figure in self.shown(namespaces=True))
        return Columns(noun=f"monitor {self.kind}", columns=columns, default=default)


def over(value: Callable[[Row], float | None], bound: float) -> Callable[[Row], bool]:
    """Return an alert for when a number reaches a bound."""
    return lambda row: (value(row) or 0) >= bound


def _letters(words: str) -> str:
    return "".join(char for char in words.lower() if char.isalnum())


def _time(row: Row) -> str:
    return row.time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


NAME = word("Name", "NAME", lambda row: row.container.name, rank=100)
NAMESPACE = word("Namespace", "NAMESPACE", lambda row: row.container.namespace, rank=45)
# What every row tells, wherever its figures come from.
IDENTITY = (
    word("ID", "CONTAINER ID", lambda row: row.container.id),
    NAME,
    NAMESPACE,
    word("State", "STATE", lambda row: row.container.state),
    word("Time", "TIME", _time),
    number("Seconds", "SECONDS", lambda row: row.seconds),
)
