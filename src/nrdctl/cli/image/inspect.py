"""`nrdctl image inspect`."""

from __future__ import annotations

from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.options import Format


def inspect(
    app: App,
    names: Annotated[list[str], typer.Argument(metavar="IMAGE [IMAGE...]", show_default=False)],
    *,
    format: Format = "",
) -> None:
    """Display detailed information on one or more images."""
    from nrdctl.cli.inspection import show  # import cost
    from nrdctl.engine.images import inspect_image  # import cost

    show(app, names, format, lambda name: inspect_image(app.engine, name))
