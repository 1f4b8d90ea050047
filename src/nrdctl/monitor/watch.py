"""A watch over containers: discovery, readers and frames, put together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from nrdctl.cgroup.host import discover
from nrdctl.monitor.collector import Collector
from nrdctl.monitor.discovery import Discovery
from nrdctl.monitor.frame import Frame, Frames

if TYPE_CHECKING:
    from nrdctl.containerd.client import Client
    from nrdctl.monitor.view import View


class Watch:
    """A context manager whose `frame` reads all counters once and says what became of them.

    `namespaces` and `wanted` are those of `Discovery`. Entering raises NotFound when a wanted container doesn't exist,
    Unavailable when containerd doesn't answer; later on that is a `problem` of the frames.
    """

    def __init__(
        self, client: Client, view: View, *, namespaces: Sequence[str] = (), wanted: Sequence[str] = ()
    ) -> None:
        host = discover()
        self._discovery = Discovery(client, namespaces, wanted)
        self._collector = Collector(host.driver, view.needs)
        self._frames = Frames(host.facts, view.history)

    def __enter__(self) -> Self:
        self._collector.watch(self._discovery.first())
        return self

    def __exit__(self, *_: object) -> None:
        self._collector.close()

    def frame(self) -> Frame:
        """Return the next frame. The first one of a container has no rates."""
        found = self._discovery.poll(soon=self._collector.lost)
        if found is not None:
            self._collector.watch(found)
        samples = self._collector.collect()
        return self._frames.next(samples, datetime.now(UTC), problem=self._discovery.problem)
