"""`nrdctl container limits`."""

from __future__ import annotations

from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.options import Format


def limits(
    app: App,
    containers: Annotated[list[str] | None, typer.Argument(metavar="[CONTAINER...]", show_default=False)] = None,
    *,
    all_namespaces: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="Show containers of all namespaces")
    ] = False,
    format: Format = "",
) -> None:
    """Show what containers may use and do use.

    Limits are the kernel's: the lowest on the way from the container's cgroup up to the root; where an ancestor sets
    it, that is said. CPUS are those that the container may run on; an asterisk marks a pinned one. All namespaces are
    shown, unless one is named with `--namespace`.

    Examples:
      nrdctl container limits
      nrdctl container limits web --format json
    """
    from nrdctl.cli.resource.columns import limit_columns  # import cost
    from nrdctl.engine.overview import overview  # import cost

    limit_columns(several_namespaces=True).prepare(format)
    seen = overview(app.engine, containers or (), everywhere=all_namespaces or app.everywhere)
    rows = [item for _, item in seen.containers]
    several = len({item.namespace for item in rows}) > 1
    app.write(limit_columns(several_namespaces=several).prepare(format).render(rows))
