"""Commands and groups that load themselves when they are used, with docker's help layout and flag rules.

Only this file and `bind` touch what is internal to Typer, so a change of Typer stays here.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import typer.main
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.models import CommandInfo

from nrdctl.cli.bind import expand_groups
from nrdctl.cli.booleans import expand_booleans
from nrdctl.errors import NrdctlError


class OutputClosed(Exception):  # noqa: N818 - no error
    """Nobody reads this command's output any more. Not an OSError, which Typer would answer with exit code 1."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One command of the table: where it lives (`module:function`) and its summary.

    `passes_arguments`: flags end at the first argument (run, exec), and `-h` is free for another meaning.
    """

    target: str
    summary: str
    section: str = "Commands"
    passes_arguments: bool = False
    hidden: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """A group of commands (`nrdctl container …`)."""

    summary: str
    commands: Mapping[str, Entry | Group]
    section: str = "Management Commands"
    hidden: bool = False


Table = Mapping[str, Entry | Group]


class Command(TyperCommand):
    """A command with docker's reading of boolean flags and docker's help."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words as docker does: `--rm=true`, `-p=80:80`."""
        switches: dict[str, str | None] = {}
        valued: set[str] = set()
        for option in self.get_params(ctx):
            if not isinstance(option, TyperOption):
                continue
            if option.is_flag:
                negative = option.secondary_opts[0] if option.secondary_opts else None
                switches.update(dict.fromkeys(option.opts, negative))
            else:
                valued.update(option.opts)
        words = expand_booleans(args, switches, frozenset(valued), interspersed=ctx.allow_interspersed_args)
        return super().parse_args(ctx, words)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise OutputClosed from error

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write usage, text and options in docker's layout."""
        _write_usage(self, ctx, formatter)
        description, _, examples = (self.help or "").partition("\n\nExamples:")
        if description:
            formatter.write(f"\n{inspect.cleandoc(description)}\n")
        _write_options(self, ctx, formatter)
        if examples:
            formatter.write(f"\nExamples:\n{examples.strip(chr(10))}\n")


class LazyGroup(TyperGroup):
    """A group made from a table: a command's module is imported when the command is used, not before."""

    table: Table = {}  # noqa: RUF012 - replaced by an instance attribute in `build_group`

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - Click's signature
        """Return the names that help shows."""
        return [name for name, entry in self.table.items() if not entry.hidden]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - Click's signature
        """Load and return one command."""
        if cmd_name not in self.commands and cmd_name in self.table:
            entry = self.table[cmd_name]
            loaded = build_group(cmd_name, entry) if isinstance(entry, Group) else build_command(cmd_name, entry)
            self.commands[cmd_name] = loaded
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command, or say in docker's words that there is none, with the nearest name as a hint."""
        name = args[0]
        if name in self.table or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        import difflib  # import cost

        near = difflib.get_close_matches(name, self.list_commands(ctx), n=1)
        hint = f"did you mean '{ctx.command_path} {near[0]}'?" if near else f"see '{ctx.command_path} --help'"
        raise NrdctlError(f"'{name}' is not a {ctx.command_path} command", hint=hint)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the summaries of the table, so that help imports no command."""
        _write_usage(self, ctx, formatter)
        if self.help:
            formatter.write(f"\n{inspect.cleandoc(self.help)}\n")
        sections: MutableMapping[str, list[tuple[str, str]]] = {}
        for name, entry in self.table.items():
            if not entry.hidden:
                sections.setdefault(entry.section, []).append((name, entry.summary))
        for title, rows in sections.items():
            width = max(len(name) for name, _ in rows) + 2
            lines = "".join(f"  {name:<{width}}{summary}\n" for name, summary in rows)
            formatter.write(f"\n{title}:\n{lines}")
        _write_options(self, ctx, formatter)
        formatter.write(f"\nRun '{ctx.command_path} COMMAND --help' for more information on a command.\n")

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Complete command names from the table, and flags."""
        from typer._click.shell_completion import CompletionItem  # import cost

        names = [
            CompletionItem(name, help=entry.summary)
            for name, entry in self.table.items()
            if not entry.hidden and name.startswith(incomplete)
        ]
        return names or super().shell_complete(ctx, incomplete)


def build_command(name: str, entry: Entry) -> Any:
    """Import the function of a table entry and return its Click command."""
    module, _, attribute = entry.target.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    settings: dict[str, Any] = {"help_option_names": ["--help"] if entry.passes_arguments else ["--help", "-h"]}
    if entry.passes_arguments:
        settings["allow_interspersed_args"] = False
    info = CommandInfo(
        name=name,
        cls=Command,
        context_settings=settings,
        callback=expand_groups(function),
        help=inspect.getdoc(function),
        hidden=entry.hidden,
    )
    return typer.main.get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)


def build_group(name: str | None, group: Group, *, callback_command: Any = None) -> LazyGroup:
    """Return the Click group of a table; `callback_command` lends its parameters and callback (the root's flags)."""
    built = LazyGroup(
        name=name,
        help=group.summary,
        rich_markup_mode=None,
        no_args_is_help=True,
        params=callback_command.params if callback_command else None,
        callback=callback_command.callback if callback_command else None,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    built.table = group.commands
    return built


def _write_usage(command: Any, ctx: Any, formatter: Any) -> None:
    if isinstance(command, LazyGroup):
        formatter.write(f"Usage:  {ctx.command_path} [OPTIONS] COMMAND\n")
        return
    arguments = [p.make_metavar(ctx) for p in command.params if isinstance(p, TyperArgument)]
    formatter.write(f"Usage:  {' '.join([ctx.command_path, '[OPTIONS]', *arguments])}\n")


def _write_options(command: Any, ctx: Any, formatter: Any) -> None:
    rows = []
    for option in command.get_params(ctx):
        if isinstance(option, TyperOption) and not option.hidden:
            short = next((o for o in option.opts if len(o) == 2), None)
            long = next((o for o in option.opts if len(o) > 2), "")
            left = f"{short + ',' if short else '   '} {long}"
            if not option.is_flag:
                left += f" {option.make_metavar(ctx)}"
            rows.append((left.rstrip(), option.help or ""))
    if not rows:
        return
    width = max(len(left) for left, _ in rows) + 3
    formatter.write("\nOptions:\n" + "".join(f"  {left:<{width}}{text}\n" for left, text in sorted(rows, key=_by_long)))


def _by_long(row: tuple[str, str]) -> str:
    return row[0].strip().split("--", 1)[-1]
