"""`nrdctl restart`."""

from __future__ import annotations

from nrdctl.cli.app import App
from nrdctl.cli.each import for_each
from nrdctl.cli.options import Containers, Signal, StopTime


def restart(app: App, containers: Containers, *, signal: Signal = None, time: StopTime = None) -> None:
    """Restart one or more containers.

    Examples:
      nrdctl restart web
    """
    from nrdctl.engine.container.stop import restart as restart_container  # import cost

    def one(name: str) -> str:
        restart_container(app.engine, name, signal=signal, seconds=time)
        return name

    for_each(app, containers, one)
