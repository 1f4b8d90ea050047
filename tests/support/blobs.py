"""A registry in a few lines: it serves the blobs it is given, and can be told to misbehave."""

from __future__ import annotations

import json
from typing import Any

from nrdctl.oci import digest as digests
from nrdctl.oci.descriptor import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Descriptor
from tests.support.scripted import Answer, Asked, ScriptedServer


class BlobRegistry(ScriptedServer):
    """Serves `/v2/<name>/manifests/<tag or digest>` and `/v2/<name>/blobs/<digest>`, with ranges.

    `faults` maps a digest to answers that are given first, one each; `wrong` maps it to other bytes.
    """

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.blobs: dict[str, tuple[str, bytes]] = {}
        self.tags: dict[str, str] = {}
        self.faults: dict[str, list[Answer]] = {}
        self.wrong: dict[str, bytes] = {}

    def add(self, data: bytes, media_type: str) -> Descriptor:
        """Keep a blob."""
        digest = digests.of_bytes(data)
        self.blobs[digest] = (media_type, data)
        return Descriptor(media_type=media_type, digest=digest, size=len(data))

    def add_image(self, tag: str, *layers: bytes, config: dict[str, Any] | None = None, **process: Any) -> Descriptor:
        """Keep an image of uncompressed layers; `config` replaces keys of its configuration."""
        document = {
            "architecture": "amd64",
            "os": "linux",
            "config": process,
            "rootfs": {"type": "layers", "diff_ids": [digests.of_bytes(layer) for layer in layers]},
            **(config or {}),
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": self.add(json.dumps(document).encode(), OCI_CONFIG).to_json(),
            "layers": [self.add(layer, OCI_LAYER).to_json() for layer in layers],
        }
        target = self.add(json.dumps(manifest).encode(), OCI_MANIFEST)
        self.tags[tag] = target.digest
        return target

    def add_index(self, tag: str, *entries: tuple[Descriptor, str]) -> Descriptor:
        """Keep an index of images and their platforms (`os/architecture`)."""
        manifests = []
        for target, platform in entries:
            os, architecture = platform.split("/")
            manifests.append({**target.to_json(), "platform": {"os": os, "architecture": architecture}})
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}
        descriptor = self.add(json.dumps(index).encode(), OCI_INDEX)
        self.tags[tag] = descriptor.digest
        return descriptor

    def asked_for(self, digest: str) -> list[Asked]:
        """Return the requests for a blob."""
        return [asked for asked in self.asked if asked.path.endswith(f"blobs/{digest}")]

    def _answer(self, asked: Asked) -> Answer:
        key = asked.path.rpartition("/")[2]
        digest = self.tags.get(key, key)
        if asked.path == "/v2/":
            return Answer()
        if digest not in self.blobs:
            return Answer(404)
        if self.faults.get(digest):
            return self.faults[digest].pop(0)
        media_type, data = self.blobs[digest]
        data = self.wrong.get(digest, data)
        headers = {"Content-Type": media_type, "Docker-Content-Digest": digest}
        start = int(asked.headers.get("range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        if not start:
            return Answer(200, data, headers)
        return Answer(206, data[start:], {**headers, "Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"})
