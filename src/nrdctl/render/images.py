"""The columns of `images`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nrdctl.render.column import Column, Columns
from nrdctl.render.human import ago, familiar_image, short_id, size, timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from nrdctl.model.summary import ImageSummary

DEFAULT: Final = ("Repository", "Tag", "ID", "CreatedSince", "Size")
WITH_DIGESTS: Final = ("Repository", "Tag", "Digest", "ID", "CreatedSince", "Size")
NONE: Final = "<none>"
UNKNOWN: Final = "N/A"


def image_columns(now: datetime, *, no_trunc: bool = False, digests: bool = False) -> Columns[ImageSummary]:
    """The columns of images. Ages are counted up to `now`, whose time zone the times are shown in."""
    raw = "repository: {{.Repository}}\ntag: {{.Tag}}\n" + ("digest: {{.Digest}}\n" if digests else "")
    default = WITH_DIGESTS if digests else DEFAULT
    return Columns(
        noun="image",
        columns=_columns(now, no_trunc),
        default=default,
        wide=(*default, "Platform", "BlobSize"),
        raw=raw + "image_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n",
        raw_quiet="image_id: {{.ID}}",
    )


def _columns(now: datetime, no_trunc: bool) -> tuple[Column[ImageSummary], ...]:
    return (
        Column("ID", "IMAGE ID", lambda it: it.id if no_trunc else short_id(it.id)),
        Column("Repository", "REPOSITORY", lambda it: familiar_image(it.repository) or NONE),
        Column("Tag", "TAG", lambda it: it.tag or NONE),
        Column("Digest", "DIGEST", lambda it: it.digest or NONE),
        Column("CreatedSince", "CREATED", lambda it: ago(it.created_at, now) if it.created_at else UNKNOWN),
        Column("CreatedAt", "CREATED AT", lambda it: _created_at(it.created_at, now)),
        Column("Size", "SIZE", lambda it: size(it.size)),
        Column("VirtualSize", "SIZE", lambda it: size(it.size, precision=4)),
        Column("SharedSize", "SHARED SIZE", lambda _: UNKNOWN),
        Column("UniqueSize", "UNIQUE SIZE", lambda _: UNKNOWN),
        Column("BlobSize", "BLOB SIZE", lambda it: size(it.blob_size)),
        Column("Containers", "CONTAINERS", lambda it: UNKNOWN if it.containers < 0 else str(it.containers)),
        Column("Platform", "PLATFORM", lambda it: it.platform),
    )


def _created_at(created: datetime | None, now: datetime) -> str:
    return timestamp(created.replace(microsecond=0), now) if created else UNKNOWN
