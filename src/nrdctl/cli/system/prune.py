"""`nrdctl system prune`."""

from __future__ import annotations

from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.errors import NrdctlError


def prune(
    app: App,
    *,
    force: Annotated[bool, typer.Option("--force", "-f", help="Do not prompt for confirmation")] = False,
) -> None:
    """Remove unused data.

    All stopped containers go, and whatever a command that was killed half-way has left: files, network namespaces,
    addresses, tasks and leases that belong to no container.
    """
    from nrdctl.engine.prune import prune as prune_all  # import cost

    if not force and not _confirmed(app):
        return
    pruned = prune_all(app.engine)
    if pruned.containers:
        app.say("Deleted Containers:")
        for container_id in pruned.containers:
            app.say(container_id)
    if pruned.leftovers:
        app.say("Deleted leftovers:")
        for line in pruned.leftovers:
            app.say(line)


def _confirmed(app: App) -> bool:
    app.write("WARNING! This will remove all stopped containers.\nAre you sure you want to continue? [y/N] ")
    try:
        return input().strip().lower() in ("y", "yes")
    except EOFError:
        raise NrdctlError("no answer on standard input", hint="use --force to go ahead without a question") from None
