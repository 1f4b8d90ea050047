"""The last steps for an image whose blobs are in the content store: labels, snapshots, name."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from nrdctl.errors import InvalidArgument, NotFound
from nrdctl.image import configlabel, gclabels
from nrdctl.image.progress import Progress, ignore
from nrdctl.image.unpack import layers_of, unpack
from nrdctl.oci.descriptor import CONFIG_TYPES, Descriptor
from nrdctl.oci.imageconfig import ImageConfig
from nrdctl.oci.manifest import Index, Manifest, no_match, parse_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nrdctl.containerd.client import Client
    from nrdctl.oci.platform import Platform

_DEPTH_MAX = 4


def complete(
    client: Client,
    target: Descriptor,
    *,
    platform: Platform,
    snapshotter: str,
    on_progress: Callable[[Progress], None] = ignore,
) -> str:
    """Label what a target points at, unpack it, and return docker's image ID. Call it under a lease.

    Raises NotFound (a blob, or an image for the platform, is missing), InvalidArgument.
    """
    manifest = _walk(client, target, platform)
    config = ImageConfig.from_bytes(client.content.read_all(manifest.config.digest))
    layers = layers_of(manifest, config)
    _check_layers(client, manifest.layers)
    labels = gclabels.snapshot(snapshotter, config.chain_id) | configlabel.encode(config)
    client.content.update_labels(manifest.config.digest, labels)
    unpack(client, layers, snapshotter=snapshotter, on_progress=on_progress)
    return manifest.config.digest


def _walk(client: Client, target: Descriptor, platform: Platform) -> Manifest:
    descriptor = target
    for _ in range(_DEPTH_MAX):
        document = parse_manifest(client.content.read_all(descriptor.digest), descriptor.media_type)
        client.content.update_labels(descriptor.digest, gclabels.children(document))
        if isinstance(document, Manifest):
            if document.config.media_type not in CONFIG_TYPES:
                raise InvalidArgument(f"not an image: its configuration is of type {document.config.media_type!r}")
            return document
        descriptor = _present(client, document, platform)
    raise InvalidArgument("too many indexes in one another")


def _present(client: Client, index: Index, platform: Platform) -> Descriptor:
    """Return the best manifest for the platform; an archive may hold some of an index's images only."""
    here = [child for child in index.manifests if _exists(client, child)]
    chosen = Index(media_type=index.media_type, manifests=tuple(here)).choose(platform)
    if chosen is None:
        raise no_match("the archive", platform)
    return chosen


def _exists(client: Client, descriptor: Descriptor) -> bool:
    with contextlib.suppress(NotFound):
        client.content.info(descriptor.digest)
        return True
    return False


def _check_layers(client: Client, layers: Sequence[Descriptor]) -> None:
    # A layer whose snapshot exists already would not be missed until somebody pushes the image.
    for layer in layers:
        if not _exists(client, layer):
            raise NotFound(f"layer {layer.digest} is missing")
