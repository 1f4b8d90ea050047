"""A containerd of our own, for machines where no service manager runs one: start, wait until it answers, stop.

It keeps its configuration, content and log below the data root, and listens on the configured address; its pid, with
the process's start time, is in the run folder, so that `stop` ends that process and no other.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from nrdctl.engine.procinfo import identity, is_alive
from nrdctl.errors import Conflict, DeadlineExceeded, NotFound, Unavailable
from nrdctl.state.files import write_atomic
from nrdctl.state.locks import lock

if TYPE_CHECKING:
    from nrdctl.state.settings import Settings

_FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_STOP_SECONDS = 15
# Version 2 is read by containerd 1.6, 1.7 and 2.x alike. The CRI plugin is left out: it wants a CNI configuration of
# its own at start and listens on a TCP port for streaming.
_CONFIGURATION = """\
version = 2
root = "{root}"
state = "{state}"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"]

[grpc]
  address = "{address}"
"""


def answers(address: str) -> bool:
    """Say whether something accepts connections at the address."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2)
        try:
            probe.connect(address.removeprefix("unix://"))
        except OSError:
            return False
    return True


def start(settings: Settings, *, timeout: float = 60) -> int:
    """Start containerd, detached, and return its pid once it answers.

    Raises Conflict when something answers already, NotFound without a containerd, Unavailable when it dies at once.
    """
    address = settings.address.removeprefix("unix://")
    folder, pid_file = _folder(settings), _pid_file(settings)
    with lock(settings.layout.lock_path("daemon", "containerd")):
        if answers(address):
            raise Conflict(f"a containerd answers already at {address}")
        path = os.pathsep.join(filter(None, [os.environ.get("PATH"), _FOLDERS]))
        binary = shutil.which("containerd", path=path)
        if binary is None:
            raise NotFound("containerd is not installed", hint="on Debian: apt-get install containerd")
        folder.mkdir(parents=True, exist_ok=True, mode=0o711)
        Path(address).parent.mkdir(parents=True, exist_ok=True)
        configuration = folder / "config.toml"
        text = _CONFIGURATION.format(root=folder / "root", state=settings.layout.run / "containerd", address=address)
        write_atomic(configuration, text)
        with (folder / "containerd.log").open("ab") as log:
            process = subprocess.Popen(
                [binary, "--config", str(configuration)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd="/",
                env={**os.environ, "PATH": path},
            )
        write_atomic(pid_file, identity(process.pid))
        _wait_until_it_answers(process, address, folder / "containerd.log", timeout)
        return process.pid


def stop(settings: Settings) -> int:
    """End the containerd that `start` started and return its pid. Raises NotFound when there is none."""
    pid_file = _pid_file(settings)
    with lock(settings.layout.lock_path("daemon", "containerd")):
        try:
            started = pid_file.read_text()
        except FileNotFoundError:
            started = ""
        if not is_alive(started):
            pid_file.unlink(missing_ok=True)
            raise NotFound("nrdctl has started no containerd here")
        pid = int(started.partition(":")[0])
        _end(pid, started)
        pid_file.unlink(missing_ok=True)
        return pid


def started_pid(settings: Settings) -> int | None:
    """Return the pid of the containerd that `start` started, if it still runs."""
    with contextlib.suppress(FileNotFoundError):
        started = _pid_file(settings).read_text()
        if is_alive(started):
            return int(started.partition(":")[0])
    return None


def _folder(settings: Settings) -> Path:
    return settings.layout.data / "containerd"


def _pid_file(settings: Settings) -> Path:
    return settings.layout.run / "containerd.pid"


def _wait_until_it_answers(process: subprocess.Popen[bytes], address: str, log: Path, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while not answers(address):
        if process.poll() is not None:
            last = log.read_text(errors="replace").strip().splitlines()[-1:]
            raise Unavailable(f"containerd ended at once: {''.join(last)}", hint=f"its log is {log}")
        if time.monotonic() > deadline:
            _end(process.pid, identity(process.pid))
            raise DeadlineExceeded(f"containerd did not answer within {timeout:g} s", hint=f"its log is {log}")
        time.sleep(0.05)


def _end(pid: int, started: str) -> None:
    for number, seconds in ((signal.SIGTERM, _STOP_SECONDS), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while is_alive(started) and time.monotonic() < deadline:
            time.sleep(0.05)
        if not is_alive(started):
            return
    raise Unavailable(f"containerd (pid {pid}) does not end")
