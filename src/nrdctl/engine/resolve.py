"""From what a person typed (a name, an ID, the start of an ID) to one container."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from nrdctl.engine import labels
from nrdctl.errors import InvalidArgument, NotFound

if TYPE_CHECKING:
    from nrdctl.containerd.client import Client
    from nrdctl.containerd.records import ContainerRecord

_ID_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def resolve(client: Client, reference: str) -> ContainerRecord:
    """Return the container of that name, ID or unique ID prefix, in the client's namespace: one RPC.

    An exact name or ID wins over an ID prefix, as with docker. Raises NotFound, or InvalidArgument when ambiguous.
    """
    reference = reference.removeprefix("/")
    found = client.containers.list(*_filters(reference)) if reference else []
    exact = [r for r in found if reference in (r.id, labels.display_name(r.labels))]
    if len(exact) == 1:
        return exact[0]
    if not found:
        raise NotFound(f"No such container: {reference}")
    if len(found) > 1:
        names = ", ".join(sorted(f"{r.id[:12]} ({labels.display_name(r.labels) or 'no name'})" for r in found))
        raise InvalidArgument(f"Multiple containers found with provided prefix: {reference}", hint=f"it fits {names}")
    return found[0]


def _filters(reference: str) -> list[str]:
    quoted = json.dumps(reference)
    filters = [f'labels."{key}"=={quoted}' for key in (labels.NAME, "nerdctl/name")]
    if reference.startswith("k8s://"):
        _, _, path = reference.partition("://")
        parts = path.split("/")
        keys = ("io.kubernetes.pod.namespace", "io.kubernetes.pod.name", "io.kubernetes.container.name")
        pairs = [f'labels."{k}"=={json.dumps(v)}' for k, v in zip(keys, parts, strict=False)]
        filters.append(",".join(pairs))
    if _ID_PREFIX.fullmatch(reference):
        filters.append(f"id~=^{re.escape(reference)}")
    return filters
