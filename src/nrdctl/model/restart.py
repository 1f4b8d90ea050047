"""Restart policies: `no`, `always`, `unless-stopped`, `on-failure[:N]`."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class RestartPolicy:
    """A restart policy; `maximum` is the number of retries of `on-failure` (0: no limit)."""

    name: str = "no"
    maximum: int = 0

    def __str__(self) -> str:
        """Return the text that `parse_restart` reads."""
        return f"{self.name}:{self.maximum}" if self.maximum else self.name

    def wants_restart(self, *, exit_status: int, restarts: int, stopped_by_user: bool) -> bool:
        """Say whether a container that has just exited must be started again."""
        if stopped_by_user or self.name == "no":
            return False
        if self.name == "on-failure":
            return exit_status != 0 and (self.maximum == 0 or restarts < self.maximum)
        return True


def parse_restart(text: str) -> RestartPolicy:
    """Parse `--restart`. Raises ValueError."""
    name, colon, count = text.partition(":")
    if name not in ("no", "always", "unless-stopped", "on-failure"):
        raise ValueError(f"invalid restart policy {text!r}: use no, always, unless-stopped or on-failure[:N]")
    if not colon:
        return RestartPolicy(name)
    if name != "on-failure":
        raise ValueError(f"invalid restart policy {text!r}: maximum retry count can only be used with 'on-failure'")
    if not count.isdecimal():
        raise ValueError(f"invalid restart policy {text!r}: maximum retry count must be a non-negative integer")
    return RestartPolicy(name, int(count))
