"""The files of an image archive, streamed into the content store as they come.

An archive's members may come in any order, and its manifest usually comes last. So every file but the few small ones
that describe the rest goes to the content store at once, under a lease, whatever it is; memory stays bounded, and what
turns out to be of no use goes with the lease.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import lzma
import posixpath
import re
import secrets
import tarfile
import zlib
from typing import IO, TYPE_CHECKING, BinaryIO

from nrdctl.errors import AlreadyExists, Conflict, InvalidArgument, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nrdctl.containerd.client import Client

INDEX, DOCKER_MANIFEST, LAYOUT = "index.json", "manifest.json", "oci-layout"
DOCUMENT_SIZE_MAX = 8 * 1024 * 1024

_CHUNK = 1024 * 1024
_ZSTD = b"\x28\xb5\x2f\xfd"
_BLOB = re.compile(r"blobs/([a-z0-9]+)/([0-9a-f]+)")
# In docker's older archives, one of each per layer; nothing reads them.
_USELESS = frozenset({"VERSION", "json", "repositories"})
_BROKEN = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """A file that is in the content store; `head` its first bytes, which tell how it is compressed."""

    digest: str
    size: int
    head: bytes


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveFiles:
    """What an archive holds, by path: descriptive documents, stored files, and links to these."""

    documents: Mapping[str, bytes]
    stored: Mapping[str, Stored]
    links: Mapping[str, str]

    def file(self, path: str) -> Stored:
        """Return a stored file, through links inside the archive. Raises InvalidArgument."""
        seen = set()
        while path in self.links and path not in seen:
            seen.add(path)
            path = self.links[path]
        if path not in self.stored:
            raise InvalidArgument(f"invalid archive: {path} is missing")
        return self.stored[path]


def read_archive(client: Client, stream: BinaryIO) -> ArchiveFiles:
    """Read a tar, plain or compressed with gzip, bzip2 or xz, from a stream that need not seek.

    Raises InvalidArgument for what is not a sound archive: paths or links that lead out of it, devices, wrong digests.
    """
    documents: dict[str, bytes] = {}
    stored: dict[str, Stored] = {}
    links: dict[str, str] = {}
    with _opened(stream) as tar:
        for member in tar:
            path = _inside(member.name, "")
            if member.issym():
                links[path] = _inside(member.linkname, posixpath.dirname(path))
            elif member.isreg() and not member.issparse():
                file = tar.extractfile(member)
                if path in (INDEX, DOCKER_MANIFEST, LAYOUT):
                    documents[path] = _document(path, file)
                elif file is not None and posixpath.basename(path) not in _USELESS:
                    stored[path] = _store(client, path, member.size, file)
            elif not member.isdir():
                raise InvalidArgument(f"invalid archive: {member.name!r} is neither a file nor a folder")
    return ArchiveFiles(documents=documents, stored=stored, links=links)


@contextlib.contextmanager
def _opened(stream: BinaryIO) -> Iterator[tarfile.TarFile]:
    buffered = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream)  # type: ignore[type-var]
    if buffered.peek(len(_ZSTD))[: len(_ZSTD)] == _ZSTD:
        raise InvalidArgument(
            "archives compressed with zstd are not supported", hint="decompress it first: zstd -dc FILE | nrdctl load"
        )
    try:
        with tarfile.open(fileobj=buffered, mode="r|*") as tar:
            yield tar
    except _BROKEN as error:
        raise InvalidArgument(f"invalid archive: {error}") from None


def _inside(name: str, folder: str) -> str:
    path = posixpath.normpath(posixpath.join(folder, name))
    if name.startswith("/") or path == ".." or path.startswith("../"):
        raise InvalidArgument(f"invalid archive: {name!r} leads out of it")
    return path


def _document(path: str, file: IO[bytes] | None) -> bytes:
    data = file.read(DOCUMENT_SIZE_MAX + 1) if file is not None else b""
    if len(data) > DOCUMENT_SIZE_MAX:
        raise InvalidArgument(f"invalid archive: {path} has more than {DOCUMENT_SIZE_MAX} bytes")
    return data


def _store(client: Client, path: str, size: int, file: IO[bytes]) -> Stored:
    """Write a file into the content store; the path of a blob says which digest it must have."""
    blob = _BLOB.fullmatch(path)
    expected = f"{blob[1]}:{blob[2]}" if blob else ""
    if expected and blob and blob[1] != "sha256":
        raise InvalidArgument(f"unsupported digest algorithm: {expected!r}")
    ref, hashed = f"load-{secrets.token_hex(8)}", hashlib.sha256()
    chunk = file.read(_CHUNK)
    head = chunk[:8]
    try:
        with client.content.writer(ref, size=size, expected=expected) as writer:
            while chunk:
                hashed.update(chunk)
                if writer.offset < size:  # else containerd knows the blob from another namespace
                    writer.write(chunk)
                chunk = file.read(_CHUNK)
            digest = f"sha256:{hashed.hexdigest()}"
            if expected and digest != expected:
                raise InvalidArgument(f"invalid archive: {path} has the digest {digest}")
            writer.commit()
    except AlreadyExists:  # at once for a blob that was expected, at the end for another
        digest = expected or f"sha256:{hashed.hexdigest()}"
    except BaseException:
        with contextlib.suppress(NotFound, Conflict):
            client.content.abort(ref)
        raise
    return Stored(digest=digest, size=size, head=head)
