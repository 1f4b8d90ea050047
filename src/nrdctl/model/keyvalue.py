"""KEY=VALUE texts and files: environment, labels, options."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def parse_label(text: str) -> tuple[str, str]:
    """Split `KEY=VALUE`; `KEY` alone has an empty value. Raises ValueError for an empty key."""
    key, _, value = text.partition("=")
    if not key:
        raise ValueError(f"invalid label {text!r}: the key is empty")
    return key, value


def parse_assignment(text: str) -> tuple[str, str]:
    """Split `KEY=VALUE`, where both the key and the equals sign must be there. Raises ValueError."""
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise ValueError(f"{text!r} is not of the form KEY=VALUE")
    return key, value


def resolve_environment(entries: Iterable[str], host: Mapping[str, str]) -> tuple[str, ...]:
    """Return `KEY=VALUE` entries; a bare `KEY` takes the host's value, and is left out when the host has none.

    Later entries replace earlier ones of the same key, in the earlier one's place (docker's order).
    """
    result: dict[str, str] = {}
    for entry in entries:
        key, equals, value = entry.partition("=")
        if equals:
            result[key] = value
        elif key in host:
            result[key] = host[key]
    return tuple(f"{key}={value}" for key, value in result.items())


def parse_environment_file(text: str, *, path: str) -> tuple[str, ...]:
    """Parse an `--env-file`: one `KEY=VALUE` or `KEY` a line, `#` comments, no quoting (docker's rules)."""
    entries = []
    for number, line in enumerate(text.splitlines(), start=1):
        entry = line.lstrip()
        if not entry or entry.startswith("#"):
            continue
        key = entry.partition("=")[0]
        if not key or any(c.isspace() for c in key):
            raise ValueError(f"invalid environment file {path}, line {number}: variable {key!r} contains whitespaces")
        entries.append(entry)
    return tuple(entries)
