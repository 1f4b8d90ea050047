"""The first root of the guest: busybox, and the modules that reach the real root."""

from __future__ import annotations

import gzip
import lzma
import subprocess
from pathlib import Path

from tests.vm.bed.settings import GUEST_FILES

WANTED = ("virtio_pci", "virtio_blk", "ext4", "crc32c_generic", "crc32c_intel")
FOLDERS = ("bin", "dev", "modules", "new", "proc", "sys")
DIRECTORY, REGULAR = 0o040755, 0o100755


def _entry(name: str, mode: int, data: bytes, inode: int) -> bytes:
    """One record of a cpio archive in the `newc` format."""
    path = name.encode() + b"\0"
    numbers = (inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
    head = b"070701" + b"".join(b"%08X" % number for number in numbers) + path
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def _dependencies(modules: Path) -> dict[str, list[str]]:
    """From `modules.dep`: each module's path → the paths it needs, which must be loaded last to first."""
    lines = (modules / "modules.dep").read_text().splitlines()
    return {path: needs.split() for path, _, needs in (line.partition(":") for line in lines)}


def load_order(modules: Path) -> list[Path]:
    """The module files to load, in order; a wanted module that is built in or absent is left out."""
    dependencies = _dependencies(modules)
    by_name = {Path(path).name.partition(".")[0].replace("-", "_"): path for path in dependencies}
    order: dict[str, None] = {}
    for name in WANTED:
        if path := by_name.get(name):
            order.update(dict.fromkeys([*reversed(dependencies[path]), path]))
    return [modules / path for path in order]


def _decompressed(path: Path) -> bytes:
    if path.suffix == ".xz":
        return lzma.decompress(path.read_bytes())
    if path.suffix == ".zst":
        return subprocess.run(["zstd", "-qdc", path], check=True, capture_output=True).stdout
    return path.read_bytes()


def write(root: Path, kernel_release: str, target: Path) -> None:
    """Write the archive from a guest root that has busybox and its modules."""
    files = {"init": (GUEST_FILES / "init").read_bytes(), "bin/busybox": (root / "usr/bin/busybox").read_bytes()}
    for number, path in enumerate(load_order(root / "usr/lib/modules" / kernel_release)):
        files[f"modules/{number:02d}-{path.name.partition('.')[0]}.ko"] = _decompressed(path)
    entries = [(name, DIRECTORY, b"") for name in FOLDERS]
    entries += [(name, REGULAR, data) for name, data in files.items()]
    with gzip.open(target, "wb", compresslevel=1) as archive:
        for inode, (name, mode, data) in enumerate(entries, 1):
            archive.write(_entry(name, mode, data, inode))
        archive.write(_entry("TRAILER!!!", 0, b"", 0))
