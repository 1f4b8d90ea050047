"""Where the bed lives, and what goes into it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
GUEST_FILES = HERE / "guestfiles"
SUITE = "trixie"
GUEST_PYTHON = "3.13"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
ROOT_SIZE = "3G"
WORK_SIZE = "128M"
WORK_MOUNT = "/mnt/w"
SNAPSHOT = "ready"

TOOLS = ("apt-get", "dpkg", "debootstrap", "mke2fs", "qemu-img", "qemu-system-x86_64", "setpriv", "unshare")


def cache_root() -> Path:
    """The folder that holds everything built: `NRDCTL_VM_CACHE`, or a default."""
    return Path(os.environ.get("NRDCTL_VM_CACHE") or "/var/cache/nrdctl-vm")


def read_list(path: Path) -> list[str]:
    """The words of a list file, one a line, `#` starting a comment."""
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    return [line for line in lines if line]


def guest_packages() -> list[str]:
    """The packages that debootstrap puts into the guest."""
    return read_list(HERE / "guest-packages.txt")


def host_packages() -> list[str]:
    """The packages that the host needs."""
    return read_list(HERE / "packages.txt")


def why_not() -> str | None:
    """Why this host can't run the bed, or None when it can."""
    if os.geteuid() != 0:
        return "the virtual machine needs root"
    if os.uname().machine != "x86_64":
        return "the virtual machine is built for x86_64 hosts only"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"missing on this host: {', '.join(missing)} (see tests/vm/bed/packages.txt)"
    return None
