"""Commands that take several names: do all, report each failure, fail at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from nrdctl.errors import ContainerExit, NrdctlError

if TYPE_CHECKING:
    from nrdctl.cli.app import App


def for_each(app: App, names: Iterable[str], work: Callable[[str], str | None]) -> None:
    """Call `work` with each name and print what it returns; a failure is reported and the next name is taken."""
    failed = False
    for name in names:
        try:
            line = work(name)
            if line is not None:
                app.say(line)
        except NrdctlError as error:
            app.report(error)
            failed = True
    if failed:
        raise ContainerExit(1)
