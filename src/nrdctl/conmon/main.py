"""The monitor's process: `<launcher> dir <run directory>` from containerd's shim, `<launcher> fifos …` from nrdctl.

The shim gives the container's stdout and stderr as descriptors 3 and 4; 5 is the ready pipe (one byte, then closed:
right for the `binary` and the `binary-v2` scheme). With `fifos` there is only the ready pipe.
"""

import posix
from _signal import SIG_IGN, SIGHUP, SIGINT, SIGPIPE, SIGTERM, set_wakeup_fd, signal  # type: ignore[import-not-found]

from nrdctl.conmon import protocol
from nrdctl.conmon.loop import READ, Loop
from nrdctl.conmon.monitor import Monitor
from nrdctl.conmon.settings import read_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_STDOUT, _STDERR, _READY = 3, 4, 5
_INHERITED = (_STDOUT, _STDERR, _READY)


def main(arguments: "Sequence[str]") -> None:
    """Monitor one container and exit."""
    mode, directory = arguments[0], arguments[1].encode("utf-8", "surrogateescape")
    shim = mode == "dir"
    if not shim and posix.fork():
        posix._exit(0)  # nrdctl waits for this one; the other is nobody's child
    posix.chdir("/")
    posix.umask(0o027)
    _close_others(_INHERITED if shim else (_READY,))
    _redirect_errors(directory)
    loop = Loop()
    settings = read_settings(directory + b"/" + protocol.CONFIG_NAME.encode())
    monitor = Monitor(loop, settings, directory, shim=shim)
    _take_signals(loop, monitor)
    if shim:
        # With a terminal everything comes as stdout, and the end of the other pipe comes at any time.
        monitor.read(_STDOUT, -1 if settings.terminal else _STDERR)
    else:
        monitor.read(
            _open_fifo(directory + b"/stdout"), -1 if settings.terminal else _open_fifo(directory + b"/stderr")
        )
    posix.write(_READY, b"\n")
    posix.close(_READY)
    loop.run()
    posix._exit(0)


def _close_others(kept: tuple[int, ...]) -> None:
    for name in posix.listdir("/proc/self/fd"):
        fd = int(name)
        if fd in kept:
            posix.set_inheritable(fd, False)
        elif fd > 2:
            try:
                posix.close(fd)
            except OSError:
                continue


def _redirect_errors(directory: bytes) -> None:
    path = directory + b"/" + protocol.ERROR_NAME.encode()
    fd = posix.open(path, posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC | posix.O_APPEND | posix.O_CLOEXEC, 0o600)
    posix.dup2(fd, 2)
    posix.close(fd)


def _open_fifo(path: bytes) -> int:
    # poll, unlike read, reports no end before a writer has come.
    return posix.open(path, posix.O_RDONLY | posix.O_NONBLOCK | posix.O_CLOEXEC)


def _take_signals(loop: Loop, monitor: Monitor) -> None:
    """Have SIGTERM arrive as an event; ignore what is meant for a terminal's processes."""
    for number in (SIGHUP, SIGINT, SIGPIPE):
        signal(number, SIG_IGN)
    reader, writer = posix.pipe2(posix.O_CLOEXEC | posix.O_NONBLOCK)

    def on_signal(_events: int) -> None:
        if SIGTERM in posix.read(reader, 512):
            monitor.terminate()

    loop.watch(reader, READ, on_signal)
    set_wakeup_fd(writer, warn_on_full_buffer=False)
    signal(SIGTERM, lambda _number, _frame: None)
