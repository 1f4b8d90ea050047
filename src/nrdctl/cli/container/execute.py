"""`nrdctl exec`."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.options import Container, DetachKeys
from nrdctl.errors import ContainerExit, NrdctlError
from nrdctl.model.keyvalue import resolve_environment


def execute(
    app: App,
    container: Container,
    command: Annotated[list[str], typer.Argument(metavar="COMMAND [ARG...]", show_default=False)],
    *,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Detached mode: run command in the background")
    ] = False,
    detach_keys: DetachKeys = "",
    env: Annotated[
        list[str] | None, typer.Option("--env", "-e", metavar="list", help="Set environment variables")
    ] = None,
    interactive: Annotated[
        bool, typer.Option("--interactive", "-i", help="Keep STDIN open even if not attached")
    ] = False,
    privileged: Annotated[bool, typer.Option("--privileged", help="Give extended privileges to the command")] = False,
    tty: Annotated[bool, typer.Option("--tty", "-t", help="Allocate a pseudo-TTY")] = False,
    user: Annotated[
        str | None,
        typer.Option("--user", "-u", metavar="string", help="Username or UID (format: <name|uid>[:<group|gid>])"),
    ] = None,
    workdir: Annotated[
        str | None,
        typer.Option("--workdir", "-w", metavar="string", help="Working directory inside the container"),
    ] = None,
) -> None:
    """Execute a command in a running container.

    Examples:
      nrdctl exec -it web sh
      nrdctl exec -u nobody web id
    """
    from nrdctl.engine.container.execute import ExecOptions  # import cost
    from nrdctl.engine.container.execute import execute as execute_in  # import cost
    from nrdctl.engine.detach import DEFAULT_KEYS, parse_keys  # import cost

    if tty and interactive and not detach and not sys.stdin.isatty():
        raise NrdctlError("the input device is not a TTY")
    options = ExecOptions(
        args=tuple(command),
        tty=tty,
        interactive=interactive and not detach,
        detach=detach,
        privileged=privileged,
        user=user,
        workdir=workdir,
        env=resolve_environment(env or [], os.environ),
        detach_keys=parse_keys(detach_keys or DEFAULT_KEYS),
    )
    status = execute_in(app.engine, container, options)
    if status:
        raise ContainerExit(status)
