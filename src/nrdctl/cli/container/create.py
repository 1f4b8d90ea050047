"""`nrdctl create`."""

from __future__ import annotations

from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.container.request import container_config
from nrdctl.cli.options import Arguments, Image
from nrdctl.cli.progress import PullProgress
from nrdctl.model.container import Lifecycle, Networking, Process, Resources, Security, Storage


def create(
    app: App,
    image: Image,
    args: Arguments = None,
    *,
    process: Process,
    resources: Resources,
    networking: Networking,
    storage: Storage,
    security: Security,
    lifecycle: Lifecycle,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Suppress the pull output")] = False,
) -> None:
    """Create a new container.

    Examples:
      nrdctl create --name web -p 8080:80 nginx
    """
    from nrdctl.engine.container.create import create as create_container  # import cost

    config = container_config(image, args, process, resources, networking, storage, security, lifecycle)
    with PullProgress(quiet=quiet) as progress:
        created = create_container(app.engine, config, on_progress=progress.show)
    for warning in created.warnings:
        app.warn(warning)
    app.say(created.record.id)
