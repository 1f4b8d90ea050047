"""The connection, without a daemon: what is imported when, and how fast it says that nobody is there."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from nrdctl.containerd.client import Client
from nrdctl.errors import DeadlineExceeded, InvalidArgument, NrdctlError, Unavailable

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterator


@pytest.fixture
def silent_socket(tmp_path: pathlib.Path) -> Iterator[str]:
    """A socket that takes connections and never says a word."""
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(16)
        yield path


def modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_making_a_client_imports_neither_grpc_nor_protobuf() -> None:
    loaded = modules_after("from nrdctl.containerd.client import Client\nClient('/x').at('y').close()")
    assert not {"grpc", "google.protobuf", "asyncio"} & loaded


def test_a_service_imports_no_other_service_and_no_grpc() -> None:
    loaded = modules_after("from nrdctl.containerd.client import Client\nClient('/x').containers")
    assert "nrdctl._pb.containers_pb2" in loaded
    assert not {"nrdctl.oci.descriptor", "nrdctl.containerd.storerecords", "nrdctl.containerd.daemonrecords"} & loaded
    assert not {"grpc", "nrdctl._pb.tasks_pb2", "nrdctl._pb.images_pb2", "nrdctl._pb.eventtypes_pb2"} & loaded


def test_nobody_there_is_said_without_grpc() -> None:
    call = (
        "from nrdctl.errors import Unavailable\ntry: Client('/nonexistent/x').version.get()\nexcept Unavailable: pass"
    )
    assert "grpc" not in modules_after(f"from nrdctl.containerd.client import Client\n{call}")


@pytest.mark.parametrize("path", ["/nonexistent/containerd.sock", "/" + "x" * 200, "/dev/null"])
def test_nobody_there_is_said_at_once(path: str) -> None:
    start = time.monotonic()
    with (
        Client(f"unix://{path}") as client,
        pytest.raises(Unavailable, match="cannot connect to containerd at /") as caught,
    ):
        client.version.get()
    assert time.monotonic() - start < 1
    assert path in caught.value.message
    assert caught.value.hint is not None


def test_a_stale_socket_is_refused(tmp_path: pathlib.Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
    with Client(path) as client, pytest.raises(Unavailable, match="connection refused"):
        client.containers.list()
    assert client.calls == {}


def test_a_daemon_that_hangs_ends_in_a_deadline(silent_socket: str) -> None:
    start = time.monotonic()
    with Client(silent_socket, call_timeout=0.3) as client, pytest.raises(DeadlineExceeded, match=r"Version\.Version"):
        client.version.get()
    assert 0.2 < time.monotonic() - start < 3


def test_waiting_can_be_limited_and_cancelled(silent_socket: str) -> None:
    with Client(silent_socket) as client:
        pending = client.tasks.wait_async("web")
        assert not pending.done()
        with pytest.raises(DeadlineExceeded, match=r"did not exit within 0\.1 seconds"):
            pending.result(0.1)
        pending.cancel()
        with pytest.raises(NrdctlError, match="cancelled"):
            pending.result(1)


def test_a_lease_that_can_not_be_had_is_an_error() -> None:
    with Client("/nonexistent/x") as client, pytest.raises(Unavailable), client.lease():
        pytest.fail("must not get here")


def test_calls_are_counted_for_all_clients_of_a_connection(silent_socket: str) -> None:
    with Client(silent_socket, call_timeout=0.1) as client:
        for each in (client, client.at("other")):
            with pytest.raises(DeadlineExceeded):
                each.containers.list()
        assert client.calls == {"Containers.List": 2}


@pytest.mark.parametrize("name", ["", "a b", "a\n", "-a", "a--b", "ä", "x" * 77])
def test_a_namespace_that_containerd_refuses_is_refused_early(name: str) -> None:
    with pytest.raises(InvalidArgument, match="invalid namespace"):
        Client("/x", namespace=name)
    with pytest.raises(InvalidArgument, match="invalid namespace"):
        Client("/x").at(name)


def test_names_of_the_client() -> None:
    client = Client("unix:///run/x.sock", namespace="moby")
    assert (client.address, client.namespace) == ("/run/x.sock", "moby")
    assert client.at("k8s.io").namespace == "k8s.io"
    assert client.containers is client.containers
    with pytest.raises(InvalidArgument, match="name the fields"):
        client.containers.update(None)  # type: ignore[arg-type]
