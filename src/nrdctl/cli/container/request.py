"""From the parsed groups of flags to one ContainerConfig, with what only the command line can know filled in."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from nrdctl.errors import UsageError
from nrdctl.model.container import (
    ContainerConfig,
    Lifecycle,
    Networking,
    Process,
    Resources,
    Security,
    Storage,
)
from nrdctl.model.keyvalue import parse_environment_file, resolve_environment


def container_config(
    image: str,
    args: list[str] | None,
    process: Process,
    *groups: Resources | Networking | Storage | Security | Lifecycle,
) -> ContainerConfig:
    """Put the groups together; environment files are read and bare names get the caller's values here."""
    names = {Resources: "resources", Networking: "networking", Storage: "storage", Security: "security"}
    parts = {names.get(type(group), "lifecycle"): group for group in groups}
    config = ContainerConfig(image=image, args=tuple(args or ()), process=with_environment(process), **parts)  # type: ignore[arg-type]
    lifecycle = config.lifecycle
    if lifecycle.auto_remove and lifecycle.restart.name != "no":
        raise UsageError("Conflicting options: --restart and --rm")
    if lifecycle.pull not in ("always", "missing", "never"):
        raise UsageError(f"invalid pull option: '{lifecycle.pull}': must be one of always, missing or never")
    return config


def with_environment(process: Process) -> Process:
    """Return the process with its environment resolved: files first, then `-e`."""
    entries: list[str] = []
    for name in process.env_file:
        try:
            entries += parse_environment_file(Path(name).read_text(), path=name)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise UsageError(f"open {name}: {reason}" if isinstance(error, OSError) else str(reason)) from None
    for entry in process.env:
        if not entry or entry.startswith("="):
            raise UsageError(f'invalid environment variable: "{entry}"')
    env = resolve_environment([*entries, *process.env], os.environ)
    return dataclasses.replace(process, env=env, env_file=())
