"""The table of commands and the commands themselves say the same."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator

import pytest

from nrdctl.cli.commands import COMMANDS
from nrdctl.cli.group import Entry, Group, Table, build_command


def _entries(table: Table, path: str = "") -> Iterator[tuple[str, Entry]]:
    for name, entry in table.items():
        if isinstance(entry, Group):
            yield from _entries(entry.commands, f"{path}{name} ")
        else:
            yield f"{path}{name}", entry


ENTRIES = dict(_entries(COMMANDS))


@pytest.mark.parametrize("name", ENTRIES)
def test_each_command_can_be_built_and_has_help(name: str) -> None:
    entry = ENTRIES[name]
    command = build_command(name.split()[-1], entry)
    assert command.help
    for parameter in command.params:
        if parameter.param_type_name == "option":
            assert parameter.help, f"{name}: {parameter.opts} has no help"


@pytest.mark.parametrize("name", [n for n, e in ENTRIES.items() if not e.hidden])
def test_the_summary_of_the_table_is_the_first_line_of_the_help(name: str) -> None:
    entry = ENTRIES[name]
    module, _, attribute = entry.target.partition(":")
    text = inspect.getdoc(getattr(importlib.import_module(module), attribute))
    assert text
    assert text.splitlines()[0].rstrip(".") == entry.summary.rstrip(".")


# What a command may load before it talks to containerd: these cost 20 to 200 ms each.
HEAVY = ("grpc", "google", "rich", "yaml", "asyncio", "psutil", "multiprocessing", "pydantic")


@pytest.mark.parametrize(
    "words", [["--version"], ["--help"], ["ps", "--help"], ["run", "--help"], ["run", "--bad-flag"], ["container"]]
)
def test_help_and_usage_errors_load_nothing_heavy(words: list[str]) -> None:
    program = (
        "import sys\nfrom nrdctl.cli.main import main\nmain(sys.argv[1:])\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, timeout=60)
    assert done.stderr.splitlines()[-1] == "[]"
