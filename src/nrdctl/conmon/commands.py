"""Runs one of nrdctl's own commands in a session of its own and reports its exit status and output."""

import posix
from _signal import SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGXFSZ  # type: ignore[import-not-found]
from select import POLLIN

from nrdctl.conmon.loop import READ, Loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_OUTPUT = 4096
_MOST_ERRORS = 65536
CANNOT_RUN = 126


class Command:
    """A running command. `done(status, output)` is called once; it does not wait for the command's own children."""

    def __init__(self, loop: Loop, argv: list[bytes], environment: dict[bytes, bytes]) -> None:
        """Start it. Raises OSError."""
        self._loop = loop
        self._output = b""
        self._done: Callable[[int, bytes], None] | None = None
        self._pipe, writer = posix.pipe2(posix.O_CLOEXEC | posix.O_NONBLOCK)
        try:
            self._pid = _spawn(argv, environment, writer)
        except OSError:
            posix.close(self._pipe)
            raise
        finally:
            posix.close(writer)
        self._pidfd = posix.pidfd_open(self._pid, 0)

    def watch(self, done: "Callable[[int, bytes], None]") -> None:
        """Call `done` when the command has exited."""
        self._done = done
        self._loop.watch(self._pipe, POLLIN, self._on_output)
        self._loop.watch(self._pidfd, READ, self._on_exit)

    def abandon(self) -> None:
        """Let it run on unwatched."""
        for fd in (self._pipe, self._pidfd):
            self._loop.forget(fd)
            posix.close(fd)

    def _on_output(self, _events: int) -> None:
        try:
            chunk = posix.read(self._pipe, _MOST_OUTPUT)
        except BlockingIOError:
            return
        self._output = (self._output + chunk)[:_MOST_OUTPUT]
        if not chunk:
            self._loop.forget(self._pipe)

    def _on_exit(self, _events: int) -> None:
        _, status = posix.waitpid(self._pid, 0)
        self._on_output(0)
        self.abandon()
        if self._done is not None:
            self._done(posix.waitstatus_to_exitcode(status), self._output)


def _spawn(argv: list[bytes], environment: dict[bytes, bytes], stdout: int) -> int:
    _limit_errors()
    return posix.posix_spawn(
        argv[0],
        argv,
        environment,
        file_actions=[
            (posix.POSIX_SPAWN_OPEN, 0, "/dev/null", posix.O_RDONLY, 0),
            (posix.POSIX_SPAWN_DUP2, stdout, 1),
        ],
        setsid=True,
        setsigmask=(),
        setsigdef=(SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGXFSZ),
    )


def _limit_errors() -> None:
    """Begin the error file anew when failures have filled it: standard error of the commands is ours."""
    try:
        if posix.fstat(2).st_size > _MOST_ERRORS:
            posix.ftruncate(2, 0)
    except OSError:
        return
