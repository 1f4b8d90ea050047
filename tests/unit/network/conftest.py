"""A host of its own for the network package, in a temporary folder; locks are per host and real within a process."""

import contextlib
import threading
from collections import defaultdict
from pathlib import Path

import pytest

from nrdctl.network.host import Host


class Locks:
    """Remembers who took which lock; exclusive within the process."""

    def __init__(self) -> None:
        self.locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self.taken: list[tuple[str, bool]] = []

    @contextlib.contextmanager
    def __call__(self, name: str, *, shared: bool = False):
        self.taken.append((name, shared))
        if shared:
            yield
            return
        with self.locks[name]:
            yield


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def host(tmp_path):
    return Host(
        data=tmp_path / "data",
        networks=tmp_path / "data" / "networks",
        netconf=tmp_path / "net.d",
        ipam=tmp_path / "ipam",
        containers=tmp_path / "data" / "containers",
        plugin_folders=(tmp_path / "plugins",),
        lock=Locks(),
        write_atomic=write,
        write_in_place=write,
    )
