"""nrdctl is killed with SIGKILL at every step that it takes; afterwards everything can be cleared away.

What a step is says `tests/support/killat.py`. After each kill: `rm -f` of the name, `system prune -f`, and nothing of
the container may be left, in containerd or on the host. The published port is used again in the next round.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from nrdctl.containerd.records import SnapshotKind
from nrdctl.engine import labels
from nrdctl.engine.engine import Engine
from tests.support import leaks
from tests.support.cli import Cli
from tests.support.killat import Ended, Killer, program_path

pytestmark = pytest.mark.system
PORT = "127.0.0.1:18643:80"
_ID = re.compile("[0-9a-f]{64}")


@pytest.fixture
def killer(cli: Cli) -> Iterator[Killer]:
    """The command in warm processes that kill themselves."""
    with Killer({**cli.environment, "PATH": program_path()}) as killer:
        yield killer


def clear(killer: Killer) -> None:
    """Do what a person does after a crash."""
    removed = killer("rm", "-f", "victim")
    assert removed.code == 0, removed.err
    pruned = killer("system", "prune", "-f")
    assert pruned.code == 0, pruned.err


def assert_nothing_left(engine: Engine, ended: Ended) -> None:
    """Look everywhere."""
    client, layout = engine.client, engine.layout
    where = f"killed before {ended.last}"
    leaks.assert_only(layout, engine.namespace, running=(), before=set())
    assert client.containers.list() == [], where
    assert client.tasks.list() == [], where
    snapshots = client.snapshots.list(engine.settings.snapshotter)
    assert [s.name for s in snapshots if s.kind is SnapshotKind.ACTIVE] == [], where
    assert [lease for lease in client.leases.list() if labels.OWNER in lease.labels] == [], where
    assert list(layout.containers_dir(engine.namespace).glob("*")) == [], where
    assert [path.name for path in layout.run.glob("*") if _ID.fullmatch(path.name)] == [], where


def kill_everywhere(killer: Killer, engine: Engine, *words: str) -> int:
    """Kill at the first step, the second, and so on, until a run comes to its end; return the number of steps."""
    step = 0
    while True:
        step += 1
        ended = killer(*words, at=step)
        clear(killer)
        assert_nothing_left(engine, ended)
        if not ended.killed:
            assert ended.code == 0, f"step {step}: ended with {ended.code}: {ended.err}"
            return step - 1


def test_run_in_the_background(killer: Killer, engine: Engine) -> None:
    words = ("run", "-d", "--name", "victim", "-p", PORT, "busybox", "sleep", "600")
    assert kill_everywhere(killer, engine, *words) > 40


def test_run_in_the_foreground(killer: Killer, engine: Engine) -> None:
    words = ("run", "--rm", "--name", "victim", "--net", "none", "busybox", "true")
    assert kill_everywhere(killer, engine, *words) > 40


@pytest.mark.parametrize("words", [("stop", "-t", "0", "victim"), ("rm", "-f", "victim")], ids=lambda words: words[0])
def test_stop_and_remove(killer: Killer, engine: Engine, words: tuple[str, ...]) -> None:
    made = ("run", "-d", "--name", "victim", "-p", PORT, "busybox", "sleep", "600")
    assert killer(*made).code == 0
    whole = killer(*words)
    assert whole.code == 0, whole.err
    clear(killer)
    for step in range(1, len(whole.steps) + 1, 2):  # every other step: each costs a container
        assert killer(*made).code == 0
        ended = killer(*words, at=step)
        assert ended.code in (0, -9), ended.err  # the monitor may have been faster, which leaves less to do
        clear(killer)
        assert_nothing_left(engine, ended)
