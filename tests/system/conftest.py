"""Fixtures of the system tests: one private containerd for all of them, a namespace of its own for each."""

from __future__ import annotations

import pathlib
import shutil
import tempfile
from typing import TYPE_CHECKING

import pytest

from nrdctl.containerd.channel import Channel
from nrdctl.containerd.client import Client
from tests.support import rootfs
from tests.support.box import Box
from tests.support.daemon import HOST_SOCKET, PrivateContainerd, clean_namespace, missing, unique_namespace

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def containerd() -> Iterator[PrivateContainerd]:
    """A running private containerd."""
    if why := missing():
        pytest.skip(why)
    # Not under pytest's own directory: the path of a socket is limited to 107 bytes.
    directory = pathlib.Path(tempfile.mkdtemp(prefix="nrdctl-", dir="/tmp"))
    try:
        with PrivateContainerd(directory) as daemon:
            yield daemon
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(autouse=True)
def _not_the_hosts_daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse the host's own containerd, whatever address a test came to."""
    probe = Channel.probe

    def guarded(self: Channel) -> None:
        assert pathlib.Path(self.path).resolve() != HOST_SOCKET.resolve(), "a test reached for the host's containerd"
        probe(self)

    monkeypatch.setattr(Channel, "probe", guarded)


@pytest.fixture
def namespace(containerd: PrivateContainerd) -> Iterator[str]:
    """The test's own namespace; what is left in it afterwards is removed."""
    name = unique_namespace()
    yield name
    with Client(containerd.address, namespace=name) as client:
        clean_namespace(client)


@pytest.fixture
def client(containerd: PrivateContainerd, namespace: str) -> Iterator[Client]:
    """A client in the test's namespace."""
    with Client(containerd.address, namespace=namespace) as client:
        yield client


@pytest.fixture(scope="session")
def snapshotter(containerd: PrivateContainerd) -> str:
    """The snapshotter to use: overlayfs where it works."""
    return containerd.snapshotter


@pytest.fixture
def box(client: Client, snapshotter: str) -> Iterator[Box]:
    """Containers of busybox in the test's namespace."""
    with client.lease() as leased:
        yield Box(client, snapshotter, rootfs.unpack(leased, snapshotter))
