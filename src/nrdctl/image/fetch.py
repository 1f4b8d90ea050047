"""Blobs from a registry straight into the content store, several at a time."""

from __future__ import annotations

import http.client
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from nrdctl.errors import NotFound, NrdctlError, RegistryError
from nrdctl.image import gclabels
from nrdctl.image.ingest import WrongContent, write_blob, write_bytes
from nrdctl.image.progress import Progress, Status
from nrdctl.oci import digest as digests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from nrdctl.containerd.client import Client
    from nrdctl.containerd.contentwriter import ContentWriter
    from nrdctl.oci.descriptor import Descriptor
    from nrdctl.oci.reference import Reference
    from nrdctl.registry.blob import BlobStream
    from nrdctl.registry.client import RegistryClient

# Docker's default for concurrent downloads.
PARALLEL = 3
# A configuration larger than this is no image's.
CONFIG_SIZE_MAX = 16 * 1024 * 1024


class Fetcher:
    """Fetches the parts of one image. Use it as a context manager: leaving it early breaks what is under way."""

    def __init__(
        self, client: Client, registry: RegistryClient, reference: Reference, on_progress: Callable[[Progress], None]
    ) -> None:
        self._client = client
        self._registry = registry
        self._reference = reference
        self._listener = on_progress
        self._lock = threading.Lock()
        self._streams: set[BlobStream] = set()
        self._cancelled = threading.Event()
        self._failure: BaseException | None = None
        self._pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="fetch")
        self._futures: dict[str, Future[None]] = {}

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._cancel()
        self._pool.shutdown(cancel_futures=True)

    def report(self, progress: Progress) -> None:
        """Tell the listener; one step at a time, whichever thread it comes from."""
        with self._lock:
            self._listener(progress)

    def manifest(self, descriptor: Descriptor) -> bytes:
        """Return a manifest or an index, from the content store when it is there. Raises RegistryError."""
        try:
            return self._client.content.read_all(descriptor.digest)
        except NotFound:
            return self._registry.fetch_manifest(self._reference, descriptor)

    def config(self, descriptor: Descriptor) -> bytes:
        """Return the image's configuration, from the content store when it is there. Raises RegistryError."""
        if descriptor.size > CONFIG_SIZE_MAX:
            raise RegistryError(f"{self._reference.familiar}: a configuration of {descriptor.size} bytes is refused")
        try:
            return self._client.content.read_all(descriptor.digest)
        except NotFound:
            pass
        data, verifier = bytearray(), digests.Verifier(descriptor.digest)
        for chunk in self._chunks(descriptor, lambda: len(data)):
            data.extend(chunk)
            verifier.update(chunk)
        if not verifier.verified:
            raise RegistryError(f"{self._reference.familiar}: wrong content: {descriptor.digest}")
        return bytes(data)

    def store(self, descriptor: Descriptor, data: bytes, labels: Mapping[str, str]) -> None:
        """Put a manifest, an index or a configuration into the content store, under the lease."""
        write_bytes(self._client, descriptor, data, {**labels, **self._source(descriptor)})

    def start(self, layers: tuple[Descriptor, ...]) -> None:
        """Begin to fetch layers."""
        for layer in layers:
            if layer.digest not in self._futures:
                self.report(_progress(layer, Status.WAITING))
                self._futures[layer.digest] = self._pool.submit(self._layer, layer)

    def wait_for(self, layer: Descriptor) -> None:
        """Return when a layer is in the content store. Raises whatever ended this fetch, or another one."""
        try:
            self._futures[layer.digest].result()
        except Exception as error:
            # What broke first is the reason; the others were cancelled because of it.
            raise (self._failure or error) from None

    def _layer(self, layer: Descriptor) -> None:
        try:
            written = write_blob(
                self._client,
                layer,
                lambda writer: self._fill(writer, layer),
                self._source(layer),
                cancelled=self._cancelled,
            )
        except BaseException as error:
            if isinstance(error, WrongContent):
                error = RegistryError(f"{self._reference.familiar}: {error.message}")
            with self._lock:
                self._failure = self._failure or error
            self._cancel()
            raise error from None
        self.report(_progress(layer, Status.DOWNLOADED if written else Status.EXISTS, layer.size))

    def _fill(self, writer: ContentWriter, layer: Descriptor) -> None:
        self.report(_progress(layer, Status.DOWNLOADING, writer.offset))
        for chunk in self._chunks(layer, lambda: writer.offset):
            writer.write(chunk)
            self.report(_progress(layer, Status.DOWNLOADING, writer.offset))

    def _chunks(self, descriptor: Descriptor, offset: Callable[[], int]) -> Iterator[bytes]:
        """Yield a blob's bytes from `offset()` on; when the connection breaks, go on at the new `offset()`.

        Raises RegistryError when it breaks again and again without a byte in between.
        """
        retry, failures = self._registry.transport.retry, 0
        while (before := offset()) < descriptor.size:
            reason = "the connection ended early"
            with self._opened(descriptor, before) as stream:
                chunks = stream.chunks()
                while True:
                    try:
                        chunk = next(chunks, b"")
                    except (OSError, http.client.HTTPException) as error:
                        reason = str(error) or type(error).__name__
                        break
                    if not chunk:
                        break
                    if offset() + len(chunk) > descriptor.size:
                        raise RegistryError(f"{self._reference.familiar}: {descriptor.digest} is longer than announced")
                    yield chunk
            if offset() < descriptor.size:
                failures = 0 if offset() > before else failures + 1
                if failures >= retry.attempts:
                    raise RegistryError(f"{self._reference.familiar}: {descriptor.digest}: {reason}")
                if self._cancelled.wait(retry.delay(failures + 1)):
                    raise NrdctlError("canceled")

    def _opened(self, descriptor: Descriptor, offset: int) -> _Tracked:
        stream = self._registry.blob(self._reference, descriptor, offset=offset, cancelled=self._cancelled)
        with self._lock:
            self._streams.add(stream)
        if self._cancelled.is_set():
            stream.abort()
        return _Tracked(stream, self._streams, self._lock)

    def _source(self, descriptor: Descriptor) -> dict[str, str]:
        try:
            known = self._client.content.info(descriptor.digest).labels
        except NotFound:
            known = {}
        return gclabels.source(self._reference, known)

    def _cancel(self) -> None:
        self._cancelled.set()
        with self._lock:
            for stream in self._streams:
                stream.abort()


class _Tracked:
    """An open stream, known to the fetcher for as long as it is read."""

    def __init__(self, stream: BlobStream, streams: set[BlobStream], lock: threading.Lock) -> None:
        self._stream, self._streams, self._lock = stream, streams, lock

    def __enter__(self) -> BlobStream:
        return self._stream.__enter__()

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._streams.discard(self._stream)
        self._stream.__exit__(*exception)


def _progress(layer: Descriptor, status: Status, current: int = 0) -> Progress:
    return Progress(kind="layer", id=digests.short(layer.digest), status=status, current=current, total=layer.size)
