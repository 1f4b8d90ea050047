"""`nrdctl stop`."""

from __future__ import annotations

from nrdctl.cli.app import App
from nrdctl.cli.each import for_each
from nrdctl.cli.options import Containers, Signal, StopTime


def stop(app: App, containers: Containers, *, signal: Signal = None, time: StopTime = None) -> None:
    """Stop one or more running containers.

    Examples:
      nrdctl stop web
      nrdctl stop -t 30 db
    """
    from nrdctl.engine.container.stop import stop as stop_container  # import cost

    def one(name: str) -> str:
        stop_container(app.engine, name, signal=signal, seconds=time)
        return name

    for_each(app, containers, one)
