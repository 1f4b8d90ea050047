"""`nrdctl monitor cpu|memory|network`: a live screen on a terminal, lines elsewhere."""

from __future__ import annotations

import dataclasses
import os
import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.model.option import flag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nrdctl.monitor.frame import Frame, Row
    from nrdctl.monitor.view import View
    from nrdctl.monitor.watch import Watch

LEAST_INTERVAL = 0.1


def parse_seconds(text: str) -> float:
    """Read a number of seconds, not below the least interval. Raises ValueError."""
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        raise ValueError(f"{text!r} is not a number of seconds") from None
    if not LEAST_INTERVAL <= seconds < float("inf"):
        raise ValueError(f"{text!r}: at least {LEAST_INTERVAL} seconds are needed")
    return seconds


def parse_count(text: str) -> int:
    """Read a number of samples. Raises ValueError."""
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{text!r} is not a number from 1 on")
    return int(text)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Watching:
    """The flags of all `monitor` commands. Times in seconds."""

    interval: Annotated[
        float,
        flag(
            "--interval", "-i", help="Seconds between two samples (default 1)", metavar="seconds", parse=parse_seconds
        ),
    ] = 1.0
    duration: Annotated[
        float | None, flag("--duration", help="Seconds after which to end", metavar="seconds", parse=parse_seconds)
    ] = None
    count: Annotated[
        int | None, flag("--count", "-c", help="Number of samples after which to end", metavar="int", parse=parse_count)
    ] = None
    once: Annotated[
        bool, flag("--once", "--no-stream", help="Print one sample, measured over one interval, and end")
    ] = False
    sort: Annotated[str, flag("--sort", help="Column to sort by", metavar="column")] = ""
    format: Annotated[
        str, flag("--format", help="Format lines: 'table', 'json', or a Go template", metavar="string")
    ] = ""
    everywhere: Annotated[bool, flag("--all-namespaces", "-A", help="Show all namespaces, even with --namespace")] = (
        False
    )


Chosen = Annotated[list[str] | None, typer.Argument(metavar="[CONTAINER...]", show_default=False)]


def cpu(app: App, *, containers: Chosen = None, watching: Watching) -> None:
    """Watch CPU.

    100 % is one CPU; the limit is what a container really gets, by its own limits and those of the cgroups above it.
    Containers of all namespaces are shown unless --namespace names one.

    Examples:
      nrdctl monitor cpu
      nrdctl monitor cpu web db --interval 5
      nrdctl monitor cpu --once --format json
    """
    _monitor(app, "cpu", containers or [], watching)


def memory(app: App, *, containers: Chosen = None, watching: Watching) -> None:
    """Watch memory.

    Used is the working set: what is charged to a container, without file cache that nobody touched for long.

    Examples:
      nrdctl monitor memory
      nrdctl monitor memory --sort % --once
    """
    _monitor(app, "memory", containers or [], watching)


def network(app: App, *, containers: Chosen = None, watching: Watching) -> None:
    """Watch network traffic.

    As the containers see it: RX is what a container received. One in the host's network has no counters of its own.

    Examples:
      nrdctl monitor network
      nrdctl monitor network web --format '{{.Name}} {{.RxTotal}} {{.TxTotal}}'
    """
    _monitor(app, "network", containers or [], watching)


def _monitor(app: App, kind: str, containers: list[str], watching: Watching) -> None:
    from nrdctl.monitor.views import VIEWS  # import cost
    from nrdctl.monitor.watch import Watch  # import cost

    view = VIEWS[kind]
    sort = view.figure(watching.sort or view.main)
    render = _renderer(view, watching.format)
    narrowed = "namespace" in app.flags and not watching.everywhere
    namespaces = (app.settings.namespace,) if narrowed else ()
    with Watch(app.engine.client, view, namespaces=namespaces, wanted=containers) as watch:
        if watching.once or watching.format or not _is_screen():
            _print(app, watch, watching, lambda frame: render(_ordered(frame, sort.value)))
            return
        from nrdctl.cli.monitorscreen import show  # import cost

        last = show(watch, view, watching, sort)
        if last is not None:
            _write(app, render(_ordered(last, sort.value)))


def _ordered(frame: Frame, value: Callable[[Row], object]) -> list[Row]:
    from nrdctl.monitor.frame import ordered  # import cost

    return ordered(frame.rows, value)


def _renderer(view: View, format: str) -> Callable[[list[Row]], str]:
    """Return what turns rows into output; InvalidArgument for a bad template, before anything is read."""
    if format not in ("", "table"):
        return view.columns().prepare(format).render
    from nrdctl.monitor.layout import Layout  # import cost

    layout = Layout(view)
    return lambda rows: "".join(f"{line}\n" for line in layout.lines(rows))


def _is_screen() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _print(app: App, watch: Watch, watching: Watching, render: Callable[[Frame], str]) -> None:
    """Print samples as text. The first reading has no rates and is not printed."""
    watch.frame()
    problem = ""
    for _ in _ticks(watching):
        frame = watch.frame()
        if frame.problem != problem:
            problem = frame.problem
            if problem:
                app.warn(f"{problem}; going on with the containers known so far")
        _write(app, render(frame))


def _ticks(watching: Watching) -> Iterator[None]:
    """Wait for one interval after the other until it is time to end. What comes too late is left out."""
    length = watching.interval if watching.duration is None else min(watching.interval, watching.duration)
    started = due = time.monotonic()
    left = 1 if watching.once else watching.count
    while left is None or left > 0:
        due = max(due + length, time.monotonic())
        if watching.duration is not None and not watching.once and due - started > watching.duration + length / 2:
            return
        time.sleep(max(0.0, due - time.monotonic()))
        yield
        left = None if left is None else left - 1


def _write(app: App, text: str) -> None:
    from nrdctl.cli.terminalscreen import encodable  # import cost

    app.write(encodable(text, sys.stdout.encoding))
