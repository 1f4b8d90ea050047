"""`nrdctl system start`."""

from __future__ import annotations

from nrdctl.cli.app import App
from nrdctl.errors import Conflict


def start(app: App) -> None:
    """Start a containerd of our own.

    For machines without a service manager. It listens on the configured address and keeps its content and log below
    the data root. Nothing happens when a containerd answers there already.
    """
    from nrdctl.engine import daemon  # import cost

    try:
        pid = daemon.start(app.settings)
    except Conflict as error:
        app.say(str(error))
        return
    app.say(f"containerd (pid {pid}) answers at {app.settings.address}")
