"""`nrdctl wait`."""

from __future__ import annotations

from nrdctl.cli.app import App
from nrdctl.cli.each import for_each
from nrdctl.cli.options import Containers


def wait(app: App, containers: Containers) -> None:
    """Block until one or more containers stop, then print their codes.

    Examples:
      nrdctl wait job
    """
    from nrdctl.engine.container.stop import wait as wait_for  # import cost

    for_each(app, containers, lambda name: str(wait_for(app.engine, name)))
