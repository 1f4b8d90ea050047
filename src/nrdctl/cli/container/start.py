"""`nrdctl start`."""

from __future__ import annotations

from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.each import for_each
from nrdctl.cli.options import Containers, DetachKeys
from nrdctl.errors import ContainerExit, UsageError


def start(
    app: App,
    containers: Containers,
    *,
    attach: Annotated[bool, typer.Option("--attach", "-a", help="Attach STDOUT/STDERR and forward signals")] = False,
    interactive: Annotated[bool, typer.Option("--interactive", "-i", help="Attach container's STDIN")] = False,
    detach_keys: DetachKeys = "",
) -> None:
    """Start one or more stopped containers.

    Examples:
      nrdctl start web
      nrdctl start -ai shell
    """
    from nrdctl.engine.container.start import start as start_container  # import cost
    from nrdctl.engine.resolve import resolve  # import cost

    if attach or interactive:
        if len(containers) > 1:
            raise UsageError("you cannot start and attach multiple containers at once")
        _start_attached(app, containers[0], interactive=interactive, detach_keys=detach_keys)
        return

    def one(name: str) -> str:
        start_container(app.engine, resolve(app.engine.client, name))
        return name

    for_each(app, containers, one)


def _start_attached(app: App, name: str, *, interactive: bool, detach_keys: str) -> None:
    from nrdctl.engine.container.attach import AttachOptions  # import cost
    from nrdctl.engine.container.run import start_foreground  # import cost
    from nrdctl.engine.detach import DEFAULT_KEYS, parse_keys  # import cost

    keys = parse_keys(detach_keys or DEFAULT_KEYS)
    status = start_foreground(app.engine, name).attach(AttachOptions(stdin=interactive, detach_keys=keys))
    if status:
        raise ContainerExit(status)
