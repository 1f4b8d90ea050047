"""`pull`: from a registry to an image that containers can be made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nrdctl.errors import InvalidArgument, RegistryError
from nrdctl.image import configlabel, gclabels
from nrdctl.image.fetch import Fetcher
from nrdctl.image.naming import put_image
from nrdctl.image.progress import Progress, Status, ignore
from nrdctl.image.unpack import layers_of, unpack
from nrdctl.oci.descriptor import CONFIG_TYPES, Descriptor
from nrdctl.oci.imageconfig import ImageConfig
from nrdctl.oci.manifest import Index, Manifest, no_match, parse_manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from nrdctl.containerd.client import Client
    from nrdctl.containerd.records import ImageRecord
    from nrdctl.oci.platform import Platform
    from nrdctl.oci.reference import Reference
    from nrdctl.registry.client import RegistryClient

# Indexes in indexes; nobody needs more, and a ring must end.
_DEPTH_MAX = 4


def pull(
    client: Client,
    registry: RegistryClient,
    reference: Reference,
    *,
    platform: Platform,
    snapshotter: str,
    on_progress: Callable[[Progress], None] = ignore,
) -> ImageRecord:
    """Fetch an image, of an index the one that suits `platform` best, unpack it, and let its name point at it.

    The name is set last: until then, and after a failure, it means what it meant before. All is done under a lease, so
    nothing stays behind but what the name keeps. `on_progress` is called from several threads, one at a time.
    Raises RegistryError, NotFound (no image for the platform), InvalidArgument (not an image), and containerd's errors.
    """
    on_progress(Progress(kind="image", id=reference.familiar, status=Status.RESOLVING))
    target = registry.resolve(reference)
    with client.lease() as leased, Fetcher(leased, registry, reference, on_progress) as fetcher:
        manifest = _manifest(fetcher, target, platform, reference)
        config = _config(fetcher, manifest, snapshotter, reference)
        layers = layers_of(manifest, config)
        fetcher.start(manifest.layers)
        unpack(leased, layers, snapshotter=snapshotter, wait_for=fetcher.wait_for, on_progress=fetcher.report)
        return put_image(leased, reference.canonical, target)


def _manifest(fetcher: Fetcher, target: Descriptor, platform: Platform, reference: Reference) -> Manifest:
    """Store the manifest for the platform, and the indexes that lead to it."""
    descriptor = target
    for _ in range(_DEPTH_MAX):
        data = fetcher.manifest(descriptor)
        try:
            document = parse_manifest(data, descriptor.media_type)
        except InvalidArgument as error:
            raise InvalidArgument(f"{reference.familiar}: {error.message}", hint=error.hint) from None
        fetcher.store(descriptor, data, gclabels.children(document))
        if isinstance(document, Manifest):
            return document
        descriptor = _chosen(document, platform, reference)
    raise RegistryError(f"{reference.familiar}: more than {_DEPTH_MAX} indexes in one another")


def _chosen(index: Index, platform: Platform, reference: Reference) -> Descriptor:
    chosen = index.choose(platform)
    if chosen is None:
        raise no_match(reference.familiar, platform)
    return chosen


def _config(fetcher: Fetcher, manifest: Manifest, snapshotter: str, reference: Reference) -> ImageConfig:
    descriptor = manifest.config
    if descriptor.media_type not in CONFIG_TYPES:
        raise InvalidArgument(
            f"{reference.familiar} is not an image: its configuration is of type {descriptor.media_type!r}"
        )
    data = fetcher.config(descriptor)
    config = ImageConfig.from_bytes(data)
    # The label keeps the snapshots from the garbage collector from the moment they exist.
    labels = gclabels.snapshot(snapshotter, config.chain_id) | configlabel.encode(config)
    fetcher.store(descriptor, data, labels)
    return config
