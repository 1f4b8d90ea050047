"""Credentials from docker's configuration: `auths`, credential helpers, credential stores."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from nrdctl.errors import InvalidArgument, RegistryError
from nrdctl.oci.reference import DEFAULT_DOMAIN
from nrdctl.registry.failures import printable

DOCKER_HUB_KEY = "https://index.docker.io/v1/"
HELPER_TIMEOUT = 60.0

_DOCKER_HUB_HOSTS = frozenset({DEFAULT_DOMAIN, "index.docker.io", "registry-1.docker.io"})
_HELPER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Where docker-credential-helpers put an identity token: the user name is this.
_TOKEN_USER = "<token>"  # noqa: S105 - a marker
_NOT_FOUND = "credentials not found in native keychain"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Credential:
    """A user's secret for one registry: a password, or a refresh token (`identity_token`), or an access token."""

    username: str = ""
    password: str = dataclasses.field(default="", repr=False)
    identity_token: str = dataclasses.field(default="", repr=False)
    registry_token: str = dataclasses.field(default="", repr=False)

    @property
    def basic(self) -> str:
        """The value of a Basic Authorization header."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


class CredentialStore:
    """Looks credentials up in a docker configuration; helpers are run when asked, not before."""

    def __init__(self, document: Mapping[str, object], *, source: str = "") -> None:
        self._document = document
        self._source = source

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> CredentialStore:
        """Read `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`. Raises InvalidArgument for a bad file."""
        folder = environ.get("DOCKER_CONFIG") or str(Path(environ.get("HOME", "/root")) / ".docker")
        path = Path(folder) / "config.json"
        try:
            document = json.loads(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return cls({})
        except (OSError, ValueError) as error:
            raise InvalidArgument(f"cannot read {path}: {error}") from None
        if not isinstance(document, dict):
            raise InvalidArgument(f"cannot read {path}: not an object")
        return cls(document, source=str(path))

    def find(self, registry: str) -> Credential | None:
        """Return the credential for a registry `host[:port]`; None when there is none. Raises RegistryError."""
        key = DOCKER_HUB_KEY if registry in _DOCKER_HUB_HOSTS else registry
        helpers = self._document.get("credHelpers")
        helper = helpers.get(key) or helpers.get(registry) if isinstance(helpers, Mapping) else None
        helper = helper or self._document.get("credsStore")
        if isinstance(helper, str) and helper:
            found = run_helper(helper, key)
            if found is not None:
                return found
        return self._from_file(key)

    def _from_file(self, key: str) -> Credential | None:
        auths = self._document.get("auths")
        if not isinstance(auths, Mapping):
            return None
        entry = auths.get(key)
        if entry is None:  # people and tools also write https://host, https://host/v1/, …
            wanted = host_of(key)
            entry = next((value for name, value in auths.items() if host_of(str(name)) == wanted), None)
        return self._credential(key, entry) if isinstance(entry, Mapping) and entry else None

    def _credential(self, key: str, entry: Mapping[str, object]) -> Credential | None:
        username, password = str(entry.get("username") or ""), str(entry.get("password") or "")
        auth = entry.get("auth")
        if isinstance(auth, str) and auth:
            try:
                username, colon, password = base64.b64decode(auth, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                colon = ""
            if not colon:
                raise InvalidArgument(f"{self._source}: the auth of {key!r} is not base64 of USER:PASSWORD")
        credential = Credential(
            username=username,
            password=password.rstrip("\0"),
            identity_token=str(entry.get("identitytoken") or ""),
            registry_token=str(entry.get("registrytoken") or ""),
        )
        return credential if credential != Credential() else None


def host_of(key: str) -> str:
    """`https://registry.example.com:5000/v1/` → `registry.example.com:5000` (docker's ConvertToHostname)."""
    return key.removeprefix("https://").removeprefix("http://").partition("/")[0]


def run_helper(name: str, server: str) -> Credential | None:
    """Ask the program `docker-credential-NAME` for a credential; None when it has none. Raises RegistryError."""
    if not _HELPER_NAME.fullmatch(name):
        raise RegistryError(f"invalid credential helper name {name!r}")
    program = f"docker-credential-{name}"
    try:
        process = subprocess.run(
            [program, "get"], input=server.encode(), capture_output=True, timeout=HELPER_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise RegistryError(f"error getting credentials: {program} gave no answer in {HELPER_TIMEOUT:g} s") from None
    except OSError as error:
        raise RegistryError(
            f"error getting credentials: {program}: {error.strerror}",
            hint="docker's config.json names it in credsStore or credHelpers",
        ) from None
    if process.returncode != 0:
        # A helper reports on its standard output. What it says on success is a secret, and is never printed.
        said = printable((process.stdout or process.stderr).decode(errors="replace"))
        if _NOT_FOUND in said:
            return None
        raise RegistryError(f"error getting credentials: {program}: {said or f'exit status {process.returncode}'}")
    try:
        answer = json.loads(process.stdout)
        username, secret = str(answer["Username"]), str(answer["Secret"])
    except (ValueError, KeyError, TypeError):
        raise RegistryError(f"error getting credentials: {program} gave an answer that is not understood") from None
    if username == _TOKEN_USER:
        return Credential(identity_token=secret)
    return Credential(username=username, password=secret) if secret else None
