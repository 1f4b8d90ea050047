"""Namespaces of containerd, with how much is in each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nrdctl.model.summary import NamespaceSummary
from nrdctl.state.volumes import list_volumes

if TYPE_CHECKING:
    from nrdctl.engine.engine import Engine


def list_namespaces(engine: Engine) -> list[NamespaceSummary]:
    """Return all namespaces by name: two calls for each."""
    found = []
    for namespace in engine.client.namespaces.list():
        client = engine.client.at(namespace.name)
        found.append(
            NamespaceSummary(
                name=namespace.name,
                containers=len(client.containers.list()),
                images=len(client.images.list()),
                volumes=len(list_volumes(engine.layout, namespace.name)),
                labels=namespace.labels,
            )
        )
    return sorted(found, key=lambda n: n.name)
