"""`nrdctl network`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from nrdctl.cli.app import App
from nrdctl.cli.options import Filter, Format, NoTrunc, Quiet, parse_filters
from nrdctl.errors import InvalidArgument
from nrdctl.model.summary import NetworkSummary


def ls(
    app: App,
    *,
    filter: Filter = None,
    format: Format = "",
    no_trunc: NoTrunc = False,
    quiet: Quiet = False,
) -> None:
    """List networks."""
    from nrdctl.engine.networks import list_networks  # import cost
    from nrdctl.render.networks import network_columns  # import cost

    filters = parse_filters(filter)
    for key in filters:
        if key not in _TESTS:
            raise InvalidArgument(f"invalid filter '{key}'", hint=f"filters are: {', '.join(_TESTS)}")
    formatter = network_columns(datetime.now(UTC), no_trunc=no_trunc).prepare(format, quiet=quiet)
    rows = [
        row
        for row in list_networks(app.engine)
        if all(any(_TESTS[key](row, value) for value in values) for key, values in filters.items())
    ]
    app.write(formatter.render(rows))


def _has_label(row: NetworkSummary, wanted: str) -> bool:
    key, equals, value = wanted.partition("=")
    return key in row.labels and (not equals or row.labels[key] == value)


_TESTS: dict[str, Callable[[NetworkSummary, str], bool]] = {
    "name": lambda row, value: value in row.name,
    "id": lambda row, value: row.id.startswith(value),
    "driver": lambda row, value: row.driver == value,
    "label": _has_label,
}
