"""`nrdctl kill`."""

from __future__ import annotations

from nrdctl.cli.app import App
from nrdctl.cli.each import for_each
from nrdctl.cli.options import Containers, Signal


def kill(app: App, containers: Containers, *, signal: Signal = None) -> None:
    """Kill one or more running containers.

    Examples:
      nrdctl kill web
      nrdctl kill -s HUP web
    """
    from nrdctl.engine.container.stop import kill as kill_container  # import cost

    def one(name: str) -> str:
        kill_container(app.engine, name, signal=signal or "KILL")
        return name

    for_each(app, containers, one)
