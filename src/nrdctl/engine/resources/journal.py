"""The journal of changes: one file per change, written before anything is touched, so that a crash can be undone."""

from __future__ import annotations

import dataclasses
import enum
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nrdctl.cgroup.own import Own
from nrdctl.errors import NrdctlError
from nrdctl.model.cpuset import CpuSet
from nrdctl.state.files import read_json, write_json

_KEPT = 20


class State(enum.StrEnum):
    """How far a change came."""

    BEGUN = "begun"
    DONE = "done"
    UNDONE = "undone"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One change. `pid` and `started` name the process whose cgroup it was (0: only the spec was changed).

    `command` is the request in the words of `container set`; `spec_before` and `spec_after` are `linux.resources`.
    """

    path: Path
    state: State
    time: str
    container_id: str
    command: tuple[str, ...]
    before: Own
    wanted: Own
    spec_before: Mapping[str, Any]
    spec_after: Mapping[str, Any]
    pid: int = 0
    started: int = 0


def new_path(folder: Path) -> Path:
    """Return the path of a new entry; names sort by time."""
    return folder / f"{datetime.now(UTC).strftime('%Y%m%dT%H%M%S.%fZ')}-{os.getpid()}.json"


def write(entry: Entry) -> None:
    """Write an entry; it is on the disk when this returns."""
    document = {
        "version": 1,
        "state": entry.state,
        "time": entry.time,
        "container": entry.container_id,
        "command": list(entry.command),
        "pid": entry.pid,
        "started": entry.started,
        "before": own_to_json(entry.before),
        "wanted": own_to_json(entry.wanted),
        "spec": {"before": entry.spec_before, "after": entry.spec_after},
    }
    write_json(entry.path, document, 0o600, sync=True)


def mark(entry: Entry, state: State) -> Entry:
    """Note how the change ended."""
    ended = dataclasses.replace(entry, state=state)
    write(ended)
    _prune(entry.path.parent)
    return ended


def read(path: Path) -> Entry:
    """Read an entry. Raises NrdctlError when it is damaged."""
    document = read_json(path)
    try:
        return Entry(
            path=path,
            state=State(document["state"]),
            time=document["time"],
            container_id=document["container"],
            command=tuple(document["command"]),
            before=own_from_json(document["before"]),
            wanted=own_from_json(document["wanted"]),
            spec_before=document["spec"]["before"],
            spec_after=document["spec"]["after"],
            pid=document["pid"],
            started=document["started"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise NrdctlError(
            f"{path} is damaged: {error!r}", hint="remove it, if the container's limits are right"
        ) from error


def history(folder: Path) -> list[Entry]:
    """Return the changes, oldest first."""
    return [read(path) for path in _files(folder)]


def unfinished(folder: Path) -> Entry | None:
    """Return the last change if it was interrupted. Only the last can be: the next one repairs it first."""
    files = _files(folder)
    if not files:
        return None
    entry = read(files[-1])
    return entry if entry.state is State.BEGUN else None


def own_to_json(own: Own) -> dict[str, Any]:
    """Return the values as JSON; sets of CPUs as the kernel writes them."""
    values = ((field.name, getattr(own, field.name)) for field in dataclasses.fields(own))
    return {name: value.format() if isinstance(value, CpuSet) else value for name, value in values}


def own_from_json(document: Mapping[str, Any]) -> Own:
    """Return what `own_to_json` was given."""
    sets = {name: CpuSet.from_file(document[name]) for name in ("cpus", "mems")}
    return Own(**{**document, **sets})


def describe_time(entry: Entry) -> str:
    """Return when the change was made, for people."""
    return datetime.fromisoformat(entry.time).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def begin(folder: Path, container_id: str, command: Sequence[str], **values: Any) -> Entry:
    """Write the entry of a change that is about to be made."""
    entry = Entry(
        path=new_path(folder),
        state=State.BEGUN,
        time=datetime.now(UTC).isoformat(),
        container_id=container_id,
        command=tuple(command),
        **values,
    )
    write(entry)
    return entry


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json")) if folder.is_dir() else []


def _prune(folder: Path) -> None:
    for path in _files(folder)[:-_KEPT]:
        path.unlink(missing_ok=True)
