"""`load`: images out of docker archives and OCI image layouts."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING, BinaryIO

from nrdctl.errors import InvalidArgument
from nrdctl.image.archivefiles import DOCKER_MANIFEST, INDEX, ArchiveFiles, Stored, read_archive
from nrdctl.image.complete import complete
from nrdctl.image.ingest import write_bytes
from nrdctl.image.naming import nameless, put_image
from nrdctl.image.progress import Progress, ignore
from nrdctl.oci import descriptor as types
from nrdctl.oci import digest as digests
from nrdctl.oci.descriptor import Descriptor
from nrdctl.oci.manifest import Index, parse_manifest
from nrdctl.oci.platform import Platform, choose
from nrdctl.oci.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nrdctl.containerd.client import Client

_CONFIG_NAME = re.compile(r"(?:.*/)?([0-9a-f]{64})(?:\.json)?")
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class LoadedImage:
    """An image that was loaded. `name` is as people write it, "" when the archive gives none; `id` is docker's."""

    name: str
    id: str

    def __str__(self) -> str:
        return f"Loaded image: {self.name}" if self.name else f"Loaded image ID: {self.id}"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """An image of an archive: full names, and what they are to point at."""

    names: tuple[str, ...]
    target: Descriptor


def load(
    client: Client,
    stream: BinaryIO,
    *,
    platform: Platform,
    snapshotter: str,
    on_progress: Callable[[Progress], None] = ignore,
) -> list[LoadedImage]:
    """Load all images of an archive, unpack them and set their names, those last: all images or none.

    Raises InvalidArgument (not an archive, or not a sound one), NotFound (no image for the platform, a missing layer).
    """
    with client.lease() as leased:
        files = read_archive(leased, stream)
        loaded: list[tuple[_Found, str]] = []
        for found in _images(leased, files, platform):
            image_id = complete(
                leased, found.target, platform=platform, snapshotter=snapshotter, on_progress=on_progress
            )
            loaded.append((found, image_id))
        result = []
        for found, image_id in loaded:
            for name in found.names or (nameless(found.target),):
                put_image(leased, name, found.target)
            names = [Reference.parse(name).familiar for name in found.names] or [""]
            result += [LoadedImage(name=name, id=image_id) for name in names]
        return result


def _images(client: Client, files: ArchiveFiles, platform: Platform) -> list[_Found]:
    """Find the images. An OCI index goes before docker's manifest.json, which newer archives have besides."""
    if INDEX in files.documents:
        return _oci_images(files, platform)
    if DOCKER_MANIFEST in files.documents:
        return _docker_images(client, files)
    raise InvalidArgument("invalid archive: it has neither a manifest.json nor an index.json")


def _oci_images(files: ArchiveFiles, platform: Platform) -> list[_Found]:
    index = parse_manifest(files.documents[INDEX], types.OCI_INDEX)
    if not isinstance(index, Index):
        raise InvalidArgument("invalid archive: index.json is not an index")
    by_name: dict[str, list[Descriptor]] = {}
    for entry in index.manifests:
        if entry.is_index or entry.is_manifest:
            files.file(f"blobs/{entry.digest.replace(':', '/')}")
            by_name.setdefault(oci_name(entry.annotations), []).append(entry)
    targets: dict[str, tuple[Descriptor, list[str]]] = {}
    for name, entries in by_name.items():
        for entry in _suitable(entries, platform):
            plain = dataclasses.replace(entry, annotations={}, platform=None)
            targets.setdefault(entry.digest, (plain, []))[1].extend([name] if name else [])
    if not targets:
        raise InvalidArgument("invalid archive: it holds no image")
    return [_Found(names=tuple(names), target=target) for target, names in targets.values()]


def _suitable(entries: Sequence[Descriptor], platform: Platform) -> Sequence[Descriptor]:
    """Of several images under one name (or none) that say what they run on, return the best; else all of them."""
    platforms = [entry.platform for entry in entries]
    if len(entries) == 1 or None in platforms:
        return entries
    position = choose(platforms, platform)
    return entries if position is None else [entries[position]]


def oci_name(annotations: Mapping[str, str]) -> str:
    """Return the full name that an index entry's annotations give an image; "" for none.

    containerd and docker write `io.containerd.image.name`. In `org.opencontainers.image.ref.name` tools put either a
    name or a tag alone; a word without `:` and `/` could be either, and is not taken for a name.
    """
    name = annotations.get(types.ANNOTATION_IMAGE_NAME, "")
    if not name:
        name = annotations.get(types.ANNOTATION_REF_NAME, "")
        name = name if ":" in name or "/" in name else ""
    return Reference.parse(name).canonical if name else ""


def _docker_images(client: Client, files: ArchiveFiles) -> list[_Found]:
    try:
        entries = json.loads(files.documents[DOCKER_MANIFEST])
        described = [
            (str(entry["Config"]), [str(tag) for tag in entry.get("RepoTags") or ()], list(map(str, entry["Layers"])))
            for entry in entries
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidArgument("invalid archive: manifest.json is not docker's") from None
    if not described:
        raise InvalidArgument("invalid archive: it holds no image")
    return [
        _Found(
            names=tuple(Reference.parse(tag).canonical for tag in tags),
            target=_docker_manifest(client, files, config, layers),
        )
        for config, tags, layers in described
    ]


def _docker_manifest(client: Client, files: ArchiveFiles, config: str, layers: Sequence[str]) -> Descriptor:
    """Write the manifest that docker's archive does not have."""
    stored = files.file(_clean(config))
    named = _CONFIG_NAME.fullmatch(config)
    if named and stored.digest != f"sha256:{named[1]}":
        raise InvalidArgument(f"invalid archive: {config} has the digest {stored.digest}")
    manifest = {
        "schemaVersion": 2,
        "mediaType": types.DOCKER_MANIFEST,
        "config": _descriptor(types.DOCKER_CONFIG, stored).to_json(),
        "layers": [_layer(files.file(_clean(layer))).to_json() for layer in layers],
    }
    data = json.dumps(manifest, separators=(",", ":")).encode()
    target = Descriptor(media_type=types.DOCKER_MANIFEST, digest=digests.of_bytes(data), size=len(data))
    write_bytes(client, target, data, {})
    return target


def _layer(stored: Stored) -> Descriptor:
    if stored.head.startswith(_GZIP):
        return _descriptor(types.DOCKER_LAYER_GZIP, stored)
    if stored.head.startswith(_ZSTD):
        return _descriptor(types.OCI_LAYER_ZSTD, stored)
    return _descriptor(types.DOCKER_LAYER, stored)


def _descriptor(media_type: str, stored: Stored) -> Descriptor:
    return Descriptor(media_type=media_type, digest=stored.digest, size=stored.size)


def _clean(path: str) -> str:
    return path.removeprefix("./")
