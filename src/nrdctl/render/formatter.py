"""What a `--format` becomes: something that turns items into output. Those without a template are here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from nrdctl.render.gofmt import text
from nrdctl.render.table import align

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

T = TypeVar("T")


class Formatter(Generic[T]):
    """A format made ready for a noun. `fields` are the columns and methods that rendering will ask for."""

    def __init__(self, fields: frozenset[str], *, is_table: bool) -> None:
        self.fields = fields
        self.is_table = is_table

    def render(self, items: Iterable[T]) -> str:
        """The whole output, newline included: a table with its header (even when it is empty), or a line per item."""
        if not self.is_table:
            return "".join(f"{self.line(item)}\n" for item in items)
        return align("".join(f"{line}\n" for line in (self.header(), *map(self.line, items))))

    def header(self) -> str:
        """The header line of a table, its cells separated by tabs."""
        raise NotImplementedError

    def line(self, item: T) -> str:
        """One item without header, alignment or newline: what a stream prints as things happen."""
        raise NotImplementedError


class CellFormatter(Formatter[T]):
    """Some columns, as cells separated by tabs."""

    def __init__(
        self, cells: Sequence[tuple[str, Callable[[T], object]]], fields: frozenset[str], *, is_table: bool
    ) -> None:
        super().__init__(fields, is_table=is_table)
        self._cells = cells

    def header(self) -> str:
        """The headers of the columns."""
        return "\t".join(header for header, _ in self._cells)

    def line(self, item: T) -> str:
        """The values of the columns."""
        return "\t".join(text(value(item)) for _, value in self._cells)


class JsonFormatter(Formatter[T]):
    """All columns as a JSON object per item."""

    def __init__(self, values: Mapping[str, Callable[[T], object]], fields: frozenset[str]) -> None:
        super().__init__(fields, is_table=False)
        self._values = sorted(values.items())

    def line(self, item: T) -> str:
        """One JSON object."""
        from nrdctl.render.jsontext import fields_line  # import cost

        return fields_line({name: value(item) for name, value in self._values})
