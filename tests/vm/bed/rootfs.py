"""The guest's root tree: debootstrap, the Python libraries, the kernel's modules and our own files."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.vm.bed import kernel, mirror, pythondeps
from tests.vm.bed.process import isolated, remove_tree, step
from tests.vm.bed.settings import GUEST_PYTHON, KEYRING, SUITE, WORK_MOUNT, guest_packages

if TYPE_CHECKING:
    from pathlib import Path

NOT_NEEDED = ("usr/share/doc", "usr/share/locale", "usr/share/man", "var/cache/apt", "var/lib/apt/lists", "var/log")
TEXTS = {
    "etc/hostname": "nrdctl-vm\n",
    "etc/hosts": "127.0.0.1 localhost\n127.0.1.1 nrdctl-vm\n::1 localhost ip6-localhost\n",
    "etc/resolv.conf": "nameserver 192.0.2.1\n",
    "etc/fstab": "",
    "etc/apt/sources.list": "",
}


def _debootstrap(root: Path) -> None:
    include = f"--include={','.join(guest_packages())}"
    with step(f"debootstrap {SUITE}"):
        isolated(["debootstrap", "--variant=minbase", f"--keyring={KEYRING}", include, SUITE, root, mirror.find()])


def _kernel(layer: Path, package: str) -> None:
    with step(f"download and unpack {package}"):
        kernel.unpack(package, layer / "kernel")


def _finish(root: Path, kernel_release: str) -> None:
    """Trim, write the guest's few settings, index the modules, check and compile the Python libraries."""
    for name in NOT_NEEDED:
        remove_tree(root / name)
        (root / name).mkdir()
    for name, text in TEXTS.items():
        (root / name).unlink(missing_ok=True)
        (root / name).write_text(text)
    (root / WORK_MOUNT.lstrip("/")).mkdir(parents=True, exist_ok=True)
    isolated(["chroot", root, "depmod", kernel_release])
    site = f"/{pythondeps.SITE}"
    compile_flags = ["-q", "-j", "2", "--invalidation-mode", "unchecked-hash"]
    isolated(["chroot", root, "python3", "-m", "compileall", *compile_flags, f"/usr/lib/python{GUEST_PYTHON}", site])
    isolated(["chroot", root, "python3", "-c", "import grpc, google.protobuf, psutil, typer, yaml"])


def make(layer: Path, package: str) -> None:
    """Build `root/` and `vmlinuz` in a layer."""
    root = layer / "root"
    with ThreadPoolExecutor(1) as beside:
        unpacked = beside.submit(_kernel, layer, package)
        _debootstrap(root)
        unpacked.result()
    with step("Python libraries"):
        pythondeps.install(root)
    with step("modules and settings"):
        kernel.copy_modules(layer / "kernel", package, root)
        (vmlinuz,) = (layer / "kernel/boot").glob("vmlinuz-*")
        shutil.move(vmlinuz, layer / "vmlinuz")
        remove_tree(layer / "kernel")
        _finish(root, kernel.release(package))
