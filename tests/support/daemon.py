"""A containerd of the tests' own: its root, state, socket and shims are apart from the host's and go when it stops.

One thing is shared by all daemons of a host: runc's state, `/run/containerd/runc/<namespace>`. So use namespaces that
nobody else has (`unique_namespace`).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Self

from nrdctl.containerd.client import Client
from nrdctl.containerd.records import Plugin, TaskStatus
from nrdctl.errors import Conflict, NotFound, NrdctlError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST_SOCKET = pathlib.Path("/run/containerd/containerd.sock")
CGROUPS = pathlib.Path("/sys/fs/cgroup")
RUNC_STATE = pathlib.Path("/run/containerd/runc")
# Which containerd to test with: a program's path. Its shim and `ctr` are then looked for beside it first.
PROGRAM = os.environ.get("NRDCTL_TEST_CONTAINERD", "containerd")
START_SECONDS = 30.0
STOP_SECONDS = 20.0

# What would open ports, sockets or directories outside of the daemon's own. The names differ from 1.6 to 2.x; a daemon
# ignores those that it does not have.
_DISABLED = (
    "io.containerd.grpc.v1.cri",
    "io.containerd.cri.v1.images",
    "io.containerd.cri.v1.runtime",
    "io.containerd.nri.v1.nri",
    "io.containerd.internal.v1.opt",
)


def missing() -> str:
    """Return why a private containerd can't run here; empty when it can."""
    if os.geteuid() != 0:
        return "needs root"
    for program in (PROGRAM, "containerd-shim-runc-v2", "runc"):
        if shutil.which(program) is None:
            return f"needs {program}"
    return ""


def unique_namespace() -> str:
    """Return a namespace that no other daemon or test has."""
    return f"t-{secrets.token_hex(4)}"


class PrivateContainerd:
    """A containerd under `directory`, which must be short: the socket's path may have 107 bytes.

    Start it as a context manager, or with `start` and `stop`.
    """

    def __init__(self, directory: pathlib.Path, *, program: str = PROGRAM) -> None:
        self.directory = directory
        self.root = directory / "root"
        self.state = directory / "state"
        self.socket = directory / "containerd.sock"
        self.log = directory / "containerd.log"
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        if self.socket.resolve() == HOST_SOCKET.resolve():
            raise ValueError(f"{HOST_SOCKET} is the host's")

    @property
    def address(self) -> str:
        """The path of the socket."""
        return str(self.socket)

    @property
    def pid(self) -> int:
        """The daemon's process."""
        if self._process is None:
            raise RuntimeError("containerd is not running")
        return self._process.pid

    @property
    def snapshotter(self) -> str:
        """`overlayfs` where it works, else `native`."""
        with Client(self.address) as client:
            found = client.introspection.plugins("type==io.containerd.snapshotter.v1,id==overlayfs")
        return "overlayfs" if any(_works(plugin) for plugin in found) else "native"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the daemon and wait until it answers. Raises RuntimeError with the end of its log."""
        self.directory.mkdir(parents=True, exist_ok=True)
        config = self.directory / "config.toml"
        config.write_text(self._config())
        path = os.environ.get("PATH", os.defpath)
        if os.sep in self._program:
            path = f"{pathlib.Path(self._program).parent}:{path}"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "--config", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": path},
                start_new_session=True,
            )
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Remove every container and stop the daemon and its shims; the directory stays."""
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(NrdctlError), Client(self.address, call_timeout=5.0) as client:
                for namespace in client.namespaces.list():
                    kill_tasks(client.at(namespace.name))
        self.kill()
        self._remove_leftovers()

    def kill(self) -> None:
        """End the daemon alone, as if it had crashed; containers and shims go on."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def shims(self) -> dict[int, tuple[str, str]]:
        """Return the namespace and id that each shim, by pid, of this daemon was started for."""
        found = {}
        for pid, arguments in _command_lines():
            options = dict(itertools.pairwise(arguments))
            if options.get("-address") == self.address:
                found[pid] = (options.get("-namespace", ""), options.get("-id", ""))
        return found

    def _config(self) -> str:
        disabled = ", ".join(f'"{plugin}"' for plugin in _DISABLED)
        return (
            "version = 2\n"
            f'root = "{self.root}"\n'
            f'state = "{self.state}"\n'
            f"disabled_plugins = [{disabled}]\n"
            f'[grpc]\naddress = "{self.socket}"\n'
            f'[ttrpc]\naddress = "{self.socket}.ttrpc"\n'
        )

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        with Client(self.address) as client:
            while True:
                try:
                    client.version.get()
                except Unavailable:
                    ended = self._process is None or self._process.poll() is not None
                    if ended or time.monotonic() > deadline:
                        log = self.log.read_text(errors="replace")[-4000:]
                        raise RuntimeError(f"containerd does not answer; its log ends with:\n{log}") from None
                    time.sleep(0.05)
                else:
                    return

    def _remove_leftovers(self) -> None:
        for pid in self.shims():
            for child in _children(pid):
                _kill(child)
            _kill(pid)
        tasks = self.state / "io.containerd.runtime.v2.task"
        for bundle in tasks.glob("*/*"):
            runc = ["runc", "--root", str(RUNC_STATE / bundle.parent.name), "delete", "--force", bundle.name]
            subprocess.run(runc, check=False, capture_output=True, timeout=STOP_SECONDS)
        for mount in _mounts_under(self.directory):
            subprocess.run(["umount", "--lazy", mount], check=False, capture_output=True, timeout=STOP_SECONDS)
        for namespace in tasks.glob("*"):
            _remove_empty_directories(namespace.name)


def kill_tasks(client: Client) -> None:
    """End and delete all tasks in a client's namespace."""
    for task in client.tasks.list():
        with contextlib.suppress(NotFound, Conflict):
            if task.status is not TaskStatus.STOPPED:
                with contextlib.suppress(NotFound):
                    client.tasks.kill(task.container_id, signal.SIGKILL, all=True)
                client.tasks.wait(task.container_id, timeout=STOP_SECONDS)
            client.tasks.delete(task.container_id)


