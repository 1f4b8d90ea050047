"""`nrdctl run`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.container.request import container_config
from nrdctl.cli.options import Arguments, DetachKeys, Image
from nrdctl.cli.progress import PullProgress
from nrdctl.errors import ContainerExit, NrdctlError, StartFailed
from nrdctl.model.container import ContainerConfig, Lifecycle, Networking, Process, Resources, Security, Storage

FAILED = 125


def run(
    app: App,
    image: Image,
    args: Arguments = None,
    *,
    process: Process,
    resources: Resources,
    networking: Networking,
    storage: Storage,
    security: Security,
    lifecycle: Lifecycle,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Run container in background and print container ID")
    ] = False,
    sig_proxy: Annotated[
        bool, typer.Option("--sig-proxy/--no-sig-proxy", help="Proxy received signals to the process")
    ] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Suppress the pull output")] = False,
    detach_keys: DetachKeys = "",
) -> None:
    """Create and run a new container from an image.

    Examples:
      nrdctl run --rm -it alpine sh
      nrdctl run -d --name web -p 8080:80 nginx
      nrdctl run -d --cpus 0.5 -m 256m --cpuset-cpus 0,1 nginx
    """
    config = container_config(image, args, process, resources, networking, storage, security, lifecycle)
    if config.process.tty and config.process.interactive and not detach and not sys.stdin.isatty():
        raise NrdctlError("the input device is not a TTY")
    try:
        _run(app, config, detach=detach, sig_proxy=sig_proxy, quiet=quiet, detach_keys=detach_keys)
    except (ContainerExit, StartFailed):
        raise
    except NrdctlError as error:
        error.exit_code = FAILED
        raise


def _run(app: App, config: ContainerConfig, *, detach: bool, sig_proxy: bool, quiet: bool, detach_keys: str) -> None:
    from nrdctl.engine.container.attach import AttachOptions  # import cost
    from nrdctl.engine.container.run import run_detached, run_foreground  # import cost
    from nrdctl.engine.detach import DEFAULT_KEYS, parse_keys  # import cost

    keys = parse_keys(detach_keys or DEFAULT_KEYS)
    with PullProgress(quiet=quiet) as progress:
        if detach:
            created = run_detached(app.engine, config, on_progress=progress.show)
            _warn(app, created.warnings)
            app.say(created.record.id)
            return
        session = run_foreground(app.engine, config, on_progress=progress.show)
    _warn(app, session.warnings)
    status = session.attach(AttachOptions(sig_proxy=sig_proxy, detach_keys=keys))
    if status:
        raise ContainerExit(status)


def _warn(app: App, warnings: tuple[str, ...]) -> None:
    for warning in warnings:
        app.warn(warning)
