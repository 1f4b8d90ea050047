"""Formats that are templates: `{{.ID}}`, `table {{.ID}} {{.Names}}`, `raw`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from nrdctl.render.formatter import Formatter
from nrdctl.render.gotemplate.functions import HEADER_FUNCTIONS
from nrdctl.render.template import Template
from nrdctl.render.values import Row, Shape

if TYPE_CHECKING:
    from nrdctl.render.column import Columns

T = TypeVar("T")


class TemplateFormatter(Formatter[T]):
    """A template over the columns of a noun; its header line is the same template over the headers."""

    def __init__(self, columns: Columns[T], source: str, *, is_table: bool) -> None:
        self._template = Template(unescape(source.strip(" ")))
        known = (*columns.names, *columns.methods)
        self._template.require_fields(known, columns.noun, hint="fields: " + ", ".join(known))
        used = self._template.fields()
        super().__init__(used.union(columns.names) if self._template.uses_whole else used, is_table=is_table)
        self._shape = Shape(columns.noun, columns.values, columns.methods)
        self._headers = _header_row(columns)

    def header(self) -> str:
        """The headers of the columns, by the functions that leave them whole."""
        return self._template.execute_partly(self._headers, HEADER_FUNCTIONS)

    def line(self, item: T) -> str:
        """The template's text for one item."""
        return self._template.execute(Row(self._shape, item))


def unescape(source: str) -> str:
    r"""Make `\t` and `\n` in the text of a template what they say; actions have their own string literals."""
    out: list[str] = []
    while source:
        text, brace, source = source.partition("{{")
        out.append(text.replace("\\t", "\t").replace("\\n", "\n"))
        if brace:
            action, brace_end, source = source.partition("}}")
            out += [brace, action, brace_end]
    return "".join(out)


def _header_row(columns: Columns[T]) -> Row:
    """What the header line is rendered from: each field is its header, `{{.Label "com.x.my-role"}}` is "my role"."""
    fields = {name: (lambda _, header=header: header) for name, header in columns.headers.items()}
    return Row(Shape(columns.noun, fields, dict.fromkeys(columns.methods, _header_of_label)), None)


def _header_of_label(_: object, label: str) -> str:
    return label.rpartition(".")[2].replace("-", " ").replace("_", " ")