def clean_namespace(client: Client) -> None:
    """Remove all that a client's namespace holds, and the namespace."""
    kill_tasks(client)
    for container in client.containers.list():
        client.containers.delete(container.id)
    for image in client.images.list():
        client.images.delete(image.name)
    for ingest in client.content.statuses():
        client.content.abort(ingest.ref)
    for lease in client.leases.list():
        client.leases.delete(lease.id)
    # The garbage collector takes all that is left, but for what a label keeps. Removing it by hand instead may fail:
    # a snapshot whose child was collected counts as one with a child.
    collect_garbage(client)
    for plugin in client.introspection.plugins("type==io.containerd.snapshotter.v1"):
        if _works(plugin):
            _remove_snapshots(client, plugin.id)
    for blob in client.content.list():
        with contextlib.suppress(NotFound):
            client.content.delete(blob.digest)
    with contextlib.suppress(NotFound, Conflict):
        client.namespaces.delete(client.namespace)
    _remove_empty_directories(client.namespace)


def collect_garbage(client: Client) -> None:
    """Return after a run of the garbage collector."""
    client.leases.create("garbage-collector")
    client.leases.delete("garbage-collector", sync=True)


def freeze(pid: int) -> None:
    """Stop a process and return when none of its threads runs any more."""
    os.kill(pid, signal.SIGSTOP)
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        stats = [path.read_text() for path in pathlib.Path(f"/proc/{pid}/task").glob("*/stat")]
        if all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats):
            return
        time.sleep(0.01)
    raise RuntimeError(f"process {pid} does not stop")


def _remove_snapshots(client: Client, snapshotter: str) -> None:
    # Children first: a snapshot that is a parent can't be removed.
    while infos := client.snapshots.list(snapshotter):
        parents = {info.parent for info in infos}
        for info in infos:
            if info.name not in parents:
                with contextlib.suppress(NotFound):
                    client.snapshots.remove(snapshotter, info.name)


def _remove_empty_directories(namespace: str) -> None:
    # What runc leaves outside of the daemon's directory: its state and the parents of its cgroups.
    hierarchies = [CGROUPS, *CGROUPS.iterdir()] if CGROUPS.exists() else []
    for parent in (RUNC_STATE, *hierarchies):
        with contextlib.suppress(OSError):
            (parent / namespace).rmdir()


def _works(plugin: Plugin) -> bool:
    return not plugin.init_error


def _command_lines() -> Iterator[tuple[int, list[str]]]:
    for directory in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            yield int(directory.name), (directory / "cmdline").read_text(errors="replace").split("\0")


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        lists = pathlib.Path(f"/proc/{pid}/task").glob("*/children")
        return [int(child) for each in lists for child in each.read_text().split()]
    return []


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _mounts_under(directory: pathlib.Path) -> list[str]:
    lines = pathlib.Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4] for line in lines]
    return [point for point in reversed(points) if point.startswith(f"{directory}/")]
