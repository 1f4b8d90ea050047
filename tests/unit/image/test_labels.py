from datetime import UTC, datetime

from nrdctl.image import configlabel, gclabels
from nrdctl.oci.descriptor import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Descriptor
from nrdctl.oci.imageconfig import ImageConfig
from nrdctl.oci.manifest import Index, Manifest
from nrdctl.oci.reference import Reference


def descriptor(digit: str, media_type: str = OCI_LAYER) -> Descriptor:
    return Descriptor(media_type=media_type, digest=f"sha256:{digit * 64}", size=1)


def test_a_manifest_keeps_its_parts() -> None:
    layers = tuple(descriptor(digit) for digit in "123456789abc")
    labels = gclabels.children(Manifest(media_type=OCI_MANIFEST, config=descriptor("0", OCI_CONFIG), layers=layers))
    assert labels["containerd.io/gc.ref.content.config"] == "sha256:" + "0" * 64
    assert labels["containerd.io/gc.ref.content.l.11"] == "sha256:" + "c" * 64
    assert len(labels) == 13
    assert gclabels.layers_of(labels) == tuple(layer.digest for layer in layers)


def test_an_index_keeps_its_images() -> None:
    children = (descriptor("1", OCI_MANIFEST), descriptor("2", "text/plain"), descriptor("3", OCI_INDEX))
    labels = gclabels.children(Index(media_type=OCI_INDEX, manifests=children))
    assert labels == {
        "containerd.io/gc.ref.content.m.0": "sha256:" + "1" * 64,
        "containerd.io/gc.ref.content.1": "sha256:" + "2" * 64,
        "containerd.io/gc.ref.content.m.2": "sha256:" + "3" * 64,
    }
    assert gclabels.manifests_of(labels) == ("sha256:" + "1" * 64, "sha256:" + "3" * 64)


def test_snapshots() -> None:
    assert gclabels.snapshot("native", "sha256:x") == {"containerd.io/gc.ref.snapshot.native": "sha256:x"}
    assert gclabels.snapshot("native", "") == {}


def test_where_a_blob_came_from() -> None:
    key = "containerd.io/distribution.source.docker.io"
    assert gclabels.source(Reference.parse("alpine")) == {key: "library/alpine"}
    assert gclabels.source(Reference.parse("a/b"), {key: "c/d,library/alpine"}) == {key: "a/b,c/d,library/alpine"}
    for name in ("127.0.0.1:5000/x", "127.0.0.1/x"):
        assert gclabels.source(Reference.parse(name)) == {"containerd.io/distribution.source.127.0.0.1": "x"}
    assert gclabels.source(Reference.parse("[::1]:5000/x")) == {"containerd.io/distribution.source.::1": "x"}


def test_the_summary_of_a_configuration() -> None:
    config = ImageConfig(
        architecture="arm", variant="v7", created=datetime(2024, 5, 1, 8, tzinfo=UTC), labels={"a": 'b"\n'}
    )
    summary = configlabel.decode({"x": "y", **configlabel.encode(config)})
    assert summary == configlabel.summarise(config)
    assert configlabel.decode(configlabel.encode(ImageConfig())) == configlabel.summarise(ImageConfig())


def test_a_summary_too_long_for_a_label_is_left_out() -> None:
    assert configlabel.encode(ImageConfig(labels={"a": "x" * 4096})) == {}
    fits = configlabel.encode(ImageConfig(labels={"a": "ü" * 600}))
    assert sum(len(key) + len(value.encode()) for key, value in fits.items()) <= 4096


def test_a_summary_that_is_none() -> None:
    for text in ("", "{", "[]", "{}", '{"created": 1, "platform": {}, "labels": {}}', '{"created": "", "platform": 3}'):
        assert configlabel.decode({configlabel.LABEL: text}) is None, text
