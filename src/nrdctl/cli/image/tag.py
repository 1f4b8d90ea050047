"""`nrdctl tag`."""

from __future__ import annotations

from typing import Annotated

import typer

from nrdctl.cli.app import App


def tag(
    app: App,
    source: Annotated[str, typer.Argument(metavar="SOURCE_IMAGE[:TAG]", show_default=False)],
    target: Annotated[str, typer.Argument(metavar="TARGET_IMAGE[:TAG]", show_default=False)],
) -> None:
    """Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE.

    Examples:
      nrdctl tag app registry.example.com/team/app:1.2
    """
    from nrdctl.engine.images import tag_image  # import cost

    tag_image(app.engine, source, target)
