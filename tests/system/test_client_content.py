"""The content store, snapshots and layers of a real containerd."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import pathlib
import secrets
import subprocess
import tempfile
import threading
from typing import TYPE_CHECKING

import pytest

from nrdctl.containerd.records import (
    Mount,
    SnapshotKind,
)
from nrdctl.errors import (
    AlreadyExists,
    Conflict,
    InvalidArgument,
    NotFound,
    RuntimeFailed,
    Unavailable,
    Unimplemented,
)
from nrdctl.oci.descriptor import OCI_LAYER_GZIP, Descriptor
from tests.support import rootfs
from tests.support.daemon import missing, unique_namespace
from tests.support.waiting import SOON, answers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nrdctl.containerd.client import Client

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(missing()), reason=missing() or "-"),
    pytest.mark.skipif(not rootfs.BUSYBOX.exists(), reason="needs busybox-static"),
]


class TestContent:
    def test_life(self, client: Client) -> None:
        content = secrets.token_bytes(3 << 20) + b"tail"
        digest = rootfs.descriptor_of(content).digest
        with client.content.writer("ref", size=len(content), expected=digest) as writer:
            assert writer.offset == 0
            writer.write(content[:100])
            writer.write(memoryview(content)[100:])
            assert writer.offset == len(content)
            assert writer.commit({"a": "b"}) == digest
        info = client.content.info(digest)
        assert (info.size, info.labels) == (len(content), {"a": "b"})
        assert info.created_at is not None
        assert b"".join(client.content.read(digest)) == content
        assert b"".join(client.content.read(digest, offset=10, size=7)) == content[10:17]
        assert client.content.read_all(digest) == content
        with pytest.raises(InvalidArgument, match="larger than 1000 bytes"):
            client.content.read_all(digest, limit=1000)
        assert client.content.update_labels(digest, {"a": "", "c/d.e": "f"}).labels == {"c/d.e": "f"}
        assert [each.digest for each in client.content.list('labels."c/d.e"==f')] == [digest]
        assert client.content.list('labels."c/d.e"==g') == []
        with pytest.raises(AlreadyExists):
            client.content.writer("ref", expected=digest)
        client.content.delete(digest)
        with pytest.raises(NotFound):
            list(client.content.read(digest))
        with pytest.raises(NotFound):
            client.content.delete(digest)

    def test_a_write_can_be_resumed(self, client: Client) -> None:
        content = secrets.token_bytes(2 << 20)
        digest = rootfs.descriptor_of(content).digest
        with contextlib.suppress(OSError), client.content.writer("ref", size=len(content), expected=digest) as writer:
            writer.write(content[: 1 << 20])
            raise OSError("the network went")
        status = client.content.status("ref")
        assert (status.offset, status.total) == (1 << 20, len(content))
        with client.content.writer("ref", size=len(content), expected=digest) as writer:
            assert writer.offset == 1 << 20
            writer.write(content[writer.offset :])
            writer.commit()
        assert client.content.read_all(digest) == content
        assert client.content.statuses() == []

    def test_a_write_can_be_started_again(self, client: Client) -> None:
        with client.content.writer("ref") as writer:
            writer.write(b"x" * (1 << 20))
            writer.write(b"rest")
            writer.truncate()
            assert writer.offset == 0
            writer.write(b"right")
            digest = writer.commit()
        assert client.content.read_all(digest) == b"right"

    def test_an_ingest_can_be_thrown_away(self, client: Client) -> None:
        with client.content.writer("ref", size=10) as writer:
            writer.write(b"abc")
        assert [each.ref for each in client.content.statuses()] == ["ref"]
        client.content.abort("ref")
        assert client.content.statuses() == []
        with pytest.raises(NotFound):
            client.content.status("ref")

    def test_a_wrong_digest_or_size_is_refused(self, client: Client) -> None:
        with client.content.writer("ref", expected="sha256:" + "0" * 64) as writer:
            writer.write(b"abc")
            with pytest.raises(Conflict, match="unexpected commit digest"):
                writer.commit()
        with client.content.writer("ref2", size=10) as writer:
            writer.write(b"abc")
            with pytest.raises(InvalidArgument, match="3 bytes were written, expected 10"):
                writer.commit()

    def test_a_reference_has_one_writer(self, client: Client) -> None:
        content = b"abc"
        expected = rootfs.descriptor_of(content).digest
        with client.content.writer("ref", size=3, expected=expected) as writer:
            with pytest.raises(Unavailable, match="locked") as caught:
                client.content.writer("ref", size=3, expected=expected)
            assert caught.value.hint is None
            timer = threading.Timer(0.3, lambda: (writer.write(content), writer.commit()))
            timer.start()
            with pytest.raises(AlreadyExists):
                client.content.writer("ref", size=3, expected=expected, patience=SOON)
            timer.join()
        with pytest.raises(InvalidArgument, match="the writer is closed"):
            writer.commit()

    def test_the_reference_is_free_once_the_writer_is_closed(self, client: Client) -> None:
        for _ in range(10):
            with client.content.writer("ref", size=3):
                pass

    def test_a_blob_of_another_namespace_is_not_sent_again(self, client: Client) -> None:
        content = secrets.token_bytes(1000)
        blob = rootfs.write_blob(client, content)
        other = client.at(unique_namespace())
        with other.content.writer("ref", size=blob.size, expected=blob.digest) as writer:
            assert writer.offset == blob.size
            writer.commit()
        assert other.content.read_all(blob.digest) == content
        other.content.delete(blob.digest)
        other.namespaces.delete(other.namespace)

    def test_reading_can_be_given_up(self, client: Client) -> None:
        blob = rootfs.write_blob(client, bytes(8 << 20))
        pieces = client.content.read(blob.digest)
        assert next(pieces)
        pieces.close()  # type: ignore[attr-defined]
        assert answers(client)


class TestSnapshots:
    def test_layers_and_diffs(self, client: Client, snapshotter: str) -> None:
        with client.lease() as leased:
            top = rootfs.unpack(leased, snapshotter)
            info = client.snapshots.stat(snapshotter, top)
            assert (info.kind, info.parent, info.name) == (SnapshotKind.COMMITTED, "", top)
            assert client.snapshots.usage(snapshotter, top).size > 100_000
            mounts = leased.snapshots.prepare(snapshotter, "work", top, {"a": "b"})
            assert client.snapshots.mounts(snapshotter, "work") == mounts
            with mounted(mounts) as directory:
                (directory / "new").write_text("new")
                (directory / "bin/true").unlink()
            view = leased.snapshots.view(snapshotter, "view", top)
            layer = leased.diff.diff(view, mounts, ref="layer", labels={"x": "y"})
            assert layer.media_type == OCI_LAYER_GZIP
            labels = client.content.info(layer.digest).labels
            assert labels["x"] == "y"
            tar = gzip.decompress(client.content.read_all(layer.digest))
            assert labels["containerd.io/uncompressed"] == rootfs.descriptor_of(tar).digest
            assert b"bin/.wh.true" in tar
            client.snapshots.remove(snapshotter, "view")
            leased.snapshots.commit(snapshotter, "second", "work", {"a": "b"})
            assert client.snapshots.stat(snapshotter, "second").parent == top
            with pytest.raises(Conflict, match="child"):
                client.snapshots.remove(snapshotter, top)

    def test_names_and_labels(self, client: Client, snapshotter: str) -> None:
        client.snapshots.prepare(snapshotter, "one", labels={"a": "1", "containerd.io/gc.root": "x"})
        with pytest.raises(AlreadyExists):
            client.snapshots.prepare(snapshotter, "one")
        with pytest.raises(NotFound, match="parent snapshot"):
            client.snapshots.prepare(snapshotter, "two", "nothing")
        info = client.snapshots.stat(snapshotter, "one")
        changed = client.snapshots.update(snapshotter, dataclasses.replace(info, labels={"b": "2"}), "labels.b")
        assert changed.labels == {"a": "1", "b": "2", "containerd.io/gc.root": "x"}
        assert [each.name for each in client.snapshots.list(snapshotter, "labels.b==2")] == ["one"]
        assert client.snapshots.list(snapshotter, "labels.b==3") == []
        client.snapshots.remove(snapshotter, "one")
        with pytest.raises(NotFound):
            client.snapshots.stat(snapshotter, "one")
        with pytest.raises(InvalidArgument, match="snapshotter not loaded"):
            client.snapshots.list("nothing")
        if snapshotter != "overlayfs":
            with pytest.raises(Unimplemented):
                client.snapshots.cleanup(snapshotter)

    def test_a_layer_that_is_none(self, client: Client, snapshotter: str) -> None:
        with client.lease() as leased:
            mounts = leased.snapshots.prepare(snapshotter, "work")
            blob = rootfs.write_blob(leased, b"this is not a tar archive" * 100)
            with pytest.raises(RuntimeFailed, match="tar"):
                leased.diff.apply(blob, mounts)
            absent = Descriptor(media_type=OCI_LAYER_GZIP, digest="sha256:" + "0" * 64, size=1)
            with pytest.raises(NotFound):
                leased.diff.apply(absent, mounts)


@contextlib.contextmanager
def mounted(mounts: list[Mount]) -> Iterator[pathlib.Path]:
    """The writable directory of a snapshot."""
    (mount,) = mounts
    upper = [option.removeprefix("upperdir=") for option in mount.options if option.startswith("upperdir=")]
    lower = any(option.startswith("lowerdir=") for option in mount.options)
    if not lower:
        yield pathlib.Path(upper[0] if upper else mount.source)
        return
    directory = tempfile.mkdtemp(prefix="nrdctl-", dir="/tmp")
    subprocess.run(["mount", "-t", mount.type, "-o", ",".join(mount.options), mount.source, directory], check=True)
    try:
        yield pathlib.Path(directory)
    finally:
        subprocess.run(["umount", directory], check=True)
        pathlib.Path(directory).rmdir()
