"""Small images for tests, made on the spot from busybox-static."""

from __future__ import annotations

import functools
import io
import tarfile
from typing import TYPE_CHECKING

from scripts import busybox_image

if TYPE_CHECKING:
    import pathlib

NAME = busybox_image.DEFAULT_NAME
FAMILIAR = "busybox:latest"


def missing() -> str:
    """Return why no image can be made here; empty when one can."""
    return "" if busybox_image.BUSYBOX.exists() else "needs busybox-static"


@functools.cache
def layer() -> bytes:
    """The layer with busybox."""
    return busybox_image.rootfs()


def text_layer(*files: tuple[str, str]) -> bytes:
    """Return a small layer with text files, to be put on top: `("etc/motd", "hello")`."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, text in files:
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(text.encode()), 0o644
            tar.addfile(member, io.BytesIO(text.encode()))
    return stream.getvalue()


def archive(*names: str, extra: tuple[bytes, ...] = (), **process: object) -> bytes:
    """Return an archive of busybox with more layers; `process` are docker's keys of the image configuration."""
    layers = [layer(), *extra]
    return busybox_image.archive(layers, busybox_image.config(layers, **process), *(names or (NAME,)))


def write_archive(path: pathlib.Path, *names: str, extra: tuple[bytes, ...] = (), **process: object) -> pathlib.Path:
    """Write such an archive and return its path."""
    path.write_bytes(archive(*names, extra=extra, **process))
    return path
