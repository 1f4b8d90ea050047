"""Layers to snapshots: one committed snapshot per layer, named by its chain ID, shared by all images that have it."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
from typing import TYPE_CHECKING

from nrdctl.containerd.records import SnapshotInfo, SnapshotKind
from nrdctl.errors import AlreadyExists, InvalidArgument, NotFound, NrdctlError
from nrdctl.image import gclabels
from nrdctl.image.progress import Progress, Status, ignore
from nrdctl.oci import digest as digests
from nrdctl.oci.imageconfig import ImageConfig, chain_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nrdctl.containerd.client import Client
    from nrdctl.oci.descriptor import Descriptor
    from nrdctl.oci.manifest import Manifest

# How often to begin again when the garbage collector took a parent away.
_ATTEMPTS = 3


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """A layer, what it unpacks to, and the name of the snapshot with it and all below."""

    descriptor: Descriptor
    diff_id: str
    chain_id: str

    @property
    def progress_id(self) -> str:
        """The name in reports."""
        return digests.short(self.descriptor.digest)


def layers_of(manifest: Manifest, config: ImageConfig) -> tuple[Layer, ...]:
    """Return an image's layers, bottom first. Raises InvalidArgument when manifest and configuration differ."""
    if len(manifest.layers) != len(config.diff_ids):
        raise InvalidArgument(
            f"invalid image: its manifest has {len(manifest.layers)} layers, its configuration {len(config.diff_ids)}"
        )
    parts = zip(manifest.layers, config.diff_ids, chain_ids(config.diff_ids), strict=True)
    return tuple(Layer(descriptor=descriptor, diff_id=diff, chain_id=chain) for descriptor, diff, chain in parts)


def unpack(
    client: Client,
    layers: Sequence[Layer],
    *,
    snapshotter: str,
    wait_for: Callable[[Descriptor], None] | None = None,
    on_progress: Callable[[Progress], None] = ignore,
) -> None:
    """Make the snapshots that are missing; call it under a lease, with the blobs leased.

    `wait_for` is called before a layer's blob is needed. Raises NotFound (a blob), InvalidArgument (a wrong diff ID),
    RuntimeFailed (the daemon could not unpack).
    """
    for attempt in range(1, _ATTEMPTS + 1):
        done = _existing(client, layers, snapshotter)
        for layer in layers[:done]:
            if wait_for is not None:
                wait_for(layer.descriptor)
            on_progress(Progress(kind="layer", id=layer.progress_id, status=Status.EXISTS))
        try:
            for position in range(done, len(layers)):
                layer, parent = layers[position], layers[position - 1].chain_id if position else ""
                if wait_for is not None:
                    wait_for(layer.descriptor)
                on_progress(Progress(kind="layer", id=layer.progress_id, status=Status.EXTRACTING))
                _unpack_layer(client, layer, parent, snapshotter)
                on_progress(Progress(kind="layer", id=layer.progress_id, status=Status.COMPLETE))
        except _ParentGone:
            if attempt == _ATTEMPTS:
                raise
        else:
            return


class _ParentGone(NotFound):
    """The snapshot below was removed after it was found."""


def _existing(client: Client, layers: Sequence[Layer], snapshotter: str) -> int:
    """Return how many layers, from the bottom, are unpacked; the topmost one found keeps those below."""
    for count in range(len(layers), 0, -1):
        with contextlib.suppress(NotFound):
            client.snapshots.stat(snapshotter, layers[count - 1].chain_id)
            return count
    return 0


def _unpack_layer(client: Client, layer: Layer, parent: str, snapshotter: str) -> None:
    key = f"extract-{secrets.token_hex(8)} {layer.chain_id}"
    annotations = layer.descriptor.annotations.items()
    labels = {name: value for name, value in annotations if name.startswith(gclabels.SNAPSHOT_PREFIX)}
    labels[gclabels.SNAPSHOT_REF] = layer.chain_id
    try:
        mounts = client.snapshots.prepare(snapshotter, key, parent, labels)
    except AlreadyExists:  # another client was faster; or a remote snapshotter needs no unpacking
        return
    except NotFound as error:
        raise _ParentGone(error.message) from error
    try:
        applied = client.diff.apply(layer.descriptor, mounts)
        if applied.digest != layer.diff_id:
            raise InvalidArgument(
                f"layer {layer.descriptor.digest} unpacks to {applied.digest}, its image says {layer.diff_id}"
            )
        client.snapshots.commit(snapshotter, layer.chain_id, key, labels)
    except BaseException as error:
        with contextlib.suppress(NrdctlError):
            client.snapshots.remove(snapshotter, key)
        if not isinstance(error, AlreadyExists):
            raise
    else:
        _note_size(client, snapshotter, layer.chain_id)
    client.content.update_labels(layer.descriptor.digest, {gclabels.UNCOMPRESSED: layer.diff_id})


def _note_size(client: Client, snapshotter: str, chain_id: str) -> None:
    with contextlib.suppress(NrdctlError):  # a convenience for lists
        size = client.snapshots.usage(snapshotter, chain_id).size
        labels = {gclabels.SNAPSHOT_SIZE: str(size)}
        info = SnapshotInfo(name=chain_id, parent="", kind=SnapshotKind.COMMITTED, labels=labels)
        client.snapshots.update(snapshotter, info, f"labels.{gclabels.SNAPSHOT_SIZE}")
