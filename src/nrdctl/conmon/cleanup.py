"""What is done when the container has exited: the exit command, repeated until it succeeds, and the restart."""

import sys

from nrdctl.conmon.commands import Command
from nrdctl.conmon.loop import Loop
from nrdctl.conmon.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_FIRST_RETRY = 1.0
_LAST_RETRY = 60.0
_TIMER = "cleanup"


class Cleanup:
    """Runs `exit_command` and calls `done` when it exits 0 without output.

    Its output `restart <ms>` asks for `restart_command` after so many milliseconds, and `done` comes after that. A
    restart command that fails is followed by the exit command, which decides anew. What failed is tried again until it
    succeeds or `orphaned()`: where the container's run directory is gone nobody needs it any more.
    """

    def __init__(
        self, loop: Loop, settings: Settings, *, done: "Callable[[], None]", orphaned: "Callable[[], bool]"
    ) -> None:
        self._loop = loop
        self._settings = settings
        self._done = done
        self._orphaned = orphaned
        self._retry = _FIRST_RETRY
        self._command: Command | None = None
        self._held = False

    @property
    def running(self) -> bool:
        """Whether a command runs now."""
        return self._command is not None

    def begin(self) -> None:
        """See to it that the container is cleaned up; nothing happens when that is under way."""
        if self._held or self._command is not None or self._loop.pending(_TIMER):
            return
        if self._settings.exit_command:
            self._run(self._settings.exit_command, self._after_exit_command)
        else:
            self._done()

    def hold(self, held: bool) -> None:
        """Leave it to somebody else while `held`. What runs already runs on; `begin` goes on afterwards."""
        self._held = held
        if held:
            self._loop.cancel(_TIMER)

    def abandon(self) -> None:
        """Stop caring. A running command runs on."""
        self._loop.cancel(_TIMER)
        if self._command is not None:
            self._command.abandon()
            self._command = None

    def _run(self, argv: list[bytes], after: "Callable[[int, bytes], None]") -> None:
        try:
            self._command = Command(self._loop, argv, self._settings.environment)
        except OSError as error:
            sys.stderr.write(f"{argv[0]!r}: {error}\n")
            self._again()
            return
        self._command.watch(after)

    def _after_exit_command(self, status: int, output: bytes) -> None:
        self._command = None
        delay = _restart_delay(output)
        if status != 0:
            self._again()
        elif delay is None or not self._settings.restart_command:
            self._done()
        else:
            self._retry = _FIRST_RETRY
            self._later(delay, self._restart)

    def _restart(self) -> None:
        self._run(self._settings.restart_command, self._after_restart)

    def _after_restart(self, status: int, _output: bytes) -> None:
        self._command = None
        if status == 0:
            self._done()
        else:
            self._again()

    def _again(self) -> None:
        self._later(self._retry, self._try_again)
        self._retry = min(2 * self._retry, _LAST_RETRY)

    def _try_again(self) -> None:
        if self._orphaned():
            self._done()
        else:
            self.begin()

    def _later(self, seconds: float, action: "Callable[[], None]") -> None:
        if not self._held:
            self._loop.after(_TIMER, seconds, action)


def _restart_delay(output: bytes) -> float | None:
    """Return the seconds that `restart <milliseconds>` asks for."""
    words = output.split()
    if len(words) == 2 and words[0] == b"restart" and words[1].isdigit():
        return int(words[1]) / 1000
    return None
