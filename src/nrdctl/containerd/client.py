"""The client: where containerd listens, in which namespace, and its services, loaded when they are first used."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from nrdctl.containerd.channel import Channel, Scope
from nrdctl.errors import InvalidArgument, NrdctlError

if TYPE_CHECKING:
    import collections
    from collections.abc import Iterator, Mapping

    from nrdctl.containerd.containers import Containers
    from nrdctl.containerd.content import Content
    from nrdctl.containerd.diff import Diff
    from nrdctl.containerd.events import Events
    from nrdctl.containerd.images import Images
    from nrdctl.containerd.introspection import Introspection
    from nrdctl.containerd.leases import Leases
    from nrdctl.containerd.namespaces import Namespaces
    from nrdctl.containerd.snapshots import Snapshots
    from nrdctl.containerd.tasks import Tasks
    from nrdctl.containerd.version import VersionService

# containerd's rule for identifiers (package identifiers).
_IDENTIFIER = re.compile(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*", re.ASCII)
_MAX_IDENTIFIER = 76
LABEL_EXPIRE = "containerd.io/gc.expire"


class Client:
    """A client of one containerd. Nothing is opened, and grpc is not imported, before the first call.

    `connect_timeout` and `call_timeout` are in seconds; the latter is for calls that only read. Usable from several
    threads. The clients that `at` and `lease` return share the connection: close the first one only.
    """

    def __init__(
        self, address: str, *, namespace: str = "default", connect_timeout: float = 5.0, call_timeout: float = 10.0
    ) -> None:
        channel = Channel(address, connect_timeout=connect_timeout)
        self._scope = Scope(channel=channel, namespace=_identifier(namespace), call_timeout=call_timeout)

    @classmethod
    def _scoped(cls, scope: Scope) -> Self:
        client = cls.__new__(cls)
        client._scope = scope
        return client

    @property
    def address(self) -> str:
        """The path of the socket."""
        return self._scope.channel.path

    @property
    def namespace(self) -> str:
        """The namespace that calls are made in."""
        return self._scope.namespace

    @property
    def calls(self) -> collections.Counter[str]:
        """How often each method was called, by names such as `Tasks.Start`; of all clients on this connection."""
        return self._scope.channel.calls

    def at(self, namespace: str) -> Self:
        """Return a client for another namespace on the same connection, outside of any lease."""
        return self._scoped(dataclasses.replace(self._scope, namespace=_identifier(namespace), lease=""))

    @contextlib.contextmanager
    def lease(self, labels: Mapping[str, str] | None = None, expire: timedelta = timedelta(hours=24)) -> Iterator[Self]:
        """Yield a client whose calls keep what they create from the garbage collector until the context ends.

        Should this process die, the lease ends after `expire`.
        """
        until = (datetime.now(UTC) + expire).strftime("%Y-%m-%dT%H:%M:%SZ")
        lease = self.leases.create(f"nrdctl-{os.urandom(8).hex()}", {LABEL_EXPIRE: until, **(labels or {})})
        try:
            yield self._scoped(dataclasses.replace(self._scope, lease=lease.id))
        finally:
            # It would expire by itself, so failing to delete it must not hide what happened inside.
            with contextlib.suppress(NrdctlError):
                self.leases.delete(lease.id)

    def close(self) -> None:
        """Close the connection; calls under way are cancelled."""
        self._scope.channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @functools.cached_property
    def containers(self) -> Containers:
        """Container records."""
        from nrdctl.containerd.containers import Containers  # import cost

        return Containers(self._scope)

    @functools.cached_property
    def tasks(self) -> Tasks:
        """Running containers."""
        from nrdctl.containerd.tasks import Tasks  # import cost

        return Tasks(self._scope)

    @functools.cached_property
    def images(self) -> Images:
        """Image names."""
        from nrdctl.containerd.images import Images  # import cost

        return Images(self._scope)

    @functools.cached_property
    def content(self) -> Content:
        """Blobs."""
        from nrdctl.containerd.content import Content  # import cost

        return Content(self._scope)

    @functools.cached_property
    def snapshots(self) -> Snapshots:
        """File systems."""
        from nrdctl.containerd.snapshots import Snapshots  # import cost

        return Snapshots(self._scope)

    @functools.cached_property
    def diff(self) -> Diff:
        """Layers to snapshots and back."""
        from nrdctl.containerd.diff import Diff  # import cost

        return Diff(self._scope)

    @functools.cached_property
    def leases(self) -> Leases:
        """Leases."""
        from nrdctl.containerd.leases import Leases  # import cost

        return Leases(self._scope)

    @functools.cached_property
    def namespaces(self) -> Namespaces:
        """Namespaces."""
        from nrdctl.containerd.namespaces import Namespaces  # import cost

        return Namespaces(self._scope)

    @functools.cached_property
    def events(self) -> Events:
        """The stream of events."""
        from nrdctl.containerd.events import Events  # import cost

        return Events(self._scope)

    @functools.cached_property
    def introspection(self) -> Introspection:
        """The daemon's plugins."""
        from nrdctl.containerd.introspection import Introspection  # import cost

        return Introspection(self._scope)

    @functools.cached_property
    def version(self) -> VersionService:
        """The daemon's version."""
        from nrdctl.containerd.version import VersionService  # import cost

        return VersionService(self._scope)


def _identifier(text: str) -> str:
    if not _IDENTIFIER.fullmatch(text) or len(text) > _MAX_IDENTIFIER:
        raise InvalidArgument(f"invalid namespace {text!r}: letters and digits, joined by one of . _ -, at most 76")
    return text
