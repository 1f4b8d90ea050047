"""`image inspect`: docker's document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nrdctl.image.catalog import Catalog, SnapshotSizes
from nrdctl.image.naming import parse_name

if TYPE_CHECKING:
    from datetime import datetime

    from nrdctl.containerd.client import Client
    from nrdctl.containerd.records import ImageRecord
    from nrdctl.image.lookup import ImageDetails
    from nrdctl.oci.platform import Platform

# What docker prints for a configuration that says nothing of it.
_CONFIG_DEFAULTS: Mapping[str, object] = {
    "Hostname": "",
    "Domainname": "",
    "User": "",
    "AttachStdin": False,
    "AttachStdout": False,
    "AttachStderr": False,
    "Tty": False,
    "OpenStdin": False,
    "StdinOnce": False,
    "Env": None,
    "Cmd": None,
    "Image": "",
    "Volumes": None,
    "WorkingDir": "",
    "Entrypoint": None,
    "OnBuild": None,
    "Labels": None,
}


def inspect_image(client: Client, details: ImageDetails, *, snapshotter: str, platform: Platform) -> dict[str, Any]:
    """Return docker's document for an image, with all names it has."""
    catalog = Catalog(client, platform)
    siblings = [entry.record for entry in catalog.entries() if entry.config == details.config_digest]
    size = SnapshotSizes(client, snapshotter).total(details.chain_id)
    return inspect_document(details, siblings or [details.record], size=size, snapshotter=snapshotter)


def inspect_document(
    details: ImageDetails, records: Sequence[ImageRecord], *, size: int, snapshotter: str
) -> dict[str, Any]:
    """Return docker's document; `records` are all names of the image, `size` its unpacked bytes. Pure."""
    config, raw = details.config, details.config.raw
    names = [(parse_name(record.name), record.target.digest) for record in records]
    tags = [f"{name.familiar_repository}:{name.tag}" for name, _ in names if name is not None and name.tag]
    by_digest = [f"{name.familiar_repository}@{digest}" for name, digest in names if name is not None]
    history = config.history[-1] if config.history else {}
    process = raw.get("config")
    document = {
        "Id": details.config_digest,
        "RepoTags": sorted(set(tags)),
        "RepoDigests": sorted(set(by_digest)),
        "Parent": "",
        "Comment": str(history.get("comment") or ""),
        "Created": str(raw.get("created") or ""),
        "DockerVersion": str(raw.get("docker_version") or ""),
        "Author": config.author,
        "Config": {**_CONFIG_DEFAULTS, **(process if isinstance(process, Mapping) else {})},
        "Architecture": config.architecture,
        "Variant": config.variant,
        "Os": config.os,
        "Size": size,
        "GraphDriver": {"Data": None, "Name": snapshotter},
        "RootFS": {"Type": "layers", "Layers": list(config.diff_ids)},
        "Metadata": {"LastTagTime": _time(details.record.updated_at)},
    }
    if not config.variant:
        del document["Variant"]
    return document


def _time(time: datetime | None) -> str:
    return time.isoformat().replace("+00:00", "Z") if time else "0001-01-01T00:00:00Z"
