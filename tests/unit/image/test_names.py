import pytest

from nrdctl.errors import InvalidArgument
from nrdctl.image.archive import LoadedImage, oci_name
from nrdctl.image.archivefiles import ArchiveFiles, Stored
from nrdctl.image.ingest import ingest_ref
from nrdctl.image.naming import nameless, parse_name
from nrdctl.image.unpack import layers_of
from nrdctl.oci.descriptor import DOCKER_INDEX, DOCKER_LAYER_GZIP, OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, Descriptor
from nrdctl.oci.imageconfig import ImageConfig, chain_id
from nrdctl.oci.manifest import Manifest

DIGEST = "sha256:" + "a" * 64


def descriptor(media_type: str) -> Descriptor:
    return Descriptor(media_type=media_type, digest=DIGEST, size=1)


@pytest.mark.parametrize(
    ("image_name", "ref_name", "expected"),
    [
        ("docker.io/library/a:1", "1", "docker.io/library/a:1"),
        ("a", "", "docker.io/library/a:latest"),
        ("", "a:1", "docker.io/library/a:1"),
        ("", "ghcr.io/a/b:1", "ghcr.io/a/b:1"),
        ("", "a/b", "docker.io/a/b:latest"),
        ("", "latest", ""),
        ("", "", ""),
    ],
)
def test_the_names_in_an_index(image_name: str, ref_name: str, expected: str) -> None:
    annotations = {"io.containerd.image.name": image_name, "org.opencontainers.image.ref.name": ref_name}
    assert oci_name(annotations) == expected


def test_dockers_lines() -> None:
    assert str(LoadedImage(name="a:1", id=DIGEST)) == "Loaded image: a:1"
    assert str(LoadedImage(name="", id=DIGEST)) == f"Loaded image ID: {DIGEST}"


def test_names_that_are_references() -> None:
    reference = parse_name("docker.io/library/a:1")
    assert reference is not None
    assert reference.familiar == "a:1"
    for name in ("a:1", "a", DIGEST, nameless(descriptor(OCI_MANIFEST)), f"overlayfs@{DIGEST}", "", "UPPER"):
        assert parse_name(name) is None, name


def test_links_inside_an_archive() -> None:
    stored = Stored(digest=DIGEST, size=1, head=b"")
    links = {"b": "a", "c": "b", "x": "y", "y": "x"}
    files = ArchiveFiles(documents={}, stored={"a": stored}, links=links)
    assert files.file("a") == files.file("c") == stored
    for missing in ("x", "z"):
        with pytest.raises(InvalidArgument, match="is missing"):
            files.file(missing)


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [
        (OCI_MANIFEST, "manifest"),
        (DOCKER_INDEX, "index"),
        (OCI_CONFIG, "config"),
        (DOCKER_LAYER_GZIP, "layer"),
    ],
)
def test_ingests_are_named_as_other_clients_name_them(media_type: str, kind: str) -> None:
    assert ingest_ref(descriptor(media_type)) == f"{kind}-{DIGEST}"


def test_layers_know_their_snapshots() -> None:
    diffs = (DIGEST, "sha256:" + "b" * 64)
    manifest = Manifest(
        media_type=OCI_MANIFEST, config=descriptor(OCI_CONFIG), layers=(descriptor(OCI_LAYER), descriptor(OCI_LAYER))
    )
    bottom, top = layers_of(manifest, ImageConfig(diff_ids=diffs))
    assert (bottom.chain_id, top.chain_id) == (DIGEST, chain_id(diffs))
    with pytest.raises(InvalidArgument, match="its manifest has 2 layers, its configuration 1"):
        layers_of(manifest, ImageConfig(diff_ids=diffs[:1]))
