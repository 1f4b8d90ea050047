"""The examples run, each to its end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import Cli

pytestmark = pytest.mark.system
ROOT = Path(__file__).resolve().parents[2]
EXPECTED = {
    "first-steps.sh": ["good morning", "started", "running with pid", "Resources:"],
    "pin-a-realtime-service.sh": ["cpus: all →", "realtime may run on", "→ all"],
    "limit-batch-workers.sh": ["cpu: max → 10000/100000", "worker-3", "cpu: 10000/100000 → max"],
}


def test_every_example_is_tested() -> None:
    assert {path.name for path in (ROOT / "examples").glob("*.sh")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_example(cli: Cli, name: str) -> None:
    environment = {**cli.environment, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    script = str(ROOT / "examples" / name)
    done = subprocess.run([script], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    for text in EXPECTED[name]:
        assert text in done.stdout
    assert not cli("ps", "-aq").lines
