"""`nrdctl pull`."""

from __future__ import annotations

from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.progress import PullProgress


def pull(
    app: App,
    name: Annotated[str, typer.Argument(metavar="NAME[:TAG|@DIGEST]", show_default=False)],
    *,
    platform: Annotated[
        str | None, typer.Option("--platform", metavar="string", help="Pull content for a specific platform")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Suppress verbose output")] = False,
) -> None:
    """Download an image from a registry.

    Examples:
      nrdctl pull alpine
      nrdctl pull --platform linux/arm64 registry.example.com/team/app:1.2
    """
    from nrdctl.engine.images import pull_image  # import cost

    with PullProgress(quiet=quiet) as progress:
        image = pull_image(app.engine, name, platform=platform, on_progress=progress.show)
    app.say(image.record.name)
