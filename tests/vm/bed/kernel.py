"""The guest's kernel: Debian's own, downloaded with apt and unpacked, not installed."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from tests.vm.bed.process import BedError, call

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NAME = re.compile(r"linux-image-(6\.\d+(?:\.\d+)+\S*)-amd64")
FLAVOURS = ("-cloud", "-rt", "-dbg")
PREFERRED = (6, 12)
WANTED = ("arch", "block", "crypto", "fs", "lib", "mm", "net", "drivers/block", "drivers/char", "drivers/virtio")
LINKS = ("veth", "dummy", "tun", "macvlan", "ipvlan", "vxlan", "ifb", "vrf", "net_failover", "virtio_net")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def pick(names: Iterable[str]) -> str | None:
    """The newest generic 6.12 kernel package among names, else the newest 6.x, else None."""
    found = {}
    for name in names:
        match = NAME.fullmatch(name)
        if match and not any(flavour in name for flavour in FLAVOURS):
            found[name] = _numbers(match[1])
    return max(found, key=lambda name: (found[name][:2] == PREFERRED, found[name]), default=None)


def newest() -> str:
    """The kernel package to use, from apt's lists, which are fetched when they are empty."""
    for attempt in range(2):
        if name := pick(call(["apt-cache", "pkgnames", "linux-image-6."]).split()):
            return name
        if attempt == 0:
            call(["apt-get", "update", "-qq"])
    raise BedError("apt offers no linux-image-6.*-amd64 package")


def release(package: str) -> str:
    """What `uname -r` says under a kernel package."""
    return package.removeprefix("linux-image-")


def unpack(package: str, into: Path) -> None:
    """Download a kernel package and unpack it into a folder."""
    into.mkdir(parents=True, exist_ok=True)
    call(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", package], cwd=into)
    (archive,) = into.glob("*.deb")
    call(["dpkg", "-x", archive, into])
    archive.unlink()


def copy_modules(unpacked: Path, package: str, root: Path) -> None:
    """Give the guest the modules it may use: no graphics, sound or network cards."""
    name = release(package)
    source, target = (tree / "lib/modules" / name for tree in (unpacked, root))
    if not source.is_dir():
        source = unpacked / "usr/lib/modules" / name
    for folder in WANTED:
        shutil.copytree(source / "kernel" / folder, target / "kernel" / folder, dirs_exist_ok=True)
    for link in LINKS:
        for path in (source / "kernel/drivers/net").rglob(f"{link}.ko*"):
            target_file = target / path.relative_to(source)
            target_file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target_file)
    for path in source.glob("modules.*"):
        shutil.copy2(path, target)
