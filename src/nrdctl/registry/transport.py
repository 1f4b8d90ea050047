"""Requests that survive a bad day: retries with back-off, and redirects that carry no secret to another host."""

from __future__ import annotations

import dataclasses
import http.client
import random
import socket
import ssl
import time
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit

from nrdctl.errors import RegistryError
from nrdctl.registry.connections import Connections
from nrdctl.registry.wire import Request, Response, origin, redacted

if TYPE_CHECKING:
    from collections.abc import Mapping

RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
REDIRECTS_MAX = 10
_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class RetryPolicy:
    """How often to try, and how long to wait between: `first` seconds, then twice as long each time, to `longest`."""

    attempts: int = 5
    first: float = 0.25
    longest: float = 8.0

    def delay(self, attempt: int, retry_after: str = "") -> float:
        """Return the seconds to wait after `attempt` (1, 2, …) failed; a server's Retry-After counts, within limits."""
        delay = min(self.first * float(2 ** (attempt - 1)), self.longest)
        delay *= random.uniform(0.75, 1.0)  # noqa: S311 - spreads clients, protects nothing
        if retry_after.isdecimal():
            delay = max(delay, min(float(retry_after), self.longest))
        return delay


class Transport:
    """Sends requests. One object serves all hosts and several threads."""

    def __init__(self, *, user_agent: str = "nrdctl", retry: RetryPolicy | None = None) -> None:
        self.user_agent = user_agent
        self.retry = retry or RetryPolicy()
        self._connections = Connections()

    def send(self, request: Request) -> Response:
        """Return the response, after retries and redirects. Raises RegistryError when there is none."""
        attempt = 1
        while True:
            try:
                response = self._follow(request)
            except (OSError, http.client.HTTPException) as error:
                if not is_transient(error) or attempt >= self.retry.attempts:
                    raise unreachable(request, error) from error
                delay = self.retry.delay(attempt)
            else:
                if response.status not in RETRIED_STATUSES or attempt >= self.retry.attempts:
                    return response
                delay = self.retry.delay(attempt, response.headers.get("Retry-After", ""))
                response.close()
            self.wait(delay, request)
            attempt += 1

    def wait(self, seconds: float, request: Request) -> None:
        """Sleep, unless the request is cancelled meanwhile. Raises RegistryError then."""
        if request.cancelled is None:
            time.sleep(seconds)
        elif request.cancelled.wait(seconds):
            raise RegistryError("canceled")

    def close(self) -> None:
        """Close idle connections."""
        self._connections.close()

    def _follow(self, request: Request) -> Response:
        headers = {"User-Agent": self.user_agent, **request.headers}
        request = dataclasses.replace(request, headers=headers)
        for _ in range(REDIRECTS_MAX):
            response = self._connections.send(request)
            location = response.headers.get("Location", "")
            if response.status not in REDIRECTS or not location or request.method not in ("GET", "HEAD"):
                return response
            response.close()
            request = redirected(request, response.url, location)
        raise RegistryError(f"{redacted(request.url)}: more than {REDIRECTS_MAX} redirects")


def redirected(request: Request, url: str, location: str) -> Request:
    """Return the request that follows a redirect from `url`; secrets stay behind when it leads to another host.

    Raises RegistryError for a target that is not http, or that leaves https although the host was to be trusted by it.
    """
    target = urljoin(url, quote(location, safe="%/:=&?~#+!$,;'@()*[]"))
    scheme = urlsplit(target).scheme
    if scheme not in ("http", "https") or not urlsplit(target).hostname:
        raise RegistryError(f"{redacted(url)}: redirect to {redacted(target)!r} refused: not http")
    if (urlsplit(url).scheme, scheme) == ("https", "http") and not request.plain_http and not request.tls.skip_verify:
        raise RegistryError(f"{redacted(url)}: redirect to {redacted(target)} refused: it is not encrypted")
    if origin(target) == origin(url):
        return dataclasses.replace(request, url=target)
    return dataclasses.replace(
        request,
        url=target,
        headers=_without_secrets(request.headers),
        tls=dataclasses.replace(request.tls, client=()),
    )


def is_transient(error: Exception) -> bool:
    """Tell whether the same request may well succeed in a moment."""
    if isinstance(error, socket.gaierror):
        return error.errno == socket.EAI_AGAIN
    if isinstance(error, ssl.SSLError):
        return isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError))
    return isinstance(error, (ConnectionResetError, BrokenPipeError, ConnectionAbortedError, TimeoutError)) or (
        isinstance(error, http.client.HTTPException) and not isinstance(error, http.client.InvalidURL)
    )


def unreachable(request: Request, error: Exception) -> RegistryError:
    """Return the error for a request that got no answer."""
    hint = None
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = f"certificate not trusted: {error.verify_message}"
        hint = "put the authority's certificate into hosts.toml (ca = …), or pass --insecure-registry"
    elif isinstance(error, ssl.SSLError):
        reason = "it does not speak TLS" if "VERSION" in str(error) or "RECORD" in str(error) else str(error)
        hint = "for a registry on plain http pass --insecure-registry"
    else:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return RegistryError(f"{request.method} {redacted(request.url)}: {reason}", hint=hint)


def _without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _SECRET_HEADERS}
