"""Running a parsed template over a value, by the rules of Go's text/template/exec."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from nrdctl.render import gofmt
from nrdctl.render.gotemplate import nodes
from nrdctl.render.gotemplate.expressions import Evaluator, Program
from nrdctl.render.values import MISSING, truth

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH: Final = 50  # templates within templates; Go allows 100 000


class _Break(Exception):  # noqa: N818 - no error
    """`{{break}}`."""


class _Continue(Exception):  # noqa: N818 - no error
    """`{{continue}}`."""


def run(program: Program, data: object, out: list[str]) -> None:
    """Execute a program; the text goes to `out` piece by piece, so that it is there up to an error."""
    _Execution(program, program.name, data, out).walk(program.bodies[program.name], data)


class _Execution(Evaluator):
    """One template body under way, with its output."""

    def __init__(self, program: Program, name: str, data: object, out: list[str], depth: int = 0) -> None:
        super().__init__(program, name, data)
        self.out = out
        self.depth = depth

    def walk(self, body: nodes.Body, dot: object) -> None:
        """Execute statements over the cursor `dot`."""
        for statement in body:
            match statement:
                case nodes.Text():
                    self.out.append(statement.text)
                case nodes.Action():
                    value = self.pipe(dot, statement.pipe)
                    if not statement.pipe.variables:
                        self.out.append(gofmt.text(value) if value is not MISSING else "<no value>")
                case nodes.Branch():
                    mark = len(self.variables)
                    self._branch(statement, dot)
                    del self.variables[mark:]
                case nodes.Call():
                    self._call(statement, dot)
                case nodes.Jump():
                    raise _Break if statement.keyword == "break" else _Continue

    def _branch(self, branch: nodes.Branch, dot: object) -> None:
        value = self.pipe(dot, branch.pipe)
        if branch.keyword == "range":
            self._range(branch, value, dot)
        elif truth(value):
            self.walk(branch.body, value if branch.keyword == "with" else dot)
        else:
            self.walk(branch.otherwise, dot)

    def _range(self, branch: nodes.Branch, value: object, dot: object) -> None:
        empty = True
        mark = len(self.variables)
        try:
            for key, element in self._entries(branch, value):
                empty = False
                self._set_loop_variables(branch.pipe, mark, key, element)
                with contextlib.suppress(_Continue):
                    self.walk(branch.body, element)
                del self.variables[mark:]
        except _Break:
            return
        if empty:
            self.walk(branch.otherwise, dot)

    def _entries(self, branch: nodes.Branch, value: object) -> Iterator[tuple[object, object]]:
        if value is None or value is MISSING:
            return iter(())
        if isinstance(value, dict):
            return iter(sorted(value.items()))
        if isinstance(value, list | tuple):
            return iter(enumerate(value))
        if isinstance(value, int) and not isinstance(value, bool):
            if len(branch.pipe.variables) > 1:
                raise self.error(f"can't use {value} to iterate over more than one variable")
            return ((MISSING, count) for count in range(value))
        raise self.error(f"range can't iterate over {gofmt.text(value)}")

    def _set_loop_variables(self, pipe: nodes.Pipe, mark: int, key: object, element: object) -> None:
        """Give the loop's variables this round's values: one variable is the element, two are key and element."""
        names = [variable.names[0] for variable in pipe.variables]
        values = [key, element] if len(names) > 1 else [element]
        for at, (name, value) in enumerate(zip(names, values, strict=False)):
            if pipe.assigns:
                self.assign(name, value)
            else:
                self.variables[mark - len(names) + at] = (name, value)

    def _call(self, call: nodes.Call, dot: object) -> None:
        self.node = call
        body = self.program.bodies.get(call.name)
        if body is None:
            raise self.error(f"template {gofmt.quote(call.name)} not defined")
        if self.depth >= MAX_DEPTH:
            raise self.error(f"exceeded maximum template depth ({MAX_DEPTH})")
        data = self.pipe(dot, call.pipe) if call.pipe else MISSING
        _Execution(self.program, call.name, data, self.out, self.depth + 1).walk(body, data)
