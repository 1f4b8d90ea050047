"""Images on a real containerd, with a real registry, and with one that misbehaves."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import gzip
import io
import json
import os
import pathlib
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator

import pytest

from nrdctl.containerd.client import Client
from nrdctl.errors import Conflict, InvalidArgument, NotFound, NrdctlError, RegistryError
from nrdctl.image.archive import LoadedImage, load
from nrdctl.image.build import build_image
from nrdctl.image.inspect import inspect_image
from nrdctl.image.listing import list_images
from nrdctl.image.lookup import find_image, resolve_image
from nrdctl.image.progress import Progress, Status, ignore
from nrdctl.image.pull import pull
from nrdctl.image.remove import ImageUser, remove_image, tag_image
from nrdctl.model.summary import ImageSummary
from nrdctl.oci import digest as digests
from nrdctl.oci.descriptor import OCI_MANIFEST
from nrdctl.oci.platform import Platform
from nrdctl.oci.reference import Reference
from nrdctl.registry.client import RegistryClient
from nrdctl.registry.credentials import CredentialStore
from nrdctl.registry.hosts import HostsConfig
from nrdctl.registry.transport import RetryPolicy
from scripts import busybox_image
from tests.support import busybox, registry
from tests.support.blobs import BlobRegistry
from tests.support.daemon import PrivateContainerd, clean_namespace, unique_namespace
from tests.support.scripted import Answer

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(busybox.missing()), reason=busybox.missing()),
]

AMD64 = Platform(os="linux", architecture="amd64")
ARM64 = Platform(os="linux", architecture="arm64")
QUICK = RetryPolicy(attempts=3, first=0.01, longest=0.05)
MOTD = busybox.text_layer(("etc/motd", "hello"))
BIG = busybox.text_layer(("data", "0123456789abcdef" * 300_000))


@dataclasses.dataclass
class Images:
    """The verbs, in the test's namespace."""

    client: Client
    snapshotter: str
    platform: Platform = AMD64
    progress: list[Progress] = dataclasses.field(default_factory=list)

    def load(self, archive: bytes | io.RawIOBase) -> list[LoadedImage]:
        stream = io.BytesIO(archive) if isinstance(archive, bytes) else archive
        return load(self.client, stream, platform=self.platform, snapshotter=self.snapshotter)  # type: ignore[arg-type]

    def pull(self, name: str, credentials: dict[str, object] | None = None, **more: object) -> str:
        """Pull and return the digest that the name points at."""
        settings = {"platform": self.platform, "on_progress": self.progress.append, **more}
        store = CredentialStore(credentials or {})
        with RegistryClient(hosts=HostsConfig(directories=()), credentials=store, retry=QUICK) as client:
            record = pull(self.client, client, Reference.parse(name), snapshotter=self.snapshotter, **settings)  # type: ignore[arg-type]
        return record.target.digest

    def list(self) -> list[ImageSummary]:
        return list_images(self.client, snapshotter=self.snapshotter, platform=self.platform)

    def names(self) -> list[str]:
        return sorted(f"{row.repository}:{row.tag}" for row in self.list())

    def remove(self, text: str, *users: ImageUser, force: bool = False) -> tuple[tuple[str, ...], tuple[str, ...]]:
        removed = remove_image(self.client, text, users=users, platform=self.platform, force=force)
        return removed.untagged, removed.deleted

    def leftovers(self) -> dict[str, list[str]]:
        """Return what is still there, after the garbage collector ran."""
        lease = self.client.leases.create("collect")
        self.client.leases.delete(lease.id, sync=True)
        found = {
            "images": [image.name for image in self.client.images.list()],
            "leases": [lease.id for lease in self.client.leases.list()],
            "snapshots": [info.name for info in self.client.snapshots.list(self.snapshotter)],
            "blobs": [blob.digest for blob in self.client.content.list()],
            "ingests": [status.ref for status in self.client.content.statuses()],
        }
        return {kind: names for kind, names in found.items() if names}


@pytest.fixture
def images(client: Client, snapshotter: str) -> Images:
    return Images(client=client, snapshotter=snapshotter)


@pytest.fixture(scope="module")
def real_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[registry.Registry]:
    if why := registry.missing():
        pytest.skip(why)
    with registry.Registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture
def blobs() -> Iterator[BlobRegistry]:
    with BlobRegistry() as running:
        yield running


