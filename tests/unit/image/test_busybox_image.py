import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from scripts import busybox_image

pytestmark = pytest.mark.skipif(not busybox_image.BUSYBOX.exists(), reason="needs busybox-static")


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("me/box:1", "docker.io/me/box:1"),
        ("localhost:5000/box", "localhost:5000/box:latest"),
        ("ghcr.io/a/b:1", "ghcr.io/a/b:1"),
    ],
)
def test_names(name: str, full: str) -> None:
    assert busybox_image.full_name(name) == full


def test_the_script_writes_the_same_bytes_twice(tmp_path: Path) -> None:
    for out in ("a.tar", "b.tar"):
        command = [sys.executable, busybox_image.__file__, tmp_path / out, "--name", "demo:1"]
        subprocess.run(command, check=True, timeout=30)
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    with tarfile.open(tmp_path / "a.tar") as archive:
        (manifest,) = json.load(archive.extractfile("manifest.json"))  # type: ignore[arg-type]
        assert manifest["RepoTags"] == ["demo:1"]
        assert archive.getmember(manifest["Config"]).isreg()
        index = json.load(archive.extractfile("index.json"))  # type: ignore[arg-type]
    assert index["manifests"][0]["annotations"]["io.containerd.image.name"] == "docker.io/library/demo:1"


def test_the_root_file_system() -> None:
    with tarfile.open(fileobj=io.BytesIO(busybox_image.rootfs())) as layer:
        assert layer.getmember("bin/sh").linkname == "busybox"
        assert layer.getmember("bin/busybox").mode == 0o755
        assert layer.getmember("tmp").mode == 0o1777
        assert b"root:x:0:0" in layer.extractfile("etc/passwd").read()  # type: ignore[union-attr]
        assert {member.mtime for member in layer} == {0}
        assert {(member.uid, member.gid) for member in layer} == {(0, 0)}
