"""Descriptors, and the media types of what they describe (OCI image specification; docker's schema 2)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from nrdctl.errors import InvalidArgument
from nrdctl.oci import digest as digests
from nrdctl.oci.platform import Platform

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
OCI_LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
OCI_LAYER_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
DOCKER_LAYER_GZIP = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DOCKER_FOREIGN_LAYER_GZIP = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
DOCKER_SCHEMA_1 = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
    }
)

INDEX_TYPES = frozenset({OCI_INDEX, DOCKER_INDEX})
MANIFEST_TYPES = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
CONFIG_TYPES = frozenset({OCI_CONFIG, DOCKER_CONFIG})
# What a client accepts from a registry, in the order of preference that containerd sends.
ACCEPTED_MANIFEST_TYPES = (DOCKER_MANIFEST, DOCKER_INDEX, OCI_MANIFEST, OCI_INDEX)

ANNOTATION_REF_NAME = "org.opencontainers.image.ref.name"
ANNOTATION_IMAGE_NAME = "io.containerd.image.name"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Descriptor:
    """Points at a blob. `size` in bytes."""

    media_type: str
    digest: str
    size: int
    annotations: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)
    platform: Platform | None = None

    @property
    def is_index(self) -> bool:
        """Whether it points at an index of manifests."""
        return self.media_type in INDEX_TYPES

    @property
    def is_manifest(self) -> bool:
        """Whether it points at the manifest of one platform."""
        return self.media_type in MANIFEST_TYPES

    @property
    def is_layer(self) -> bool:
        """Whether it points at a file system layer."""
        return self.media_type.startswith(("application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs."))

    def to_json(self) -> dict[str, object]:
        """Return the descriptor as manifests hold it."""
        document: dict[str, object] = {"mediaType": self.media_type, "digest": self.digest, "size": self.size}
        if self.annotations:
            document["annotations"] = dict(self.annotations)
        if self.platform is not None:
            document["platform"] = self.platform.to_json()
        return document

    @classmethod
    def from_json(cls, document: object) -> Descriptor:
        """Read a descriptor out of a manifest. Raises InvalidArgument."""
        if not isinstance(document, Mapping):
            raise InvalidArgument("invalid descriptor: not an object")
        size = document.get("size")
        if isinstance(size, bool) or not isinstance(size, int) or size < 0:
            raise InvalidArgument(f"invalid descriptor: size {size!r}")
        annotations, platform = document.get("annotations") or {}, document.get("platform")
        if not isinstance(annotations, Mapping):
            raise InvalidArgument("invalid descriptor: annotations are not an object")
        return cls(
            media_type=str(document.get("mediaType") or ""),
            digest=digests.validate(str(document.get("digest") or "")),
            size=size,
            annotations={str(key): str(value) for key, value in annotations.items()},
            platform=Platform.from_json(platform) if isinstance(platform, Mapping) else None,
        )
