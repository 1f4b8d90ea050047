"""What the commands that change limits share: finding the container, saying what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nrdctl.cli.app import App
    from nrdctl.engine.resources.change import Outcome
    from nrdctl.engine.resources.target import Target

Force = Annotated[
    bool, typer.Option("--force", help="Also do what is probably a mistake, or what another manager will undo")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would be written")]


def target(app: App, reference: str) -> Target:
    """Return the container to change. Raises NotFound."""
    from nrdctl.cgroup.host import discover  # import cost
    from nrdctl.engine.resolve import resolve  # import cost
    from nrdctl.engine.resources.target import target_of  # import cost

    record = resolve(app.engine.client, reference)
    return target_of(app.engine, discover(), record.id)


def report(app: App, outcome: Outcome) -> None:
    """Say what has changed, key by key."""
    for note in outcome.notes:
        app.warn(note)
    if not outcome.applied:
        for write in outcome.writes:
            app.say(f"{outcome.name}: would write {write.name}: {write.old.strip() or '-'} → {write.text.strip()}")
    changes = [change for change in outcome.changes if change.old != change.new]
    for change in changes:
        app.say(f"{outcome.name}: {change.key}: {change.old} → {change.new}")
    if not changes:
        app.say(f"{outcome.name}: nothing to change")