def snapshot_has(images: Images, name: str, path: str) -> bool:
    """Look into an image's file system."""
    details = resolve_image(images.client, name, images.platform)
    with images.client.lease() as leased:
        mounts = leased.snapshots.view(images.snapshotter, "look", details.chain_id)
    try:
        (mount,) = mounts
        layers = [option.partition("=")[2].split(":") for option in mount.options if option.startswith("lowerdir=")]
        roots = layers[0] if layers else [mount.source]
        return any(os.path.lexists(pathlib.Path(root) / path) for root in roots)
    finally:
        images.client.snapshots.remove(images.snapshotter, "look")


# --- load, list, tag, inspect, remove ---------------------------------------------------------------------------------


def test_an_image_from_load_to_rmi(images: Images) -> None:
    (loaded,) = images.load(busybox.archive(Labels={"a": "b"}))
    assert str(loaded) == "Loaded image: busybox:latest"
    (row,) = images.list()
    assert (row.repository, row.tag, row.platform, row.labels) == ("busybox", "latest", "linux/amd64", {"a": "b"})
    assert row.id == loaded.id
    assert row.size > 1_000_000
    assert row.blob_size > 1_000_000
    assert snapshot_has(images, "busybox", "bin/sh")

    tag_image(images.client, "busybox", "me/box:2", platform=AMD64)
    document = inspect_image(
        images.client,
        resolve_image(images.client, "me/box:2", AMD64),
        snapshotter=images.snapshotter,
        platform=AMD64,
    )
    assert document["Id"] == loaded.id
    assert document["RepoTags"] == ["busybox:latest", "me/box:2"]
    assert document["RepoDigests"] == [f"busybox@{row.digest}", f"me/box@{row.digest}"]
    assert document["Config"]["Cmd"] == ["sh"]
    assert document["Config"]["Labels"] == {"a": "b"}
    assert document["Size"] == row.size
    assert len(document["RootFS"]["Layers"]) == 1

    assert images.remove("me/box:2") == (("me/box:2",), ())
    assert images.remove("busybox") == (("busybox:latest",), (loaded.id,))
    assert images.leftovers() == {}


def test_names_ids_and_their_beginnings(images: Images) -> None:
    (loaded,) = images.load(busybox.archive())
    target = images.list()[0].digest
    for text in (
        "busybox",
        "busybox:latest",
        "docker.io/library/busybox",
        loaded.id,
        digests.short(loaded.id),
        loaded.id[:15],
        target,
        digests.short(target),
        f"busybox@{target}",
    ):
        assert find_image(images.client, text, AMD64).name == busybox.NAME, text
    for text in ("busybox:2", "nope", "sha256:" + "0" * 64, "0" * 12, f"other@{target}"):
        with pytest.raises(NotFound, match="No such image: "):
            find_image(images.client, text, AMD64)
    with pytest.raises(InvalidArgument, match="must be lowercase"):
        find_image(images.client, "BusyBox", AMD64)


def test_a_prefix_of_two_images_is_ambiguous(images: Images) -> None:
    ids = set()
    number = 0
    while len({image_id[:8] for image_id in ids}) == len(ids):  # two that begin with the same digit
        (loaded,) = images.load(busybox.archive(f"docker.io/library/i{number}:latest", Labels={"n": str(number)}))
        ids.add(loaded.id)
        number += 1
    (common,) = [digit for digit in "0123456789abcdef" if sum(i.startswith(f"sha256:{digit}") for i in ids) > 1]
    with pytest.raises(InvalidArgument, match="multiple images found"):
        find_image(images.client, f"sha256:{common}", AMD64)


def test_a_list_costs_three_calls_however_many_images(images: Images) -> None:
    for number in range(6):
        images.load(busybox.archive(f"docker.io/library/i{number}:latest", Labels={"n": str(number)}))
    images.client.calls.clear()
    rows = images.list()
    assert len(rows) == 6
    assert {row.labels["n"] for row in rows} == set("012345")
    assert dict(images.client.calls) == {"Images.List": 1, "Content.List": 1, "Snapshots.List": 1}
    images.client.calls.clear()
    resolve_image(images.client, "i3", AMD64)
    assert dict(images.client.calls) == {"Images.Get": 1, "Content.Read": 2}


