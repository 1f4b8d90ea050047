"""What stands inside an action: pipelines of commands, operands, declarations of variables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from nrdctl.render.gofmt import quote
from nrdctl.render.gotemplate import literals, nodes
from nrdctl.render.gotemplate.cursor import Cursor

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from nrdctl.render.gotemplate.lexer import Token

MAX_DEPTH: Final = 60  # of parentheses; Go allows 10 000, this keeps Python's own stack out of reach
_OPERANDS: Final = frozenset(
    {"bool", "charconst", "dot", "field", "identifier", "number", "nil", "string", "variable", "("}
)


class PipelineParser(Cursor):
    """The parser of pipelines; it knows the functions and the variables in sight."""

    def __init__(self, name: str, source: str, functions: Collection[str]) -> None:
        super().__init__(name, source)
        self.functions = functions
        self.variables = ["$"]
        self.depth = 0

    def pipeline(self, context: str, end: Literal["}}", ")"]) -> nodes.Pipe:
        """Parse a pipeline and take the token that ends it."""
        pos = self.skip_space().pos
        variables, assigns = self._declarations(context)
        commands: list[nodes.Command] = []
        while (token := self.skip_space()).kind != end:
            if token.kind not in _OPERANDS:
                self.next()
                raise self.unexpected(token, context)
            commands.append(self._command())
        self.next()
        if not commands:
            raise self.error(f"missing value for {context}")
        for stage, command in enumerate(commands[1:], 2):
            if isinstance(command.args[0], nodes.Bool | nodes.Dot | nodes.Nil | nodes.Number | nodes.String):
                raise self.error(f"non executable command in pipeline stage {stage}")
        return nodes.Pipe(pos, tuple(variables), assigns, tuple(commands))

    def _declarations(self, context: str) -> tuple[Sequence[nodes.Variable], bool]:
        """Parse `$x :=`, `$x =` or `$i, $v :=`; gives no variables when the pipeline starts otherwise."""
        variables: list[nodes.Variable] = []
        while (token := self.skip_space()).kind == "variable":
            start = self.at
            self.next()
            sign = self.skip_space()
            if sign.kind not in ("=", ":=") and sign.text != ",":
                self.at = start
                break
            self.next()
            variables.append(nodes.Variable(token.pos, (token.text,)))
            self.variables.append(token.text)
            if sign.kind in ("=", ":="):
                return variables, sign.kind == "="
            if context != "range" or len(variables) > 1:
                raise self.error(f"too many declarations in {context}")
            if self.skip_space().kind not in ("variable", "}}", ")"):
                raise self.error("range can only initialize variables")
        return variables, False

    def _command(self) -> nodes.Command:
        pos = self.skip_space().pos
        args: list[nodes.Operand] = []
        while True:
            self.skip_space()
            operand = self._operand()
            if operand is not None:
                args.append(operand)
            token = self.next()
            if token.kind == "space":
                continue
            if token.kind in ("}}", ")"):
                self.at -= 1
            elif token.kind != "|":
                raise self.unexpected(token, "operand")
            break
        if not args:
            raise self.error("empty command")
        return nodes.Command(pos, tuple(args))

    def _operand(self) -> nodes.Operand | None:
        """Parse a term and the fields that follow it without a space."""
        term = self._term()
        if term is None or self.peek().kind != "field":
            return term
        pos = self.peek().pos
        names: list[str] = []
        while self.peek().kind == "field":
            names.append(self.next().text[1:])
        if isinstance(term, nodes.Field):
            return nodes.Field(pos, (*term.names, *names))
        if isinstance(term, nodes.Variable):
            return nodes.Variable(pos, (*term.names, *names))
        if isinstance(term, nodes.Bool | nodes.String | nodes.Number | nodes.Nil | nodes.Dot):
            raise self.error(f"unexpected . after term {quote(str(term))}")
        return nodes.Chain(pos, term, tuple(names))

    def _term(self) -> nodes.Operand | None:
        token = self.skip_space()
        if token.kind not in _OPERANDS:
            return None
        self.next()
        match token.kind:
            case "identifier":
                if token.text not in self.functions:
                    raise self.error(f"function {quote(token.text)} not defined")
                return nodes.Identifier(token.pos, token.text)
            case "variable":
                if token.text not in self.variables:
                    raise self.error(f"undefined variable {quote(token.text)}")
                return nodes.Variable(token.pos, (token.text,))
            case "(":
                return self._parenthesized()
            case "dot":
                return nodes.Dot(token.pos)
            case "nil":
                return nodes.Nil(token.pos)
            case "field":
                return nodes.Field(token.pos, (token.text[1:],))
        return self._literal(token)

    def _literal(self, token: Token) -> nodes.Operand:
        if token.kind == "bool":
            return nodes.Bool(token.pos, token.text == "true")
        if token.kind == "string":
            return nodes.String(token.pos, token.text, self.unquote(token))
        try:
            if token.kind == "charconst":
                code = literals.char_code(token.text)
                return nodes.Number(token.pos, token.text, code, code)
            return nodes.Number(token.pos, token.text, *literals.number(token.text))
        except literals.LiteralError as error:
            raise self.error(str(error)) from None

    def _parenthesized(self) -> nodes.Pipe:
        if self.depth >= MAX_DEPTH:
            raise self.error("max expression depth exceeded")
        self.depth += 1
        pipe = self.pipeline("parenthesized pipeline", ")")
        self.depth -= 1
        return pipe

    def unquote(self, token: Token) -> str:
        """The meaning of a string token."""
        try:
            return literals.unquote(token.text)
        except literals.LiteralError as error:
            raise self.error(str(error)) from None
