"""Commands that nrdctl calls itself: a container's monitor starts them when the container's process has ended."""

from __future__ import annotations

from nrdctl.cli.app import App
from nrdctl.cli.options import Container
from nrdctl.errors import NotFound


def exited(app: App, container: Container) -> None:
    """Clean up after the exit of a container's process.

    Prints `restart MILLISECONDS` when the container's restart policy wants it started again after that time.
    """
    from nrdctl.engine.container.settle import settle  # import cost

    try:
        settled = settle(app.engine, container, may_restart=True)
    except NotFound:
        return
    if settled.restart_after is not None:
        app.say(f"restart {round(settled.restart_after * 1000)}")


def restart(app: App, container: Container) -> None:
    """Start a container again, as its restart policy wants."""
    from nrdctl.engine.container.start import restart_after_exit  # import cost

    try:
        restart_after_exit(app.engine, app.engine.client.containers.get(container))
    except NotFound:
        return


def close_stdin(app: App, container: Container) -> None:
    """Close the standard input of a container's process."""
    try:
        app.engine.client.tasks.close_stdin(container)
    except NotFound:
        return
