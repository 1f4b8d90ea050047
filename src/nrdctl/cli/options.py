"""Arguments and options that many commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from nrdctl.errors import InvalidArgument

Containers = Annotated[list[str], typer.Argument(metavar="CONTAINER [CONTAINER...]", show_default=False)]
Container = Annotated[str, typer.Argument(metavar="CONTAINER", show_default=False)]
Image = Annotated[str, typer.Argument(metavar="IMAGE", show_default=False)]
Arguments = Annotated[list[str] | None, typer.Argument(metavar="[COMMAND] [ARG...]", show_default=False)]

Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="string",
        help="Format output: 'table', 'table TEMPLATE', 'json', or a Go template",
        show_default=False,
    ),
]
Filter = Annotated[
    list[str] | None,
    typer.Option("--filter", "-f", metavar="filter", help="Filter output based on conditions provided"),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only display IDs")]
NoTrunc = Annotated[bool, typer.Option("--no-trunc", help="Don't truncate output")]
DetachKeys = Annotated[
    str,
    typer.Option(
        "--detach-keys",
        metavar="string",
        help="Override the key sequence for detaching a container",
        show_default=False,
    ),
]
Signal = Annotated[str | None, typer.Option("--signal", "-s", metavar="string", help="Signal to send to the container")]
StopTime = Annotated[
    int | None,
    typer.Option("--time", "-t", "--timeout", metavar="int", help="Seconds to wait before killing the container"),
]


def parse_filters(texts: list[str] | None) -> dict[str, list[str]]:
    """Group `KEY=VALUE` filters by key. Raises InvalidArgument in docker's words."""
    filters: dict[str, list[str]] = {}
    for text in texts or []:
        key, equals, value = text.partition("=")
        if not equals:
            raise InvalidArgument("invalid argument for --filter: bad format of filter (expected name=value)")
        filters.setdefault(key.strip().lower(), []).append(value.strip())
    return filters
