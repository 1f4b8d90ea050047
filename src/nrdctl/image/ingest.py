"""Bytes into the content store, checked against their descriptor, under labels that keep what they point at."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from nrdctl.errors import AlreadyExists, Conflict, InvalidArgument, NotFound, NrdctlError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nrdctl.containerd.client import Client
    from nrdctl.containerd.contentwriter import ContentWriter
    from nrdctl.oci.descriptor import Descriptor

# Another client that writes the same blob is waited for as long as its ingest grows at least this often, in seconds.
STALL_LIMIT = 300.0
# An ingest that did not grow for so long may have been left by a client that is gone.
_QUIET = 2.0
_POLL = 0.05


class WrongContent(InvalidArgument):
    """The bytes are not those that the descriptor promises."""


def ingest_ref(descriptor: Descriptor) -> str:
    """Return the name of a blob's ingest, by the convention that all clients share, so that one goes on for another."""
    kind = "layer" if descriptor.is_layer else "index" if descriptor.is_index else "config"
    return f"{'manifest' if descriptor.is_manifest else kind}-{descriptor.digest}"


def write_bytes(client: Client, descriptor: Descriptor, data: bytes, labels: Mapping[str, str]) -> None:
    """Write a small blob; one that is there gets the labels. Raises WrongContent."""

    def fill(writer: ContentWriter) -> None:
        writer.write(data[writer.offset :])

    write_blob(client, descriptor, fill, labels)


def write_blob(
    client: Client,
    descriptor: Descriptor,
    fill: Callable[[ContentWriter], None],
    labels: Mapping[str, str],
    cancelled: threading.Event | None = None,
) -> bool:
    """Let `fill` write what a blob lacks from `writer.offset` on; False when the blob was there already.

    containerd computes the digest and refuses another one than the descriptor's. An ingest that was begun earlier is
    continued; should its bytes be wrong, it is begun again, once. Raises WrongContent.
    """
    ref, resumed = ingest_ref(descriptor), False
    while True:
        try:
            with open_writer(client, ref, descriptor, cancelled) as writer:
                resumed = 0 < writer.offset < descriptor.size
                if writer.offset < descriptor.size:
                    fill(writer)
                writer.commit(labels)
        except AlreadyExists:
            if labels:
                client.content.update_labels(descriptor.digest, labels)
            return False
        except (Conflict, WrongContent, InvalidArgument) as error:
            with contextlib.suppress(NotFound):
                client.content.abort(ref)
            if not resumed:
                raise WrongContent(f"{descriptor.digest}: wrong content: {error.message}") from error
        else:
            return True


def open_writer(
    client: Client, ref: str, descriptor: Descriptor, cancelled: threading.Event | None = None
) -> ContentWriter:
    """Open a writer; while another one holds the ingest and makes progress, wait. Raises AlreadyExists, Unavailable."""
    deadline = time.monotonic() + STALL_LIMIT
    while True:
        if _wait_for_others(client, ref, cancelled or threading.Event()):
            deadline = time.monotonic() + STALL_LIMIT
        try:
            return client.content.writer(ref, size=descriptor.size, expected=descriptor.digest)
        except Unavailable as error:
            if error.hint or time.monotonic() > deadline:
                raise


def _wait_for_others(client: Client, ref: str, cancelled: threading.Event) -> bool:
    """Return when nobody seems to write an ingest; whether somebody did.

    Trying to open one that is held would do too, but containerd then holds back all changes of its database for a
    second, the holder's own included (measured with 1.6).
    """
    seen = False
    while _age(client, ref) < _QUIET:
        seen = True
        if cancelled.wait(_POLL):
            raise NrdctlError("canceled")
    return seen


def _age(client: Client, ref: str) -> float:
    """Return the seconds since an ingest grew; infinity when there is none."""
    try:
        updated = client.content.status(ref).updated_at
    except NotFound:
        return math.inf
    age = (datetime.now(UTC) - updated).total_seconds() if updated is not None else math.inf
    return age if age > -_QUIET else math.inf  # a clock that was set back must not make us wait
