from datetime import UTC, datetime

from nrdctl.containerd.records import ImageRecord
from nrdctl.image.inspect import inspect_document
from nrdctl.image.lookup import ImageDetails
from nrdctl.oci.descriptor import OCI_CONFIG, OCI_MANIFEST, Descriptor
from nrdctl.oci.imageconfig import ImageConfig
from nrdctl.oci.manifest import Manifest

CONFIG = Descriptor(media_type=OCI_CONFIG, digest="sha256:" + "c" * 64, size=1)
TARGET = Descriptor(media_type=OCI_MANIFEST, digest="sha256:" + "d" * 64, size=1)
LAYER = "sha256:" + "1" * 64


def record(name: str) -> ImageRecord:
    return ImageRecord(name=name, target=TARGET, updated_at=datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC))


def test_dockers_document() -> None:
    config = ImageConfig.from_json(
        {
            "architecture": "arm64",
            "variant": "v8",
            "os": "linux",
            "created": "2023-01-01T00:00:00.123456789Z",
            "author": "me",
            "config": {"Cmd": ["sh"], "Healthcheck": {"Test": ["CMD", "true"]}},
            "rootfs": {"type": "layers", "diff_ids": [LAYER]},
            "history": [{"comment": "first"}, {"comment": "last"}],
        }
    )
    details = ImageDetails(
        record=record("docker.io/library/a:1"),
        manifest=Manifest(media_type=OCI_MANIFEST, config=CONFIG, layers=()),
        manifest_digest=TARGET.digest,
        config=config,
    )
    names = ["docker.io/library/a:1", "ghcr.io/x/y:2", f"docker.io/library/a@{TARGET.digest}", CONFIG.digest]
    document = inspect_document(details, [record(name) for name in names], size=7, snapshotter="overlayfs")
    assert document["Id"] == CONFIG.digest
    assert document["RepoTags"] == ["a:1", "ghcr.io/x/y:2"]
    assert document["RepoDigests"] == [f"a@{TARGET.digest}", f"ghcr.io/x/y@{TARGET.digest}"]
    assert document["Created"] == "2023-01-01T00:00:00.123456789Z"
    assert (document["Author"], document["Comment"], document["Size"]) == ("me", "last", 7)
    assert (document["Architecture"], document["Variant"], document["Os"]) == ("arm64", "v8", "linux")
    assert document["Config"]["Cmd"] == ["sh"]
    assert document["Config"]["Entrypoint"] is None
    assert document["Config"]["Healthcheck"] == {"Test": ["CMD", "true"]}
    assert document["GraphDriver"] == {"Data": None, "Name": "overlayfs"}
    assert document["RootFS"] == {"Type": "layers", "Layers": [LAYER]}
    assert document["Metadata"] == {"LastTagTime": "2024-01-02T03:04:05Z"}
