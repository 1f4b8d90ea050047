"""Durations, sizes, times and names as docker shows them to people (its go-units and formatter packages)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_DECIMAL: Final = ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")
_BINARY: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")
_SHORT: Final = 12


def duration(seconds: float) -> str:
    """A span of time in one unit: "3 minutes", "About an hour", "2 weeks".

    Hours are rounded, everything else is cut off: 5 399 s is "About an hour", 5 400 s is "2 hours".
    """
    whole = int(seconds)
    if whole < 1:
        return "Less than a second"
    if whole < 60:
        return "1 second" if whole == 1 else f"{whole} seconds"
    minutes = whole // 60
    if minutes < 60:
        return "About a minute" if minutes == 1 else f"{minutes} minutes"
    hours = int(seconds / 3600 + 0.5)
    if hours < 48:
        return "About an hour" if hours == 1 else f"{hours} hours"
    days = hours // 24
    for limit, unit, length in ((14, "days", 1), (60, "weeks", 7), (730, "months", 30)):
        if hours < limit * 24:
            return f"{days // length} {unit}"
    return f"{int(seconds / 3600) // 24 // 365} years"


def size(count: float, precision: int = 3) -> str:
    """Bytes in decimal units, with 3 significant digits: `1.23kB`, `12.5MB`."""
    return _scaled(count, 1000, precision, _DECIMAL)


def binary_size(count: float) -> str:
    """Bytes in binary units, with 4 significant digits: `64MiB`, `1.5GiB`."""
    return _scaled(count, 1024, 4, _BINARY)


def _scaled(count: float, base: int, precision: int, units: tuple[str, ...]) -> str:
    value = float(count)
    step = 0
    while value >= base and step < len(units) - 1:
        value /= base
        step += 1
    return f"{value:.{precision}g}{units[step]}"


def ago(then: datetime, now: datetime) -> str:
    """How long ago: "3 minutes ago". Both are aware."""
    return f"{duration((now - then).total_seconds())} ago"


def timestamp(moment: datetime, now: datetime) -> str:
    """A time as Go prints it, in the zone of `now`: `2024-05-01 13:37:00 +0200 CEST`.

    A fraction of a second is shown when there is one, without trailing zeros.
    """
    local = moment.astimezone(now.tzinfo)
    fraction = f"{local.microsecond:06d}".rstrip("0")
    offset = local.strftime("%z")[:5]
    zone = local.tzname() or ""
    if zone.startswith("UTC") and offset != "+0000":  # Python's name of a nameless zone
        zone = offset
    return f"{local:%Y-%m-%d %H:%M:%S}{'.' + fraction if fraction else ''} {offset} {zone}"


def short_id(full: str) -> str:
    """The 12 digits by which people call an ID; its algorithm is dropped."""
    return full.rpartition(":")[2][:_SHORT]


def ellipsis(text: str, width: int) -> str:
    """A text cut to `width` columns of a terminal, the last of them an ellipsis; 1 gives the first character."""
    if width <= 1:
        return text[: max(width, 0)]
    if len(text) <= width // 2 or (text.isascii() and len(text) <= width):
        return text
    if text.isascii():
        return text[: width - 1] + "…"
    widths = [_columns(char) for char in text]
    if sum(widths) <= width:
        return text
    used = 0
    for at, columns in enumerate(widths):
        if used + columns > width - 1:
            return text[:at] + "…"
        used += columns
    return text


def _columns(char: str) -> int:
    import unicodedata  # import cost

    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def join_labels(labels: Mapping[str, str]) -> str:
    """Labels on one line, sorted: `a=1,b=2`."""
    return ",".join(sorted(f"{key}={value}" for key, value in labels.items()))


def familiar_image(reference: str) -> str:
    """An image's name as people write it: without `docker.io/library/` or `docker.io/`."""
    for prefix in ("docker.io/library/", "index.docker.io/library/", "docker.io/", "index.docker.io/"):
        if reference.startswith(prefix):
            return reference.removeprefix(prefix)
    return reference
