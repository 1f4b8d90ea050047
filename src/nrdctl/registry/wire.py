"""What goes over the wire: a request, a response that streams, and how to trust the other side."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import socket
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

CHUNK_SIZE = 1024 * 1024
_PIECE = 64 * 1024
# A slow body is passed on this often, in seconds: progress shows, and little is lost when the connection breaks.
_PATIENCE = 0.25
# Error bodies and tokens; more is cut off.
SMALL_BODY_MAX = 256 * 1024


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Tls:
    """How to trust a host: files of certificates, `(certificate, key)` files of our own, or no check at all."""

    ca: tuple[str, ...] = ()
    client: tuple[tuple[str, str], ...] = ()
    skip_verify: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request. `plain_http` allows a fall back to http where https is not spoken; `cancelled` ends waiting."""

    method: str
    url: str
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)
    body: bytes | None = dataclasses.field(default=None, repr=False)
    tls: Tls = Tls()
    plain_http: bool = False
    cancelled: threading.Event | None = None


class Broken(http.client.HTTPException):
    """The body ended before its announced length."""


class Response:
    """A response whose body is read on demand; close it, or read it to its end, and the connection is used again."""

    def __init__(
        self,
        raw: http.client.HTTPResponse,
        *,
        url: str,
        sock: socket.socket | None,
        release: Callable[[bool], None],
    ) -> None:
        self.status = raw.status
        self.reason = raw.reason
        self.headers = raw.headers
        self.url = url
        self._raw = raw
        self._socket = sock
        self._release = release
        self._open = threading.Lock()

    def __enter__(self) -> Response:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def length(self) -> int | None:
        """The announced length of the body in bytes."""
        text = self.headers.get("Content-Length", "")
        return int(text) if text.isdecimal() else None

    def chunks(self) -> Iterator[bytes]:
        """Yield the body, up to 1 MiB at a time, less when it comes slowly.

        Raises OSError or HTTPException when the connection breaks.
        """
        seen, buffer, started = 0, bytearray(), time.monotonic()
        failure: Exception | None = None
        while failure is None:
            try:
                # read1 at the end of a body of known length would wait for a byte that never comes
                piece = self._raw.read1(_PIECE) if self._raw.length != 0 else b""
            except (OSError, http.client.HTTPException) as error:
                piece, failure = b"", error
            buffer += piece
            seen += len(piece)
            if buffer and (not piece or len(buffer) >= CHUNK_SIZE or time.monotonic() - started > _PATIENCE):
                yield bytes(buffer)
                buffer.clear()
                started = time.monotonic()
            if not piece:
                break
        if failure is not None:
            raise failure
        if self.length is not None and seen < self.length:
            raise Broken(f"the connection ended after {seen} of {self.length} bytes")

    def read(self, limit: int = SMALL_BODY_MAX) -> bytes:
        """Return the body, at most `limit` bytes, and close the response."""
        data = bytearray()
        with self:
            for chunk in self.chunks():
                data += chunk
                if len(data) > limit:
                    break
        return bytes(data[:limit])

    def close(self) -> None:
        """Give the connection back when the body was read to its end, else close it."""
        if self._open.acquire(blocking=False):
            finished = self._raw.isclosed() or self._raw.length == 0
            self._raw.close()
            self._release(finished)

    def abort(self) -> None:
        """Break the connection, so that a thread that reads from it fails at once."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # not SSLSocket.shutdown, which takes the TLS state away from the reading thread
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port: what decides whether a secret may travel on."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)


def redacted(url: str) -> str:
    """Return the URL without user, password and query: signed URLs carry secrets in there."""
    parts = urlsplit(url)
    netloc = parts.netloc.rpartition("@")[2]
    return urlunsplit(SplitResult(parts.scheme, netloc, parts.path, "…" if parts.query else "", ""))
