"""`nrdctl system stop`."""

from __future__ import annotations

from nrdctl.cli.app import App


def stop(app: App) -> None:
    """Stop the containerd that start started.

    Any other containerd is left alone, and so are running containers: they go on, and the next start finds them.
    """
    from nrdctl.engine import daemon  # import cost

    pid = daemon.stop(app.settings)
    app.say(f"containerd (pid {pid}) has ended")
