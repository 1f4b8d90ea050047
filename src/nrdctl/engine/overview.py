"""Containers of several namespaces at once, and their limits: what operators look at."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nrdctl.cgroup.host import discover
from nrdctl.engine.container.listing import Container, list_containers
from nrdctl.engine.resources.view import ContainerLimits, view_one
from nrdctl.errors import InvalidArgument, NotFound

if TYPE_CHECKING:
    from nrdctl.cgroup.host import Host
    from nrdctl.engine.engine import Engine


@dataclasses.dataclass(frozen=True, kw_only=True)
class Overview:
    """Containers with their limits; `namespaces` says where was looked."""

    namespaces: tuple[str, ...]
    containers: tuple[tuple[Container, ContainerLimits], ...]


def namespaces_of(engine: Engine, *, everywhere: bool) -> tuple[str, ...]:
    """Return the namespaces to look at: all of the daemon, or the one of the settings."""
    if not everywhere:
        return (engine.namespace,)
    return tuple(sorted(namespace.name for namespace in engine.client.namespaces.list()))


def overview(engine: Engine, references: Sequence[str] = (), *, everywhere: bool) -> Overview:
    """Return containers and their limits: two calls for each namespace, the rest is read from the kernel's files.

    With references, those containers only, in their order. Raises NotFound, InvalidArgument for an ambiguous one.
    """
    host = discover()
    namespaces = namespaces_of(engine, everywhere=everywhere)
    found = [c for name in namespaces for c in list_containers(engine.client.at(name))]
    chosen = [_pick(found, reference) for reference in references] if references else found
    return Overview(namespaces=namespaces, containers=tuple((c, _limits(host, c)) for c in chosen))


def _limits(host: Host, container: Container) -> ContainerLimits:
    return view_one(host, container.namespace, container.record, container.task)


def _pick(found: Sequence[Container], reference: str) -> Container:
    """Return the container of that name, ID or unique ID prefix; an exact one wins, as in `resolve`."""
    exact = [c for c in found if reference in (c.record.id, c.name)]
    fitting = exact or [c for c in found if c.record.id.startswith(reference)]
    if not fitting:
        raise NotFound(f"No such container: {reference}")
    if len(fitting) > 1:
        where = ", ".join(f"{c.record.id[:12]} in {c.namespace}" for c in fitting)
        raise InvalidArgument(f"Several containers are called {reference}: {where}", hint="say which with --namespace")
    return fitting[0]
