"""The tree of a parsed template. `str(node)` is the node's source as Go's error messages show it.

Named tuples, because seventeen dataclasses would take 15 ms to declare.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from nrdctl.render.gofmt import quote


class Text(NamedTuple):
    """Literal text."""

    pos: int
    text: str


class Dot(NamedTuple):
    """The cursor, `.`."""

    pos: int

    def __str__(self) -> str:
        return "."


class Nil(NamedTuple):
    """The constant `nil`."""

    pos: int

    def __str__(self) -> str:
        return "nil"


class Bool(NamedTuple):
    """The constant `true` or `false`."""

    pos: int
    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


class Number(NamedTuple):
    """A number or character constant; `value` has the type its syntax says, `integer` is set when it is integral."""

    pos: int
    source: str
    value: int | float
    integer: int | None

    def __str__(self) -> str:
        return self.source


class String(NamedTuple):
    """A string constant: as written, and its meaning."""

    pos: int
    quoted: str
    text: str

    def __str__(self) -> str:
        return self.quoted


class Identifier(NamedTuple):
    """The name of a function."""

    pos: int
    name: str

    def __str__(self) -> str:
        return self.name


class Field(NamedTuple):
    """`.A.B`: fields of the cursor."""

    pos: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return "".join(f".{name}" for name in self.names)


class Variable(NamedTuple):
    """`$x.A.B`: a variable, its dollar included, and fields of it."""

    pos: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.names)


class Chain(NamedTuple):
    """`(pipeline).A.B`: fields of any other operand."""

    pos: int
    operand: Operand
    names: tuple[str, ...]

    def __str__(self) -> str:
        inner = f"({self.operand})" if isinstance(self.operand, Pipe) else str(self.operand)
        return inner + "".join(f".{name}" for name in self.names)


class Command(NamedTuple):
    """An operand with its arguments."""

    pos: int
    args: tuple[Operand, ...]

    def __str__(self) -> str:
        return " ".join(f"({arg})" if isinstance(arg, Pipe) else str(arg) for arg in self.args)


class Pipe(NamedTuple):
    """Commands joined by `|`, whose value may be declared as (or assigned to) variables."""

    pos: int
    variables: tuple[Variable, ...]
    assigns: bool
    commands: tuple[Command, ...]

    def __str__(self) -> str:
        source = " | ".join(str(command) for command in self.commands)
        if not self.variables:
            return source
        return f"{', '.join(str(name) for name in self.variables)} {'=' if self.assigns else ':='} {source}"


class Action(NamedTuple):
    """`{{pipeline}}`."""

    pos: int
    pipe: Pipe

    def __str__(self) -> str:
        return "{{" + str(self.pipe) + "}}"


class Branch(NamedTuple):
    """`if`, `with` or `range`; `otherwise` is empty when there is no `else`."""

    pos: int
    keyword: str
    pipe: Pipe
    body: Body
    otherwise: Body

    def __str__(self) -> str:
        return "{{" + f"{self.keyword} {self.pipe}" + "}}"


class Jump(NamedTuple):
    """`break` or `continue`."""

    pos: int
    keyword: str

    def __str__(self) -> str:
        return "{{" + self.keyword + "}}"


class Call(NamedTuple):
    """`{{template "name" pipeline}}`."""

    pos: int
    name: str
    pipe: Pipe | None

    def __str__(self) -> str:
        return "{{template " + quote(self.name) + (f" {self.pipe}" if self.pipe else "") + "}}"


Operand: TypeAlias = Dot | Nil | Bool | Number | String | Identifier | Field | Variable | Chain | Pipe
Statement: TypeAlias = Text | Action | Branch | Jump | Call
Node: TypeAlias = Statement | Operand | Command
Body: TypeAlias = tuple[Statement, ...]
