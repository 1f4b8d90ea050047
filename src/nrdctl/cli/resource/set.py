"""`nrdctl container set`."""

from __future__ import annotations

from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.options import Container
from nrdctl.cli.resource.changing import DryRun, Force, report, target
from nrdctl.errors import InvalidArgument


def set_limits(
    app: App,
    container: Container,
    assignments: Annotated[list[str], typer.Argument(metavar="KEY=VALUE [KEY=VALUE...]", show_default=False)],
    *,
    force: Force = False,
    dry_run: DryRun = False,
) -> None:
    """Set limits: KEY=VALUE….

    Keys: cpu (200m, 1.5, 50%, 20000/100000), cpu.weight (1 to 10000), memory, memory.high, memory.low and swap (64Mi,
    512m, 1.5G, 50%), pids; `max` takes a limit away. Either all of it takes effect, or nothing. It lasts: a restarted
    container has the same limits.

    Examples:
      nrdctl container set web cpu=200m memory=64Mi
      nrdctl container set web cpu=1.5 pids=100 --dry-run
    """
    from nrdctl.engine.resources.change import set_limits as set_in  # import cost
    from nrdctl.model.limit import parse_limit  # import cost

    try:
        parsed = [parse_limit(text) for text in assignments]
    except ValueError as error:
        raise InvalidArgument(str(error)) from None
    report(app, set_in(target(app, container), parsed, force=force, dry_run=dry_run))
