"""`nrdctl load`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.progress import PullProgress
from nrdctl.errors import UsageError


def load(
    app: App,
    *,
    source: Annotated[
        str, typer.Option("--input", "-i", metavar="string", help="Read from tar archive file, instead of STDIN")
    ] = "",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Suppress the load output")] = False,
) -> None:
    """Load an image from a tar archive or STDIN.

    Archives of `docker save`, OCI layouts in a tar file, and either of them compressed with gzip are read.

    Examples:
      nrdctl load -i app.tar
      gunzip -c app.tar.gz | nrdctl load
    """
    from nrdctl.engine.images import load_images  # import cost

    if not source and sys.stdin.isatty():
        raise UsageError("requested load from stdin, but stdin is empty")
    with PullProgress(quiet=quiet) as progress:
        lines = load_images(app.engine, source, on_progress=progress.show)
    for line in lines:
        app.say(line)
