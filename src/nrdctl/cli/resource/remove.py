"""`nrdctl container remove`."""

from __future__ import annotations

from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.options import Container
from nrdctl.cli.resource.changing import DryRun, Force, report, target
from nrdctl.errors import UsageError


def remove(
    app: App,
    container: Container,
    keys: Annotated[list[str] | None, typer.Argument(metavar="KEY [KEY...]", show_default=False)] = None,
    *,
    force: Force = False,
    dry_run: DryRun = False,
) -> None:
    """Remove limits: KEY….

    The container is then held by its ancestors' limits alone. To remove a container, use `container rm`.

    Examples:
      nrdctl container remove web cpu
      nrdctl container remove web cpu memory pids
    """
    if not keys:
        raise UsageError(
            "`container remove` takes away limits: it needs a container and at least one KEY",
            hint=f"to remove the container: nrdctl container rm {container}",
        )
    from nrdctl.engine.resources.change import remove_limits  # import cost

    report(app, remove_limits(target(app, container), keys, force=force, dry_run=dry_run))
