"""`nrdctl network`."""

from __future__ import annotations

from datetime import UTC, datetime

from nrdctl.cli.app import App
from nrdctl.cli.options import Filter, Format, NoTrunc, Quiet, parse_filters
from nrdctl.errors import InvalidArgument


def ls(
    app: App,
    *,
    filter: Filter = None,  # noqa: A002 - the flag's name
    format: Format = "",  # noqa: A002 - the flag's name
    no_trunc: NoTrunc = False,
    quiet: Quiet = False,
) -> None:
    """List networks."""
    from nrdctl.engine.networks import list_networks  # import cost
    from nrdctl.render.networks import network_columns  # import cost

    filters = parse_filters(filter)
    tests = {
        "name": lambda n, v: v in n.name,
        "id": lambda n, v: n.id.startswith(v),
        "driver": lambda n, v: n.driver == v,
        "label": lambda n, v: v.partition("=")[0] in n.labels and v.partition("=")[2] in ("", n.labels.get(v.partition("=")[0])),
    }
    for key in filters:
        if key not in tests:
            raise InvalidArgument(f"invalid filter '{key}'", hint=f"filters are: {', '.join(tests)}")
    formatter = network_columns(datetime.now(UTC), no_trunc=no_trunc).prepare(format, quiet=quiet)
    networks = [
        n for n in list_networks(app.engine) if all(any(tests[k](n, v) for v in vs) for k, vs in filters.items())
    ]
    app.write(formatter.render(networks))
