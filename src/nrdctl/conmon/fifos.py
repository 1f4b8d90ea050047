"""FIFOs between the shim and a monitor, and the monitor that nrdctl itself starts to read them."""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING

from nrdctl import errors
from nrdctl.conmon import protocol

if TYPE_CHECKING:
    from pathlib import Path

_READY_FD = 5


def make(run_directory: Path, *names: str) -> None:
    """Make FIFOs anew, mode 0600: whoever still holds one of an earlier task must not meet this one's."""
    for name in names:
        path = run_directory / name
        path.unlink(missing_ok=True)
        os.mkfifo(path, 0o600)


def spawn_monitor(launcher: Path, run_directory: Path, *, timeout: float = 10.0) -> None:
    """Start a monitor on `<run_directory>/{stdin,stdout,stderr}`, which must exist, and wait until it is ready.

    It is a daemon: a session of its own, no descriptor of ours, standard streams on /dev/null.
    Raises errors.Unavailable.
    """
    reader, writer = os.pipe()
    try:
        pid = _spawn(launcher, run_directory, writer)
    except OSError as error:
        os.close(reader)
        raise errors.Unavailable(f"cannot start the container's monitor: {error}") from error
    finally:
        os.close(writer)
    try:
        _wait_ready(reader, run_directory, timeout)
    finally:
        os.close(reader)
        os.waitpid(pid, os.WNOHANG)


def failure_text(run_directory: Path) -> str:
    """Return the last line that a monitor of this directory has complained with, or an empty text."""
    try:
        content = (run_directory / protocol.ERROR_NAME).read_text("utf-8", "replace")
    except OSError:
        return ""
    lines = [line.strip() for line in content.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _spawn(launcher: Path, run_directory: Path, writer: int) -> int:
    return os.posix_spawn(
        launcher,
        [os.fspath(launcher), "fifos", os.fspath(run_directory)],
        {},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, writer, _READY_FD),
        ],
        setsid=True,
        setsigmask=(),
    )


def _wait_ready(reader: int, run_directory: Path, timeout: float) -> None:
    ready, _, _ = select.select([reader], [], [], timeout)
    if not ready:
        raise errors.Unavailable(f"the container's monitor is not ready after {timeout:g} s")
    if not os.read(reader, 1):
        reason = failure_text(run_directory) or "it exited"
        raise errors.Unavailable(f"cannot start the container's monitor: {reason}")
