"""`nrdctl inspect`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nrdctl.cli.app import App
from nrdctl.cli.options import Format
from nrdctl.errors import NotFound, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = ("container", "image")


def inspect(
    app: App,
    names: Annotated[list[str], typer.Argument(metavar="NAME|ID [NAME|ID...]", show_default=False)],
    *,
    format: Format = "",
    size: Annotated[
        bool, typer.Option("--size", "-s", help="Display total file sizes if the type is container")
    ] = False,
    kind: Annotated[
        str, typer.Option("--type", metavar="string", help="Return JSON for specified type (container, image)")
    ] = "",
) -> None:
    """Return low-level information on objects.

    Examples:
      nrdctl inspect web
      nrdctl inspect --format '{{.State.Status}}' web
      nrdctl inspect --type image alpine
    """
    from nrdctl.cli.inspection import show  # import cost
    from nrdctl.engine.container.inspect import inspect_container  # import cost
    from nrdctl.engine.images import inspect_image  # import cost

    if kind and kind not in KINDS:
        raise UsageError(f"{kind!r} is not a valid value for --type", hint=f"valid are: {', '.join(KINDS)}")
    engine = app.engine
    lookups: dict[str, Callable[[str], dict[str, Any]]] = {
        "container": lambda name: inspect_container(engine, name, with_size=size),
        "image": lambda name: inspect_image(engine, name),
    }
    chosen = [lookups[k] for k in KINDS if not kind or k == kind]

    def one(name: str) -> dict[str, Any]:
        for lookup in chosen:
            try:
                return lookup(name)
            except NotFound:
                continue
        raise NotFound(f"No such {kind or 'object'}: {name}")

    show(app, names, format, one)
