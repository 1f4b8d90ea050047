"""`nrdctl rm`."""

from __future__ import annotations

from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.each import for_each
from nrdctl.cli.options import Containers
from nrdctl.errors import NotFound


def rm(
    app: App,
    containers: Containers,
    *,
    force: Annotated[
        bool, typer.Option("--force", "-f", help="Force the removal of a running container (uses SIGKILL)")
    ] = False,
    volumes: Annotated[
        bool, typer.Option("--volumes", "-v", help="Remove anonymous volumes associated with the container")
    ] = False,
) -> None:
    """Remove one or more containers.

    Examples:
      nrdctl rm web
      nrdctl rm -f -v db
    """
    from nrdctl.engine.container.remove import remove  # import cost

    def one(name: str) -> str | None:
        try:
            remove(app.engine, name, force=force, volumes=volumes)
        except NotFound as error:
            if not force:
                raise
            app.report(error)  # docker says so, and still succeeds
            return None
        return name

    for_each(app, containers, one)
