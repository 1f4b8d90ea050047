"""Write a busybox image as a docker archive: `busybox_image.py OUT.tar [--name NAME]`.

Needs Debian's busybox-static and nothing else. The same busybox always gives the same bytes. The archive is docker's
(`manifest.json`) and an OCI layout (`index.json`) at once, so `nrdctl load`, `docker load`, `ctr images import` and
skopeo read it.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import pathlib
import platform
import re
import subprocess
import tarfile

BUSYBOX = pathlib.Path("/bin/busybox")
DEFAULT_NAME = "docker.io/library/busybox:latest"
# No clock: an image is named by the digest of its content.
EPOCH = "1970-01-01T00:00:00Z"

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}
_FOLDERS = ("bin", "dev", "etc", "home", "proc", "root", "run", "sys", "tmp", "usr", "usr/bin", "var", "var/tmp")
_MODES = {"tmp": 0o1777, "var/tmp": 0o1777, "root": 0o700}
_FILES = {
    "etc/passwd": (
        "root:x:0:0:root:/root:/bin/sh\n"
        "daemon:x:1:1:daemon:/usr/sbin:/bin/false\n"
        "www-data:x:33:33:www-data:/var/www:/bin/false\n"
        "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"
    ),
    "etc/group": "root:x:0:\ndaemon:x:1:\ntty:x:5:\nwww-data:x:33:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}


def rootfs(busybox: pathlib.Path = BUSYBOX) -> bytes:
    """Return the layer, an uncompressed tar: busybox, a link for each applet, accounts and the usual folders."""
    applets = subprocess.run([busybox, "--list"], check=True, capture_output=True, text=True, timeout=30).stdout.split()
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for folder in _FOLDERS:
            _add(tar, folder, kind=tarfile.DIRTYPE, mode=_MODES.get(folder, 0o755))
        _add(tar, "bin/busybox", busybox.read_bytes(), mode=0o755)
        for applet in sorted(set(applets) - {"busybox"}):
            _add(tar, f"bin/{applet}", kind=tarfile.SYMTYPE, link="busybox", mode=0o777)
        for name, text in sorted(_FILES.items()):
            _add(tar, name, text.encode())
    return stream.getvalue()


def config(layers: list[bytes], **process: object) -> bytes:
    """Return the image configuration; `process` are docker's keys: Env, Cmd, Entrypoint, Labels and so on."""
    machine = platform.machine()
    document = {
        "architecture": _ARCHITECTURES.get(machine, machine),
        "os": "linux",
        "created": EPOCH,
        "config": {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["sh"]}
        | process,
        "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]},
        "history": [{"created": EPOCH, "created_by": "busybox_image.py"} for _ in layers],
    }
    return _json(document)


def archive(layers: list[bytes], config_blob: bytes, *names: str) -> bytes:
    """Return the archive of one image with any number of names, which must be full (`docker.io/library/…:tag`)."""
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": _descriptor("application/vnd.oci.image.config.v1+json", config_blob),
        "layers": [_descriptor("application/vnd.oci.image.layer.v1.tar", layer) for layer in layers],
    }
    manifest_blob = _json(manifest)
    descriptor = _descriptor(manifest["mediaType"], manifest_blob)
    entries = [descriptor | {"annotations": _annotations(name)} for name in names] or [descriptor]
    docker = {
        "Config": _path(config_blob),
        "RepoTags": [name.removeprefix("docker.io/").removeprefix("library/") for name in names],
        "Layers": [_path(layer) for layer in layers],
    }
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for folder in ("blobs", "blobs/sha256"):
            _add(tar, folder, kind=tarfile.DIRTYPE, mode=0o755)
        for path, blob in sorted({_path(blob): blob for blob in (*layers, config_blob, manifest_blob)}.items()):
            _add(tar, path, blob)
        _add(tar, "index.json", _json({"schemaVersion": 2, "manifests": entries}))
        _add(tar, "manifest.json", _json([docker]))
        _add(tar, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
    return stream.getvalue()


def digest(blob: bytes) -> str:
    """Return the sha256 digest, `sha256:…`."""
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def _annotations(name: str) -> dict[str, str]:
    tag = name.rpartition(":")[2]
    return {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": tag}


def _descriptor(media_type: object, blob: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest(blob), "size": len(blob)}


def _path(blob: bytes) -> str:
    return "blobs/sha256/" + digest(blob).removeprefix("sha256:")


def _json(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _add(
    tar: tarfile.TarFile,
    name: str,
    content: bytes = b"",
    *,
    kind: bytes = tarfile.REGTYPE,
    mode: int = 0o644,
    link: str = "",
) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.mode, member.linkname, member.size = kind, mode, link, len(content)
    tar.addfile(member, io.BytesIO(content))


def full_name(name: str) -> str:
    """Return `docker.io/library/NAME:latest` for a short name."""
    first, slash, _ = name.partition("/")
    if not slash or not re.search(r"[.:]|^localhost$", first):
        name = f"docker.io/{name}" if slash else f"docker.io/library/{name}"
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def main() -> None:
    """Write the archive."""
    parser = argparse.ArgumentParser(description="Write a busybox image as a docker archive.")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--name", default=DEFAULT_NAME, help="the image's name (default: %(default)s)")
    parser.add_argument("--busybox", type=pathlib.Path, default=BUSYBOX, help="a static busybox (default: %(default)s)")
    options = parser.parse_args()
    layers = [rootfs(options.busybox)]
    options.out.write_bytes(archive(layers, config(layers), full_name(options.name)))


if __name__ == "__main__":
    main()
