"""All images of a namespace at once, seen through the labels of their blobs: three calls, however many images."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING

from nrdctl.errors import InvalidArgument, NotFound
from nrdctl.image import configlabel, gclabels
from nrdctl.oci.imageconfig import ImageConfig
from nrdctl.oci.manifest import Index, Manifest, parse_manifest
from nrdctl.oci.platform import Platform, choose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nrdctl.containerd.client import Client
    from nrdctl.containerd.records import BlobInfo, ImageRecord, SnapshotInfo
    from nrdctl.image.configlabel import ConfigSummary


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """An image: its name, and the manifest and configuration for the platform ("": the blobs are not here)."""

    record: ImageRecord
    manifest: str = ""
    config: str = ""

    @property
    def id(self) -> str:
        """Docker's image ID: the digest of the configuration; of the target when that is all we have."""
        return self.config or self.record.target.digest


class Catalog:
    """A snapshot in time of the images and blobs of a namespace. Blobs that lack our labels are read when needed."""

    def __init__(self, client: Client, platform: Platform) -> None:
        self._client = client
        self._platform = platform
        # The images first: an image that appears in between then has its blobs, or is not listed.
        self.records = client.images.list()
        self._blobs: dict[str, BlobInfo] = {blob.digest: blob for blob in client.content.list()}
        self._summaries: dict[str, ConfigSummary | None] = {}

    def entries(self) -> list[Entry]:
        """Return all images, in the order of their names."""
        return [self.entry(record) for record in sorted(self.records, key=lambda record: record.name)]

    def entry(self, record: ImageRecord) -> Entry:
        """Return an image."""
        manifest = self._manifest(record.target.digest)
        config = self._config_of(manifest) if manifest else ""
        return Entry(record=record, manifest=manifest, config=config)

    def summary(self, entry: Entry) -> ConfigSummary | None:
        """Return what lists show of an image's configuration; None when it is not here."""
        if entry.config not in self._summaries:
            self._summaries[entry.config] = self._summarise(entry.config)
        return self._summaries[entry.config]

    def chain_id(self, entry: Entry, snapshotter: str) -> str:
        """Return the name of the image's topmost snapshot; "" when it was not unpacked there."""
        return self._labels(entry.config).get(f"{gclabels.SNAPSHOT}.{snapshotter}", "")

    def blob_size(self, entry: Entry) -> int:
        """Return the bytes that the image's manifest, configuration and layers take in the content store."""
        digests = {entry.manifest, entry.config, *gclabels.layers_of(self._labels(entry.manifest))}
        return sum(self._blobs[digest].size for digest in digests if digest in self._blobs)

    def _manifest(self, target: str) -> str:
        """Return the manifest that a target means here: itself, or of an index the best of those that are here."""
        children = [digest for digest in self._children(target) if digest in self._blobs]
        if not children:
            return target if target in self._blobs and self._config_of(target) else ""
        if len(children) == 1:
            return self._manifest(children[0])
        manifests = [manifest for manifest in map(self._manifest, children) if manifest]
        summaries = [self._summary_of(manifest) for manifest in manifests]
        platforms = [summary.platform if summary else None for summary in summaries]
        position = choose(platforms, self._platform)
        return manifests[position] if position is not None else next(iter(manifests), "")

    def _summary_of(self, manifest: str) -> ConfigSummary | None:
        config = self._config_of(manifest)
        return self._summarise(config) if config else None

    def _children(self, target: str) -> tuple[str, ...]:
        labels = self._labels(target)
        known = gclabels.manifests_of(labels)
        if known or gclabels.CONFIG in labels or target not in self._blobs:
            return known
        document = self._read(target)
        return tuple(child.digest for child in document.manifests) if isinstance(document, Index) else ()

    def _config_of(self, manifest: str) -> str:
        known = self._labels(manifest).get(gclabels.CONFIG, "")
        if known:
            return known
        document = self._read(manifest)
        return document.config.digest if isinstance(document, Manifest) else ""

    def _summarise(self, config: str) -> ConfigSummary | None:
        summary = configlabel.decode(self._labels(config))
        if summary is None and config in self._blobs:
            with contextlib.suppress(NotFound, InvalidArgument):
                summary = configlabel.summarise(ImageConfig.from_bytes(self._client.content.read_all(config)))
        return summary

    def _labels(self, digest: str) -> Mapping[str, str]:
        return self._blobs[digest].labels if digest in self._blobs else {}

    def _read(self, digest: str) -> Manifest | Index | None:
        with contextlib.suppress(NotFound, InvalidArgument):
            return parse_manifest(self._client.content.read_all(digest))
        return None


class SnapshotSizes:
    """The sizes of a snapshotter's snapshots, each with all below it."""

    def __init__(self, client: Client, snapshotter: str) -> None:
        self._client = client
        self._snapshotter = snapshotter
        self._snapshots: dict[str, SnapshotInfo] = {info.name: info for info in client.snapshots.list(snapshotter)}
        self._own: dict[str, int] = {}

    def total(self, chain_id: str) -> int:
        """Return the bytes that a snapshot and its parents take; 0 when there is none."""
        size, name = 0, chain_id
        while name in self._snapshots:
            size += self._size(name)
            name = self._snapshots[name].parent
        return size

    def _size(self, name: str) -> int:
        if name not in self._own:
            label = self._snapshots[name].labels.get(gclabels.SNAPSHOT_SIZE, "")
            self._own[name] = int(label) if label.isdecimal() else self._ask(name)
        return self._own[name]

    def _ask(self, name: str) -> int:
        with contextlib.suppress(NotFound):
            return self._client.snapshots.usage(self._snapshotter, name).size
        return 0
