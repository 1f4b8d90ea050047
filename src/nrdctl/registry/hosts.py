"""Which hosts serve a registry's images: containerd's hosts.toml, docker's certs.d, and the defaults."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from nrdctl.errors import InvalidArgument
from nrdctl.oci.reference import DEFAULT_DOMAIN
from nrdctl.registry.connections import is_loopback
from nrdctl.registry.wire import Tls

DOCKER_HUB_HOST = "registry-1.docker.io"
DEFAULT_HOSTS_DIRS = (Path("/etc/containerd/certs.d"), Path("/etc/docker/certs.d"))
HOSTS_FILE = "hosts.toml"
CAPABILITIES = frozenset({"pull", "resolve", "push"})

_API = "/v2"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Host:
    """One host that serves a registry's images. `base` is the URL that everything hangs under, up to `/v2`.

    `registry` is the name its credentials are kept under; `namespace` the registry that it mirrors ("": itself).
    """

    base: str
    registry: str
    namespace: str = ""
    capabilities: frozenset[str] = CAPABILITIES
    tls: Tls = Tls()  # noqa: RUF009 - frozen
    headers: tuple[tuple[str, str], ...] = ()
    plain_http: bool = False

    @property
    def insecure(self) -> bool:
        """Whether the user accepts that somebody on the way can read and change what is sent."""
        return self.plain_http or self.tls.skip_verify or self.base.startswith("http://")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class HostsConfig:
    """Where to look for hosts.toml, and whether all registries may be insecure (`--insecure-registry`)."""

    directories: tuple[Path, ...] = DEFAULT_HOSTS_DIRS
    insecure: bool = False

    def hosts_for(self, domain: str) -> tuple[Host, ...]:
        """Return the hosts to try for images of `domain`, in order. Raises InvalidArgument for a bad hosts.toml."""
        default = _default(domain, insecure=self.insecure)
        for folder in candidates(self.directories, domain):
            file = folder / HOSTS_FILE
            if file.is_file():
                return parse_hosts(_read(file), default, folder=folder)
            certificates = docker_certificates(folder)
            if certificates != Tls():
                tls = dataclasses.replace(certificates, skip_verify=default.tls.skip_verify)
                return (dataclasses.replace(default, tls=tls),)
        return (default,)


def candidates(directories: Iterable[Path], domain: str) -> list[Path]:
    """Return the folders that configure `domain`: `host_port_`, `host:port`, `_default`, as containerd does."""
    host, _, port = domain.rpartition(":") if _has_port(domain) else (domain, "", "")
    names = [f"{host}_{port}_", domain] if port else [domain]
    folders = [folder / name for folder in directories for name in (*names, "_default")]
    return [folder for folder in folders if folder.is_dir()]


def parse_hosts(document: Mapping[str, object], default: Host, *, folder: Path) -> tuple[Host, ...]:
    """Read a decoded hosts.toml: the mirrors in the file's order, then the registry itself.

    Relative certificate paths are relative to `folder`. Raises InvalidArgument.
    """
    tables = document.get("host", {})
    if not isinstance(tables, Mapping):
        raise InvalidArgument(f"{folder / HOSTS_FILE}: host is not a table")
    mirrors = [_host(url, table, default, folder) for url, table in tables.items()]
    server = document.get("server")
    last = default
    if server is not None or document.keys() & {"ca", "client", "skip_verify", "header", "capabilities"}:
        last = _host(str(server or default.base.removesuffix(_API)), document, default, folder)
    return (*mirrors, last)


def docker_certificates(folder: Path) -> Tls:
    """Read docker's folder of certificates: `*.crt` are authorities, `*.cert` with `*.key` our own."""
    authorities = sorted(str(path) for path in folder.glob("*.crt"))
    own = [(str(path), str(path.with_suffix(".key"))) for path in sorted(folder.glob("*.cert"))]
    return Tls(ca=tuple(authorities), client=tuple(own))


def _default(domain: str, *, insecure: bool) -> Host:
    name = DOCKER_HUB_HOST if domain == DEFAULT_DOMAIN else domain
    local = is_loopback(urlsplit(f"//{domain}").hostname or "")
    tls = Tls(skip_verify=local or insecure)
    return Host(base=f"https://{name}{_API}", registry=domain, tls=tls, plain_http=local or insecure)


def _host(url: str, table: object, default: Host, folder: Path) -> Host:
    where = f"{folder / HOSTS_FILE}: {url}"
    if not isinstance(table, Mapping):
        raise InvalidArgument(f"{where}: not a table")
    url = url if "://" in url else f"https://{url}"
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidArgument(f"{where}: not an http or https URL")
    path = parts.path.rstrip("/")
    if not table.get("override_path") and not path.endswith(_API):
        path += _API
    itself = parts.netloc in (default.registry, urlsplit(default.base).netloc)
    skip = table.get("skip_verify", default.tls.skip_verify if itself else False)
    return Host(
        base=f"{parts.scheme}://{parts.netloc}{path}",
        registry=default.registry if itself else parts.netloc,
        namespace="" if itself else default.registry,
        capabilities=_capabilities(where, table.get("capabilities")),
        tls=Tls(ca=_files(table.get("ca"), folder), client=_pairs(table.get("client"), folder), skip_verify=bool(skip)),
        headers=_headers(table.get("header")),
        plain_http=itself and default.plain_http,
    )


def _capabilities(where: str, value: object) -> frozenset[str]:
    if value is None:
        return CAPABILITIES
    if not isinstance(value, list) or not CAPABILITIES.issuperset(value):
        raise InvalidArgument(f"{where}: capabilities are of pull, resolve and push, not {value!r}")
    return frozenset(value)


def _headers(value: object) -> tuple[tuple[str, str], ...]:
    table = value if isinstance(value, Mapping) else {}
    lists = ((name, many if isinstance(many, list) else [many]) for name, many in table.items())
    return tuple((str(name), ", ".join(map(str, many))) for name, many in lists)  # RFC 9110, section 5.3


def _files(value: object, folder: Path) -> tuple[str, ...]:
    values: Sequence[object] = value if isinstance(value, list) else [value] if value else []
    return tuple(str(folder / str(one)) for one in values)


def _pairs(value: object, folder: Path) -> tuple[tuple[str, str], ...]:
    """`client` is one file, a list of files, or a list of `[certificate, key]`."""
    values: Sequence[object] = value if isinstance(value, list) else [value] if value else []
    pairs = [one if isinstance(one, list) else [one] for one in values]
    return tuple(
        (str(folder / str(pair[0])), str(folder / str(pair[1])) if len(pair) > 1 and pair[1] else "") for pair in pairs
    )


def _has_port(domain: str) -> bool:
    return urlsplit(f"//{domain}").port is not None


def _read(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InvalidArgument(f"cannot read {path}: {error}") from None
