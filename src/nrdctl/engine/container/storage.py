"""The volumes and binds of a container that is being created."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nrdctl.errors import InvalidArgument, NotFound
from nrdctl.image.rootfiles import copy_folder
from nrdctl.model.mount import Mount
from nrdctl.state import volumes as store

if TYPE_CHECKING:
    from nrdctl.containerd import records
    from nrdctl.engine.engine import Engine
    from nrdctl.model.container import Storage
    from nrdctl.oci.imageconfig import ImageConfig


class Volumes:
    """Turns `-v` and the image's VOLUMEs into mounts with host paths; knows what it made, so that it can be undone."""

    def __init__(self, engine: Engine, storage: Storage, image: ImageConfig) -> None:
        self._engine = engine
        self._wanted = _with_image_volumes(storage, image)
        self._new: list[str] = []
        self.anonymous: tuple[str, ...] = ()

    def prepare(self, rootfs: Sequence[records.Mount]) -> tuple[Mount, ...]:
        """Make missing volumes and host folders, fill new volumes from the image, and return the mounts."""
        return tuple(self._prepare(mount, rootfs) for mount in self._wanted)

    def remove_new(self) -> None:
        """Remove the volumes that `prepare` made."""
        for name in self._new:
            store.remove(self._engine.layout, self._engine.namespace, name)
        self._new.clear()

    def _prepare(self, mount: Mount, rootfs: Sequence[records.Mount]) -> Mount:
        if mount.kind == "bind":
            return dataclasses.replace(mount, source=_host_path(mount.source))
        if mount.kind != "volume":
            return mount
        path = self._volume(mount.source)
        # Docker fills an empty volume with what the image has at that place, unless told not to.
        if "nocopy" not in mount.options and not any(path.iterdir()):
            self._engine.layout.run.mkdir(mode=0o711, parents=True, exist_ok=True)
            copy_folder(rootfs, mount.target, path, at=self._engine.layout.run)
        return dataclasses.replace(mount, source=str(path))

    def _volume(self, name: str) -> Path:
        """Return the folder of a volume, made if need be; an empty name asks for an anonymous one."""
        layout, namespace = self._engine.layout, self._engine.namespace
        if name:
            try:
                return store.get(layout, namespace, name).path
            except NotFound:
                pass
        volume = store.create(layout, namespace, name or None)
        self._new.append(volume.name)
        if not name:
            self.anonymous = (*self.anonymous, volume.name)
        return volume.path


def _with_image_volumes(storage: Storage, image: ImageConfig) -> tuple[Mount, ...]:
    targets = {mount.target for mount in (*storage.volumes, *storage.tmpfs)}
    more = (Mount(kind="volume", target=target) for target in image.volumes if target not in targets)
    return (*storage.volumes, *more)


def _host_path(source: str) -> str:
    """Return the absolute path of a bind's source; docker's `-v` makes a missing one a folder."""
    path = Path(source).expanduser().absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        pass  # a file, a socket or a device: bound as it is
    except OSError as error:
        raise InvalidArgument(f"cannot use {source} as a volume: {error.strerror}") from None
    return str(path)
