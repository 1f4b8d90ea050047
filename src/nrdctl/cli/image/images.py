"""`nrdctl images`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.options import Filter, Format, NoTrunc, Quiet, parse_filters


def images(
    app: App,
    repository: Annotated[str | None, typer.Argument(metavar="[REPOSITORY[:TAG]]", show_default=False)] = None,
    *,
    show_all: Annotated[
        bool, typer.Option("--all", "-a", help="Show all images (default hides dangling ones' parents)")
    ] = False,
    digests: Annotated[bool, typer.Option("--digests", help="Show digests")] = False,
    filter: Filter = None,
    format: Format = "",
    no_trunc: NoTrunc = False,
    quiet: Quiet = False,
) -> None:
    """List images.

    Examples:
      nrdctl images
      nrdctl images --format '{{.Repository}}:{{.Tag}} {{.Size}}'
    """
    from nrdctl.engine.images import list_images  # import cost
    from nrdctl.render.images import image_columns  # import cost

    del show_all  # containerd has no images without a name
    formatter = image_columns(datetime.now(UTC), no_trunc=no_trunc, digests=digests).prepare(format, quiet=quiet)
    rows = list_images(app.engine, repository or "", parse_filters(filter))
    app.write(formatter.render(rows))
