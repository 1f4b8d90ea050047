"""`nrdctl container pin`."""

from __future__ import annotations

from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.options import Container
from nrdctl.cli.resource.changing import DryRun, Force, report, target
from nrdctl.errors import InvalidArgument, UsageError
from nrdctl.model.cpuset import CpuSet

Resource = Annotated[str, typer.Argument(metavar="cpu", show_default=False)]


def pin(
    app: App,
    container: Container,
    resource: Resource,
    cpus: Annotated[str, typer.Argument(metavar="LIST", show_default=False)],
    *,
    add: Annotated[bool, typer.Option("--add", help="Keep the CPUs that it is pinned to already")] = False,
    force: Force = False,
    dry_run: DryRun = False,
) -> None:
    """Pin a container to CPUs.

    LIST is in the kernel's form: 0,1 or 0-3,8. CPUs that are offline, or that the container's parent does not have,
    are refused. The pin lasts over restarts.

    Examples:
      nrdctl container pin web cpu 0,1
      nrdctl container pin web cpu 4-7 --add
    """
    from nrdctl.engine.resources.change import pin as pin_to  # import cost

    check_resource(resource)
    report(app, pin_to(target(app, container), parse_cpus(cpus), add=add, force=force, dry_run=dry_run))


def check_resource(resource: str) -> None:
    """Raise UsageError for anything but `cpu`."""
    if resource != "cpu":
        raise UsageError(f"can't pin {resource!r}", hint="use: nrdctl container pin CONTAINER cpu 0,1")


def parse_cpus(text: str) -> CpuSet:
    """Parse a list of CPUs. Raises InvalidArgument."""
    try:
        return CpuSet.parse(text)
    except ValueError as error:
        raise InvalidArgument(str(error)) from None
