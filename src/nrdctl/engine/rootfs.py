"""What must be looked up in a container's root file system: its users and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nrdctl.image.rootfiles import read_files
from nrdctl.oci.user import User, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nrdctl.containerd.records import Mount
    from nrdctl.engine.engine import Engine

_PASSWD, _GROUP = "/etc/passwd", "/etc/group"


def resolve_user(engine: Engine, snapshotter: str, snapshot_key: str, text: str) -> User:
    """Resolve `user[:group]` in a container's snapshot. Raises InvalidArgument for an unknown name."""
    return resolve_user_in(engine, engine.client.snapshots.mounts(snapshotter, snapshot_key), text)


def resolve_user_in(engine: Engine, mounts: Sequence[Mount], text: str) -> User:
    """Resolve `user[:group]` in a root file system that these mounts make."""
    engine.layout.run.mkdir(mode=0o711, parents=True, exist_ok=True)
    files = read_files(mounts, [_PASSWD, _GROUP], at=engine.layout.run)
    passwd, group = ((files[path] or b"").decode(errors="replace") for path in (_PASSWD, _GROUP))
    return resolve(text, passwd, group)
