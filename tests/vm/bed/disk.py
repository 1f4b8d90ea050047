"""Disk images, made without mounting anything on the host."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.vm.bed.process import call
from tests.vm.bed.settings import GUEST_PYTHON, REPOSITORY, ROOT_SIZE, WORK_MOUNT, WORK_SIZE

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = ("src", "tests", "pyproject.toml")
LEFT_OUT = ("__pycache__", "*.pyc")


def _ext4(tree: Path, image: Path, size: str) -> None:
    options = ["-O", "^has_journal,^metadata_csum", "-E", "lazy_itable_init=0", "-m", "0"]
    call(["mke2fs", "-q", "-F", "-t", "ext4", *options, "-d", tree, image, size])


def root_image(root: Path, image: Path) -> None:
    """Make the guest's root file system from a tree."""
    _ext4(root, image, ROOT_SIZE)


def overlay(target: Path) -> None:
    """Make the writable layer over `base.img` beside it; it is what holds the snapshot."""
    call(["qemu-img", "create", "-q", "-f", "qcow2", "-b", "base.img", "-F", "raw", target])


def copy_overlay(folder: Path, target: Path) -> None:
    """Copy a bed's overlay to a run's folder, sharing blocks where the file system can; its base stays where it is."""
    (target.parent / "base.img").symlink_to(folder / "base.img")
    call(["cp", "--reflink=auto", "--sparse=always", folder / target.name, target])


def blank_image(image: Path) -> None:
    """An unformatted disk of the size of a work image."""
    call(["truncate", "-s", WORK_SIZE, image])


def _compile(root: Path, tree: Path) -> None:
    """Byte-compile with the guest's own Python, run on the host; what doesn't compile is the guest's to report."""
    loader, libraries = root / "usr/lib64/ld-linux-x86-64.so.2", root / "usr/lib/x86_64-linux-gnu"
    python: list[str | Path] = [loader, "--library-path", libraries, root / f"usr/bin/python{GUEST_PYTHON}", "-S"]
    flags: list[str | Path] = [
        "-m",
        "compileall",
        "-q",
        "--invalidation-mode",
        "unchecked-hash",
        "-s",
        tree,
        "-p",
        WORK_MOUNT,
    ]
    call(["sh", "-c", '"$@" || true', "sh", *python, *flags, tree / "src"], env={"PYTHONHOME": str(root / "usr")})


def work_image(root: Path, scratch: Path, image: Path) -> None:
    """Make the read-only disk that holds the project's source, as it is now."""
    tree = scratch / "work"
    tree.mkdir()
    for name in SOURCES:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
        elif source.is_file():
            shutil.copy2(source, tree / name)
    _compile(root, tree)
    _ext4(tree, image, WORK_SIZE)
    shutil.rmtree(tree)
