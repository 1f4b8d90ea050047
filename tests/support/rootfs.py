"""A root file system to run things in: busybox as a layer, a snapshot of it, and the least spec that runc takes."""

from __future__ import annotations

import hashlib
import io
import pathlib
import tarfile
from typing import TYPE_CHECKING, Any

from nrdctl.errors import AlreadyExists
from nrdctl.oci.descriptor import OCI_LAYER, Descriptor

if TYPE_CHECKING:
    from nrdctl.containerd.client import Client

BUSYBOX = pathlib.Path("/bin/busybox")
APPLETS = ("cat", "echo", "false", "kill", "sh", "sleep", "stty", "true")
# Left where there is a program but no right to execute it, for the tests of exit code 126.
NOT_EXECUTABLE = "/bin/data"


def busybox_layer() -> bytes:
    """Return an uncompressed layer: busybox, links for its applets, and the directories that mounts need."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name in ("bin", "dev", "etc", "proc", "sys", "tmp"):
            member = tarfile.TarInfo(name)
            member.type, member.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(member)
        _add_file(tar, "bin/busybox", BUSYBOX.read_bytes(), mode=0o755)
        _add_file(tar, NOT_EXECUTABLE.lstrip("/"), b"not a program\n", mode=0o644)
        for applet in APPLETS:
            member = tarfile.TarInfo(f"bin/{applet}")
            member.type, member.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(member)
    return stream.getvalue()


def _add_file(tar: tarfile.TarFile, name: str, content: bytes, *, mode: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), mode
    tar.addfile(member, io.BytesIO(content))


def descriptor_of(content: bytes, media_type: str = OCI_LAYER) -> Descriptor:
    """Return the descriptor of a blob."""
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    return Descriptor(media_type=media_type, digest=digest, size=len(content))


def write_blob(client: Client, content: bytes, labels: dict[str, str] | None = None) -> Descriptor:
    """Put a blob into the content store."""
    descriptor = descriptor_of(content)
    try:
        with client.content.writer(descriptor.digest, size=descriptor.size, expected=descriptor.digest) as writer:
            # Nothing is left to write when another namespace has it.
            writer.write(content[writer.offset :])
            writer.commit(labels or {})
    except AlreadyExists:
        pass
    return descriptor


def unpack(client: Client, snapshotter: str) -> str:
    """Unpack the busybox layer and return the name of its committed snapshot. Call it under a lease."""
    layer = write_blob(client, busybox_layer())
    mounts = client.snapshots.prepare(snapshotter, f"extract {layer.digest}")
    applied = client.diff.apply(layer, mounts)
    client.snapshots.commit(snapshotter, applied.digest, f"extract {layer.digest}")
    return applied.digest


def process(*args: str, terminal: bool = False, cwd: str = "/") -> dict[str, Any]:
    """Return the process part of a spec."""
    return {
        "terminal": terminal,
        "user": {"uid": 0, "gid": 0},
        "args": list(args),
        "env": ["PATH=/bin", "TERM=xterm"],
        "cwd": cwd,
        "capabilities": {"bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"]},
    }


def spec(cgroup: str, *args: str, terminal: bool = False, cwd: str = "/") -> dict[str, Any]:
    """Return a runtime specification: its own namespaces, no network, limits that can be seen to change."""
    return {
        "ociVersion": "1.0.2",
        "process": process(*args, terminal=terminal, cwd=cwd),
        "root": {"path": "rootfs"},
        "hostname": "test",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
            {
                "destination": "/dev/pts",
                "type": "devpts",
                "source": "devpts",
                "options": ["newinstance", "ptmxmode=0666"],
            },
        ],
        "linux": {
            "cgroupsPath": cgroup,
            "resources": {"memory": {"limit": 64 << 20}},
            "namespaces": [{"type": each} for each in ("pid", "ipc", "uts", "mount", "network")],
        },
    }
