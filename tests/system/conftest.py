"""Fixtures of the system tests: one private containerd for all of them, a namespace of its own for each."""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import tempfile
from typing import TYPE_CHECKING

import pytest

from nrdctl.containerd.channel import Channel
from nrdctl.containerd.client import Client
from nrdctl.engine.container.listing import list_containers
from nrdctl.engine.container.remove import remove_container
from nrdctl.engine.engine import Engine
from nrdctl.engine.images import load_images
from nrdctl.errors import NotFound
from nrdctl.state import settings
from tests.support import busybox, leaks, rootfs
from tests.support.box import Box
from tests.support.cli import Cli
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


@pytest.fixture(scope="session")
def data_root(containerd: PrivateContainerd) -> Iterator[pathlib.Path]:
    """Where nrdctl keeps its files; its bridges and its run folder go at the end."""
    path = containerd.directory / "data"
    layout = settings.Settings(address=containerd.address, data_root=path).layout
    yield path
    leaks.remove_bridges(layout)
    shutil.rmtree(layout.run, ignore_errors=True)


@pytest.fixture(scope="session")
def busybox_archive(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """An archive with the image `busybox`."""
    if why := busybox.missing():
        pytest.skip(why)
    return busybox.write_archive(tmp_path_factory.mktemp("images") / "busybox.tar")


@pytest.fixture
def engine(
    containerd: PrivateContainerd,
    data_root: pathlib.Path,
    namespace: str,
    snapshotter: str,
) -> Iterator[Engine]:
    """The verbs, in this process and the test's namespace."""
    flags = {
        "address": containerd.address,
        "namespace": namespace,
        "data_root": data_root,
        "snapshotter": snapshotter,
    }
    engine = Engine(settings.load(flags, {}, pathlib.Path("/nonexistent")))
    yield engine
    engine.close()


@pytest.fixture
def bare_cli(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """The command in the test's namespace, which has nothing yet. Only what runs may hold anything on the host."""
    layout, namespace = engine.layout, engine.namespace
    file = tmp_path_factory.getbasetemp() / "empty.toml"
    file.touch()
    before = leaks.found(layout, namespace)
    with Cli(engine, NRDCTL_TOML=str(file)) as cli:
        yield cli
    try:
        containers = list_containers(engine.client)
        busy = {it.record.id for it in containers if it.state.running or it.state.name == "restarting"}
        leaks.assert_only(layout, namespace, running=busy, before=before)
    finally:
        for container in list_containers(engine.client):
            with contextlib.suppress(NotFound):
                remove_container(engine, container.record, force=True, volumes=True)
        leaks.assert_only(layout, namespace, running=(), before=before)
        leaks.remove_cgroups(namespace)
        for folder in (layout.containers_dir(namespace), layout.volumes_dir(namespace)):
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def cli(bare_cli: Cli, engine: Engine, busybox_archive: pathlib.Path) -> Cli:
    """The command in the test's namespace, where there is the image `busybox`."""
    load_images(engine, str(busybox_archive))
    return bare_cli
