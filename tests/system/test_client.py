"""The client against a real containerd: the daemon, namespaces, leases, images, container records."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from nrdctl.containerd.client import Client
from nrdctl.containerd.records import (
    ContainerRecord,
    ImageRecord,
    LeaseResource,
    NamespaceRecord,
    Runtime,
    SnapshotKind,
)
from nrdctl.errors import (
    AlreadyExists,
    Conflict,
    InvalidArgument,
    NotFound,
    Unavailable,
    Unimplemented,
)
from tests.support import rootfs
from tests.support.daemon import PrivateContainerd, collect_garbage, missing, unique_namespace
from tests.support.waiting import SOON, answers, eventually

if TYPE_CHECKING:
    pass

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(bool(missing()), reason=missing() or "-"),
    pytest.mark.skipif(not rootfs.BUSYBOX.exists(), reason="needs busybox-static"),
]


class TestDaemon:
    def test_version_and_plugins(self, client: Client) -> None:
        assert client.version.get().version[0] in "12"
        assert client.introspection.server().uuid
        plugins = client.introspection.plugins("type==io.containerd.snapshotter.v1")
        by_id = {plugin.id: plugin for plugin in plugins}
        assert by_id["native"].init_error == ""
        assert by_id["native"].platforms
        assert "devmapper" not in by_id or by_id["devmapper"].init_error

    def test_a_method_that_this_daemon_lacks(self, client: Client) -> None:
        from google.protobuf import descriptor_pb2, descriptor_pool

        from nrdctl.containerd.channel import Rpc

        file = descriptor_pb2.FileDescriptorProto(
            name="t.proto", package="t", dependency=[EMPTY_PROTO], syntax="proto3"
        )
        method = file.service.add(name="Nothing").method.add(name="Do")
        method.input_type = method.output_type = ".google.protobuf.Empty"
        pool = descriptor_pool.Default()
        pool.AddSerializedFile(file.SerializeToString())
        from google.protobuf import empty_pb2

        rpc = Rpc(client._scope, pool.FindServiceByName("t.Nothing"))
        with pytest.raises(Unimplemented, match=r"unknown service t\.Nothing"):
            rpc.unary("Do", empty_pb2.Empty())

    def test_down_is_said_at_once_and_back_is_noticed(self) -> None:
        directory = pathlib.Path(tempfile.mkdtemp(prefix="nrdctl-", dir="/tmp"))
        daemon = PrivateContainerd(directory)
        try:
            with daemon, Client(daemon.address) as client:
                client.version.get()
                subscription = client.events.subscribe()
                os.kill(daemon.pid, signal.SIGKILL)
                with pytest.raises(
                    Unavailable, match=r"connection refused|connection to containerd was lost"
                ) as caught:
                    next(subscription)
                assert caught.value.hint
                daemon.kill()
                start = time.monotonic()
                with pytest.raises(Unavailable, match="cannot connect to containerd at"):
                    client.containers.list()
                assert time.monotonic() - start < 1
                daemon.start()
                eventually(lambda: answers(client))
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def test_a_path_that_is_no_uri(self) -> None:
        directory = pathlib.Path(tempfile.mkdtemp(prefix="n %41#?é", dir="/tmp"))
        try:
            with PrivateContainerd(directory) as daemon, Client(daemon.address) as client:
                assert answers(client)
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def test_subprocesses_and_forks_after_grpc_has_started(
        self, client: Client, capfd: pytest.CaptureFixture[str]
    ) -> None:
        client.version.get()
        assert subprocess.run(["/bin/echo", "x"], capture_output=True).stdout == b"x\n"
        assert subprocess.run(["/bin/echo"], preexec_fn=os.getpid, capture_output=True).returncode == 0
        child = os.fork()
        if child == 0:
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert answers(client)
        assert capfd.readouterr().err == ""

    def test_threads_share_a_client(self, client: Client) -> None:
        counts = []
        threads = [
            threading.Thread(target=lambda: counts.append(sum(answers(client) for _ in range(20)))) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SOON)
        assert counts == [20] * 4
        assert client.calls["Version.Version"] == 80


EMPTY_PROTO = "google/protobuf/empty.proto"


class TestNamespaces:
    def test_life(self, client: Client) -> None:
        name = client.namespace
        with pytest.raises(NotFound):
            client.namespaces.get(name)
        assert client.namespaces.create(name, {"a": "1", "b": "2"}) == NamespaceRecord(
            name=name, labels={"a": "1", "b": "2"}
        )
        with pytest.raises(AlreadyExists):
            client.namespaces.create(name)
        client.namespaces.update(name, {"a": "9", "b": ""}, "labels.a", "labels.b")
        assert client.namespaces.get(name).labels == {"a": "9"}
        assert name in [each.name for each in client.namespaces.list()]
        client.namespaces.delete(name)
        assert name not in [each.name for each in client.namespaces.list()]

    def test_one_that_is_not_empty_stays(self, client: Client) -> None:
        rootfs.write_blob(client, b"x")
        with pytest.raises(Conflict, match="must be empty"):
            client.namespaces.delete(client.namespace)

    def test_clients_see_their_own(self, client: Client) -> None:
        other = client.at(unique_namespace())
        client.containers.create(ContainerRecord(id="web", spec_json=b"{}"))
        assert other.containers.list() == []
        with pytest.raises(NotFound, match=f'container "web" in namespace "{other.namespace}": not found'):
            other.containers.get("web")


class TestLeases:
    def test_life(self, client: Client, snapshotter: str) -> None:
        lease = client.leases.create("mine", {"a": "b"})
        assert (lease.id, lease.labels) == ("mine", {"a": "b"})
        assert lease.created_at is not None
        assert abs(datetime.now(UTC) - lease.created_at) < timedelta(minutes=1)
        with pytest.raises(AlreadyExists):
            client.leases.create("mine")
        client.snapshots.prepare(snapshotter, "kept", labels={"containerd.io/gc.root": "x"})
        resource = LeaseResource(id="kept", type=f"snapshots/{snapshotter}")
        client.leases.add_resource("mine", resource)
        assert client.leases.resources("mine") == [resource]
        assert [each.id for each in client.leases.list("id==mine")] == ["mine"]
        client.leases.delete("mine", sync=True)
        assert client.leases.list() == []
        with pytest.raises(NotFound):
            client.leases.delete("mine")

    def test_the_context_keeps_what_is_made_in_it(self, client: Client, snapshotter: str) -> None:
        with client.lease({"why": "test"}) as leased:
            (lease,) = client.leases.list()
            assert lease.labels["why"] == "test"
            expire = datetime.fromisoformat(lease.labels["containerd.io/gc.expire"])
            assert timedelta(hours=23) < expire - datetime.now(UTC) < timedelta(hours=25)
            blob = rootfs.write_blob(leased, b"kept")
            leased.snapshots.prepare(snapshotter, "kept")
            collect_garbage(client)
            assert client.content.info(blob.digest).size == 4
            assert client.snapshots.stat(snapshotter, "kept").kind is SnapshotKind.ACTIVE
        assert client.leases.list() == []
        collect_garbage(client)
        with pytest.raises(NotFound):
            client.content.info(blob.digest)
        with pytest.raises(NotFound):
            client.snapshots.stat(snapshotter, "kept")

    def test_it_ends_with_an_error_too(self, client: Client) -> None:
        with pytest.raises(ValueError, match="mine"), client.lease():
            raise ValueError("mine")
        assert client.leases.list() == []


class TestImages:
    def test_life(self, client: Client) -> None:
        target = rootfs.write_blob(client, b"manifest")
        made = client.images.create(ImageRecord(name="docker.io/library/x:1", target=target, labels={"a": "b"}))
        assert made.created_at is not None
        assert client.images.get(made.name) == made
        with pytest.raises(AlreadyExists):
            client.images.create(made)
        other = rootfs.write_blob(client, b"another")
        changed = dataclasses.replace(made, target=other, labels={"c": "d"})
        assert client.images.update(changed, "labels.c").labels == {"a": "b", "c": "d"}
        updated = client.images.update(changed)
        assert (updated.target.digest, updated.labels) == (other.digest, {"c": "d"})
        assert [each.name for each in client.images.list("name~=library/x")] == [made.name]
        assert client.images.list("name==y") == []
        client.images.delete(made.name, sync=True)
        with pytest.raises(NotFound):
            client.images.get(made.name)
        with pytest.raises(NotFound):
            client.images.delete(made.name)
        with pytest.raises(NotFound):
            client.images.update(made, "target")
        with pytest.raises(NotFound):
            client.content.info(other.digest)


class TestContainers:
    def test_life(self, client: Client) -> None:
        request = json.dumps({"text": "ü" * 50_000}).encode()
        runtime = Runtime(binary="/usr/sbin/runc", root="/run/x", systemd_cgroup=False)
        record = ContainerRecord(
            id="web",
            labels={"nrdctl/name": "web"},
            image="docker.io/library/busybox:latest",
            runtime=runtime,
            spec_json=b'{"process": {"args": ["sh"]}}',
            extensions={"nrdctl/request": request},
        )
        made = client.containers.create(record)
        assert made.created_at is not None
        assert dataclasses.replace(made, created_at=None, updated_at=None) == record
        assert client.containers.get("web") == made
        assert len(made.extensions["nrdctl/request"]) > 100_000
        with pytest.raises(AlreadyExists):
            client.containers.create(record)
        client.containers.delete("web")
        with pytest.raises(NotFound):
            client.containers.delete("web")

    def test_updates_change_what_they_name(self, client: Client) -> None:
        made = client.containers.create(
            ContainerRecord(id="web", labels={"keep": "1", "drop/x.y": "1"}, spec_json=b"{}", image="i")
        )
        changed = dataclasses.replace(
            made,
            image="other",
            labels={"nrdctl/exit-code": "7"},
            spec_json=b'{"hostname": "x"}',
            extensions={"nrdctl/request": b"{}", "not": b"{}"},
        )
        paths = ("labels.nrdctl/exit-code", "labels.drop/x.y", "spec", "extensions.nrdctl/request")
        updated = client.containers.update(changed, *paths)
        assert updated.labels == {"keep": "1", "nrdctl/exit-code": "7"}
        assert updated.spec == {"hostname": "x"}
        assert updated.extensions == {"nrdctl/request": b"{}"}
        assert updated.image == "i"
        assert updated.updated_at is not None
        assert made.updated_at is not None
        assert updated.updated_at > made.updated_at
        with pytest.raises(NotFound):
            client.containers.update(dataclasses.replace(made, id="other"), "image")
        with pytest.raises(InvalidArgument):
            client.containers.update(made, "nothing")

    def test_filters(self, client: Client) -> None:
        for name in ("web", "db"):
            client.containers.create(ContainerRecord(id=name, labels={"nrdctl/name": name}, spec_json=b"{}"))

        def ids(*filters: str) -> list[str]:
            return sorted(each.id for each in client.containers.list(*filters))

        assert ids() == ["db", "web"]
        assert ids('labels."nrdctl/name"==web') == ["web"]
        assert ids("id~=^w", "id==db") == ["db", "web"]
        assert ids("id~=^w,id==db") == []
        with pytest.raises(InvalidArgument, match="parse error"):
            client.containers.list("labels..==")

    @pytest.mark.parametrize(
        ("record", "why"),
        [
            (ContainerRecord(id="a b", spec_json=b"{}"), "identifier"),
            (ContainerRecord(id="ab", spec_json=b"{}", labels={"a": "x" * 5000}), "4096"),
        ],
    )
    def test_what_containerd_refuses(self, client: Client, record: ContainerRecord, why: str) -> None:
        with pytest.raises(InvalidArgument, match=why):
            client.containers.create(record)

    def test_more_than_grpcs_own_limit_of_a_message(self, client: Client) -> None:
        for number in range(60):
            record = ContainerRecord(id=f"n{number}", spec_json=b"{}", extensions={"x": b"x" * 100_000})
            client.containers.create(record)
        assert len(client.containers.list()) == 60
