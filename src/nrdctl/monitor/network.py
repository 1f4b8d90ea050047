"""Network counters of a container, read through /proc/PID/net/dev of its init process.

The file is opened and closed for each reading: an open one keeps the whole network namespace, with its interfaces,
alive after the container has gone. A pidfd does no such thing, and tells a process from a later one of the same pid.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from nrdctl.monitor.sample import Counters, NetworkSample

_PIECE = 65536
# Fields of a line of net/dev: 8 of received traffic, then 8 of sent traffic.
_SENT = 8


def parse_net_dev(data: bytes) -> dict[str, Counters]:
    r"""Parse a net/dev file into the counters of each interface but `lo`.

    >>> parse_net_dev(b"a|b\nc|d\n  eth0: 100 2 0 0 0 0 0 0 50 1 0 0 0 0 0 0\n")["eth0"].tx_bytes
    50
    """
    found = {}
    for line in data.splitlines()[2:]:
        name, _, rest = line.rpartition(b":")
        name = name.strip()
        fields = [int(field) for field in rest.split()]
        if name != b"lo" and len(fields) > _SENT + 3:
            found[name.decode(errors="replace")] = Counters(*fields[:4], *fields[_SENT : _SENT + 4])
    return found


class NetworkReader:
    """Reads the counters of one process's network namespace. Raises OSError when there is no such process."""

    def __init__(self, pid: int, *, proc: Path = Path("/proc")) -> None:
        self._path = f"{proc}/{pid}/net/dev"
        self._pidfd = os.pidfd_open(pid)
        try:
            self._inode = os.stat(f"{proc}/{pid}/ns/net").st_ino  # noqa: PTH116 - no Path for each container
        except BaseException:
            self.close()
            raise
        self._host = self._inode == host_namespace(proc)

    def read(self) -> NetworkSample | None:
        """Return the counters; None once the process is gone."""
        moment = time.monotonic_ns()
        if self._host:
            return NetworkSample(inode=self._inode, time_ns=moment, host=True) if self._alive() else None
        try:
            data = _read(self._path)
        except (FileNotFoundError, ProcessLookupError):
            return None
        except OSError as error:
            # EINVAL: the process has ended, but nobody has waited for it yet.
            if self._alive():
                raise OSError(f"{self._path}: {error}") from error
            return None
        interfaces = parse_net_dev(data)
        return NetworkSample(inode=self._inode, time_ns=moment, interfaces=interfaces) if self._alive() else None

    def close(self) -> None:
        """Close the pidfd; a second time does nothing."""
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1

    def _alive(self) -> bool:
        try:
            signal.pidfd_send_signal(self._pidfd, 0)
        except ProcessLookupError:
            return False
        return True


def host_namespace(proc: Path = Path("/proc")) -> int:
    """Return the inode of the host's network namespace: that of process 1, or ours where that can't be seen."""
    for process in ("1", "self"):
        try:
            return (proc / process / "ns/net").stat().st_ino
        except OSError:
            continue
    return 0


def _read(path: str) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        pieces = []
        while piece := os.read(fd, _PIECE):  # seq_file hands out a page at a time
            pieces.append(piece)
        return b"".join(pieces)
    finally:
        os.close(fd)
