"""The values of pipelines, by the rules of Go's text/template/exec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from nrdctl.render import gofmt
from nrdctl.render.gotemplate import nodes
from nrdctl.render.gotemplate.cursor import TemplateError
from nrdctl.render.gotemplate.functions import Function, FunctionError, Kind, invoke
from nrdctl.render.values import MISSING, Row, StringMap, truth, type_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MissingKey: TypeAlias = Literal["default", "error"]
"""What an absent key of a map is: `<no value>`, or an error (docker's `missingkey=error`). Never of a StringMap."""


class _NoArgument:
    """The type of _NONE."""


_NONE: Final = _NoArgument()  # "no value comes through the pipe", which nil and MISSING are not


class Program(NamedTuple):
    """A parsed template: its name, source, the bodies by template name, and the functions they call."""

    name: str
    source: str
    bodies: Mapping[str, nodes.Body]
    functions: Mapping[str, Function]
    missing_key: MissingKey = "default"

    def error(self, node: nodes.Node, message: str, template: str | None = None) -> TemplateError:
        """An error at a node, worded as Go's."""
        before = self.source[: node.pos]
        column = len(before.rpartition("\n")[2].encode("utf-8", "surrogateescape"))
        where = f"{self.name}:{before.count(chr(10)) + 1}:{column}"
        name = gofmt.quote(self.name if template is None else template)
        return TemplateError(f"template: {where}: executing {name} at <{node}>: {message}")


class Evaluator:
    """The values of one template body under way: its variables, and the node that an error would name."""

    def __init__(self, program: Program, name: str, data: object) -> None:
        self.program = program
        self.name = name
        self.variables: list[tuple[str, object]] = [("$", data)]
        self.node: nodes.Node = nodes.Dot(0)

    def error(self, message: str) -> TemplateError:
        """An error at the node that is being evaluated."""
        return self.program.error(self.node, message, self.name)

    def assign(self, name: str, value: object) -> None:
        """Give the innermost variable of that name a new value."""
        for at in range(len(self.variables) - 1, -1, -1):
            if self.variables[at][0] == name:
                self.variables[at] = (name, value)
                return
        raise self.error(f"undefined variable: {name}")

    def _variable(self, name: str) -> object:
        for known, value in reversed(self.variables):
            if known == name:
                return value
        raise self.error(f"undefined variable: {name}")

    def pipe(self, dot: object, pipe: nodes.Pipe) -> object:
        """The value of a pipeline; its variables are declared or assigned."""
        self.node = pipe
        value: object = _NONE
        for command in pipe.commands:
            value = self._command(dot, command, value)
        for variable in pipe.variables:
            if pipe.assigns:
                self.assign(variable.names[0], value)
            else:
                self.variables.append((variable.names[0], value))
        return value

    def _command(self, dot: object, command: nodes.Command, final: object) -> object:
        """The value of a command; `final` comes through the pipe and is its last argument."""
        first, rest = command.args[0], command.args[1:]
        match first:
            case nodes.Identifier():
                return self._function(dot, first, command, rest, final)
            case nodes.Field() | nodes.Variable() | nodes.Chain():
                return self._fields(dot, first, rest, final)
        if not isinstance(first, nodes.Pipe):
            self.node = first
        self._refuse_arguments(first, rest, final)
        if isinstance(first, nodes.Nil):
            raise self.error("nil is not a command")
        return self._constant(dot, first)

    def _refuse_arguments(self, operand: nodes.Operand, rest: Sequence[nodes.Operand], final: object) -> None:
        if rest or final is not _NONE:
            raise self.error(f"can't give argument to non-function {operand}")

    def _constant(self, dot: object, operand: nodes.Operand) -> object:
        match operand:
            case nodes.Dot():
                return dot
            case nodes.Bool() | nodes.Number():
                return operand.value
            case nodes.String():
                return operand.text
            case nodes.Pipe():
                return self.pipe(dot, operand)
        raise self.error(f"can't evaluate command {operand}")

    def _fields(
        self,
        dot: object,
        operand: nodes.Field | nodes.Variable | nodes.Chain,
        rest: Sequence[nodes.Operand],
        final: object,
    ) -> object:
        """The value of `.A.B`, `$x.A` or `(pipeline).A`; the last field gets the arguments."""
        self.node = operand
        names = operand.names
        if isinstance(operand, nodes.Variable):
            receiver = self._variable(names[0])
            names = names[1:]
            if not names:
                self._refuse_arguments(operand, rest, final)
        elif isinstance(operand, nodes.Chain):
            if isinstance(operand.operand, nodes.Nil):
                raise self.error(f"indirection through explicit nil in {operand}")
            receiver = self._argument(dot, "any", operand.operand)
        else:
            receiver = dot
        for at, name in enumerate(names):
            last = at == len(names) - 1
            kind = "interface {}" if at else type_name(receiver)
            receiver = self._field(dot, receiver, name, kind, (rest, final) if last else ((), _NONE))
        return receiver

    def _field(
        self, dot: object, receiver: object, name: str, kind: str, arguments: tuple[Sequence[nodes.Operand], object]
    ) -> object:
        match receiver:
            case None:
                raise self.error(f"nil pointer evaluating {'interface {}' if kind == '<nil>' else kind}.{name}")
            case Row():
                return self._row_field(dot, receiver, name, arguments)
            case dict():
                if arguments[0] or arguments[1] is not _NONE:
                    raise self.error(f"{name} is not a method but has arguments")
                if name in receiver:
                    return receiver[name]
                if self.program.missing_key == "error" and not isinstance(receiver, StringMap):
                    raise self.error(f"map has no entry for key {gofmt.quote(name)}")
                return MISSING
        if receiver is MISSING:
            if self.program.missing_key == "error":
                raise self.error(f"nil data; no entry for key {gofmt.quote(name)}")
            return MISSING
        raise self.error(f"can't evaluate field {name} in type {kind}")

    def _row_field(self, dot: object, row: Row, name: str, arguments: tuple[Sequence[nodes.Operand], object]) -> object:
        if name in row.shape.methods:
            method = row.shape.methods[name]
            function = Function(lambda text: method(row.item, text), ("string",))
        elif name in row.shape.fields:
            getter = row.shape.fields[name]
            function = Function(lambda: getter(row.item), ())
        else:
            raise self.error(f"can't evaluate field {name} in type {row.shape.name}")
        return self._apply(dot, function, name, self.node, arguments)

    def _function(
        self,
        dot: object,
        identifier: nodes.Identifier,
        command: nodes.Node,
        rest: Sequence[nodes.Operand],
        final: object,
    ) -> object:
        self.node = identifier
        function = self.program.functions[identifier.name]
        if identifier.name in ("and", "or"):
            return self._short_circuit(dot, identifier.name, rest, final)
        return self._apply(dot, function, identifier.name, command, (rest, final))

    def _short_circuit(self, dot: object, name: str, rest: Sequence[nodes.Operand], final: object) -> object:
        if not rest and final is _NONE:
            raise self.error(f"wrong number of args for {name}: want at least 1 got 0")
        value: object = MISSING
        for operand in rest:
            value = self._argument(dot, "any", operand)
            if truth(value) == (name == "or"):
                return value
        return value if final is _NONE else final

    def _apply(
        self,
        dot: object,
        function: Function,
        name: str,
        node: nodes.Node,
        arguments: tuple[Sequence[nodes.Operand], object],
    ) -> object:
        """Evaluate the arguments by the kinds of the parameters, and call."""
        rest, final = arguments
        count = len(rest) + (final is not _NONE)
        fixed = len(function.parameters)
        if function.rest is not None and count < fixed:
            raise self.error(f"wrong number of args for {name}: want at least {fixed} got {len(rest)}")
        if function.rest is None and count != fixed:
            raise self.error(f"wrong number of args for {name}: want {fixed} got {count}")
        kinds: list[Kind] = list(function.parameters)
        if function.rest is not None:
            kinds += [function.rest] * (count - fixed)
        values = [self._argument(dot, kind, operand) for kind, operand in zip(kinds, rest, strict=False)]
        if final is not _NONE:
            values.append(self._checked(final, kinds[-1]))
        try:
            return invoke(function, values)
        except FunctionError as error:
            self.node = node
            raise self.error(f"error calling {name}: {error}") from None

    def _argument(self, dot: object, kind: Kind, operand: nodes.Operand) -> object:
        self.node = operand
        match operand:
            case nodes.Nil():
                if kind in ("string", "int"):
                    raise self.error(f"cannot assign nil to {kind}")
                return None
            case nodes.Field() | nodes.Variable() | nodes.Chain():
                return self._checked(self._fields(dot, operand, (), _NONE), kind)
            case nodes.Identifier():
                return self._checked(self._function(dot, operand, operand, (), _NONE), kind)
            case nodes.Dot() | nodes.Pipe():
                return self._checked(self._constant(dot, operand), kind)
        return self._literal(kind, operand)

    def _literal(self, kind: Kind, operand: nodes.Bool | nodes.Number | nodes.String) -> object:
        if kind == "any":
            return self._constant(MISSING, operand)
        if kind == "string":
            if isinstance(operand, nodes.String):
                return operand.text
            raise self.error(f"expected string; found {operand}")
        if kind == "int":
            if isinstance(operand, nodes.Number) and operand.integer is not None:
                return operand.integer
            raise self.error(f"expected integer; found {operand}")
        raise self.error(f"can't handle {operand} for arg of type {kind}")

    def _checked(self, value: object, kind: Kind) -> object:
        """Refuse a value that a parameter of this kind can't take."""
        if kind == "any":
            return value
        if value is None or value is MISSING:
            if kind in ("string", "int"):
                raise self.error(f"invalid value; expected {kind}")
            return []
        good = {
            "string": isinstance(value, str),
            "int": isinstance(value, int) and not isinstance(value, bool),
            "[]string": isinstance(value, list | tuple) and all(isinstance(item, str) for item in value),
        }
        if not good[kind]:
            raise self.error(f"wrong type for value; expected {kind}; got {type_name(value)}")
        return value
