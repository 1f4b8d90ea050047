"""The columns of `ps`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nrdctl.render.column import Column, Columns
from nrdctl.render.gofmt import quote
from nrdctl.render.human import ago, ellipsis, familiar_image, join_labels, short_id, size, timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from nrdctl.model.summary import ContainerSummary

DEFAULT: Final = ("ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names")
WIDE: Final = (*DEFAULT, "Runtime", "Platform", "Size")
_COMMAND_WIDTH: Final = 20
_MOUNT_WIDTH: Final = 15
_RAW: Final = """container_id: {{.ID}}
image: {{.Image}}
command: {{.Command}}
created_at: {{.CreatedAt}}
state: {{- pad .State 1 0}}
status: {{- pad .Status 1 0}}
names: {{.Names}}
labels: {{- pad .Labels 1 0}}
ports: {{- pad .Ports 1 0}}
"""


def container_columns(now: datetime, *, no_trunc: bool = False, with_size: bool = False) -> Columns[ContainerSummary]:
    """The columns of containers. Ages are counted up to `now`, whose time zone the times are shown in."""
    return Columns(
        noun="container",
        columns=_columns(now, no_trunc),
        default=(*DEFAULT, "Size") if with_size else DEFAULT,
        wide=WIDE,
        methods={"Label": lambda container, name: container.labels.get(name, "")},
        quiet_wins=True,
        raw=_RAW + "size: {{.Size}}\n" if with_size else _RAW,
        raw_quiet="container_id: {{.ID}}",
    )


def _columns(now: datetime, no_trunc: bool) -> tuple[Column[ContainerSummary], ...]:
    return (
        Column("ID", "CONTAINER ID", lambda it: it.id if no_trunc else short_id(it.id)),
        Column("Names", "NAMES", lambda it: it.names),
        Column("Image", "IMAGE", lambda it: _image(it.image, no_trunc)),
        Column(
            "Command", "COMMAND", lambda it: quote(it.command if no_trunc else ellipsis(it.command, _COMMAND_WIDTH))
        ),
        Column("CreatedAt", "CREATED AT", lambda it: timestamp(it.created_at.replace(microsecond=0), now)),
        Column("RunningFor", "CREATED", lambda it: ago(it.created_at, now)),
        Column("Ports", "PORTS", lambda it: it.ports),
        Column("State", "STATE", lambda it: it.state),
        Column("Status", "STATUS", lambda it: it.status),
        Column("HealthStatus", "HEALTH STATUS", lambda it: _health(it.status)),
        Column("Size", "SIZE", _size, costly=True),
        Column("Labels", "LABELS", lambda it: join_labels(it.labels)),
        Column("LocalVolumes", "LOCAL VOLUMES", lambda it: str(sum("/" not in mount for mount in it.mounts))),
        Column("Mounts", "MOUNTS", lambda it: ",".join(_mounts(it.mounts, no_trunc))),
        Column("Networks", "NETWORKS", lambda it: ",".join(it.networks)),
        Column("Platform", "PLATFORM", lambda it: it.platform),
        Column("Runtime", "RUNTIME", lambda it: it.runtime),
        Column("Namespace", "NAMESPACE", lambda it: it.namespace),
    )


def _image(reference: str, no_trunc: bool) -> str:
    """The name of the image as people write it; a digest is dropped and a bare ID shortened unless `no_trunc`."""
    if not reference:
        return "<no image>"
    if no_trunc:
        return familiar_image(reference)
    if reference.startswith("sha256:"):
        return short_id(reference)
    return familiar_image(reference.partition("@")[0])


def _mounts(mounts: tuple[str, ...], no_trunc: bool) -> tuple[str, ...]:
    return mounts if no_trunc else tuple(ellipsis(mount, _MOUNT_WIDTH) for mount in mounts)


def _size(container: ContainerSummary) -> str:
    """The writable layer, and all layers together when they were asked for: `2B (virtual 21.5MB)`."""
    written = size(container.size_rw or 0)
    return f"{written} (virtual {size(container.size_root)})" if container.size_root else written


def _health(status: str) -> str:
    """The health in a status such as "Up 2 minutes (health: starting)", or nothing."""
    _, _, rest = status.partition("(")
    health = rest.removesuffix(")").removeprefix("health: ")
    return health if rest.endswith(")") and health in ("healthy", "unhealthy", "starting") else ""
