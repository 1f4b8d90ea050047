"""The labels by which containerd's garbage collector, and other clients, find what belongs together.

Source: containerd's images/handlers.go, docs/garbage-collection.md, remotes/docker/handler.go.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nrdctl.oci.manifest import Index, Manifest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nrdctl.oci.reference import Reference

CONTENT = "containerd.io/gc.ref.content"
CONFIG = f"{CONTENT}.config"
SNAPSHOT = "containerd.io/gc.ref.snapshot"
SOURCE = "containerd.io/distribution.source"
# On a layer: the digest of what it unpacks to.
UNCOMPRESSED = "containerd.io/uncompressed"
# On a snapshot: which committed snapshot it is, or is to become. Remote snapshotters need it.
SNAPSHOT_REF = "containerd.io/snapshot.ref"
# Labels and annotations that are passed on to the snapshotter begin so.
SNAPSHOT_PREFIX = "containerd.io/snapshot/"
# Ours, on a committed snapshot: the bytes it takes, so that a list of images need not ask for each.
SNAPSHOT_SIZE = "nrdctl/size"

_LAYER = re.compile(re.escape(CONTENT) + r"\.l\.(\d+)")
_MANIFEST = re.compile(re.escape(CONTENT) + r"\.m\.(\d+)")


def children(document: Manifest | Index) -> dict[str, str]:
    """Return the labels that keep what a manifest or an index points at."""
    if isinstance(document, Index):
        kinds = [("m" if child.is_manifest or child.is_index else "", child.digest) for child in document.manifests]
        return {
            f"{CONTENT}.{kind}.{position}" if kind else f"{CONTENT}.{position}": digest
            for position, (kind, digest) in enumerate(kinds)
        }
    layers = {f"{CONTENT}.l.{position}": layer.digest for position, layer in enumerate(document.layers)}
    return {CONFIG: document.config.digest} | layers


def layers_of(labels: Mapping[str, str]) -> tuple[str, ...]:
    """Return the layers' digests from a manifest's labels, bottom first."""
    return _numbered(_LAYER, labels)


def manifests_of(labels: Mapping[str, str]) -> tuple[str, ...]:
    """Return the manifests' digests from an index's labels, in its order."""
    return _numbered(_MANIFEST, labels)


def snapshot(snapshotter: str, chain_id: str) -> dict[str, str]:
    """Return the label with which a configuration keeps its unpacked layers; none for an image without layers."""
    return {f"{SNAPSHOT}.{snapshotter}": chain_id} if chain_id else {}


def source(reference: Reference, known: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the label that says where a blob came from; repositories in `known` labels of the blob are kept."""
    host = reference.domain if reference.domain.startswith("[") else reference.domain.partition(":")[0]
    key = f"{SOURCE}.{host.partition(']')[0].removeprefix('[')}"  # containerd leaves the port out
    repositories = set(filter(None, (known or {}).get(key, "").split(",")))
    return {key: ",".join(sorted(repositories | {reference.path}))}


def _numbered(pattern: re.Pattern[str], labels: Mapping[str, str]) -> tuple[str, ...]:
    matches = ((pattern.fullmatch(key), value) for key, value in labels.items())
    return tuple(value for _, value in sorted((int(match[1]), value) for match, value in matches if match))
