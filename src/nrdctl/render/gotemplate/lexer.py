"""Go's text/template tokens. Words and messages of errors are those of Go's scanner (package text/template/parse)."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

from nrdctl.render.gofmt import quote

Kind: TypeAlias = Literal[
    "error", "eof", "text", "{{", "}}", "space", "(", ")", "|", "=", ":=", "char", "keyword",
    "bool", "number", "charconst", "string", "identifier", "field", "variable", "dot", "nil",
]  # fmt: skip

KEYWORDS: Final = frozenset({"block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"})
SPACE: Final = " \t\r\n"
_TERMINATORS: Final = SPACE + ".,|:)("


class Token(NamedTuple):
    """A token: its kind, its text, and where it starts (a character offset and a line from 1)."""

    kind: Kind
    text: str
    pos: int
    line: int

    def __str__(self) -> str:
        if self.kind == "eof":
            return "EOF"
        if self.kind == "error":
            return self.text
        if self.kind in ("keyword", "nil", "dot"):
            return f"<{self.text}>"
        return f"{quote(self.text[:10])}..." if len(self.text.encode()) > 10 else quote(self.text)


class _LexError(Exception):
    """What stops the scanner; becomes the last token."""


def lex(source: str) -> list[Token]:
    """Split a template into tokens; the last one is of kind eof, or error with the message as its text."""
    return _Lexer(source).run()


class _Lexer:
    def __init__(self, source: str) -> None:
        self.source = source
        self.pos = 0
        self.tokens: list[Token] = []
        self.line = 1
        self.counted = 0  # newlines before this offset are in self.line

    def run(self) -> list[Token]:
        start = 0
        try:
            while self.pos < len(self.source):
                start = self.pos
                self._text()
        except _LexError as error:
            self._add("error", start, str(error))
        else:
            self._add("eof", len(self.source), "EOF")
        return self.tokens

    def _line_at(self, pos: int) -> int:
        self.line += self.source.count("\n", self.counted, pos)
        self.counted = max(pos, self.counted)
        return self.line

    def _add(self, kind: Kind, start: int, text: str | None = None) -> None:
        value = self.source[start : self.pos] if text is None else text
        self.tokens.append(Token(kind, value, start, self._line_at(start)))

    def _text(self) -> None:
        """Scan text up to an action, and that action."""
        found = self.source.find("{{", self.pos)
        end = len(self.source) if found < 0 else found
        text = self.source[self.pos : end]
        trims = found >= 0 and self._is_trim(found + 2)
        if trims:
            text = text.rstrip(SPACE)
        if text:
            self._add("text", self.pos, text)
        self.pos = end
        if found < 0:
            return
        inside = found + (4 if trims else 2)
        if self.source.startswith("/*", inside):
            self.pos = inside
            self._comment()
            return
        self.pos += 2
        self._add("{{", found)
        self.pos = inside
        self._action()

    def _is_trim(self, at: int) -> bool:
        return self.source[at : at + 1] == "-" and self.source[at + 1 : at + 2] in (" ", "\t", "\r", "\n")

    def _right_delimiter(self) -> int:
        """The length of the delimiter here, its trim marker included; 0 when there is none."""
        if self.source.startswith("}}", self.pos):
            return 2
        here = self.source[self.pos : self.pos + 4]
        return 4 if here[1:] == "-}}" and here[0] in SPACE else 0

    def _close(self, length: int) -> None:
        self.pos += length
        if length > 2:
            while self.pos < len(self.source) and self.source[self.pos] in SPACE:
                self.pos += 1

    def _comment(self) -> None:
        end = self.source.find("*/", self.pos + 2)
        if end < 0:
            raise _LexError("unclosed comment")
        self.pos = end + 2
        length = self._right_delimiter()
        if not length:
            raise _LexError("comment ends before closing delimiter")
        self._close(length)

    def _action(self) -> None:
        """Scan tokens up to and including the right delimiter."""
        depth = 0
        while True:
            if length := self._right_delimiter():
                if depth:
                    raise _LexError("unclosed left paren")
                start = self.pos + length - 2
                self.pos += length
                self._add("}}", start, "}}")
                self.pos -= length
                self._close(length)
                return
            if self.pos >= len(self.source):
                raise _LexError("unclosed action")
            char = self.source[self.pos]
            if char in "()":
                depth += 1 if char == "(" else -1
                if depth < 0:
                    raise _LexError("unexpected right paren")
            self._inside(char)

    def _inside(self, char: str) -> None:
        start = self.pos
        following = self.source[start + 1 : start + 2]
        if char in SPACE:
            self._space()
        elif char in "\"'`":
            self._quoted(char)
        elif char == "$":
            self._word("variable")
        elif char == "." and not (following.isascii() and following.isdigit()):
            self._word("field")
        elif char in ".+-" or (char.isascii() and char.isdigit()):
            self._number()
        elif _is_word(char):
            self._identifier()
        else:
            self._sign(char, following)

    def _sign(self, char: str, following: str) -> None:
        start = self.pos
        if char == ":":
            if following != "=":
                raise _LexError("expected :=")
            self.pos += 2
            self._add(":=", start)
            return
        if not char.isascii() or not char.isprintable():
            raise _LexError(f"unrecognized character in action: {unicode_name(char)}")
        self.pos += 1
        signs: dict[str, Kind] = {"(": "(", ")": ")", "|": "|", "=": "="}
        self._add(signs.get(char, "char"), start)

    def _space(self) -> None:
        start = self.pos
        while self.source[self.pos : self.pos + 1] in (" ", "\t", "\r", "\n"):
            if self._right_delimiter():
                break
            self.pos += 1
        if self.pos > start:
            self._add("space", start)

    def _quoted(self, mark: str) -> None:
        start = self.pos
        names = {'"': "quoted string", "'": "character constant", "`": "raw quoted string"}
        self.pos += 1
        while True:
            char = self.source[self.pos : self.pos + 1]
            self.pos += 1
            if char == mark:
                break
            if char == "\\" and mark != "`":
                char = self.source[self.pos : self.pos + 1]
                self.pos += 1
            if not char or (char == "\n" and mark != "`"):
                raise _LexError(f"unterminated {names[mark]}")
        self._add("charconst" if mark == "'" else "string", start)

    def _take_word(self) -> None:
        while self.pos < len(self.source) and _is_word(self.source[self.pos]):
            self.pos += 1

    def _require_terminator(self) -> None:
        if self.pos < len(self.source) and not self._at_terminator():
            raise _LexError(f"bad character {unicode_name(self.source[self.pos])}")

    def _at_terminator(self) -> bool:
        return self.source[self.pos : self.pos + 1] in ("", *_TERMINATORS) or self.source.startswith("}}", self.pos)

    def _word(self, kind: Literal["variable", "field"]) -> None:
        start = self.pos
        self.pos += 1
        if self._at_terminator():
            self._add("variable" if kind == "variable" else "dot", start)
            return
        self._take_word()
        self._require_terminator()
        self._add(kind, start)

    def _identifier(self) -> None:
        start = self.pos
        self._take_word()
        self._require_terminator()
        word = self.source[start : self.pos]
        if word in KEYWORDS:
            self._add("keyword", start)
        elif word in ("true", "false"):
            self._add("bool", start)
        else:
            self._add("nil" if word == "nil" else "identifier", start)

    def _number(self) -> None:
        """Scan what looks like a number; the parser finds out whether it is one."""
        start = self.pos
        good = self._scan_number()
        if good and self.source[self.pos : self.pos + 1] in ("+", "-"):
            self._scan_number()  # 1+2i: there are no complex numbers here
            good = False
        if not good:
            raise _LexError(f"bad number syntax: {quote(self.source[start : self.pos])}")
        self._add("number", start)

    def _scan_number(self) -> bool:
        self._accept("+-")
        digits = "0123456789_"
        if self._accept("0"):
            for letters, allowed in (("xX", "0123456789abcdefABCDEF_"), ("oO", "01234567_"), ("bB", "01_")):
                if self._accept(letters):
                    digits = allowed
                    break
        self._accept_run(digits)
        if self._accept("."):
            self._accept_run(digits)
        if self._accept({11: "eE", 23: "pP"}.get(len(digits), "")):
            self._accept("+-")
            self._accept_run("0123456789_")
        if self.pos < len(self.source) and _is_word(self.source[self.pos]):
            self.pos += 1
            return False
        return True

    def _accept(self, valid: str) -> bool:
        char = self.source[self.pos : self.pos + 1]
        accepted = bool(char) and char in valid
        self.pos += accepted
        return accepted

    def _accept_run(self, valid: str) -> None:
        while self._accept(valid):
            pass


def _is_word(char: str) -> bool:
    return char == "_" or char.isalpha() or char.isdecimal()


def unicode_name(char: str) -> str:
    """A character as Go's `%#U` shows it: U+002B '+'."""
    name = f"U+{ord(char):04X}"
    return f"{name} '{char}'" if char.isprintable() else name
