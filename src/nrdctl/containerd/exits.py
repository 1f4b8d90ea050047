"""An exit that has not happened yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nrdctl.containerd import convert
from nrdctl.containerd.records import ExitStatus
from nrdctl.errors import DeadlineExceeded, NrdctlError

if TYPE_CHECKING:
    from nrdctl.containerd.channel import Rpc


class PendingExit:
    """The exit of a process that a Tasks.Wait call under way will report."""

    def __init__(self, rpc: Rpc, future: Any) -> None:
        self._rpc = rpc
        self._future = future

    def done(self) -> bool:
        """Whether `result` would return or raise at once."""
        return bool(self._future.done())

    def result(self, timeout: float | None = None) -> ExitStatus:
        """Return how the process exited. Raises DeadlineExceeded after `timeout` seconds; it can be called again.

        Raises NotFound when the task was deleted, Unavailable when the daemon went, NrdctlError after `cancel`.
        """
        import grpc  # import cost

        try:
            with self._rpc.translated("Wait"):
                answer = self._future.result(timeout)
        except grpc.FutureTimeoutError:
            raise DeadlineExceeded(f"the process did not exit within {timeout:g} seconds") from None
        except grpc.FutureCancelledError:
            raise NrdctlError("Tasks.Wait was cancelled") from None
        return ExitStatus(status=answer.exit_status, exited_at=convert.to_datetime(answer, "exited_at"))

    def cancel(self) -> None:
        """Stop waiting."""
        self._future.cancel()
