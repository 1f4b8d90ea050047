"""Digests, descriptors, manifests, indexes and image configurations."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from nrdctl.errors import InvalidArgument
from nrdctl.oci import digest as digests
from nrdctl.oci.descriptor import (
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER_GZIP,
    OCI_MANIFEST,
    Descriptor,
)
from nrdctl.oci.imageconfig import ImageConfig, chain_id, chain_ids, parse_time
from nrdctl.oci.manifest import Index, Manifest, parse_manifest
from nrdctl.oci.platform import Platform

EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def entry(media_type: str, digest: str = EMPTY, **more: Any) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest, "size": 0, **more}


def encoded(**document: Any) -> bytes:
    return json.dumps({"schemaVersion": 2, **document}).encode()


def test_digests() -> None:
    assert digests.of_bytes(b"") == EMPTY
    assert digests.short(EMPTY) == "e3b0c44298fc"
    assert digests.is_digest(EMPTY)
    assert digests.is_digest("sha512:" + "0" * 128)
    for wrong in ("", "sha256:", "sha256:xyz", EMPTY.upper(), EMPTY + "0", "md5:" + "0" * 32, EMPTY + "\n"):
        assert not digests.is_digest(wrong), wrong


def test_a_stream_is_verified() -> None:
    verifier = digests.Verifier(EMPTY)
    assert verifier.verified
    verifier.update(b"x")
    assert not verifier.verified
    assert verifier.actual == digests.of_bytes(b"x")


def test_descriptors_survive_json() -> None:
    descriptor = Descriptor(
        media_type=OCI_LAYER_GZIP,
        digest=EMPTY,
        size=3,
        annotations={"a": "b"},
        platform=Platform(os="linux", architecture="arm64"),
    )
    assert Descriptor.from_json(json.loads(json.dumps(descriptor.to_json()))) == descriptor
    assert hash(descriptor) == hash(Descriptor.from_json(descriptor.to_json()))
    assert descriptor.is_layer
    assert not descriptor.is_manifest


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"digest": EMPTY},
        {"digest": EMPTY, "size": -1},
        {"digest": EMPTY, "size": "1"},
        {"digest": EMPTY, "size": True},
        {"digest": "../../etc/passwd", "size": 1},
        {"digest": EMPTY, "size": 1, "annotations": "x"},
    ],
)
def test_bad_descriptors_are_refused(document: object) -> None:
    with pytest.raises(InvalidArgument):
        Descriptor.from_json(document)


def test_manifest() -> None:
    data = encoded(mediaType=OCI_MANIFEST, config=entry(OCI_CONFIG), layers=[entry(OCI_LAYER_GZIP)])
    manifest = parse_manifest(data, OCI_MANIFEST)
    assert isinstance(manifest, Manifest)
    assert manifest.config.media_type == OCI_CONFIG
    assert [layer.digest for layer in manifest.layers] == [EMPTY]
    assert len(manifest.children) == 2


def test_a_manifest_that_does_not_say_what_it_is() -> None:
    assert isinstance(parse_manifest(encoded(config=entry(OCI_CONFIG), layers=[])), Manifest)
    assert isinstance(parse_manifest(encoded(manifests=[])), Index)


def test_an_index_gives_the_platforms_image() -> None:
    other = "sha256:" + "1" * 64
    data = encoded(
        mediaType=DOCKER_INDEX,
        manifests=[
            entry(DOCKER_MANIFEST, other, platform={"os": "linux", "architecture": "arm64", "variant": "v8"}),
            entry(DOCKER_MANIFEST, platform={"os": "linux", "architecture": "amd64"}),
            entry(OCI_MANIFEST, platform={"os": "unknown", "architecture": "unknown"}),
        ],
    )
    index = parse_manifest(data, DOCKER_INDEX)
    assert isinstance(index, Index)
    amd64, arm64 = (index.choose(Platform(os="linux", architecture=name)) for name in ("amd64", "arm64"))
    assert amd64 is not None
    assert amd64.digest == EMPTY
    assert arm64 is not None
    assert arm64.digest == other
    assert index.choose(Platform(os="linux", architecture="s390x")) is None


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"", ""),
        (b"[]", ""),
        (b"[" * 100_000, ""),
        (b"{}", ""),
        (encoded(manifests=[]), OCI_MANIFEST),
        (encoded(config=entry(OCI_CONFIG), layers=[]), OCI_INDEX),
        # Two readings of one document: CVE-2021-41190.
        (encoded(config=entry(OCI_CONFIG), layers=[], manifests=[]), OCI_MANIFEST),
        (encoded(config=entry(OCI_CONFIG), layers=[], manifests=[]), OCI_INDEX),
        (encoded(mediaType=OCI_INDEX, manifests=[]), DOCKER_INDEX),
        (encoded(mediaType="text/plain", manifests=[]), ""),
        (encoded(mediaType=["x"], manifests=[]), ""),
        (encoded(mediaType=OCI_MANIFEST, layers=[]), ""),
        (encoded(mediaType=OCI_INDEX, manifests="x"), ""),
        (json.dumps({"schemaVersion": 1, "name": "x"}).encode(), ""),
    ],
)
def test_bad_manifests_are_refused(data: bytes, media_type: str) -> None:
    with pytest.raises(InvalidArgument):
        parse_manifest(data, media_type)


def test_chain_ids() -> None:
    # printf 'sha256:11… sha256:22…' | sha256sum
    one, two = "sha256:" + "1" * 64, "sha256:" + "2" * 64
    assert chain_id([]) == ""
    assert chain_id([one]) == one
    assert chain_ids([one, two]) == (one, "sha256:9932074217c35353d2e03a3f5a86549f7c67bfeb0ba53e23d69f4d4c8f7958f5")


def test_image_config() -> None:
    config = ImageConfig.from_json(
        {
            "architecture": "arm",
            "variant": "v7",
            "os": "linux",
            "created": "2024-05-01T10:20:30.123456789+02:00",
            "author": "someone",
            "config": {
                "Env": ["A=1"],
                "Cmd": ["sh"],
                "Entrypoint": None,
                "WorkingDir": "/srv",
                "User": "www-data",
                "Labels": {"k": "v"},
                "ExposedPorts": {"80/tcp": {}},
                "Volumes": {"/data": {}},
                "StopSignal": "SIGQUIT",
                "Healthcheck": {"Test": ["CMD", "true"], "Interval": 1_000_000_000},
            },
            "rootfs": {"type": "layers", "diff_ids": [EMPTY]},
            "history": [{"created_by": "ADD"}],
        }
    )
    assert str(config.platform) == "linux/arm/v7"
    assert config.created == datetime(2024, 5, 1, 8, 20, 30, 123456, tzinfo=UTC)
    assert (config.env, config.cmd, config.entrypoint) == (("A=1",), ("sh",), None)
    assert (config.working_dir, config.user, config.stop_signal) == ("/srv", "www-data", "SIGQUIT")
    assert (config.labels, config.exposed_ports, config.volumes) == ({"k": "v"}, ("80/tcp",), ("/data",))
    assert config.healthcheck == {"Test": ["CMD", "true"], "Interval": 1_000_000_000}
    assert config.chain_id == EMPTY
    assert config.raw["author"] == "someone"


def test_an_almost_empty_config() -> None:
    config = ImageConfig.from_bytes(b'{"config": null, "rootfs": null, "history": null}')
    assert (config.env, config.entrypoint, config.cmd, config.healthcheck) == ((), None, None, None)
    assert (config.created, config.chain_id) == (None, "")


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"config": []},
        {"config": {"Env": "A=1"}},
        {"config": {"Cmd": [1]}},
        {"config": {"User": 7}},
        {"config": {"Labels": ["a"]}},
        {"rootfs": {"diff_ids": ["../x"]}},
        {"rootfs": {"diff_ids": {}}},
    ],
)
def test_bad_configs_are_refused(document: object) -> None:
    with pytest.raises(InvalidArgument):
        ImageConfig.from_json(document)


def test_times() -> None:
    assert parse_time("1970-01-01T00:00:00Z") == datetime(1970, 1, 1, tzinfo=UTC)
    for nothing in ("", "yesterday", "0001-01-01T00:00:00Z"):
        assert parse_time(nothing) is None
