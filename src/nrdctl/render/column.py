"""Columns, declared once per noun: the default table, `--format json`, templates, headers, and the fields' names.

A format is made ready before any data is fetched, so that a mistake in it costs nothing and a costly column (sizes on
disk) is computed only when it is shown:

    formatter = container_columns(now).prepare("table {{.ID}} {{.Size}}")
    rows = engine.list(size="Size" in formatter.fields)
    print(formatter.render(rows), end="")
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Generic, TypeVar

from nrdctl.render.formatter import CellFormatter, Formatter, JsonFormatter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A field of templates and JSON, its header in tables, and its value for an item.

    `--format json` does not ask for a costly column: its value must do without what it costs.
    """

    name: str
    header: str
    value: Callable[[T], object]
    costly: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Columns(Generic[T]):
    """All columns of a noun. `default` and `wide` name those of `--format table` and `--format wide`.

    `methods` are what templates call with one text (`{{.Label "x"}}`). `quiet` names the column that `--quiet` prints,
    `quiet_wins` says whether it does so beside a template too; `raw` is the template of `--format raw`.
    """

    noun: str
    columns: tuple[Column[T], ...]
    default: tuple[str, ...]
    wide: tuple[str, ...] = ()
    methods: Mapping[str, Callable[[T, str], object]] = dataclasses.field(default_factory=dict)
    quiet: str = "ID"
    quiet_wins: bool = False
    raw: str = ""
    raw_quiet: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that templates may use, in the order of their declaration."""
        return tuple(column.name for column in self.columns)

    @property
    def values(self) -> dict[str, Callable[[T], object]]:
        """What computes each field."""
        return {column.name: column.value for column in self.columns}

    @property
    def headers(self) -> dict[str, str]:
        """The header of each field."""
        return {column.name: column.header for column in self.columns}

    def prepare(self, format: str = "", *, quiet: bool = False) -> Formatter[T]:  # noqa: A002 - the flag's name
        """Read the argument of `--format`; InvalidArgument for a bad template or a field that does not exist.

        Known besides templates: `table` (also the empty string), `wide`, `json`, `raw`, and `table TEMPLATE`.
        """
        is_table = format in ("", "table", "wide")
        if quiet and format != "raw" and (is_table or self.quiet_wins):
            return self._cells((self.quiet,), is_table=False)
        if is_table:
            return self._cells(self.wide if format == "wide" and self.wide else self.default, is_table=True)
        if format == "json":
            return JsonFormatter(self.values, frozenset(column.name for column in self.columns if not column.costly))
        from nrdctl.render.templated import TemplateFormatter  # import cost

        source = self._raw(quiet) if format == "raw" else format.removeprefix("table")
        return TemplateFormatter(self, source, is_table=format.startswith("table"))

    def _cells(self, names: tuple[str, ...], *, is_table: bool) -> Formatter[T]:
        values, headers = self.values, self.headers
        cells = [(headers[name], values[name]) for name in names]
        return CellFormatter(cells, frozenset(names), is_table=is_table)

    def _raw(self, quiet: bool) -> str:
        """Lines of `key: value`, named after the headers unless the noun has its own."""
        if quiet:
            return self.raw_quiet or f"{{{{.{self.quiet}}}}}"
        keys = {name: header.lower().replace(" ", "_") for name, header in self.headers.items()}
        return self.raw or "".join(f"{keys[name]}: {{{{.{name}}}}}\n" for name in self.default)
