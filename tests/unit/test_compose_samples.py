"""The compose samples are sound: each service has what it needs, and refers to what there is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

SAMPLES = sorted((Path(__file__).resolve().parents[2] / "compose-samples").glob("*/compose.yaml"))


def test_there_are_samples() -> None:
    assert len(SAMPLES) >= 3


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_a_sample(path: Path) -> None:
    project = yaml.safe_load(path.read_text())
    assert project["name"] == path.parent.name
    for service in project["services"].values():
        assert service["image"]
        assert service["command"]
        assert set(service.get("depends_on", {})) <= set(project["services"])
        assert set(service.get("networks", {})) <= set(project.get("networks", {}))
        named = [volume.partition(":")[0] for volume in service.get("volumes", [])]
        assert {name for name in named if not name.startswith((".", "/"))} <= set(project.get("volumes", {}))
