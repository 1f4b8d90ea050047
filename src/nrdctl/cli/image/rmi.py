"""`nrdctl rmi`."""

from __future__ import annotations

from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.each import for_each
from nrdctl.errors import NotFound


def rmi(
    app: App,
    names: Annotated[list[str], typer.Argument(metavar="IMAGE [IMAGE...]", show_default=False)],
    *,
    force: Annotated[bool, typer.Option("--force", "-f", help="Force removal of the image")] = False,
) -> None:
    """Remove one or more images.

    Examples:
      nrdctl rmi alpine
    """
    from nrdctl.engine.images import remove_image  # import cost

    def one(name: str) -> str | None:
        try:
            return "\n".join(remove_image(app.engine, name, force=force))
        except NotFound as error:
            if not force:
                raise
            app.report(error)
            return None

    for_each(app, names, one)
