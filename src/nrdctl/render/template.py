"""Go's text/template as docker's `--format` uses it, with docker's functions and Go's error messages.

Known: text, fields, variables, `if`, `with`, `range`, `define`, `template`, `block`, pipes, parentheses, comments,
trim markers, literals. Not known: complex numbers, and calling functions held by the data.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from nrdctl.errors import InvalidArgument
from nrdctl.render.gotemplate import evaluate
from nrdctl.render.gotemplate.cursor import TemplateError
from nrdctl.render.gotemplate.expressions import MissingKey, Program
from nrdctl.render.gotemplate.functions import FUNCTIONS, Function
from nrdctl.render.gotemplate.parser import parse
from nrdctl.render.gotemplate.uses import Uses, find_uses

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Template:
    """A parsed template. InvalidArgument says what is wrong with it, when it is made or when it is executed."""

    def __init__(self, source: str, *, name: str = "") -> None:
        try:
            bodies = parse(name, source, FUNCTIONS)
        except (TemplateError, RecursionError) as error:
            raise _refusal(error) from None
        self._program = Program(name, source, bodies, FUNCTIONS)
        self._uses: Uses | None = None

    def execute(self, data: object, *, missing_key: MissingKey = "default") -> str:
        """Run the template over a value: dict, list, text, number, bool, None or Row."""
        out: list[str] = []
        try:
            evaluate.run(self._program._replace(missing_key=missing_key), data, out)
        except (TemplateError, RecursionError) as error:
            raise _refusal(error) from None
        return "".join(out)

    def execute_partly(self, data: object, functions: Mapping[str, Function]) -> str:
        """Run it with other functions; an error ends the text early and is not reported (docker's header line)."""
        out: list[str] = []
        with contextlib.suppress(TemplateError, RecursionError):
            evaluate.run(self._program._replace(functions=functions), data, out)
        return "".join(out)

    def fields(self) -> frozenset[str]:
        """The top-level fields that the text names; see `uses_whole` for `{{json .}}` and its like."""
        return frozenset(self._find_uses().fields)

    @property
    def uses_whole(self) -> bool:
        """Whether the data is used as a whole, so that any field may be needed."""
        return self._find_uses().whole

    def require_fields(self, known: Collection[str], type_name: str, *, hint: str | None = None) -> None:
        """Refuse a top-level field that is not known, in Go's words, before there is any data."""
        for name, node in self._find_uses().fields.items():
            if name not in known:
                error = self._program.error(node, f"can't evaluate field {name} in type {type_name}")
                raise _refusal(error, hint)

    def _find_uses(self) -> Uses:
        if self._uses is None:
            self._uses = find_uses(self._program.bodies, self._program.name)
        return self._uses


def _refusal(error: TemplateError | RecursionError, hint: str | None = None) -> InvalidArgument:
    text = "template is nested too deeply" if isinstance(error, RecursionError) else str(error)
    return InvalidArgument(f"template parsing error: {text}", hint=hint)
