"""Containers of busybox, made with the client alone."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from nrdctl.containerd.records import (
    ContainerRecord,
    Mount,
)
from tests.support import rootfs

if TYPE_CHECKING:
    from nrdctl.containerd.client import Client


@dataclasses.dataclass(frozen=True)
class Box:
    """Makes containers of busybox in one namespace."""

    client: Client
    snapshotter: str
    top: str

    def record(self, container_id: str, *args: str, **options: Any) -> tuple[ContainerRecord, list[Mount]]:
        """Make a container, and return how to mount its root file system."""
        mounts = self.client.snapshots.prepare(self.snapshotter, container_id, self.top)
        spec = rootfs.spec(f"/{self.client.namespace}/{container_id}", *args, **options)
        record = ContainerRecord(
            id=container_id,
            spec_json=json.dumps(spec).encode(),
            snapshotter=self.snapshotter,
            snapshot_key=container_id,
        )
        return self.client.containers.create(record), mounts

    def task(self, container_id: str, *args: str, **options: Any) -> int:
        """Make a container and its task, not yet started."""
        _, mounts = self.record(container_id, *args, **options)
        return self.client.tasks.create(container_id, mounts)

    def run(self, container_id: str, *args: str) -> int:
        """Make a container and start it."""
        self.task(container_id, *args)
        return self.client.tasks.start(container_id)
