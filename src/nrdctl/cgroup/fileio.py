"""Reading and writing cgroup files: whole texts, one system call, and "gone" told from "broken"."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

_LARGEST = 65536


def read_optional(path: Path) -> str | None:
    """Return a file's text; None where it doesn't exist or its cgroup has just been removed."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return os.read(fd, _LARGEST).decode()
    except OSError as error:
        # ENODEV: removed while open. EOPNOTSUPP: cgroup.procs of a threaded cgroup.
        if error.errno in (errno.ENODEV, errno.EOPNOTSUPP):
            return None
        raise
    finally:
        os.close(fd)


def write_once(path: Path, text: str) -> None:
    """Write a text with a single write(2). The kernel takes an empty write for success, so that is refused here."""
    if not text:
        raise ValueError(f"nothing to write to {path}")
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


class KeptFiles:
    """Files of one cgroup that stay open; reading them again costs a fifth of opening them again.

    The kernel lets a cgroup with open files go: reading them then fails with ENODEV.
    """

    def __init__(self, inode: int, fds: Mapping[str, int]) -> None:
        self.inode = inode
        self._fds = dict(fds)

    @classmethod
    def open(cls, directory: Path, paths: Mapping[str, Path]) -> KeptFiles | None:
        """Open the files, leaving out those that don't exist; None when there is no such directory."""
        fds: dict[str, int] = {}
        try:
            inode = directory.stat().st_ino
            for name, path in paths.items():
                try:
                    fds[name] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                except FileNotFoundError:
                    continue  # a controller that is not enabled, a file of a newer kernel
        except (FileNotFoundError, NotADirectoryError):
            return None
        except BaseException:
            for fd in fds.values():
                os.close(fd)
            raise
        return cls(inode, fds)

    def __contains__(self, name: str) -> bool:
        return name in self._fds

    def read(self) -> dict[str, bytes] | None:
        """Return the files' contents by name; None once the cgroup is gone.

        A file that alone refuses (pressure files are hidden by cgroup.pressure=0) is left out.
        """
        texts = {}
        for name, fd in self._fds.items():
            try:
                texts[name] = os.pread(fd, _LARGEST, 0)
            except OSError as error:
                if error.errno == errno.ENODEV:
                    return None
                if error.errno != errno.EOPNOTSUPP:
                    raise
        return texts

    def close(self) -> None:
        """Close the files; a second time does nothing."""
        while self._fds:
            os.close(self._fds.popitem()[1])

    def __enter__(self) -> KeptFiles:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
