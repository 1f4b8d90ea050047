"""What the network package is given by its caller: folders, locks and writers."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path


class Locker(Protocol):
    """Takes a lock by name, for reading (`shared`) or alone."""

    def __call__(self, name: str, *, shared: bool = False) -> AbstractContextManager[None]:
        """Return a context manager that holds the lock."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """One installation on one host.

    `data` names the installation: bridges are named after it. `networks` holds our conflists, `netconf` those of
    others, `ipam` the leases of our networks (best on a tmpfs: a reboot ends all of them), `containers` the folders
    `<namespace>/<id>` with their records. `bridge_ip` is the default network's gateway with prefix, "" for any.
    """

    data: Path
    networks: Path
    netconf: Path
    ipam: Path
    containers: Path
    plugin_folders: tuple[Path, ...]
    lock: Locker
    write_atomic: Callable[[Path, str], None]
    write_in_place: Callable[[Path, str], None]
    bridge_ip: str = ""
