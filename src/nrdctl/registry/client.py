"""What a registry can be asked for: the digest behind a name, manifests, blobs."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from nrdctl.errors import InvalidArgument, RegistryError
from nrdctl.oci import digest as digests
from nrdctl.oci.descriptor import ACCEPTED_MANIFEST_TYPES, INDEX_TYPES, MANIFEST_TYPES, Descriptor
from nrdctl.oci.manifest import MANIFEST_SIZE_MAX, parse_manifest
from nrdctl.registry.auth import Authenticator
from nrdctl.registry.blob import BlobStream
from nrdctl.registry.credentials import CredentialStore
from nrdctl.registry.failures import denied, refused
from nrdctl.registry.hosts import Host, HostsConfig
from nrdctl.registry.transport import RetryPolicy, Transport
from nrdctl.registry.wire import Request, Response

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping

    from nrdctl.oci.reference import Reference

_Result = TypeVar("_Result")
# How servers that know no HEAD refuse it.
_NO_HEAD = frozenset({400, 405, 501})


class RegistryClient:
    """Reads from any registry: picks hosts, authenticates, retries. Safe to use from several threads."""

    def __init__(
        self,
        *,
        hosts: HostsConfig | None = None,
        credentials: CredentialStore | None = None,
        user_agent: str = "nrdctl",
        retry: RetryPolicy | None = None,
    ) -> None:
        self.hosts = hosts or HostsConfig()
        self.transport = Transport(user_agent=user_agent, retry=retry)
        self.auth = Authenticator(self.transport, credentials or CredentialStore({}))

    def __enter__(self) -> RegistryClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close idle connections."""
        self.transport.close()

    def resolve(self, reference: Reference) -> Descriptor:
        """Return what a reference points at now. Raises RegistryError (404, code MANIFEST_UNKNOWN: no such tag)."""
        return self._first(reference, "resolve", lambda host: self._resolve(host, reference))

    def fetch_manifest(self, reference: Reference, descriptor: Descriptor) -> bytes:
        """Return a manifest or index, checked against its digest and size. Raises RegistryError."""

        def fetch(host: Host) -> bytes:
            with self._manifest(host, reference, descriptor.digest, method="GET") as response:
                return _checked(response.read(MANIFEST_SIZE_MAX + 1), descriptor)

        return self._first(reference, "pull", fetch)

    def blob(
        self, reference: Reference, descriptor: Descriptor, *, offset: int = 0, cancelled: threading.Event | None = None
    ) -> BlobStream:
        """Open a blob at `offset` bytes from its start. Raises RegistryError."""

        def fetch(host: Host) -> BlobStream:
            headers = {"Range": f"bytes={offset}-"} if offset else {}
            request = _request(host, reference, f"blobs/{descriptor.digest}", headers=headers)
            response = self._send(host, reference, dataclasses.replace(request, cancelled=cancelled))
            if response.status not in (200, 206):
                raise refused(response, reference, what=f"blob {descriptor.digest}")
            return BlobStream(response, offset=offset)

        return self._first(reference, "pull", fetch)

    def _resolve(self, host: Host, reference: Reference) -> Descriptor:
        try:
            with self._manifest(host, reference, reference.target, method="HEAD") as response:
                media_type, size = _media_type(response), response.length
                digest = response.headers.get("Docker-Content-Digest", "")
        except RegistryError as error:
            if error.status not in _NO_HEAD:
                raise
            media_type, size, digest = "", None, ""
        known = media_type in INDEX_TYPES | MANIFEST_TYPES
        if known and size is not None and digests.is_digest(digest) and reference.digest in (None, digest):
            return Descriptor(media_type=media_type, digest=digest, size=size)
        return self._look(host, reference)

    def _look(self, host: Host, reference: Reference) -> Descriptor:
        """Describe a manifest by its content, for registries that do not say all of it in answer to HEAD."""
        with self._manifest(host, reference, reference.target, method="GET") as response:
            media_type, body = _media_type(response), response.read(MANIFEST_SIZE_MAX + 1)
        parsed = parse_manifest(body, media_type if media_type in INDEX_TYPES | MANIFEST_TYPES else "")
        digest = reference.digest or digests.of_bytes(body)
        described = Descriptor(media_type=parsed.media_type, digest=digest, size=len(body))
        _checked(body, described)
        return described

    @contextmanager
    def _manifest(self, host: Host, reference: Reference, target: str, *, method: str) -> Iterator[Response]:
        headers = {"Accept": ", ".join((*ACCEPTED_MANIFEST_TYPES, "*/*"))}
        request = _request(host, reference, f"manifests/{target}", headers=headers)
        with self._send(host, reference, dataclasses.replace(request, method=method)) as response:
            if response.status != 200:
                raise refused(response, reference, what="manifest")
            yield response

    def _first(self, reference: Reference, capability: str, ask: Callable[[Host], _Result]) -> _Result:
        """Ask the hosts one after the other until one answers; the last one's error counts."""
        error: RegistryError | None = None
        for host in self.hosts.hosts_for(reference.domain):
            if capability not in host.capabilities:
                continue
            try:
                return ask(host)
            except RegistryError as refusal:
                error = refusal
            except InvalidArgument as invalid:
                error = RegistryError(f"{reference.familiar}: {invalid.message}", hint=invalid.hint)
        raise error or RegistryError(f"no host is configured to {capability} images of {reference.domain}")

    def _send(self, host: Host, reference: Reference, request: Request) -> Response:
        """Send a request with what the host wants to know of us."""
        scope = f"repository:{reference.path}:pull"
        known = self.auth.header(host, scope)
        response = self._send_as(known, request)
        if response.status != 401:
            return response
        try:
            answer = self.auth.answer(host, scope, response.headers.get_all("WWW-Authenticate", []), refused=known)
        except RegistryError as error:
            response.close()
            raise denied(error, reference) if error.status in (401, 403) else error from None
        if answer is None:
            return response
        response.close()
        return self._send_as(answer, request)

    def _send_as(self, authorization: str | None, request: Request) -> Response:
        secret = {"Authorization": authorization} if authorization else {}
        return self.transport.send(dataclasses.replace(request, headers={**request.headers, **secret}))


def _request(host: Host, reference: Reference, path: str, *, headers: Mapping[str, str]) -> Request:
    query = f"?ns={quote(host.namespace)}" if host.namespace else ""
    return Request(
        method="GET",
        url=f"{host.base}/{reference.path}/{path}{query}",
        headers={**dict(host.headers), **headers},
        tls=host.tls,
        plain_http=host.plain_http,
    )


def _checked(body: bytes, descriptor: Descriptor) -> bytes:
    verifier = digests.Verifier(descriptor.digest)
    verifier.update(body)
    if len(body) != descriptor.size or not verifier.verified:
        raise RegistryError(
            f"the registry sent something else than {descriptor.digest} ({descriptor.size} bytes): "
            f"{verifier.actual} ({len(body)} bytes)"
        )
    return body


def _media_type(response: Response) -> str:
    media_type: str = response.headers.get("Content-Type", "")
    return media_type.partition(";")[0].strip()
