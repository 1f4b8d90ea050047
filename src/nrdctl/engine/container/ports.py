"""The published ports of containers, from the records that their networks left on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nrdctl.network import record

if TYPE_CHECKING:
    from nrdctl.engine.engine import Engine
    from nrdctl.model.port import PortMapping


def published_ports(engine: Engine, namespace: str, container_id: str) -> tuple[PortMapping, ...]:
    """Return the published ports of a running container: one small file is read."""
    state = record.load(engine.layout.container_dir(namespace, container_id))
    return state.ports if state else ()
