"""An image from layers that are at hand: the base of `image import` and of the tests."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import TYPE_CHECKING

from nrdctl.image.complete import complete
from nrdctl.image.ingest import write_blob, write_bytes
from nrdctl.image.naming import put_image
from nrdctl.oci import digest as digests
from nrdctl.oci.descriptor import OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OCI_MANIFEST, Descriptor
from nrdctl.oci.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nrdctl.containerd.client import Client
    from nrdctl.containerd.contentwriter import ContentWriter
    from nrdctl.containerd.records import ImageRecord
    from nrdctl.oci.platform import Platform

_CHUNK = 1024 * 1024
_GZIP = b"\x1f\x8b"


def build_image(
    client: Client,
    name: str,
    layers: Sequence[Path],
    *,
    config: Mapping[str, object],
    platform: Platform,
    snapshotter: str,
) -> ImageRecord:
    """Make an image of tar files, plain or gzipped, bottom first, and let `name` point at it.

    `config` is docker's `config` object (Env, Cmd, …), or a whole image configuration when it has the key `config`;
    `rootfs` is filled in. The same input always gives the same image.
    """
    reference = Reference.parse(name)
    with client.lease() as leased:
        parts = [_layer(leased, path) for path in layers]
        document = dict(config) if "config" in config else {"config": dict(config)}
        document = {**platform.to_json(), **document}
        document["rootfs"] = {"type": "layers", "diff_ids": [diff_id for _, diff_id in parts]}
        config_descriptor = _document(leased, OCI_CONFIG, document)
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": config_descriptor.to_json(),
            "layers": [descriptor.to_json() for descriptor, _ in parts],
        }
        target = _document(leased, OCI_MANIFEST, manifest)
        complete(leased, target, platform=platform, snapshotter=snapshotter)
        return put_image(leased, reference.canonical, target)


def _document(client: Client, media_type: str, document: Mapping[str, object]) -> Descriptor:
    data = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    descriptor = Descriptor(media_type=media_type, digest=digests.of_bytes(data), size=len(data))
    write_bytes(client, descriptor, data, {})
    return descriptor


def _layer(client: Client, path: Path) -> tuple[Descriptor, str]:
    """Write a layer; return its descriptor and its diff ID."""
    with path.open("rb") as file:
        compressed = file.read(2) == _GZIP
        file.seek(0)
        digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
        size = file.tell()
        diff_id = digest
        if compressed:
            file.seek(0)
            with gzip.GzipFile(fileobj=file) as plain:
                diff_id = f"sha256:{hashlib.file_digest(plain, 'sha256').hexdigest()}"

        def fill(writer: ContentWriter) -> None:
            file.seek(writer.offset)
            while chunk := file.read(_CHUNK):
                writer.write(chunk)

        media_type = OCI_LAYER_GZIP if compressed else OCI_LAYER
        descriptor = Descriptor(media_type=media_type, digest=digest, size=size)
        write_blob(client, descriptor, fill, {})
        return descriptor, diff_id
