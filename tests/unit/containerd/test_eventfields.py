"""What events carry, as plain values."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf import timestamp_pb2

from nrdctl._pb import eventtypes_pb2, images_pb2, types_pb2
from nrdctl.containerd import convert
from nrdctl.containerd.eventfields import fields_of


def test_a_task_exit() -> None:
    exit_ = eventtypes_pb2.TaskExit(
        container_id="web", id="e1", pid=7, exit_status=137, exited_at=timestamp_pb2.Timestamp(seconds=1)
    )
    assert fields_of(convert.to_any("containerd.events.TaskExit", exit_.SerializeToString())) == {
        "container_id": "web",
        "id": "e1",
        "pid": 7,
        "exit_status": 137,
        "exited_at": datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC),
    }


def test_nested_messages_lists_and_maps() -> None:
    create = eventtypes_pb2.TaskCreate(
        container_id="web", rootfs=[types_pb2.Mount(type="bind", options=["ro"])], io=eventtypes_pb2.TaskIO(stdin="/x")
    )
    fields = fields_of(convert.to_any("containerd.events.TaskCreate", create.SerializeToString()))
    assert fields["rootfs"] == [{"type": "bind", "source": "", "target": "", "options": ["ro"]}]
    assert fields["io"]["stdin"] == "/x"
    image = images_pb2.ImageCreate(name="x", labels={"a": "b"})
    fields = fields_of(convert.to_any("containerd.services.images.v1.ImageCreate", image.SerializeToString()))
    assert fields == {"name": "x", "labels": {"a": "b"}}


def test_the_options_of_a_runtime_are_named_only() -> None:
    runtime = eventtypes_pb2.ContainerCreate.Runtime(name="r", options=convert.to_any("a.B", b"\xff"))
    create = eventtypes_pb2.ContainerCreate(id="web", runtime=runtime)
    fields = fields_of(convert.to_any("containerd.events.ContainerCreate", create.SerializeToString()))
    assert fields["runtime"] == {"name": "r", "options": "a.B"}


def test_what_is_not_known_has_no_fields() -> None:
    assert fields_of(convert.to_any("containerd.events.SomethingNew", b"")) == {}
    assert fields_of(convert.to_any("other.TaskExit", b"")) == {}
    assert fields_of(convert.to_any("", b"")) == {}
    assert fields_of(convert.to_any("containerd.events.TaskExit", b"\xff\xff\xff")) == {}
