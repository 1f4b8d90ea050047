"""Tasks (containerd.services.tasks.v1): the running half of containers.

The calls that change a task have no short deadline and are not given up on Ctrl-C: a create or delete that is cancelled
half-way leaves a shim that nothing can reach any more.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from nrdctl._pb import tasks_pb2 as pb
from nrdctl._pb import tasktypes_pb2
from nrdctl.containerd import convert, rpcerrors
from nrdctl.containerd.channel import Limit, Rpc, Scope
from nrdctl.containerd.exits import PendingExit
from nrdctl.containerd.records import ExitStatus, Mount, Runtime, Streams, Task, TaskStatus
from nrdctl.containerd.runtime import from_runtime_options
from nrdctl.errors import DeadlineExceeded, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PROCESS_TYPE = "types.containerd.io/opencontainers/runtime-spec/1/Process"
RESOURCES_TYPE = "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources"

_DEV_NULL = Streams()


class Tasks:
    """Running containers. An empty `exec_id` means the init process."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._rpc = Rpc(scope, pb.DESCRIPTOR.services_by_name["Tasks"])

    def create(
        self,
        container_id: str,
        rootfs: Iterable[Mount],
        streams: Streams = _DEV_NULL,
        *,
        runtime: Runtime | None = None,
    ) -> int:
        """Start a shim, mount the root file system, make the init process, and return its pid; `start` lets it run.

        `runtime` overrides the options in the container's record. Blocks while FIFOs have no reader. Raises
        AlreadyExists, StartFailed.
        """
        request = pb.CreateTaskRequest(
            container_id=container_id,
            rootfs=convert.from_mounts(rootfs),
            stdin=streams.stdin,
            stdout=streams.stdout,
            stderr=streams.stderr,
            terminal=streams.terminal,
            options=from_runtime_options(runtime) if runtime is not None else None,
        )
        with rpcerrors.starting():
            return int(self._rpc.unary("Create", request, Limit.TASK).pid)

    def start(self, container_id: str, exec_id: str = "") -> int:
        """Run what `create` or `exec` made and return its pid. Raises StartFailed, Conflict."""
        request = pb.StartRequest(container_id=container_id, exec_id=exec_id)
        with rpcerrors.starting():
            return int(self._rpc.unary("Start", request, Limit.TASK).pid)

    def exec(self, container_id: str, exec_id: str, process: Mapping[str, Any], streams: Streams = _DEV_NULL) -> None:
        """Make another process in a running task; `start` runs it, and after its exit `delete_process` must be called.

        `process` is the process part of a runtime specification; its `terminal` must agree with that of `streams`.
        """
        request = pb.ExecProcessRequest(
            container_id=container_id,
            exec_id=exec_id,
            stdin=streams.stdin,
            stdout=streams.stdout,
            stderr=streams.stderr,
            terminal=streams.terminal,
            spec=convert.json_any(PROCESS_TYPE, process),
        )
        with rpcerrors.starting():
            self._rpc.unary("Exec", request, Limit.TASK)

    def delete(self, container_id: str) -> ExitStatus:
        """Remove a task that has exited, or was never started, with its shim. Raises NotFound, Conflict (running)."""
        return _exit_status(self._rpc.unary("Delete", pb.DeleteTaskRequest(container_id=container_id), Limit.TASK))

    def delete_process(self, container_id: str, exec_id: str) -> ExitStatus:
        """Remove an exec that has exited or failed to start. Raises NotFound, Conflict (running)."""
        request = pb.DeleteProcessRequest(container_id=container_id, exec_id=exec_id)
        return _exit_status(self._rpc.unary("DeleteProcess", request, Limit.TASK))

    def get(self, container_id: str, exec_id: str = "") -> Task:
        """Return the state of a process; its status is `unknown` when the shim does not answer. Raises NotFound."""
        answer = self._rpc.unary("Get", pb.GetRequest(container_id=container_id, exec_id=exec_id))
        return _to_task(answer.process, container_id=container_id, exec_id=exec_id)

    def kill(self, container_id: str, signal: int, *, exec_id: str = "", all: bool = False) -> None:  # noqa: A002
        """Send a signal to a process, or with `all` to all of the container. Raises NotFound, also when it exited."""
        request = pb.KillRequest(container_id=container_id, exec_id=exec_id, signal=signal, all=all)
        self._rpc.unary("Kill", request, Limit.TASK)

    def resize(self, container_id: str, width: int, height: int, exec_id: str = "") -> None:
        """Set the size of a process's terminal, in characters."""
        request = pb.ResizePtyRequest(container_id=container_id, exec_id=exec_id, width=width, height=height)
        self._rpc.unary("ResizePty", request)

    def close_stdin(self, container_id: str, exec_id: str = "") -> None:
        """Close the shim's end of a process's stdin; with ours closed too, the process reads end of file."""
        self._rpc.unary("CloseIO", pb.CloseIORequest(container_id=container_id, exec_id=exec_id, stdin=True))

    def pause(self, container_id: str) -> None:
        """Freeze all processes of a container."""
        self._rpc.unary("Pause", pb.PauseTaskRequest(container_id=container_id), Limit.TASK)

    def resume(self, container_id: str) -> None:
        """Thaw them."""
        self._rpc.unary("Resume", pb.ResumeTaskRequest(container_id=container_id), Limit.TASK)

    def pids(self, container_id: str) -> list[int]:
        """Return the host's pids of all processes of a container."""
        answer = self._rpc.unary("ListPids", pb.ListPidsRequest(container_id=container_id))
        return [each.pid for each in answer.processes]

    def update(self, container_id: str, resources: Mapping[str, Any]) -> None:
        """Set limits of a running container; `resources` is `linux.resources` of a runtime specification."""
        request = pb.UpdateTaskRequest(container_id=container_id, resources=convert.json_any(RESOURCES_TYPE, resources))
        self._rpc.unary("Update", request, Limit.TASK)

    def wait(self, container_id: str, exec_id: str = "", timeout: float | None = None) -> ExitStatus:
        """Return how a process exited, once it has. Raises NotFound, DeadlineExceeded after `timeout` seconds."""
        pending = self.wait_async(container_id, exec_id)
        try:
            return pending.result(timeout)
        finally:
            pending.cancel()

    def wait_async(self, container_id: str, exec_id: str = "") -> PendingExit:
        """Begin to wait; call it before `start`. Once the task is deleted its exit status can't be had any more."""
        request = pb.WaitRequest(container_id=container_id, exec_id=exec_id)
        return PendingExit(self._rpc, self._rpc.future("Wait", request, Limit.ENDLESS))

    def _list_at_once(self) -> list[Task]:
        from nrdctl.containerd.containers import Containers  # import cost

        ids = [record.id for record in Containers(self._scope).list()]
        calls = {each: self._rpc.future("Get", pb.GetRequest(container_id=each), Limit.READ) for each in ids}
        tasks = []
        for container_id, call in calls.items():
            with contextlib.suppress(NotFound):
                try:
                    with self._rpc.translated("Get"):
                        process = call.result().process
                except DeadlineExceeded:
                    process = tasktypes_pb2.Process()
                tasks.append(_to_task(process, container_id=container_id))
        return tasks

    def list(self) -> list[Task]:
        """Return all tasks; the status of those whose shim hangs is `unknown`.

        The daemon asks one shim after the other and gives each two seconds, so three that hang pass the deadline. Then
        they are asked all at once.
        """
        try:
            answer = self._rpc.unary("List", pb.ListTasksRequest(), Limit.SHORT)
        except DeadlineExceeded:
            return self._list_at_once()
        return [_to_task(each, container_id=each.container_id or each.id) for each in answer.tasks]


def _to_task(message: Any, *, container_id: str, exec_id: str = "") -> Task:
    return Task(
        container_id=container_id,
        exec_id=exec_id,
        pid=message.pid,
        status=TaskStatus(tasktypes_pb2.Status.Name(message.status).lower()),
        stdin=message.stdin,
        stdout=message.stdout,
        stderr=message.stderr,
        terminal=message.terminal,
        exit_status=message.exit_status,
        exited_at=convert.to_datetime(message, "exited_at"),
    )


def _exit_status(message: Any) -> ExitStatus:
    return ExitStatus(status=message.exit_status, exited_at=convert.to_datetime(message, "exited_at"))
