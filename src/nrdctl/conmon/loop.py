"""An event loop on poll(2): file descriptors with callbacks, and a few named timers. No wake-up without an event."""

import sys
from select import POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, poll
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

READ = POLLIN
WRITE = POLLOUT
HANGUP = POLLHUP | POLLERR | POLLNVAL

_REPORTS = 20


class Loop:
    """Calls back on events.

    A callback that raises is reported, and its descriptor is no longer watched, so that it can't spin.
    """

    def __init__(self) -> None:
        self._poll = poll()
        self._callbacks: dict[int, Callable[[int], object]] = {}
        self._timers: dict[str, tuple[float, Callable[[], None]]] = {}
        self._reports = _REPORTS
        self.running = True

    def watch(self, fd: int, events: int, callback: "Callable[[int], object]") -> None:
        """Call `callback(events)` when `fd` has one of `events`, or hangs up. Called again it changes both."""
        self._poll.register(fd, events)
        self._callbacks[fd] = callback

    def forget(self, fd: int) -> None:
        """Stop watching `fd`; allowed when it isn't watched."""
        if self._callbacks.pop(fd, None) is not None:
            self._poll.unregister(fd)

    def after(self, name: str, seconds: float, callback: "Callable[[], None]") -> None:
        """Call `callback` once, in `seconds`. A timer of the same name is replaced."""
        self._timers[name] = (monotonic() + seconds, callback)

    def cancel(self, name: str) -> None:
        """Drop the timer `name` if there is one."""
        self._timers.pop(name, None)

    def pending(self, name: str) -> bool:
        """Say whether the timer `name` is waiting."""
        return name in self._timers

    def run(self) -> None:
        """Serve until `running` is false."""
        while self.running:
            self.step()

    def step(self) -> None:
        """Wait for the next events and serve them."""
        for fd, events in self._poll.poll(self._timeout()):
            callback = self._callbacks.get(fd)
            if callback is None:
                continue
            try:
                callback(events)
            except Exception as error:
                self.forget(fd)
                self.report(error)
        now = monotonic()
        for name, (deadline, action) in list(self._timers.items()):
            if deadline <= now and self._timers.pop(name, None) is not None:
                try:
                    action()
                except Exception as error:
                    self.report(error)

    def report(self, error: BaseException) -> None:
        """Write a traceback to standard error, which is a file of the run directory; the first few only."""
        self._reports -= 1
        if self._reports >= 0:
            sys.__excepthook__(type(error), error, error.__traceback__)

    def _timeout(self) -> int | None:
        if not self._timers:
            return None
        soonest = min(deadline for deadline, _ in self._timers.values())
        return max(0, int((soonest - monotonic()) * 1000) + 1)


def is_ready(fd: int) -> bool:
    """Say whether `fd` can be read now."""
    once = poll()
    once.register(fd, POLLIN)
    return bool(once.poll(0))
