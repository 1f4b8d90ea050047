"""`nrdctl container inspect`."""

from __future__ import annotations

from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.options import Containers, Format


def inspect(
    app: App,
    containers: Containers,
    *,
    format: Format = "",
    size: Annotated[bool, typer.Option("--size", "-s", help="Display total file sizes")] = False,
) -> None:
    """Display detailed information on one or more containers."""
    from nrdctl.cli.inspection import show  # import cost
    from nrdctl.engine.container.inspect import inspect_container  # import cost

    show(app, containers, format, lambda name: inspect_container(app.engine, name, with_size=size))
