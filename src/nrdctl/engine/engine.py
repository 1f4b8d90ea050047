"""The Engine: settings, the daemon's client, paths and locks, opened when they are first needed."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from nrdctl.errors import NotFound
from nrdctl.state.locks import lock

if TYPE_CHECKING:
    from nrdctl.containerd.client import Client
    from nrdctl.containerd.records import ContainerRecord, Runtime, Task
    from nrdctl.oci.spec import Host
    from nrdctl.oci.user import User
    from nrdctl.state.layout import Layout
    from nrdctl.state.settings import Settings


class Engine:
    """What verbs work with. Close it at the end; nothing is opened before it is used."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._closing = contextlib.ExitStack()

    @cached_property
    def client(self) -> Client:
        """The client of the daemon, in the namespace of the settings."""
        from nrdctl.containerd.client import Client  # import cost

        return self._closing.enter_context(Client(self.settings.address, namespace=self.settings.namespace))

    @property
    def namespace(self) -> str:
        """The namespace of the settings."""
        return self.settings.namespace

    @property
    def layout(self) -> Layout:
        """Where our files are."""
        return self.settings.layout

    @cached_property
    def host(self) -> Host:
        """What the machine can do, as far as the runtime spec depends on it."""
        from nrdctl.engine.host import read_host  # import cost

        return read_host(self.settings)

    @property
    def runtime(self) -> Runtime:
        """The runtime of new containers."""
        from nrdctl.containerd.records import Runtime  # import cost

        return Runtime(name="io.containerd.runc.v2", systemd_cgroup=self.settings.cgroup_manager == "systemd")

    @contextlib.contextmanager
    def locked(self, kind: str, name: str) -> Iterator[None]:
        """Hold the lock of one object, e.g. `("container", id)`."""
        with lock(self.layout.lock_path(kind, name)):
            yield

    def command(self, *words: str) -> list[str]:
        """Return the argument list that runs this same nrdctl, with these settings, from another process."""
        settings = self.settings
        return [
            sys.executable,
            "-m",
            "nrdctl",
            f"--address={settings.address}",
            f"--namespace={settings.namespace}",
            f"--snapshotter={settings.snapshotter}",
            f"--data-root={settings.data_root}",
            f"--cgroup-manager={settings.cgroup_manager}",
            f"--cni-path={settings.cni_path}",
            f"--cni-netconfpath={settings.cni_netconfpath}",
            *words,
        ]

    def task(self, container_id: str) -> Task | None:
        """Return a container's task; None when it has none."""
        try:
            return self.client.tasks.get(container_id)
        except NotFound:
            return None

    def user_in(self, record: ContainerRecord, user: str | None) -> User:
        """Resolve a user's name in the root file system of a container."""
        from nrdctl.engine.rootfs import resolve_user  # import cost

        return resolve_user(self, record.snapshotter, record.snapshot_key, user or "")

    def close(self) -> None:
        """Close the client."""
        self._closing.close()
