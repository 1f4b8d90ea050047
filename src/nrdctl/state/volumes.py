"""Local volumes: a folder each, `<name>/_data`, with its labels next to it in `volume.json`.

A volume appears and disappears by a rename, so that no lock is needed and a crash leaves no half of one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import shutil
import time
from typing import TYPE_CHECKING

from nrdctl.errors import AlreadyExists, InvalidArgument, NotFound
from nrdctl.state.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from nrdctl.state.layout import Layout

ANONYMOUS_LABEL = "com.docker.volume.anonymous"
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
_DATA = "_data"
_DOCUMENT = "volume.json"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Volume:
    """A local volume. `path` is the folder that containers see; `created_at` is in seconds since 1970."""

    name: str
    path: Path
    labels: Mapping[str, str]
    created_at: float

    @property
    def anonymous(self) -> bool:
        """Whether nobody gave it a name: `prune` and `rm -v` may remove it."""
        return ANONYMOUS_LABEL in self.labels


def anonymous_name() -> str:
    """Return a new random name of 64 hex digits."""
    return os.urandom(32).hex()


def check_name(name: str) -> str:
    """Return the name; raises InvalidArgument in docker's words."""
    if not _NAME.fullmatch(name) or len(name) > 200:
        raise InvalidArgument(
            f'"{name}" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" '
            "are allowed. If you intended to pass a host directory, use absolute path"
        )
    return name


def create(
    layout: Layout, namespace: str, name: str | None = None, *, labels: Mapping[str, str] | None = None
) -> Volume:
    """Make a volume; without a name it is an anonymous one. Raises AlreadyExists."""
    given = dict(labels or {})
    if name is None:
        name = anonymous_name()
        given.setdefault(ANONYMOUS_LABEL, "")
    final = layout.volume_dir(namespace, check_name(name))
    staged = final.with_name(f".{name[:64]}.{os.urandom(4).hex()}.tmp")
    try:
        (staged / _DATA).mkdir(parents=True)
        (staged / _DATA).chmod(0o755)
        write_json(staged / _DOCUMENT, {"labels": given, "created": time.time()})
        staged.rename(final)
    except OSError as error:
        shutil.rmtree(staged, ignore_errors=True)
        if final.is_dir():
            raise AlreadyExists(f"volume {name} already exists") from error
        raise
    return get(layout, namespace, name)


def ensure(layout: Layout, namespace: str, name: str) -> Path:
    """Return the content folder of a volume, which is made when it does not exist."""
    path = layout.volume_dir(namespace, check_name(name)) / _DATA
    if not path.is_dir():
        with contextlib.suppress(AlreadyExists):
            create(layout, namespace, name)
    return path


def get(layout: Layout, namespace: str, name: str) -> Volume:
    """Return a volume. Raises NotFound."""
    folder = layout.volume_dir(namespace, check_name(name))
    if not folder.is_dir():
        raise NotFound(f"no such volume: {name}")
    try:
        document = read_json(folder / _DOCUMENT)
    except FileNotFoundError:
        document = {}
    created = document.get("created") or folder.stat().st_mtime
    return Volume(name=name, path=folder / _DATA, labels=document.get("labels") or {}, created_at=created)


def list_volumes(layout: Layout, namespace: str) -> list[Volume]:
    """Return the volumes of a namespace by name; one that vanishes meanwhile is left out."""
    volumes = []
    with contextlib.suppress(FileNotFoundError):
        for name in sorted(folder.name for folder in layout.volumes_dir(namespace).iterdir()):
            if not name.startswith("."):
                with contextlib.suppress(NotFound, InvalidArgument):
                    volumes.append(get(layout, namespace, name))
    return volumes


def remove(layout: Layout, namespace: str, name: str) -> None:
    """Remove a volume and its content. Raises NotFound. The caller checks that no container uses it."""
    folder = layout.volume_dir(namespace, check_name(name))
    doomed = folder.with_name(f".{name[:64]}.{os.urandom(4).hex()}.removed")
    try:
        folder.rename(doomed)
    except FileNotFoundError:
        raise NotFound(f"no such volume: {name}") from None
    shutil.rmtree(doomed)


def clear_leftovers(layout: Layout, namespace: str, *, older_than: float = 3600.0) -> list[Path]:
    """Remove what a crash left between two steps of `create` and `remove`, if it is older than so many seconds."""
    cleared = []
    with contextlib.suppress(FileNotFoundError):
        for folder in layout.volumes_dir(namespace).glob(".*"):
            if folder.suffix in (".tmp", ".removed") and time.time() - folder.stat().st_mtime > older_than:
                shutil.rmtree(folder, ignore_errors=True)
                cleared.append(folder)
    return cleared
