"""From nothing to a snapshot: the root layer (minutes, changes rarely), then the booted bed (half a minute)."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.vm.bed import cache as caching
from tests.vm.bed import disk, image, initramfs, kernel, pythondeps, qemu, rootfs
from tests.vm.bed.process import BedError, step
from tests.vm.bed.settings import GUEST_FILES, HERE, SUITE, cache_root, guest_packages, why_not

if TYPE_CHECKING:
    from pathlib import Path

ROOT_INPUTS = ("kernel.py", "mirror.py", "pythondeps.py", "rootfs.py")
BOOT_LIMIT = 600.0
OVERRIDE = "NRDCTL_VM_KERNEL"


@dataclass(frozen=True)
class Bed:
    """A finished bed: its layers in the cache."""

    cache: caching.Cache
    root_layer: Path
    folder: Path

    @property
    def root(self) -> Path:
        """The guest's root tree, as it was before the boot."""
        return self.root_layer / "root"


def _boot(folder: Path) -> None:
    """Boot cold, wait until the agent answers, and keep that moment."""
    snapshot, work, console = folder / "snap.qcow2", folder / "blank.img", folder / "console"
    disk.overlay(snapshot)
    disk.blank_image(work)
    machine = qemu.Machine(folder, snapshot, work, console)
    try:
        answer = machine.port.request("shell", "sync; ctr image ls -q; sleep 1", BOOT_LIMIT)
        if image.NAME not in answer.text:
            raise BedError(f"the guest's containerd is not ready: {answer.text}")
        machine.save()
    except BedError as error:
        raise BedError(f"the bed did not boot: {error}\n{machine.last_words()}") from error
    finally:
        machine.close()


def _make_bed(layer: Path, root_layer: Path, package: str) -> None:
    root, began = root_layer / "root", time.time()
    with step("root image and initramfs"):
        own = root / "opt/bed"
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir(parents=True)
        for name in ("start", "agent.py"):
            shutil.copy2(GUEST_FILES / name, own)
        shutil.copy2(GUEST_FILES / "nrdctl", root / "usr/local/bin/nrdctl")
        image.write(root / "usr/bin/busybox", own / "busybox.tar")
        disk.root_image(root, layer / "base.img")
        initramfs.write(root, kernel.release(package), layer / "initrd")
        shutil.copy2(root_layer / "vmlinuz", layer / "vmlinuz")
    with step("boot and snapshot"):
        _boot(layer)
    facts = {"kernel": package, "qemu": qemu.version(), "suite": SUITE, "seconds": round(time.time() - began, 1)}
    (layer / "facts.json").write_text(json.dumps(facts, indent=2) + "\n")


def build(again: bool = False) -> Bed:
    """The bed, built as far as it isn't there; `again` makes the snapshot anew."""
    if reason := why_not():
        raise BedError(reason)
    cache = caching.Cache(cache_root())
    with cache.locked():
        package = os.environ.get(OVERRIDE) or kernel.newest()
        words = [package, SUITE, *guest_packages(), *pythondeps.requirements()]
        root_name = f"root-{caching.key(words, [HERE / name for name in ROOT_INPUTS])}"
        files = [path for path in [*HERE.glob("*.py"), *GUEST_FILES.iterdir()] if path.is_file()]
        bed_name = f"bed-{caching.key([root_name, qemu.version()], files)}"
        root_layer = cache.layer(root_name, lambda layer: rootfs.make(layer, package))
        if again:
            cache.forget(bed_name)
        folder = cache.layer(bed_name, lambda layer: _make_bed(layer, root_layer, package))
    return Bed(cache, root_layer, folder)
