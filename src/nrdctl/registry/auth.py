"""Answers to a registry's 401: basic authentication and bearer tokens (distribution specification, token flow)."""

from __future__ import annotations

import dataclasses
import json
import re
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from nrdctl.errors import RegistryError
from nrdctl.registry.connections import is_loopback
from nrdctl.registry.credentials import Credential, CredentialStore
from nrdctl.registry.failures import from_response
from nrdctl.registry.wire import Request, Tls, origin, redacted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nrdctl.registry.hosts import Host
    from nrdctl.registry.transport import Transport

CLIENT_ID = "nrdctl"
# The specification's default, and how early a token counts as expired; in seconds.
TOKEN_LIFETIME = 60.0
TOKEN_MARGIN = 10.0

_CHALLENGE = re.compile(r"(?P<scheme>[A-Za-z]+)(?:\s+(?P<rest>.*))?", re.DOTALL)
_PARAMETER = re.compile(r"([A-Za-z0-9_-]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s,\"]+))")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Challenge:
    """One WWW-Authenticate header; `scheme` in lower case."""

    scheme: str
    parameters: Mapping[str, str]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Token:
    header: str = dataclasses.field(repr=False)
    expires: float


class Authenticator:
    """Keeps the Authorization header of each host and scope; safe to use from several threads."""

    def __init__(self, transport: Transport, credentials: CredentialStore) -> None:
        self._transport = transport
        self._credentials = credentials
        self._tokens: dict[tuple[str, str], _Token] = {}
        self._found: dict[str, Credential | None] = {}
        self._lock = threading.RLock()

    def header(self, host: Host, scope: str) -> str | None:
        """Return the Authorization header that is known to be needed, None when none is."""
        with self._lock:
            token = self._tokens.get((host.base, scope))
            return token.header if token is not None and time.monotonic() < token.expires else None

    def answer(self, host: Host, scope: str, challenges: Iterable[str], *, refused: str | None) -> str | None:
        """Return the header that answers a 401; None when there is nothing (new) to answer with.

        `refused` is the header that the 401 was about. Raises RegistryError when the token server refuses.
        """
        with self._lock:  # threads that meet a 401 together wait for one token
            known = self.header(host, scope)
            if known is not None and known != refused:
                return known
            self._tokens.pop((host.base, scope), None)
            token = self._obtain(host, scope, parse_challenges(challenges))
            if token is None or token.header == refused:
                return None
            self._tokens[host.base, scope] = token
            return token.header

    def _obtain(self, host: Host, scope: str, challenges: list[Challenge]) -> _Token | None:
        by_scheme = {challenge.scheme: challenge for challenge in challenges}
        if "bearer" in by_scheme:
            return self._bearer(host, scope, by_scheme["bearer"].parameters)
        if "basic" in by_scheme:
            credential = self.credential(host)
            if credential is not None and credential.username:
                return _Token(header=credential.basic, expires=float("inf"))
        return None

    def credential(self, host: Host) -> Credential | None:
        """Return the credential for a host; a helper program is run once."""
        with self._lock:
            if host.registry not in self._found:
                self._found[host.registry] = self._credentials.find(host.registry)
            return self._found[host.registry]

    def _bearer(self, host: Host, scope: str, parameters: Mapping[str, str]) -> _Token:
        credential = self.credential(host) or Credential()
        if credential.registry_token:
            return _Token(header=f"Bearer {credential.registry_token}", expires=float("inf"))
        realm = parameters.get("realm", "")
        _check_realm(host, realm)
        fields = {"service": parameters.get("service", ""), "scope": parameters.get("scope") or scope}
        fields = {key: value for key, value in fields.items() if value}
        request = Request(method="GET", url=realm, tls=_realm_tls(host, realm), plain_http=host.plain_http)
        if credential.identity_token:
            form = {"grant_type": "refresh_token", "refresh_token": credential.identity_token, "client_id": CLIENT_ID}
            request = dataclasses.replace(
                request,
                method="POST",
                body=urlencode(form | fields).encode(),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
        else:
            headers = {"Authorization": credential.basic} if credential.username else {}
            account = {"account": credential.username} if credential.username else {}
            separator = "&" if urlsplit(realm).query else "?"
            request = dataclasses.replace(
                request, url=f"{realm}{separator}{urlencode(fields | account)}", headers=headers
            )
        return self._fetch(request)

    def _fetch(self, request: Request) -> _Token:
        with self._transport.send(request) as response:
            if response.status != 200:
                raise from_response(response)
            body = response.read()
        try:
            document = json.loads(body)
            token = document.get("token") or document.get("access_token")
            lifetime = max(float(document.get("expires_in") or 0), TOKEN_LIFETIME)
        except (ValueError, TypeError, AttributeError):
            token = None
        if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
            raise RegistryError(f"{redacted(request.url)}: the answer holds no token")
        return _Token(header=f"Bearer {token}", expires=time.monotonic() + lifetime - TOKEN_MARGIN)


def parse_challenges(headers: Iterable[str]) -> list[Challenge]:
    """Parse WWW-Authenticate headers, one challenge each (as all registries send them)."""
    challenges = []
    for header in headers:
        match = _CHALLENGE.fullmatch(header.strip())
        if match is not None:
            parameters = {
                name.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else plain
                for name, quoted, plain in _PARAMETER.findall(match["rest"] or "")
            }
            challenges.append(Challenge(scheme=match["scheme"].lower(), parameters=parameters))
    return challenges


def _check_realm(host: Host, realm: str) -> None:
    """Refuse a token server that would be sent a secret in the clear, though the registry itself is encrypted."""
    parts = urlsplit(realm)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RegistryError(f"{redacted(host.base)}: invalid token server {redacted(realm)!r}")
    if parts.scheme == "http" and not (host.insecure or is_loopback(parts.hostname)):
        raise RegistryError(f"{redacted(host.base)}: token server {redacted(realm)} refused: it is not encrypted")


def _realm_tls(host: Host, realm: str) -> Tls:
    same = origin(realm) == origin(host.base)
    return host.tls if same else dataclasses.replace(host.tls, client=())