def ctr(containerd: PrivateContainerd, namespace: str, *words: str) -> str:
    command = ["ctr", "--address", containerd.address, "--namespace", namespace, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_ctr_reads_our_archive_and_we_list_its_images(
    images: Images, containerd: PrivateContainerd, tmp_path: pathlib.Path
) -> None:
    archive = busybox.write_archive(tmp_path / "image.tar", "docker.io/library/from-ctr:1", Labels={"a": "b"})
    ctr(containerd, images.client.namespace, "images", "import", "--snapshotter", images.snapshotter, str(archive))
    (row,) = images.list()
    assert (row.repository, row.tag, row.labels, row.platform) == ("from-ctr", "1", {"a": "b"}, "linux/amd64")
    assert row.id == resolve_image(images.client, "from-ctr:1", AMD64).config_digest
    (loaded,) = images.load(archive.read_bytes())
    assert images.list()[0].size == row.size > 1_000_000
    assert "complete (2/2)" in ctr(containerd, images.client.namespace, "images", "check")
    assert images.remove("from-ctr:1") == (("from-ctr:1",), (loaded.id,))
    assert images.leftovers() == {}


def test_names_that_other_tools_give_are_not_listed_twice(images: Images) -> None:
    images.load(busybox.archive())
    record = find_image(images.client, "busybox", AMD64)
    alias = dataclasses.replace(record, name=resolve_image(images.client, "busybox", AMD64).config_digest)
    images.client.images.create(alias)
    assert images.names() == ["busybox:latest"]
    images.client.images.delete(record.name)
    assert images.names() == ["<none>:<none>"]


def test_tagging_moves_a_name(images: Images) -> None:
    one, two = images.load(busybox.archive()), images.load(busybox.archive("docker.io/library/two:1", extra=(MOTD,)))
    tag_image(images.client, "two:1", "busybox", platform=AMD64)
    assert {row.id for row in images.list()} == {two[0].id} != {one[0].id}
    with pytest.raises(InvalidArgument, match="digest reference"):
        tag_image(images.client, "two:1", f"x@{images.list()[0].digest}", platform=AMD64)
    with pytest.raises(NotFound, match="No such image: three:latest"):
        tag_image(images.client, "three", "four", platform=AMD64)


# --- rmi and containers -----------------------------------------------------------------------------------------------


def user(loaded: LoadedImage, *, running: bool) -> ImageUser:
    return ImageUser(container_id="c" * 64, image=busybox.NAME, image_id=loaded.id, running=running)


def test_rmi_of_a_name_in_use(images: Images) -> None:
    (loaded,) = images.load(busybox.archive())
    stopped, running = user(loaded, running=False), user(loaded, running=True)
    text = (
        f'unable to remove repository reference "busybox" (must force) - container {"c" * 12} is using its referenced'
    )
    for using in (stopped, running):
        with pytest.raises(Conflict) as error:
            images.remove("busybox", using)
        assert text in str(error.value)
    assert images.remove("busybox", running, force=True) == (("busybox:latest",), ())
    (row,) = images.list()
    assert (row.id, row.repository, row.tag) == (loaded.id, "<none>", "<none>")
    assert find_image(images.client, digests.short(loaded.id), AMD64).target.digest == row.digest
    assert images.remove(loaded.id) == ((), (loaded.id,))
    assert images.leftovers() == {}


def test_rmi_by_id(images: Images) -> None:
    (loaded,) = images.load(busybox.archive())
    tag_image(images.client, "busybox", "other:1", platform=AMD64)
    short = digests.short(loaded.id)
    with pytest.raises(Conflict, match=r"\(must be forced\) - image is referenced in multiple repositories"):
        images.remove(short)
    with pytest.raises(Conflict, match=r"\(cannot be forced\) - image is being used by running container cccccccccccc"):
        images.remove(short, user(loaded, running=True), force=True)
    assert images.remove("other:1") == (("other:1",), ())
    with pytest.raises(Conflict, match=r"\(must be forced\) - image is being used by stopped container"):
        images.remove(short, user(loaded, running=False))
    tag_image(images.client, "busybox", "other:1", platform=AMD64)
    removed = images.remove(short, user(loaded, running=False), force=True)
    assert removed == (("busybox:latest", "other:1"), (loaded.id,))
    with pytest.raises(NotFound, match="No such image"):
        images.remove(short)
    assert images.leftovers() == {}


def test_rmi_leaves_shared_layers(images: Images) -> None:
    images.load(busybox.archive())
    images.load(busybox.archive("docker.io/library/two:1", extra=(MOTD,)))
    images.remove("busybox")
    assert snapshot_has(images, "two:1", "bin/sh")
    assert len(images.leftovers()["snapshots"]) == 2


# --- archives ---------------------------------------------------------------------------------------------------------


def tar_of(*members: tuple[str, bytes | str]) -> bytes:
    """Return a tar of files; a member whose content is text is a symbolic link to it."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                tar.addfile(member)
            else:
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


LAYER = busybox.layer() if not busybox.missing() else b""
CONFIG = busybox_image.config([LAYER])
CONFIG_NAME = busybox_image.digest(CONFIG).removeprefix("sha256:") + ".json"


def docker_manifest(*layers: str, config: str = CONFIG_NAME, tags: tuple[str, ...] = ("busybox:old",)) -> bytes:
    return json.dumps([{"Config": config, "RepoTags": list(tags), "Layers": list(layers)}]).encode()


def test_dockers_older_archives_in_any_order(images: Images) -> None:
    two = busybox_image.config([LAYER, LAYER])
    two_name = busybox_image.digest(two).removeprefix("sha256:") + ".json"
    manifest = json.loads(docker_manifest("aa/layer.tar")) + json.loads(
        docker_manifest("aa/layer.tar", "bb/layer.tar", config=two_name, tags=("two:1", "two:2"))
    )
    archive = tar_of(
        ("manifest.json", json.dumps(manifest).encode()),
        ("bb/layer.tar", "../aa/layer.tar"),  # docker links layers that it would have to write twice
        ("aa/VERSION", b"1.0"),
        ("aa/json", b"{}"),
        (two_name, two),
        ("./aa/layer.tar", LAYER),
        (CONFIG_NAME, CONFIG),
        ("repositories", b"{}"),
    )
    assert [str(image) for image in images.load(archive)] == [
        "Loaded image: busybox:old",
        "Loaded image: two:1",
        "Loaded image: two:2",
    ]
    assert images.names() == ["busybox:old", "two:1", "two:2"]
    assert snapshot_has(images, "two:2", "bin/sh")


def test_compressed_archives_and_layers_from_a_pipe(images: Images, tmp_path: pathlib.Path) -> None:
    archive = tar_of(
        (CONFIG_NAME, CONFIG), ("l.tar.gz", gzip.compress(LAYER)), ("manifest.json", docker_manifest("l.tar.gz"))
    )
    reader, writer = os.pipe()
    with concurrent.futures.ThreadPoolExecutor(1) as pool, os.fdopen(reader, "rb") as stream:

        def feed() -> None:
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(gzip.compress(archive))

        fed = pool.submit(feed)
        (loaded,) = load(images.client, stream, platform=AMD64, snapshotter=images.snapshotter)
        fed.result()
    assert loaded.name == "busybox:old"
    layer = resolve_image(images.client, "busybox:old", AMD64).manifest.layers[0]
    assert layer.media_type.endswith("tar.gzip")


def test_an_image_without_a_name(images: Images) -> None:
    archive = tar_of((CONFIG_NAME, CONFIG), ("l.tar", LAYER), ("manifest.json", docker_manifest("l.tar", tags=())))
    (loaded,) = images.load(archive)
    assert str(loaded) == f"Loaded image ID: {busybox_image.digest(CONFIG)}"
    assert images.names() == ["<none>:<none>"]
    tag_image(images.client, loaded.id, "named", platform=AMD64)
    assert images.names() == ["named:latest"]
    assert images.remove("named") == (("named:latest",), (loaded.id,))
    assert images.leftovers() == {}


@pytest.mark.parametrize("kind", ["docker-archive", "oci-archive"])
def test_archives_by_skopeo(images: Images, tmp_path: pathlib.Path, kind: str) -> None:
    if why := registry.missing():
        pytest.skip(why)
    source = busybox.write_archive(tmp_path / "in.tar", extra=(MOTD,))
    command = ["skopeo", "--insecure-policy", "copy", "--quiet", f"docker-archive:{source}"]
    subprocess.run([*command, f"{kind}:{tmp_path}/out.tar:docker.io/library/sk:1"], check=True, timeout=60)
    (loaded,) = images.load((tmp_path / "out.tar").read_bytes())
    assert loaded.name == "sk:1"
    assert snapshot_has(images, "sk:1", "etc/motd")


def with_member(kind: bytes, name: str, link: str = "") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, link
        tar.addfile(member)
    return stream.getvalue()


GOOD = ((CONFIG_NAME, CONFIG), ("l.tar", LAYER))
OTHER = busybox_image.config([MOTD])
OTHER_NAME = busybox_image.digest(OTHER).removeprefix("sha256:") + ".json"
UNSOUND = {
    "garbage": (b"not a tar" * 1000, "invalid archive"),
    "empty": (b"", "invalid archive"),
    "truncated": (busybox.archive()[:1_000_000] if LAYER else b"", "invalid archive"),
    "truncated gzip": (gzip.compress(busybox.archive())[:500_000] if LAYER else b"", "invalid archive"),
    "zstd": (b"\x28\xb5\x2f\xfd" + b"\0" * 600, "zstd"),
    "no manifest": (tar_of(*GOOD), "neither a manifest.json nor an index.json"),
    "path out": (tar_of(*GOOD, ("../evil", b"x")), "leads out of it"),
    "path out, hidden": (tar_of(*GOOD, ("a/../../evil", b"x")), "leads out of it"),
    "absolute path": (tar_of(*GOOD, ("/etc/evil", b"x")), "leads out of it"),
    "link out": (tar_of(*GOOD, ("a", "../../etc/passwd")), "leads out of it"),
    "absolute link": (tar_of(*GOOD, ("a", "/etc/passwd")), "leads out of it"),
    "ring of links": (tar_of(*GOOD, ("a", "b"), ("b", "a"), ("manifest.json", docker_manifest("a"))), "is missing"),
    "hard link": (with_member(tarfile.LNKTYPE, "a", "b"), "neither a file nor a folder"),
    "device": (with_member(tarfile.CHRTYPE, "a"), "neither a file nor a folder"),
    "fifo": (with_member(tarfile.FIFOTYPE, "a"), "neither a file nor a folder"),
    "missing layer": (tar_of(*GOOD, ("manifest.json", docker_manifest("m.tar"))), "m.tar is missing"),
    "missing config": (
        tar_of(*GOOD, ("manifest.json", docker_manifest("l.tar", config="x.json"))),
        "x.json is missing",
    ),
    "wrong config": (
        tar_of((OTHER_NAME, CONFIG), ("l.tar", LAYER), ("manifest.json", docker_manifest("l.tar", config=OTHER_NAME))),
        "has the digest",
    ),
    "wrong layer": (
        tar_of((OTHER_NAME, OTHER), ("l.tar", LAYER), ("manifest.json", docker_manifest("l.tar", config=OTHER_NAME))),
        "its image says",
    ),
    "too few layers": (tar_of(*GOOD, ("manifest.json", docker_manifest())), "0 layers"),
    "wrong blob": (tar_of((f"blobs/sha256/{'0' * 64}", b"x")), "has the digest"),
    "unknown digest": (tar_of((f"blobs/md5/{'0' * 32}", b"x")), "unsupported digest"),
    "bad manifest": (tar_of(*GOOD, ("manifest.json", b'{"a": 1}')), "not docker's"),
    "bad name": (tar_of(*GOOD, ("manifest.json", docker_manifest("l.tar", tags=("UPPER:1",)))), "lowercase"),
    "empty index": (tar_of(("index.json", b'{"schemaVersion": 2, "manifests": []}')), "holds no image"),
    "missing manifest": (
        tar_of(
            (
                "index.json",
                json.dumps(
                    {
                        "schemaVersion": 2,
                        "manifests": [{"mediaType": OCI_MANIFEST, "digest": "sha256:" + "0" * 64, "size": 1}],
                    }
                ).encode(),
            )
        ),
        "is missing",
    ),
    "not a layer": (
        tar_of(
            (
                (
                    name := busybox_image.digest(c := busybox_image.config([b"junk" * 200])).removeprefix("sha256:")
                    + ".json"
                ),
                c,
            ),
            ("l.tar", b"junk" * 200),
            ("manifest.json", docker_manifest("l.tar", config=name)),
        ),
        "",
    ),
}


@pytest.mark.parametrize("case", UNSOUND)
def test_unsound_archives_leave_nothing_behind(images: Images, case: str) -> None:
    archive, text = UNSOUND[case]
    with pytest.raises(NrdctlError) as error:
        images.load(archive)
    assert text in str(error.value)
    assert images.leftovers() == {}


def test_one_bad_image_keeps_the_good_ones_out(images: Images) -> None:
    images.load(busybox.archive("docker.io/library/before:1"))
    before = images.leftovers()
    manifest = json.loads(docker_manifest("l.tar")) + json.loads(docker_manifest("m.tar", tags=("bad:1",)))
    with pytest.raises(InvalidArgument):
        images.load(tar_of(*GOOD, ("manifest.json", json.dumps(manifest).encode())))
    assert images.leftovers() == before


def test_an_image_from_tar_files(images: Images, tmp_path: pathlib.Path) -> None:
    plain, packed = tmp_path / "plain.tar", tmp_path / "packed.tar.gz"
    plain.write_bytes(LAYER)
    packed.write_bytes(gzip.compress(MOTD))
    targets = {
        build_image(
            images.client,
            "built:1",
            [plain, packed],
            config={"Cmd": ["cat", "/etc/motd"]},
            platform=AMD64,
            snapshotter=images.snapshotter,
        ).target.digest
        for _ in range(2)
    }
    assert len(targets) == 1
    assert resolve_image(images.client, "built:1", AMD64).config.cmd == ("cat", "/etc/motd")
    assert snapshot_has(images, "built:1", "etc/motd")


# --- pull from docker-registry ----------------------------------------------------------------------------------------


def test_pull_by_tag_and_by_digest(images: Images, real_registry: registry.Registry, tmp_path: pathlib.Path) -> None:
    name = real_registry.push(busybox.write_archive(tmp_path / "i.tar", extra=(MOTD,)), "library/pulled:1")
    digest = images.pull(name)
    assert snapshot_has(images, name, "etc/motd")
    by_digest = f"{real_registry.address}/library/pulled@{digest}"
    assert images.pull(by_digest) == digest
    assert {(row.repository, row.tag) for row in images.list()} == {
        (f"{real_registry.address}/library/pulled", "1"),
        (f"{real_registry.address}/library/pulled", "<none>"),
    }
    statuses = {progress.status for progress in images.progress}
    assert statuses >= {Status.RESOLVING, Status.DOWNLOADING, Status.DOWNLOADED, Status.COMPLETE, Status.EXISTS}
    images.remove(name)
    images.remove(by_digest)
    assert images.leftovers() == {}


def test_pull_agrees_with_ctr(
    images: Images, real_registry: registry.Registry, containerd: PrivateContainerd, tmp_path: pathlib.Path
) -> None:
    name = real_registry.push(busybox.write_archive(tmp_path / "i.tar", extra=(MOTD,)), "library/agree:1")
    ours = images.pull(name)
    labels = {blob.digest: blob.labels for blob in images.client.content.list()}
    snapshots = {info.name for info in images.client.snapshots.list(images.snapshotter)}
    assert "complete (3/3)" in ctr(containerd, images.client.namespace, "images", "check")
    namespace = unique_namespace()
    with Client(containerd.address, namespace=namespace) as other:
        ctr(containerd, namespace, "images", "pull", "--plain-http", "--snapshotter", images.snapshotter, name)
        assert other.images.get(name).target.digest == ours
        assert {info.name for info in other.snapshots.list(images.snapshotter)} == snapshots
        for blob in other.content.list():
            assert labels[blob.digest].items() >= blob.labels.items(), blob.digest
        clean_namespace(other)


def test_what_a_registry_does_not_have(
    images: Images, real_registry: registry.Registry, tmp_path: pathlib.Path
) -> None:
    name = real_registry.push(busybox.write_archive(tmp_path / "i.tar"), "library/there:1")
    repository = name.rpartition(":")[0]
    for missing in (f"{repository}:2", f"{repository}@sha256:{'0' * 64}", f"{real_registry.address}/nope"):
        with pytest.raises(RegistryError, match="manifest unknown") as error:
            images.pull(missing)
        assert (error.value.status, error.value.code) == (404, "MANIFEST_UNKNOWN")
    assert images.leftovers() == {}


def test_a_registry_that_is_not_there(images: Images) -> None:
    with pytest.raises(RegistryError, match="Connection refused"):
        images.pull("127.0.0.1:1/x")


def test_a_registry_that_wants_a_password(images: Images, tmp_path: pathlib.Path) -> None:
    if why := registry.missing():
        pytest.skip(why)
    with registry.Registry(tmp_path / "registry", user="me", password="s3cret") as closed:
        name = closed.push(busybox.write_archive(tmp_path / "i.tar"), "private/box:1")
        for password in ("", "wr0ng"):
            credentials = {"auths": {closed.address: {"username": "me", "password": password}}} if password else None
            with pytest.raises(RegistryError, match=r"pull access denied for .*private/box") as error:
                images.pull(name, credentials)
            assert error.value.status == 401
            assert "wr0ng" not in f"{error.value} {error.value.hint}"
        assert images.leftovers() == {}
        images.pull(name, {"auths": {closed.address: {"username": "me", "password": "s3cret"}}})
    assert snapshot_has(images, name, "bin/sh")


def test_a_tag_that_moves(images: Images, real_registry: registry.Registry, tmp_path: pathlib.Path) -> None:
    name = real_registry.push(busybox.write_archive(tmp_path / "a.tar"), "library/moves:1")
    first = images.pull(name)
    record = images.client.images.get(name)
    images.client.images.update(dataclasses.replace(record, labels={"keep": "me"}), "labels.keep")
    real_registry.push(busybox.write_archive(tmp_path / "b.tar", extra=(MOTD,)), "library/moves:1")
    assert images.pull(name) != first
    assert images.client.images.get(name).labels == {"keep": "me"}
    assert snapshot_has(images, name, "etc/motd")
    assert first not in images.leftovers()["blobs"]


def test_an_image_of_several_platforms(
    images: Images, real_registry: registry.Registry, blobs: BlobRegistry, tmp_path: pathlib.Path
) -> None:
    ours = blobs.add_image("amd64", LAYER, MOTD)
    theirs = blobs.add_image("arm64", LAYER, config={"architecture": "arm64"})
    attestation = blobs.add_image("x", config={"architecture": "unknown", "os": "unknown"})
    entries = ((theirs, "linux/arm64"), (ours, "linux/amd64"), (attestation, "unknown/unknown"))
    index = blobs.add_index("multi", *entries)
    source = f"docker://{blobs.address}/multi:multi"
    name = real_registry.copy(source, "library/multi:1", "--all", "--preserve-digests", "--src-tls-verify=false")

    assert images.pull(name) == index.digest
    details = resolve_image(images.client, name, AMD64)
    assert details.manifest_digest == ours.digest
    (row,) = images.list()
    assert (row.id, row.platform, row.digest) == (details.config_digest, "linux/amd64", index.digest)
    assert not any(blob.digest == theirs.digest for blob in images.client.content.list())
    with pytest.raises(NotFound, match=r"missing|no matching"):
        resolve_image(images.client, name, ARM64)

    images.pull(name, platform=ARM64)
    assert resolve_image(images.client, name, ARM64).config.architecture == "arm64"
    assert images.list() == [row]
    with pytest.raises(NotFound, match=r"no matching manifest for linux/s390x in the manifest list entries"):
        images.pull(name, platform=Platform(os="linux", architecture="s390x"))
    assert images.list() == [row]
    images.remove(name)
    assert images.leftovers() == {}


# --- a registry that misbehaves ---------------------------------------------------------------------------------------


def test_a_broken_connection_is_resumed(images: Images, blobs: BlobRegistry) -> None:
    layer = digests.of_bytes(BIG)
    blobs.add_image("1", BIG)
    cut = len(BIG) // 2
    blobs.faults[layer] = [Answer(200, BIG, cut=cut), Answer(503), Answer(cut=-1)]
    images.pull(f"{blobs.address}/big:1")
    first, *_, last = blobs.asked_for(layer)
    assert "range" not in first.headers
    assert last.headers["range"] == f"bytes={cut}-"
    assert snapshot_has(images, f"{blobs.address}/big:1", "data")


def test_a_registry_without_ranges(images: Images, blobs: BlobRegistry) -> None:
    layer = digests.of_bytes(BIG)
    blobs.add_image("1", BIG)
    blobs.faults[layer] = [Answer(200, BIG, cut=1_000_000), Answer(200, BIG)]
    images.pull(f"{blobs.address}/big:1")
    assert len(blobs.asked_for(layer)) == 2


def test_a_connection_that_breaks_every_time_ends_the_pull(images: Images, blobs: BlobRegistry) -> None:
    layer = digests.of_bytes(BIG)
    blobs.add_image("1", LAYER, BIG)
    blobs.faults[layer] = [Answer(200, BIG, cut=0)] * 100
    with pytest.raises(RegistryError, match=layer):
        images.pull(f"{blobs.address}/big:1")
    assert images.leftovers() == {}


@pytest.mark.parametrize("what", ["layer", "config", "manifest", "longer", "shorter"])
def test_wrong_content_is_refused_and_leaves_nothing(images: Images, blobs: BlobRegistry, what: str) -> None:
    target = blobs.add_image("1", LAYER, MOTD)
    config = json.loads(blobs.blobs[target.digest][1])["config"]["digest"]
    digest = {"config": config, "manifest": target.digest}.get(what, digests.of_bytes(MOTD))
    right = blobs.blobs[digest][1]
    blobs.wrong[digest] = {"longer": right + b"x", "shorter": right[:-1]}.get(what, right[:-1] + b"\x7f")
    with pytest.raises(RegistryError):
        images.pull(f"{blobs.address}/wrong:1")
    assert images.leftovers() == {}


def test_a_layer_that_is_not_what_the_image_says(images: Images, blobs: BlobRegistry) -> None:
    blobs.add_image("1", LAYER, config={"rootfs": {"type": "layers", "diff_ids": [digests.of_bytes(b"else")]}})
    with pytest.raises(InvalidArgument, match="its image says"):
        images.pull(f"{blobs.address}/wrong:1")
    assert images.leftovers() == {}


def test_what_is_no_image(images: Images, blobs: BlobRegistry) -> None:
    chart = blobs.add(b"{}", "application/vnd.cncf.helm.config.v1+json")
    manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": chart.to_json(), "layers": []}
    blobs.tags["1"] = blobs.add(json.dumps(manifest).encode(), OCI_MANIFEST).digest
    with pytest.raises(InvalidArgument, match="is not an image"):
        images.pull(f"{blobs.address}/chart:1")
    blobs.tags["old"] = blobs.add(
        b'{"schemaVersion": 1}', "application/vnd.docker.distribution.manifest.v1+json"
    ).digest
    with pytest.raises(RegistryError, match="version 1 is not supported"):
        images.pull(f"{blobs.address}/old:old")
    assert images.leftovers() == {}


def test_pulls_of_one_image_at_the_same_time(
    images: Images, blobs: BlobRegistry, containerd: PrivateContainerd
) -> None:
    target = blobs.add_image("1", LAYER, BIG, MOTD)

    def one(_: int) -> str:
        with Client(containerd.address, namespace=images.client.namespace) as client:
            return Images(client=client, snapshotter=images.snapshotter).pull(f"{blobs.address}/same:1")

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert set(pool.map(one, range(4))) == {target.digest}
    # Each blob crossed the wire once: the others waited for it.
    assert len(blobs.asked_for(digests.of_bytes(BIG))) == 1
    assert snapshot_has(images, f"{blobs.address}/same:1", "etc/motd")
    assert all(not info.name.startswith("extract") for info in images.client.snapshots.list(images.snapshotter))
    images.remove(f"{blobs.address}/same:1")
    assert images.leftovers() == {}


def test_an_interrupt_ends_a_pull_at_once(images: Images, blobs: BlobRegistry) -> None:
    layer = digests.of_bytes(BIG)
    blobs.add_image("1", BIG, MOTD)
    blobs.faults[layer] = [Answer(200, BIG, cut=1_000_000, stall=60)]
    begun = 0.0

    def interrupt(progress: Progress) -> None:
        nonlocal begun
        if progress.status is Status.DOWNLOADING and progress.id == digests.short(layer):
            begun = time.monotonic()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        images.pull(f"{blobs.address}/big:1", on_progress=interrupt)
    assert 0 < time.monotonic() - begun < 10
    assert images.leftovers() == {}


PULL = """
import sys
from nrdctl.containerd.client import Client
from nrdctl.image.pull import pull
from nrdctl.oci.platform import Platform
from nrdctl.oci.reference import Reference
from nrdctl.registry.client import RegistryClient
address, namespace, snapshotter, name = sys.argv[1:]
with Client(address, namespace=namespace) as client, RegistryClient() as registry:
    pull(
        client,
        registry,
        Reference.parse(name),
        platform=Platform(os="linux", architecture="amd64"),
        snapshotter=snapshotter,
        on_progress=lambda progress: print(progress.current, flush=True),
    )
"""


def test_a_killed_pull_is_continued_by_the_next(
    images: Images, blobs: BlobRegistry, containerd: PrivateContainerd
) -> None:
    layer = digests.of_bytes(BIG)
    blobs.add_image("1", BIG)
    blobs.faults[layer] = [Answer(200, BIG, cut=4_000_000, stall=60)]
    name = f"{blobs.address}/big:1"
    command = [sys.executable, "-c", PULL, containerd.address, images.client.namespace, images.snapshotter, name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) > 2_000_000:
                break
        process.kill()
    assert images.names() == []
    images.pull(name)
    assert int(blobs.asked_for(layer)[-1].headers["range"].removeprefix("bytes=").removesuffix("-")) >= 1024 * 1024
    for lease in images.client.leases.list():  # the killed process's, which would expire after a day
        images.client.leases.delete(lease.id)
    images.remove(name)
    assert images.leftovers() == {}


def test_a_resumed_ingest_with_wrong_bytes_is_begun_again(images: Images, blobs: BlobRegistry) -> None:
    layer = digests.of_bytes(BIG)
    blobs.add_image("1", BIG)
    with images.client.content.writer(f"layer-{layer}", size=len(BIG), expected=layer) as writer:
        writer.write(b"\0" * 1_048_576)
    images.pull(f"{blobs.address}/big:1")
    ranges = [asked.headers.get("range") for asked in blobs.asked_for(layer)]
    assert ranges == ["bytes=1048576-", None]


def test_an_image_is_unpacked_again_for_another_snapshotter(images: Images, blobs: BlobRegistry) -> None:
    blobs.add_image("1", LAYER)
    images.pull(f"{blobs.address}/same:1", on_progress=ignore)
    native = Images(client=images.client, snapshotter="native")
    assert native.list()[0].size == 0 or images.snapshotter == "native"
    native.pull(f"{blobs.address}/same:1")
    assert native.list()[0].size > 1_000_000
    assert images.list()[0].size > 1_000_000
