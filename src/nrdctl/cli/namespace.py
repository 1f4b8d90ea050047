"""`nrdctl namespace`."""

from __future__ import annotations

from nrdctl.cli.app import App
from nrdctl.cli.options import Format, Quiet


def ls(
    app: App,
    *,
    format: Format = "",
    quiet: Quiet = False,
) -> None:
    """List namespaces."""
    from nrdctl.engine.namespaces import list_namespaces  # import cost
    from nrdctl.render.namespaces import namespace_columns  # import cost

    formatter = namespace_columns().prepare(format, quiet=quiet)
    app.write(formatter.render(list_namespaces(app.engine)))
