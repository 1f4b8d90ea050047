"""Content digests, `algorithm:hex` (OCI image specification, descriptor.md, "Digests")."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from nrdctl.errors import InvalidArgument

if TYPE_CHECKING:
    from hashlib import _Hash

HEX_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
SHORT_LENGTH = 12

_FORMAT = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+")


def validate(text: str) -> str:
    """Return `text` when it is a digest that we can check. Raises InvalidArgument with docker's messages."""
    if not _FORMAT.fullmatch(text):
        raise InvalidArgument(f"invalid checksum digest format: {text!r}")
    algorithm, _, encoded = text.partition(":")
    length = HEX_LENGTHS.get(algorithm)
    if length is None:
        raise InvalidArgument(f"unsupported digest algorithm: {text!r}")
    if len(encoded) != length:
        raise InvalidArgument(f"invalid checksum digest length: {text!r}")
    if not re.fullmatch("[0-9a-f]+", encoded):
        raise InvalidArgument(f"invalid checksum digest format: {text!r}")
    return text


def is_digest(text: str) -> bool:
    """Tell whether `text` is a well-formed digest of a known algorithm."""
    try:
        validate(text)
    except InvalidArgument:
        return False
    return True


def of_bytes(data: bytes) -> str:
    """Return the sha256 digest of `data`, e.g. `sha256:e3b0…`."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def encoded(digest: str) -> str:
    """Return the hexadecimal part."""
    return digest.rpartition(":")[2]


def short(digest: str) -> str:
    """Return the first 12 hexadecimal digits, as docker prints IDs."""
    return encoded(digest)[:SHORT_LENGTH]


class Verifier:
    """Hashes a stream and compares it with the digest that was promised."""

    def __init__(self, digest: str) -> None:
        self.expected = validate(digest)
        self._hash: _Hash = hashlib.new(digest.partition(":")[0])

    def update(self, data: bytes | memoryview) -> None:
        """Take the next bytes of the stream."""
        self._hash.update(data)

    @property
    def actual(self) -> str:
        """The digest of what was seen so far."""
        return f"{self.expected.partition(':')[0]}:{self._hash.hexdigest()}"

    @property
    def verified(self) -> bool:
        """Whether the stream so far has the promised digest."""
        return self.actual == self.expected
