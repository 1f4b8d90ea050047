"""What a listing costs: the same number of calls to the daemon, whatever the number of containers."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from nrdctl.containerd.records import ContainerRecord
from nrdctl.engine import labels
from nrdctl.engine.container.listing import list_containers, summarize
from nrdctl.engine.engine import Engine
from nrdctl.engine.overview import overview
from tests.support.cli import Cli

pytestmark = pytest.mark.system


def calls_of_ps(engine: Engine) -> tuple[int, dict[str, int]]:
    """List as `ps -a` does; return the number of rows and the calls it took."""
    before = engine.client.calls.copy()
    now = datetime.now(UTC)
    rows = [summarize(engine, container, now=now) for container in list_containers(engine.client)]
    return len(rows), dict(engine.client.calls - before)


def calls_of_overview(engine: Engine) -> tuple[int, dict[str, int]]:
    """List as `container limits` does in one namespace."""
    before = engine.client.calls.copy()
    rows = overview(engine, everywhere=False).containers
    return len(rows), dict(engine.client.calls - before)


def test_three_hundred_containers_cost_the_calls_of_three(cli: Cli, engine: Engine) -> None:
    for name in ("one", "two"):
        cli("run", "-d", "--net", "none", "--name", name, "busybox", "sleep", "600")
    cli("create", "--net", "none", "--name", "three", "busybox", "true")
    few, few_calls = calls_of_ps(engine)
    _, few_overview = calls_of_overview(engine)
    spec = json.dumps({"ociVersion": "1.0.2", "process": {"args": ["true"]}}).encode()
    for number in range(297):
        name = {labels.NAME: f"many-{number}"}
        engine.client.containers.create(ContainerRecord(id=f"many-{number}", labels=name, spec_json=spec))
    many, many_calls = calls_of_ps(engine)
    shown, many_overview = calls_of_overview(engine)
    assert (few, many, shown) == (3, 300, 300)
    assert few_calls == many_calls == {"Containers.List": 1, "Tasks.List": 1}
    assert few_overview == many_overview
    assert len(cli("ps", "-aq").lines) == 300
    for number in range(297):
        engine.client.containers.delete(f"many-{number}")
    cli("rm", "-f", "one", "two", "three")
