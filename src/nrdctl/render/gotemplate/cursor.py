"""Reading tokens one after the other, and the errors that name their line."""

from __future__ import annotations

from nrdctl.render.gotemplate.lexer import Token, lex


class TemplateError(Exception):
    """What is wrong with a template, in Go's words: "template: :1: unclosed action"."""


class Cursor:
    """A place in the tokens of a template."""

    def __init__(self, name: str, source: str) -> None:
        self.name = name
        self.tokens = lex(source)
        self.at = 0
        self.read = 0  # the last token that was looked at: errors name its line
        self.action_line = 0

    def next(self) -> Token:
        """Take a token."""
        token = self.peek()
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def peek(self) -> Token:
        """The next token, which stays."""
        self.read = max(self.read, self.at)
        return self.tokens[self.at]

    def skip_space(self) -> Token:
        """Leave out spaces; gives the token after them, which stays."""
        while self.peek().kind == "space":
            self.at += 1
        return self.peek()

    def next_word(self) -> Token:
        """Take the first token that is no space."""
        self.skip_space()
        return self.next()

    def expect(self, kind: str, context: str) -> Token:
        """Take a token that must be of this kind."""
        token = self.next_word()
        if token.kind != kind:
            raise self.unexpected(token, context)
        return token

    def error(self, message: str) -> TemplateError:
        """An error on the line that was read last."""
        return TemplateError(f"template: {self.name}:{self.tokens[self.read].line}: {message}")

    def unexpected(self, token: Token, context: str) -> TemplateError:
        """The error of a token that can't be where it is, or what the lexer complains about."""
        if token.kind != "error":
            return self.error(f"unexpected {token} in {context}")
        where = ""
        if self.action_line not in (0, token.line):
            where = f" started at {self.name}:{self.action_line}"
            where = where if token.text.endswith(" action") else f" in action{where}"
        return self.error(f"{token}{where}")
