"""`images`: one row per name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nrdctl.image.catalog import Catalog, Entry, SnapshotSizes
from nrdctl.image.naming import NONE, parse_name
from nrdctl.model.summary import ImageSummary

if TYPE_CHECKING:
    from nrdctl.containerd.client import Client
    from nrdctl.oci.platform import Platform
    from nrdctl.oci.reference import Reference

_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


def list_images(client: Client, *, snapshotter: str, platform: Platform) -> list[ImageSummary]:
    """Return a row per name, newest first. Three calls, plus some for images that another tool brought.

    An image that also has a proper name is not listed under the names that other tools give it (`sha256:…`).
    """
    catalog = Catalog(client, platform)
    sizes = SnapshotSizes(client, snapshotter)
    entries = [(entry, parse_name(entry.record.name)) for entry in catalog.entries()]
    named = {entry.record.target.digest for entry, reference in entries if reference is not None}
    rows: list[ImageSummary] = []
    nameless: set[str] = set()
    for entry, reference in entries:
        target = entry.record.target.digest
        if reference is None and (target in named or target in nameless):
            continue
        if reference is None:
            nameless.add(target)
        rows.append(_row(catalog, sizes, entry, reference, snapshotter))
    # Python's sort keeps the order of names among images of the same time.
    return sorted(rows, key=lambda row: row.created_at or _BEGINNING, reverse=True)


def _row(
    catalog: Catalog, sizes: SnapshotSizes, entry: Entry, reference: Reference | None, snapshotter: str
) -> ImageSummary:
    summary = catalog.summary(entry)
    return ImageSummary(
        id=entry.id,
        repository=reference.familiar_repository if reference else NONE,
        tag=reference.tag or NONE if reference else NONE,
        digest=entry.record.target.digest,
        created_at=summary.created if summary else None,
        size=sizes.total(catalog.chain_id(entry, snapshotter)),
        blob_size=catalog.blob_size(entry),
        platform=str(summary.platform) if summary else "",
        labels=summary.labels if summary else {},
    )
