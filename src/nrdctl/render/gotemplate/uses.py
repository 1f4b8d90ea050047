"""Which fields of its data a template uses: what decides whether a costly column has to be computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from nrdctl.render.gotemplate import nodes

if TYPE_CHECKING:
    from collections.abc import Mapping


class Uses(NamedTuple):
    """Fields of the data with the first node that names each, and whether the data is used as a whole (`json .`)."""

    fields: Mapping[str, nodes.Node]
    whole: bool


def find_uses(bodies: Mapping[str, nodes.Body], main: str) -> Uses:
    """Walk the tree of a template; what can't be told from the text alone counts as use of the whole."""
    finder = _Finder(bodies)
    finder.body(bodies[main], dot=True, data=True)
    return Uses(finder.fields, finder.whole)


class _Finder:
    """`dot` and `data` say whether `.` and `$` are the template's data where the walk is."""

    def __init__(self, bodies: Mapping[str, nodes.Body]) -> None:
        self.bodies = bodies
        self.fields: dict[str, nodes.Node] = {}
        self.whole = False
        self.seen: set[tuple[str, bool]] = set()

    def body(self, body: nodes.Body, *, dot: bool, data: bool) -> None:
        for statement in body:
            match statement:
                case nodes.Action():
                    self.operand(statement.pipe, dot=dot, data=data)
                case nodes.Branch():
                    self.operand(statement.pipe, dot=dot, data=data)
                    self.body(statement.body, dot=dot and statement.keyword == "if", data=data)
                    self.body(statement.otherwise, dot=dot, data=data)
                case nodes.Call():
                    self.call(statement, dot=dot, data=data)

    def call(self, call: nodes.Call, *, dot: bool, data: bool) -> None:
        passed = False
        if call.pipe is not None:
            operands = [operand for command in call.pipe.commands for operand in command.args]
            passed = len(operands) == 1 and _is_data(operands[0], dot=dot, data=data)
            if not passed:
                self.operand(call.pipe, dot=dot, data=data)
        if (call.name, passed) not in self.seen:
            self.seen.add((call.name, passed))
            self.body(self.bodies.get(call.name, ()), dot=passed, data=passed)

    def operand(self, operand: nodes.Operand, *, dot: bool, data: bool) -> None:
        match operand:
            case nodes.Pipe():
                for command in operand.commands:
                    for argument in command.args:
                        self.operand(argument, dot=dot, data=data)
            case nodes.Chain():
                self.operand(operand.operand, dot=dot, data=data)
            case nodes.Field() if dot:
                self.fields.setdefault(operand.names[0], operand)
            case nodes.Variable() if data and operand.names[0] == "$" and len(operand.names) > 1:
                self.fields.setdefault(operand.names[1], operand)
            case _:
                self.whole = self.whole or _is_data(operand, dot=dot, data=data)


def _is_data(operand: nodes.Operand, *, dot: bool, data: bool) -> bool:
    """Whether an operand is the data itself."""
    return (dot and isinstance(operand, nodes.Dot)) or (
        data and isinstance(operand, nodes.Variable) and operand.names == ("$",)
    )
