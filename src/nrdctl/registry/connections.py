"""Connections to hosts: TLS, proxies, keep-alive, and the fall back to plain http."""

from __future__ import annotations

import collections
import http.client
import ipaddress
import ssl
import threading
from base64 import b64encode
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

from nrdctl.errors import RegistryError
from nrdctl.registry.wire import Request, Response, Tls, origin

CONNECT_TIMEOUT = 15.0
# Between two reads; a registry that says nothing for so long is gone.
READ_TIMEOUT = 60.0

_Key = tuple[str, str, int, Tls]


class Connections:
    """A pool of idle connections; safe to use from several threads."""

    def __init__(self) -> None:
        self._idle: dict[_Key, list[http.client.HTTPConnection]] = collections.defaultdict(list)
        self._contexts: dict[Tls, ssl.SSLContext] = {}
        self._tls: dict[tuple[str, str, int], bool] = {}
        self._lock = threading.Lock()

    def send(self, request: Request) -> Response:
        """Send one request and return the head of its response. Raises OSError, HTTPException, RegistryError."""
        url = request.url
        if request.plain_http and url.startswith("https:") and not self._speaks_tls(origin(url), request.tls):
            url = urlunsplit(urlsplit(url)._replace(scheme="http"))
        return self._send(request, url)

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, collections.defaultdict(list)
        for connections in idle.values():
            for connection in connections:
                connection.close()

    def _speaks_tls(self, address: tuple[str, str, int], tls: Tls) -> bool:
        """Find out, once, whether a host that may be on plain http is."""
        with self._lock:
            known = self._tls.get(address)
        if known is None:
            try:
                self._keep((*address, tls), self._connect((*address, tls)))
                known = True
            except (ssl.SSLError, ConnectionRefusedError, ConnectionResetError) as error:
                if isinstance(error, ssl.SSLCertVerificationError):
                    raise
                known = False
            with self._lock:
                self._tls[address] = known
        return known

    def _keep(self, key: _Key, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            self._idle[key].append(connection)

    def _send(self, request: Request, url: str) -> Response:
        key = (*origin(url), request.tls)
        with self._lock:
            kept = self._idle[key].pop() if self._idle[key] else None
        if kept is not None:
            try:
                return self._exchange(kept, key, request, url)
            except (OSError, http.client.HTTPException):
                kept.close()  # the server hung up while the connection was idle: not a failure, once
        connection = self._connect(key)
        try:
            return self._exchange(connection, key, request, url)
        except BaseException:
            connection.close()
            raise

    def _exchange(self, connection: http.client.HTTPConnection, key: _Key, request: Request, url: str) -> Response:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Host": parts.netloc.rpartition("@")[2], **request.headers}
        proxy = _proxy(*key[:2])
        if proxy and parts.scheme == "http":
            target = f"http://{headers['Host']}{target}"
            headers.update(_proxy_headers(proxy))
        connection.request(request.method, target, body=request.body, headers=headers)
        sock = connection.sock
        raw = connection.getresponse()

        def release(finished: bool) -> None:
            if finished:
                self._keep(key, connection)
            else:
                connection.close()

        return Response(raw, url=url, sock=sock, release=release)

    def _connect(self, key: _Key) -> http.client.HTTPConnection:
        scheme, host, port, tls = key
        proxy = _proxy(scheme, host)
        address, address_port = origin(proxy)[1:] if proxy else (host, port)
        if scheme == "http":
            connection = http.client.HTTPConnection(address, address_port, timeout=CONNECT_TIMEOUT)
        else:
            context = self._context(tls)
            connection = http.client.HTTPSConnection(address, address_port, timeout=CONNECT_TIMEOUT, context=context)
            if proxy:
                connection.set_tunnel(host, port, headers=_proxy_headers(proxy))
        connection.connect()
        connection.sock.settimeout(READ_TIMEOUT)
        return connection

    def _context(self, tls: Tls) -> ssl.SSLContext:
        with self._lock:
            context = self._contexts.get(tls)
            if context is None:
                context = self._contexts[tls] = tls_context(tls)
            return context


def tls_context(tls: Tls) -> ssl.SSLContext:
    """Return the TLS settings; extra authorities are trusted besides the system's. Raises RegistryError."""
    context = ssl.create_default_context()
    if tls.skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    path = ""
    try:
        for path in tls.ca:
            context.load_verify_locations(cafile=path)
        for path, key in tls.client:
            context.load_cert_chain(path, key or None)
    except OSError as error:
        raise RegistryError(f"cannot use the certificate {path}: {error.strerror or error}") from None
    return context


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address means this machine, as docker decides it: localhost, 127.0.0.0/8, ::1."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _proxy(scheme: str, host: str) -> str:
    """Return the URL of the proxy that the environment (HTTPS_PROXY, NO_PROXY, …) names for a host, "" for none."""
    if is_loopback(host) or proxy_bypass(host):
        return ""
    proxy = getproxies().get(scheme, "")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def _proxy_headers(proxy: str) -> dict[str, str]:
    parts = urlsplit(proxy)
    if parts.username is None:
        return {}
    secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(secret.encode()).decode()}"}
