"""A container's monitor (conmon): told what to do before the task is made, and connected to its streams."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nrdctl.conmon import fifos, launcher
from nrdctl.conmon.config import MonitorConfig
from nrdctl.containerd.records import Streams

if TYPE_CHECKING:
    from nrdctl.containerd.records import ContainerRecord
    from nrdctl.engine.container.request import Request
    from nrdctl.engine.engine import Engine

_FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# What the commands that a monitor starts may need of the caller's environment; containerd's shim passes nothing on.
_PASSED_ON = ("PATH", "PYTHONPATH", "PYTHONPYCACHEPREFIX", "VIRTUAL_ENV", "NRDCTL_TOML", "TZ", "LANG", "LC_ALL")


def prepare_monitor(engine: Engine, record: ContainerRecord, request: Request) -> Streams:
    """Write the monitor's configuration and return the streams to make the task with.

    The shim starts the monitor as its logging program. It can't connect the standard input of such a container without
    a terminal, so there the monitor is started here and reads FIFOs instead.
    """
    process, run_dir = request.config.process, engine.layout.run_dir(record.id)
    _config(engine, record, request).write(run_dir)
    program = launcher.install(engine.layout.data)
    if process.interactive and not process.tty:
        fifos.make(run_dir, "stdin", "stdout", "stderr")
        fifos.spawn_monitor(program, run_dir)
        stdin, stdout, stderr = (str(run_dir / name) for name in ("stdin", "stdout", "stderr"))
        return Streams(stdin=stdin, stdout=stdout, stderr=stderr)
    uri = launcher.log_uri(program, run_dir)
    if process.tty:
        if process.interactive:
            fifos.make(run_dir, "stdin")
        return Streams(stdin=str(run_dir / "stdin") if process.interactive else "", stdout=uri, terminal=True)
    return Streams(stdout=uri, stderr=uri)


def _config(engine: Engine, record: ContainerRecord, request: Request) -> MonitorConfig:
    process = request.config.process
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment.setdefault("PATH", _FOLDERS)
    return MonitorConfig(
        log_path=str(engine.layout.log_path(engine.namespace, record.id)),
        exit_command=tuple(engine.command("internal", "exited", record.id)),
        restart_command=tuple(engine.command("internal", "restart", record.id)),
        stdin_command=tuple(engine.command("internal", "close-stdin", record.id)),
        environment=environment,
        terminal=process.tty,
        stdin=process.interactive,
        stdin_once=request.stdin_once,
    )
