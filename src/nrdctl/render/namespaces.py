"""The columns of `namespace ls`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nrdctl.render.column import Column, Columns
from nrdctl.render.human import join_labels

if TYPE_CHECKING:
    from nrdctl.model.summary import NamespaceSummary


def namespace_columns() -> Columns[NamespaceSummary]:
    """The columns of containerd's namespaces."""
    return Columns(
        noun="namespace",
        columns=(
            Column("Name", "NAME", lambda it: it.name),
            Column("Containers", "CONTAINERS", lambda it: str(it.containers)),
            Column("Images", "IMAGES", lambda it: str(it.images)),
            Column("Volumes", "VOLUMES", lambda it: str(it.volumes)),
            Column("Labels", "LABELS", lambda it: join_labels(it.labels)),
        ),
        default=("Name", "Containers", "Images", "Volumes", "Labels"),
        methods={"Label": lambda namespace, name: namespace.labels.get(name, "")},
        quiet="Name",
    )
