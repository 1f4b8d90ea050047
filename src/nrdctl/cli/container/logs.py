"""`nrdctl logs`."""

from __future__ import annotations

from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.options import Container


def logs(
    app: App,
    container: Container,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Follow log output")] = False,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="string", help="Show logs since timestamp or relative (e.g. 42m)"),
    ] = None,
    tail: Annotated[
        str, typer.Option("--tail", "-n", metavar="string", help="Number of lines to show from the end of the logs")
    ] = "all",
    timestamps: Annotated[bool, typer.Option("--timestamps", "-t", help="Show timestamps")] = False,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="string", help="Show logs before timestamp or relative (e.g. 42m)"),
    ] = None,
) -> None:
    """Fetch the logs of a container.

    Examples:
      nrdctl logs -f web
      nrdctl logs --since 10m --tail 100 web
    """
    from nrdctl.engine.container.logs import LogOptions, write_logs  # import cost

    options = LogOptions.parse(follow=follow, since=since, until=until, tail=tail, timestamps=timestamps)
    write_logs(app.engine, container, options)
