"""The original request of a container, kept with its record: the answer to "what was asked for?"."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from nrdctl.engine import labels
from nrdctl.model.container import ContainerConfig  # noqa: TC001 - read when requests are decoded
from nrdctl.model.document import from_document, to_document

if TYPE_CHECKING:
    from nrdctl.containerd.records import ContainerRecord


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A container's request, and what was settled when it was created.

    `args` is the whole command line, `image_id` the digest of the image's configuration; `volumes` are the names of
    anonymous volumes, removed with the container. With `stdin_once` the end of the first client's input is the end of
    the container's.
    """

    config: ContainerConfig
    args: tuple[str, ...]
    image_id: str
    image_labels: tuple[tuple[str, str], ...] = ()
    stop_signal: str = "SIGTERM"
    anonymous_volumes: tuple[str, ...] = ()
    exposed_ports: tuple[str, ...] = ()
    stdin_once: bool = False


def encode(request: Request) -> bytes:
    """Return the bytes of the extension."""
    return json.dumps(to_document(request), separators=(",", ":")).encode()


def request_of(record: ContainerRecord) -> Request | None:
    """Return the request of a container of ours; None for somebody else's."""
    data = record.extensions.get(labels.REQUEST)
    return from_document(Request, json.loads(data)) if data else None


def wants_restart(record: ContainerRecord, exit_status: int) -> bool:
    """Say whether a container whose process has just ended with this status must be started again."""
    request = request_of(record)
    return request is not None and request.config.lifecycle.restart.wants_restart(
        exit_status=exit_status,
        restarts=int(record.labels.get(labels.RESTARTS, "0")),
        stopped_by_user=record.labels.get(labels.STOPPED_BY_USER) == "true",
    )


def labels_of(record: ContainerRecord) -> dict[str, str]:
    """Return the labels that people see: those asked for, including any that were too long for containerd."""
    result = labels.user_labels(record.labels)
    request = request_of(record)
    if request:
        result.update(request.config.lifecycle.labels)
    return result
