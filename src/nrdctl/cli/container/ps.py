"""`nrdctl ps`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.options import Filter, Format, NoTrunc, parse_filters


def ps(
    app: App,
    *,
    show_all: Annotated[bool, typer.Option("--all", "-a", help="Show all containers (default: running only)")] = False,
    filter: Filter = None,
    format: Format = "",
    last: Annotated[
        int, typer.Option("--last", metavar="int", help="Show n last created containers (all states)")
    ] = -1,
    latest: Annotated[
        bool, typer.Option("--latest", "-l", help="Show the latest created container (all states)")
    ] = False,
    no_trunc: NoTrunc = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only display container IDs")] = False,
    size: Annotated[bool, typer.Option("--size", "-s", help="Display total file sizes")] = False,
) -> None:
    """List containers.

    Examples:
      nrdctl ps -a
      nrdctl ps --filter status=exited --format '{{.Names}}: {{.Status}}'
    """
    from nrdctl.engine.container.listing import check_filters, list_containers, matches, summarize  # import cost
    from nrdctl.render.containers import container_columns  # import cost

    now = datetime.now(UTC)
    filters = parse_filters(filter)
    check_filters(filters)
    formatter = container_columns(now, no_trunc=no_trunc, with_size=size).prepare(format, quiet=quiet)
    with_size = size or "Size" in formatter.fields
    last = 1 if latest else last
    everything = show_all or last > 0 or "status" in filters or "exited" in filters
    rows = []
    for container in list_containers(app.engine.client):
        if everything or container.state.running or container.state.name == "restarting":
            row = summarize(app.engine, container, now=now, with_size=with_size)
            if matches(row, container.state, filters):
                rows.append(row)
    app.write(formatter.render(rows[:last] if last > 0 else rows))
