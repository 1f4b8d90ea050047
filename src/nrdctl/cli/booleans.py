"""`--flag=true|false`, `-p=80` and the like, as docker's flag parser takes them, before Click sees the words (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})


def expand_booleans(
    words: Sequence[str], switches: Mapping[str, str | None], valued: frozenset[str], *, interspersed: bool
) -> list[str]:
    """Rewrite `--rm=true` to `--rm`, `--sig-proxy=false` to its negative, and `-p=80` to `-p80`.

    `switches` maps each boolean flag to its negative form (None: the default is false, so `=false` says nothing);
    `valued` names the flags that take a value, which is left alone even when it looks like a flag. Scanning ends at
    `--`, and at the first argument when flags may not follow arguments (`interspersed` false).
    """
    result: list[str] = []
    pending = list(words)
    while pending:
        word = pending.pop(0)
        if word == "--" or (not interspersed and (not word.startswith("-") or word == "-")):
            return [*result, word, *pending]
        if word.startswith("--"):
            rewritten, takes_next = _long(word, switches, valued)
        elif word.startswith("-") and len(word) > 1:
            rewritten, takes_next = _short(word, valued)
        else:
            rewritten, takes_next = word, False
        if rewritten is not None:
            result.append(rewritten)
        if takes_next and pending:
            result.append(pending.pop(0))
    return result


def _long(word: str, switches: Mapping[str, str | None], valued: frozenset[str]) -> tuple[str | None, bool]:
    name, equals, value = word.partition("=")
    if not equals:
        return word, name in valued
    if name in switches and value in _TRUE:
        return name, False
    if name in switches and value in _FALSE:
        return switches[name], False
    return word, False


def _short(word: str, valued: frozenset[str]) -> tuple[str, bool]:
    for position, letter in enumerate(word[1:], start=1):
        if f"-{letter}" in valued:
            value = word[position + 1 :]
            if value.startswith("="):
                return word[: position + 1] + value[1:], False
            return word, not value
    return word, False
