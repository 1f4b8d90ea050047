"""Finished layers in the cache folder: built under a temporary name, renamed when complete, named by their inputs."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.vm.bed.process import remove_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

KEPT = 3


def key(words: Iterable[str], files: Iterable[Path]) -> str:
    """A short hash of words and of the contents of files."""
    digest = hashlib.sha256()
    for word in words:
        digest.update(word.encode() + b"\0")
    for path in sorted(files):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


class Cache:
    """The cache folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the builders' lock: one build at a time."""
        with (self.root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def layer(self, name: str, make: Callable[[Path], None]) -> Path:
        """The finished layer of that name, made first when it isn't there. Call it with the lock held."""
        final = self.root / name
        if not final.is_dir():
            self._tidy()
            unfinished = self.root / f"tmp-{name}"
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(final)
        os.utime(final)
        return final

    def forget(self, name: str) -> None:
        """Remove a layer, so that it is made again."""
        final = self.root / name
        if final.exists():
            unwanted = self.root / f"tmp-{name}-{os.getpid()}"
            final.rename(unwanted)
            remove_tree(unwanted)

    def _tidy(self) -> None:
        """Remove what interrupted builds left, and all but the layers used last."""
        for path in self.root.glob("tmp-*"):
            remove_tree(path)
        for kind in ("root-*", "bed-*"):
            newest_first = sorted(self.root.glob(kind), key=lambda path: -path.stat().st_mtime)
            for path in newest_first[KEPT:]:
                self.forget(path.name)

    @contextmanager
    def run_folder(self) -> Iterator[Path]:
        """A folder for one running machine; those of runs that were killed are removed on the way."""
        for path in self.root.glob("run-*"):
            owner = path.name.split("-")[1]
            if not Path("/proc", owner).exists():
                shutil.rmtree(path, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=f"run-{os.getpid()}-", dir=self.root) as folder:
            yield Path(folder)
