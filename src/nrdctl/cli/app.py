"""The program's state while a command runs: global flags, settings, engine, terminal."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nrdctl.state.settings import Settings, load

if TYPE_CHECKING:
    from nrdctl.engine.engine import Engine


@dataclasses.dataclass(kw_only=True)
class App:
    """What commands need from the outside. The engine, and with it the daemon's connection, opens on first use."""

    flags: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @cached_property
    def settings(self) -> Settings:
        """The settings: flag over environment over file over default."""
        return load(self.flags, os.environ)

    @cached_property
    def engine(self) -> Engine:
        """The engine, opened on first use."""
        from nrdctl.engine.engine import Engine  # import cost

        return Engine(self.settings)

    @property
    def debugging(self) -> bool:
        """Whether tracebacks are wanted; asks the flag alone until settings could be read."""
        return bool(self.flags.get("debug")) or ("settings" in self.__dict__ and self.settings.debug)

    @property
    def everywhere(self) -> bool:
        """Whether the views of operators cover all namespaces: they do unless one was named."""
        return not (self.flags.get("namespace") or os.environ.get("CONTAINERD_NAMESPACE"))

    def close(self) -> None:
        """Close what was opened."""
        if "engine" in self.__dict__:
            self.engine.close()

    def say(self, text: str) -> None:
        """Write one line to standard output."""
        print(text)

    def write(self, text: str) -> None:
        """Write text as it is to standard output."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def warn(self, text: str) -> None:
        """Write a warning to standard error."""
        sys.stdout.flush()
        print(f"WARNING: {text}", file=sys.stderr)

    def report(self, error: Exception) -> None:
        """Write an error, and its hint, to standard error without ending the command."""
        sys.stdout.flush()
        print(f"nrdctl: {error}", file=sys.stderr)
        hint = getattr(error, "hint", None)
        if hint:
            print(f"hint: {hint}", file=sys.stderr)
