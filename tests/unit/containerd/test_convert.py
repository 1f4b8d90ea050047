"""Times, Any, mounts and descriptors."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from google.protobuf import timestamp_pb2

from nrdctl._pb import containers_pb2, runc_pb2, types_pb2
from nrdctl.containerd import convert, descriptors
from nrdctl.containerd.containers import _from_record, _to_record
from nrdctl.containerd.records import ContainerRecord, Mount, Runtime
from nrdctl.containerd.runtime import from_runtime_options, to_runtime
from nrdctl.oci.descriptor import OCI_LAYER, Descriptor


def created_at(seconds: int, nanos: int = 0) -> datetime | None:
    stamp = timestamp_pb2.Timestamp(seconds=seconds, nanos=nanos)
    return convert.to_datetime(containers_pb2.Container(created_at=stamp), "created_at")


def test_times_are_aware_and_in_utc() -> None:
    assert created_at(1_700_000_000, 123_456_789) == datetime(2023, 11, 14, 22, 13, 20, 123_456, tzinfo=UTC)
    assert created_at(-1, 0) == datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_no_time_is_none() -> None:
    assert convert.to_datetime(containers_pb2.Container(), "created_at") is None
    # Go's zero time.
    assert created_at(-62135596800) is None
    assert created_at(10**15) is None


def test_an_any_has_the_bare_name_of_its_type() -> None:
    # containerd 1.6 does not know `type.googleapis.com/containerd.runc.v1.Options`.
    options = from_runtime_options(Runtime(binary="/usr/bin/crun"))
    assert options is not None
    assert options.type_url == "containerd.runc.v1.Options"
    assert convert.type_name(convert.to_any("type.googleapis.com/a.B", b"")) == "a.B"


def test_json_in_an_any_is_utf_8() -> None:
    message = convert.json_any("x", {"name": "ü"})
    assert message.value == '{"name":"ü"}'.encode()


def test_runtimes_go_there_and_back() -> None:
    runtime = Runtime(name="io.containerd.runc.v2", binary="/x/runc", root="/run/x", systemd_cgroup=True)
    assert to_runtime(runtime.name, from_runtime_options(runtime)) == runtime
    assert from_runtime_options(Runtime()) is None
    foreign = convert.to_any("runtimeoptions.v1.Options", runc_pb2.Options(root="/x").SerializeToString())
    assert to_runtime("io.containerd.kata.v2", foreign) == Runtime(name="io.containerd.kata.v2")


def test_mounts_go_there_and_back() -> None:
    mounts = [Mount(type="overlay", source="overlay", options=("index=off", "lowerdir=/a")), Mount(type="", source="")]
    assert convert.to_mounts(convert.from_mounts(mounts)) == mounts


def test_descriptors_go_there_and_back() -> None:
    descriptor = Descriptor(media_type=OCI_LAYER, digest="sha256:" + "0" * 64, size=2**40, annotations={"a": "b"})
    assert descriptors.to_descriptor(descriptors.from_descriptor(descriptor)) == descriptor
    assert descriptors.to_descriptor(types_pb2.Descriptor()).annotations == {}


def test_container_records_go_there_and_back() -> None:
    record = ContainerRecord(
        id="web",
        labels={"nrdctl/name": "web", "empty": ""},
        image="docker.io/library/busybox:latest",
        runtime=Runtime(root="/run/x"),
        spec_json=json.dumps({"process": {"args": ["ü"]}}).encode(),
        snapshotter="overlayfs",
        snapshot_key="web",
        extensions={"nrdctl/request": b"{}"},
    )
    message = _from_record(record)
    assert message.extensions["nrdctl/request"].type_url == "types.nrdctl/nrdctl/request"
    assert message.spec.type_url == "types.containerd.io/opencontainers/runtime-spec/1/Spec"
    assert _to_record(message) == record
    assert record.spec == {"process": {"args": ["ü"]}}


def test_a_record_without_spec_says_so_on_the_wire() -> None:
    message = _from_record(ContainerRecord(id="web"))
    assert not message.HasField("spec")
    assert ContainerRecord(id="web").spec == {}
    assert ContainerRecord(id="web", spec_json=b"[]").spec == {}
