"""Which containers a person means."""

from __future__ import annotations

import pytest

from nrdctl.containerd.records import ContainerRecord, Task, TaskStatus
from nrdctl.errors import InvalidArgument, NotFound
from nrdctl.monitor.discovery import check, choose, to_container
from nrdctl.monitor.sample import Container


def made(name: str, id: str, namespace: str = "default") -> Container:  # noqa: A002
    return Container(namespace=namespace, id=id, name=name, pid=1)


FOUND = [made("web", "abc1"), made("db", "abd2"), made("web", "eee3", "moby"), made("abc", "fff4")]


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ((), ["abc1", "abd2", "eee3", "fff4"]),
        (("db",), ["abd2"]),
        (("/db",), ["abd2"]),
        (("web",), ["abc1", "eee3"]),  # in both namespaces
        (("abd2",), ["abd2"]),
        (("ee",), ["eee3"]),
        (("abc",), ["fff4"]),  # a whole name wins over the start of an ID
        (("db", "ab"), ["abd2", "abc1"]),
        (("nope",), []),
        (("/",), []),
    ],
)
def test_choose(wanted: tuple[str, ...], ids: list[str]) -> None:
    assert [each.id for each in choose(FOUND, wanted)] == ids


def test_check() -> None:
    check(FOUND, "web")
    check(FOUND, "ee")
    with pytest.raises(NotFound, match="No such container: nope"):
        check(FOUND, "nope")
    with pytest.raises(InvalidArgument, match="Multiple containers found with provided prefix: ab") as caught:
        check(FOUND, "ab")
    assert caught.value.hint == "it fits abc1 (web), abd2 (db)"


@pytest.mark.parametrize(
    ("status", "pid", "state"),
    [
        (TaskStatus.RUNNING, 42, "running"),
        (TaskStatus.PAUSED, 42, "paused"),
        (TaskStatus.STOPPED, 0, "exited"),
        (TaskStatus.CREATED, 0, "created"),
        (TaskStatus.UNKNOWN, 0, "unknown"),
        (None, 0, "created"),
    ],
)
def test_only_what_runs_has_a_process(status: TaskStatus | None, pid: int, state: str) -> None:
    record = ContainerRecord(id="f" * 64, labels={"nrdctl/name": "web"})
    task = Task(container_id=record.id, pid=42, status=status) if status else None
    found = to_container("default", record, task)
    assert (found.name, found.pid, found.state) == ("web", pid, state)


def test_names_cannot_write_to_the_terminal() -> None:
    assert to_container("default", ContainerRecord(id="f" * 64), None).name == "f" * 12
    record = ContainerRecord(id="a", labels={"nerdctl/name": "x\x1b[2J\n"})
    assert to_container("default", record, None).name == "x?[2J?"
