"""Go's text/template grammar: from tokens to the tree of `nodes`, with Go's error messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from nrdctl.render.gofmt import quote
from nrdctl.render.gotemplate import nodes
from nrdctl.render.gotemplate.pipelines import PipelineParser

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from nrdctl.render.gotemplate.lexer import Token


class _End(NamedTuple):
    """Where a body stopped: at `{{end}}` or at `{{else`, with the keyword that follows the else."""

    keyword: Literal["end", "else"]
    chained: str = ""

    def __str__(self) -> str:
        return "{{" + self.keyword + "}}"


def parse(name: str, source: str, functions: Collection[str]) -> dict[str, nodes.Body]:
    """Parse a template; gives the bodies by template name, the main one under `name`. Raises TemplateError."""
    return _Parser(name, source, functions).run()


class _Parser(PipelineParser):
    def __init__(self, name: str, source: str, functions: Collection[str]) -> None:
        super().__init__(name, source, functions)
        self.ranges = 0
        self.bodies: dict[str, nodes.Body] = {}

    def run(self) -> dict[str, nodes.Body]:
        body: list[nodes.Statement] = []
        while self.peek().kind != "eof":
            if self.peek().kind == "{{" and self._starts_define():
                self._definition()
                continue
            statement = self._statement()
            if isinstance(statement, _End):
                raise self.error(f"unexpected {statement}")
            body.append(statement)
        self._define(self.name, tuple(body))
        return self.bodies

    def _starts_define(self) -> bool:
        start = self.at
        self.next()
        token = self.next_word()
        if token.kind == "keyword" and token.text == "define":
            return True
        self.at = start
        return False

    def _definition(self) -> None:
        token = self.next_word()
        if token.kind != "string":
            raise self.unexpected(token, "define clause")
        name = self.unquote(token)
        self.expect("}}", "define clause")
        self._separate(name, "define clause")

    def _separate(self, name: str, context: str) -> None:
        """Parse the body of a `define` or `block`, which sees none of the variables around it."""
        outside, self.variables = self.variables, ["$"]
        ranges, self.ranges = self.ranges, 0
        body, end = self._body()
        if end.keyword != "end":
            raise self.error(f"unexpected {end} in {context}")
        self.variables, self.ranges = outside, ranges
        self._define(name, body)

    def _define(self, name: str, body: nodes.Body) -> None:
        if _is_empty(self.bodies.get(name, ())):
            self.bodies[name] = body
        elif not _is_empty(body):
            raise self.error(f"template: multiple definition of template {quote(name)}")

    def _body(self) -> tuple[nodes.Body, _End]:
        statements: list[nodes.Statement] = []
        while self.peek().kind != "eof":
            statement = self._statement()
            if isinstance(statement, _End):
                return tuple(statements), statement
            statements.append(statement)
        raise self.error("unexpected EOF")

    def _statement(self) -> nodes.Statement | _End:
        token = self.next_word()
        if token.kind == "text":
            return nodes.Text(token.pos, token.text)
        if token.kind != "{{":
            raise self.unexpected(token, "input")
        self.action_line = token.line
        statement = self._action()
        self.action_line = 0
        return statement

    def _action(self) -> nodes.Statement | _End:
        token = self.skip_space()
        if token.kind != "keyword" or token.text == "define":
            return nodes.Action(token.pos, self.pipeline("command", "}}"))
        self.next()
        if token.text in ("if", "range", "with"):
            return self._branch(token)
        if token.text in ("break", "continue"):
            return self._jump(token)
        steps: dict[str, Callable[[], nodes.Statement | _End]] = {
            "block": self._block, "else": self._else, "end": self._end, "template": self._call,
        }  # fmt: skip
        return steps[token.text]()

    def _end(self) -> _End:
        self.expect("}}", "end")
        return _End("end")

    def _else(self) -> _End:
        token = self.skip_space()
        if token.kind == "keyword" and token.text in ("if", "with"):
            return _End("else", token.text)
        self.expect("}}", "else")
        return _End("else")

    def _jump(self, token: Token) -> nodes.Jump:
        shown = "{{" + token.text + "}}"
        self.expect("}}", shown)
        if not self.ranges:
            raise self.error(f"{shown} outside {{{{range}}}}")
        return nodes.Jump(token.pos, token.text)

    def _branch(self, token: Token) -> nodes.Branch:
        """Parse `if`, `with` or `range` up to its `end`; `else if` becomes an `if` within the `else`."""
        keyword = token.text
        visible = len(self.variables)
        pipe = self.pipeline(keyword, "}}")
        self.ranges += keyword == "range"
        body, end = self._body()
        self.ranges -= keyword == "range"
        otherwise: nodes.Body = ()
        if end.keyword == "else":
            if end.chained == keyword:
                otherwise = (self._branch(self.next()),)
            else:
                otherwise, end = self._body()
                if end.keyword != "end":
                    raise self.error(f"expected end; found {end}")
        del self.variables[visible:]
        return nodes.Branch(pipe.pos, keyword, pipe, body, otherwise)

    def _template_name(self, context: str) -> tuple[Token, str]:
        token = self.next_word()
        if token.kind != "string":
            raise self.unexpected(token, context)
        return token, self.unquote(token)

    def _block(self) -> nodes.Call:
        token, name = self._template_name("block clause")
        pipe = self.pipeline("block clause", "}}")
        self._separate(name, "block clause")
        return nodes.Call(token.pos, name, pipe)

    def _call(self) -> nodes.Call:
        token, name = self._template_name("template clause")
        if self.skip_space().kind == "}}":
            self.next()
            return nodes.Call(token.pos, name, None)
        return nodes.Call(token.pos, name, self.pipeline("template clause", "}}"))


def _is_empty(body: nodes.Body) -> bool:
    return all(isinstance(statement, nodes.Text) and not statement.text.strip() for statement in body)
