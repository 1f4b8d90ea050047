"""What the engine tells a monitor, as the file `<run directory>/conmon.conf`."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

from nrdctl.conmon import conffile, protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class MonitorConfig:
    """One container's monitor. Commands need an absolute path in front.

    `log_path` empty: no log. `log_max_size` is in bytes (0: no limit); `log_max_files` counts the current file too.
    `exit_command` cleans up after the container: exit 0 without output ends the monitor, `restart <ms>` has it run
    `restart_command` after that many milliseconds (the task must still be there then), failure has it tried again.
    `stdin_command` calls Tasks.CloseIO when the client that wrote the input has died. `environment` is all that the
    commands get. `stdin_once`: the first writer's end is the end of the container's input, as docker's StdinOnce.
    """

    log_path: str = ""
    log_max_size: int = 0
    log_max_files: int = 1
    exit_command: tuple[str, ...] = ()
    restart_command: tuple[str, ...] = ()
    stdin_command: tuple[str, ...] = ()
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    terminal: bool = False
    stdin: bool = False
    stdin_once: bool = False

    def encode(self) -> bytes:
        """Return the file's content. Raises ValueError for a value with a NUL."""
        items: list[tuple[str, bytes]] = [
            ("log_path", os.fsencode(self.log_path)),
            ("log_max_size", b"%d" % self.log_max_size),
            ("log_max_files", b"%d" % self.log_max_files),
        ]
        for key in ("exit_command", "restart_command", "stdin_command"):
            items += [(key, os.fsencode(argument)) for argument in getattr(self, key)]
        items += [("environment", os.fsencode(f"{name}={value}")) for name, value in self.environment.items()]
        items += [(key, b"yes" if getattr(self, key) else b"no") for key in ("terminal", "stdin", "stdin_once")]
        return conffile.encode(items)

    def write(self, directory: Path) -> None:
        """Write the file into the container's run directory, atomically."""
        temporary = directory / f"{protocol.CONFIG_NAME}.{os.getpid()}"
        temporary.write_bytes(self.encode())
        temporary.rename(directory / protocol.CONFIG_NAME)
