"""Signals that this process gets go on to the container's process (`--sig-proxy`)."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator

# Those that say something about this process itself, and those that can't be caught.
_OWN = {signal.SIGCHLD, signal.SIGPIPE, signal.SIGURG, signal.SIGWINCH, signal.SIGKILL, signal.SIGSTOP}
_FAULTS = {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGSYS}
# The terminal's job control stays with the person's shell.
_JOB_CONTROL = {signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGCONT}
FORWARDED = sorted(signal.valid_signals() - _OWN - _FAULTS - _JOB_CONTROL)


@contextlib.contextmanager
def forwarded(send: Callable[[int], None]) -> Iterator[None]:
    """Call `send` with the number of each signal, in the main thread, instead of its usual effect."""
    before = {}
    for number in FORWARDED:
        with contextlib.suppress(OSError, ValueError):  # numbers that the C library keeps to itself
            before[number] = signal.signal(number, lambda got, _frame: send(got))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
