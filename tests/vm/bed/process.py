"""Running the tools that build the bed, so that none of them outlives an interrupted build."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

QUIET = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
DIE_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL", "--")
OWN_NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private", "--")


class BedError(Exception):
    """The bed could not be built or started."""


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say on standard error what is being done, and how long it took."""
    began = time.monotonic()
    yield
    print(f"vm bed: {what}: {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)


def call(argv: Sequence[str | Path], env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """Run a tool, return what it printed; raise with the end of its output when it fails."""
    words = [*DIE_WITH_PARENT, *map(str, argv)]
    done = subprocess.run(
        words,
        env={**os.environ, **QUIET, **(env or {})},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        raise BedError(f"{' '.join(map(str, argv))}: exit {done.returncode}\n{done.stdout[-3000:]}")
    return done.stdout


def isolated(argv: Sequence[str | Path], env: Mapping[str, str] | None = None) -> str:
    """Run a tool in mount and PID namespaces of its own: its mounts and children go when it goes."""
    return call([*OWN_NAMESPACES, *argv], env)


def remove_tree(path: Path) -> None:
    """Delete a tree, never crossing into something mounted on it."""
    if path.exists():
        call(["rm", "-rf", "--one-file-system", path])
