"""What a pull or a load tells whoever listens."""

from __future__ import annotations

import dataclasses
import enum


class Status(enum.StrEnum):
    """Docker's words for what happens to a layer."""

    RESOLVING = "Resolving"
    WAITING = "Waiting"
    DOWNLOADING = "Downloading"
    DOWNLOADED = "Download complete"
    EXTRACTING = "Extracting"
    COMPLETE = "Pull complete"
    EXISTS = "Already exists"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """One step. `kind` is image or layer; `id` a name or the start of a digest; sizes in bytes.

    Steps come from several threads, one at a time.
    """

    kind: str
    id: str
    status: Status
    current: int = 0
    total: int = 0


def ignore(_: Progress) -> None:
    """Listen to nothing."""
