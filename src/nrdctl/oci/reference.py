"""Image references, by docker's grammar (distribution's `reference` package): `[domain/]path[:tag][@digest]`."""

from __future__ import annotations

import dataclasses
import re

from nrdctl.errors import InvalidArgument
from nrdctl.oci import digest as digests

DEFAULT_DOMAIN = "docker.io"
DEFAULT_TAG = "latest"
PATH_LENGTH_MAX = 255

_OFFICIAL = "library/"
_LEGACY_DOMAIN = "index.docker.io"
_COMPONENT = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_COMPONENT}(?:\.{_COMPONENT})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PATH_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*"
_PATH = rf"{_PATH_COMPONENT}(?:/{_PATH_COMPONENT})*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(
    rf"(?P<domain>{_DOMAIN})/(?P<path>{_PATH})(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_DIGEST}))?", re.ASCII
)
_TAG_ONLY = re.compile(_TAG, re.ASCII)
_IDENTIFIER = re.compile("[a-f0-9]{64}")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """An image's full name. A reference without tag and digest got the tag `latest` when it was parsed."""

    domain: str
    path: str
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Parse what a person typed. Raises InvalidArgument with docker's messages."""
        if _IDENTIFIER.fullmatch(text):
            raise InvalidArgument(f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings")
        domain, remainder = _split_domain(text)
        path = remainder.partition("@")[0].partition(":")[0]
        if path != path.lower():
            raise InvalidArgument("invalid reference format: repository name must be lowercase")
        match = _REFERENCE.fullmatch(f"{domain}/{remainder}")
        if match is None:
            raise InvalidArgument("invalid reference format")
        if len(match["path"]) > PATH_LENGTH_MAX:
            raise InvalidArgument(f"repository name must not be more than {PATH_LENGTH_MAX} characters")
        tag, digest = match["tag"], match["digest"]
        if digest is not None:
            digests.validate(digest)
        elif tag is None:
            tag = DEFAULT_TAG
        return cls(domain=match["domain"], path=match["path"], tag=tag, digest=digest)

    @property
    def repository(self) -> str:
        """The name without tag and digest, e.g. `docker.io/library/alpine`."""
        return f"{self.domain}/{self.path}"

    @property
    def canonical(self) -> str:
        """The name of the image in containerd, e.g. `docker.io/library/alpine:latest`."""
        return self.repository + self._suffix

    @property
    def familiar_repository(self) -> str:
        """The shortest name that means this repository, e.g. `alpine`."""
        if self.domain != DEFAULT_DOMAIN:
            return self.repository
        short = self.path.removeprefix(_OFFICIAL)
        return self.path if "/" in short or not short else short

    @property
    def familiar(self) -> str:
        """The shortest text that means this image, e.g. `alpine:latest`."""
        return self.familiar_repository + self._suffix

    @property
    def target(self) -> str:
        """What to ask a registry for: the digest when there is one, else the tag."""
        return self.digest or self.tag or DEFAULT_TAG

    @property
    def _suffix(self) -> str:
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")

    def __str__(self) -> str:
        return self.canonical

    def with_digest(self, digest: str) -> Reference:
        """Return the reference by digest alone, as docker's RepoDigests have it."""
        return dataclasses.replace(self, tag=None, digest=digests.validate(digest))


def parse_tag(text: str) -> str:
    """Return `text` when it is a valid tag. Raises InvalidArgument."""
    if not _TAG_ONLY.fullmatch(text):
        raise InvalidArgument("invalid tag format")
    return text


def _split_domain(text: str) -> tuple[str, str]:
    """Split the domain off, as docker's splitDockerDomain does.

    The first component is a domain when it has a dot or a colon, is `localhost`, or has a capital letter (which no
    path may have).
    """
    first, slash, rest = text.partition("/")
    is_domain = bool(slash) and (first == "localhost" or "." in first or ":" in first or first != first.lower())
    domain, remainder = (first, rest) if is_domain else (DEFAULT_DOMAIN, text)
    if domain == _LEGACY_DOMAIN:
        domain = DEFAULT_DOMAIN
    if domain == DEFAULT_DOMAIN and "/" not in remainder:
        remainder = _OFFICIAL + remainder
    return domain, remainder
