"""`nrdctl attach`."""

from __future__ import annotations

from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.options import Container, DetachKeys
from nrdctl.errors import ContainerExit


def attach(
    app: App,
    container: Container,
    *,
    detach_keys: DetachKeys = "",
    no_stdin: Annotated[bool, typer.Option("--no-stdin", help="Do not attach STDIN")] = False,
    sig_proxy: Annotated[
        bool, typer.Option("--sig-proxy/--no-sig-proxy", help="Proxy all received signals to the process")
    ] = True,
) -> None:
    """Attach local standard input, output, and error streams to a running container.

    Examples:
      nrdctl attach shell
    """
    from nrdctl.engine.container.attach import AttachOptions  # import cost
    from nrdctl.engine.container.run import attach_to  # import cost
    from nrdctl.engine.detach import DEFAULT_KEYS, parse_keys  # import cost

    keys = parse_keys(detach_keys or DEFAULT_KEYS)
    options = AttachOptions(stdin=not no_stdin, sig_proxy=sig_proxy, detach_keys=keys)
    status = attach_to(app.engine, container).attach(options)
    if status:
        raise ContainerExit(status)
