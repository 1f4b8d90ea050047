"""`nrdctl container unpin`."""

from __future__ import annotations

from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.options import Container
from nrdctl.cli.resource.changing import DryRun, Force, report, target
from nrdctl.cli.resource.pin import Resource, check_resource, parse_cpus


def unpin(
    app: App,
    container: Container,
    resource: Resource,
    cpus: Annotated[str | None, typer.Argument(metavar="[LIST]", show_default=False)] = None,
    *,
    force: Force = False,
    dry_run: DryRun = False,
) -> None:
    """Take a pin back.

    Takes the CPUs of LIST away from those that the container is pinned to; without a list, or when none is left, it
    may run on all of its parent's CPUs again.

    Examples:
      nrdctl container unpin web cpu 0,1
      nrdctl container unpin web cpu
    """
    from nrdctl.engine.resources.change import unpin as unpin_from  # import cost

    check_resource(resource)
    chosen = parse_cpus(cpus) if cpus is not None else None
    report(app, unpin_from(target(app, container), chosen, force=force, dry_run=dry_run))
