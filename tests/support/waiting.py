"""Waiting for what happens by itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from nrdctl.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from nrdctl.containerd.client import Client

SOON = 10.0


def eventually(what: Callable[[], bool]) -> None:
    """Return once it holds; fail after ten seconds."""
    deadline = time.monotonic() + SOON
    while not what():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def answers(client: Client) -> bool:
    """Return whether the daemon answers."""
    try:
        return bool(client.version.get().version)
    except Unavailable:
        return False
