"""The columns of `network ls`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nrdctl.render.column import Column, Columns
from nrdctl.render.human import join_labels, short_id, timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from nrdctl.model.summary import NetworkSummary


def network_columns(now: datetime, *, no_trunc: bool = False) -> Columns[NetworkSummary]:
    """The columns of networks. Times are shown in the time zone of `now`."""
    return Columns(
        noun="network",
        columns=(
            Column("ID", "NETWORK ID", lambda it: it.id if no_trunc else short_id(it.id)),
            Column("Name", "NAME", lambda it: it.name),
            Column("Driver", "DRIVER", lambda it: it.driver),
            Column("Scope", "SCOPE", lambda it: it.scope),
            Column("IPv6", "IPV6", lambda it: _bool(it.ipv6)),
            Column("Internal", "INTERNAL", lambda it: _bool(it.internal)),
            Column("Labels", "LABELS", lambda it: join_labels(it.labels)),
            Column("CreatedAt", "CREATED AT", lambda it: timestamp(it.created_at, now) if it.created_at else ""),
        ),
        default=("ID", "Name", "Driver", "Scope"),
        methods={"Label": lambda network, name: network.labels.get(name, "")},
        raw_quiet="network_id: {{.ID}}",
    )


def _bool(value: bool) -> str:
    return "true" if value else "false"
