"""Reading and writing small files so that a crash or a concurrent reader never sees half of one."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from nrdctl.errors import NrdctlError

if TYPE_CHECKING:
    from pathlib import Path


def write_atomic(path: Path, data: bytes | str, mode: int = 0o644, *, sync: bool = False) -> None:
    """Replace `path` by a file with this content and mode, in one step; missing parent folders are made.

    `sync` also waits until the content is on the disk, for files that must survive a power cut.
    """
    content = data.encode() if isinstance(data, str) else data
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            _write_all(descriptor, content)
            os.fchmod(descriptor, mode)
            if sync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        raise


def write_in_place(path: Path, data: bytes | str, mode: int = 0o644) -> None:
    """Rewrite a file and keep its inode, as a file that is bind-mounted into a container needs.

    The new content goes over the old one in one write and the rest is cut off then, so that a reader never finds the
    file empty. Callers that may run at the same time take a lock.
    """
    content = data.encode() if isinstance(data, str) else data
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, mode)
    try:
        size = os.fstat(descriptor).st_size
        if size == len(content) and os.pread(descriptor, size, 0) == content:
            return
        _write_all(descriptor, content)
        if size > len(content):
            os.ftruncate(descriptor, len(content))
    finally:
        os.close(descriptor)


def read_json(path: Path) -> Any:
    """Return the document of a JSON file. Raises FileNotFoundError, and NrdctlError when it is damaged."""
    import json  # import cost

    content = path.read_bytes()
    try:
        return json.loads(content)
    except ValueError as error:
        raise NrdctlError(f"{path} is damaged: {error}") from error


def write_json(path: Path, document: object, mode: int = 0o644, *, sync: bool = False) -> None:
    """Write a document as JSON, atomically."""
    import json  # import cost

    write_atomic(path, json.dumps(document, indent=2) + "\n", mode, sync=sync)


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
