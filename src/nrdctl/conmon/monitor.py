"""The life of one container's monitor: from the creation of the task until the task has been deleted.

    watching --init exits--> draining --output read--> exited --cleaned up, or task deleted--> ended --clients served

How the end of the task is seen: by SIGTERM where the shim gave the monitor the container's pipes. With a terminal or
FIFOs nobody tells; there it is the end of our clean-up, of the shim, or QUIT from the client that deleted the task. The
end of the *output* says nothing while the init process lives: a container may close its streams and go on.
"""

import posix

from nrdctl.conmon import protocol
from nrdctl.conmon.attachserver import QUEUE_HIGH, QUEUE_LOW
from nrdctl.conmon.cleanup import Cleanup
from nrdctl.conmon.containeroutput import ContainerOutput
from nrdctl.conmon.logwriter import LogWriter
from nrdctl.conmon.loop import READ, Loop, is_ready
from nrdctl.conmon.placement import join, shim_of
from nrdctl.conmon.requests import Requests
from nrdctl.conmon.settings import Settings

_KINDS = {b"stdout": protocol.STDOUT, b"stderr": protocol.STDERR}

DRAIN_IDLE = 2.0
"""Seconds of silence after the exit until a stream counts as read that the shim copies and something keeps open."""
DRAIN_LIMIT = 8 << 20
"""Bytes after the exit, from something that keeps a stream open and goes on writing."""
CLAIM_PATIENCE = 20.0
"""Seconds until a claim that nothing came of is void: a stopped client, a pager in which nobody reads on."""
ORPHAN_CHECK = 60.0
"""Seconds between looks at whether the container whose FIFOs are read, and whose task never came, still exists."""
STDIN_HOLD = 0.1
"""Seconds after Tasks.Create until the shim has certainly opened the stdin FIFO: it does so in the background."""


class Monitor:
    """See the module's text. `shim`: the shim started the monitor, as its logger; otherwise it reads FIFOs."""

    def __init__(self, loop: Loop, settings: Settings, directory: bytes, *, shim: bool) -> None:
        self._loop = loop
        self._directory = directory
        self._shim = shim
        self._direct = shim and not settings.terminal  # the container itself holds the other end of our pipes
        self._log = LogWriter(settings.log_path, max_size=settings.log_max_size, max_files=settings.log_max_files)
        self._output = ContainerOutput(loop, self._on_output, self._on_output_end)
        self._cleanup = Cleanup(loop, settings, done=self.end, orphaned=self._orphaned)
        self._requests = Requests(loop, settings, directory, self)
        self._server = self._requests.server
        self._pidfd = self._shimfd = -1
        self._known = self._draining = self._ended = self._terminating = False
        self._drained = 0
        self.exited = False
        if not shim:
            loop.after("orphan", ORPHAN_CHECK, self._check_orphan)

    def read(self, stdout: int, stderr: int) -> None:
        """Begin to read the container's output. `stderr` may be -1."""
        self._output.add(stdout, b"stdout")
        if stderr >= 0:
            self._output.add(stderr, b"stderr")

    def watch_init(self, pid: int) -> None:
        """Watch the init process; a second time does nothing. One that is gone has exited. Raises OSError."""
        if self._known:
            return
        try:
            self._pidfd = posix.pidfd_open(pid, 0)
            self._loop.watch(self._pidfd, READ, self._on_exit)
        except ProcessLookupError:
            self._loop.after("exit", 0, lambda: self._on_exit(0))
        self._known = True
        self._loop.cancel("orphan")
        self._loop.after("stdin", STDIN_HOLD, self._requests.release_stdin)
        if not self._direct:
            self._watch_shim(shim_of(pid))

    def _watch_shim(self, shim: int) -> None:
        if not shim:
            return
        if not self._shim:
            join(shim)
        try:
            self._shimfd = posix.pidfd_open(shim, 0)
        except OSError:
            return
        self._loop.watch(self._shimfd, READ, lambda _events: self._on_shim_gone())

    def _on_shim_gone(self) -> None:
        """Take the shim's end after the init process's as the deletion of the task by a client that claimed it."""
        self._shimfd = self._close_pidfd(self._shimfd)
        if self._init_gone() and self._server.claimed:
            self._terminating = True
            self._settle()

    # -- output

    def _on_output(self, stream: bytes, chunk: bytes) -> None:
        self._log.write(stream, chunk)
        if self.exited:
            return
        if self._server.subscribed:
            self._server.publish(_KINDS[stream] + chunk)
        if self._draining:
            self._drained += len(chunk)
            if not self._direct:
                self._wait_for_rest()
        elif self._server.most_queued > QUEUE_HIGH:
            self._output.pause(True)

    def _on_output_end(self) -> None:
        if self._draining:
            self._finish()
        elif not self._known:
            self.end()

    def clients_changed(self) -> None:
        """Read on when every client keeps up; see whether the clean-up has fallen to us."""
        if self._ended:
            self._loop.running = self._server.most_queued > 0
            return
        if self._server.most_queued <= QUEUE_LOW:
            self._output.pause(False)
        self._settle()

    # -- the exit of the init process

    def _on_exit(self, _events: int) -> None:
        self._pidfd = self._close_pidfd(self._pidfd)
        self._draining = True
        self._output.pause(False)
        self._output.drain()
        if self._direct:
            self._finish()
        else:
            self._wait_for_rest()

    def _close_pidfd(self, fd: int) -> int:
        if fd >= 0:
            self._loop.forget(fd)
            posix.close(fd)
        return -1

    def _wait_for_rest(self) -> None:
        """Wait for what the shim has still to copy; it ends the stream after that."""
        if not self._output.open or self._drained > DRAIN_LIMIT:
            self._finish()
        else:
            self._loop.after("drain", DRAIN_IDLE, self._finish)

    def _finish(self) -> None:
        """Say that the container has exited and that its output is complete."""
        if self.exited:
            return
        self.exited = True
        self._loop.cancel("drain")
        self._log.flush()
        if not self._direct:
            self._output.close()  # a successor may open the same FIFOs
        self._requests.close_stdin()
        self._server.announce(protocol.EXITED)
        self._loop.after("claim", CLAIM_PATIENCE, self._settle)
        self._settle()

    def _settle(self) -> None:
        """Clean up, unless a client does it."""
        if not self.exited or self._ended:
            return
        if self._terminating:
            self.end()
            return
        held = self._server.claimed and self._loop.pending("claim")
        self._cleanup.hold(held)
        if not held:
            self._cleanup.begin()

    def claim(self) -> bool:
        """Leave the clean-up to the clients that have claimed it. False: it runs already."""
        if self.exited:
            self._loop.after("claim", CLAIM_PATIENCE, self._settle)
            self._settle()
        return not self._cleanup.running

    # -- the end

    def terminate(self) -> None:
        """Take SIGTERM: the shim has deleted the task.

        When the init process lives somebody else sent it, as a host does that goes down. Stay then, for the container
        would die of SIGPIPE, but start nothing after its exit.
        """
        if not self._init_gone():
            self._terminating = True
            return
        self.end(detach=True)

    def quit(self) -> bool:
        """End, since the task is deleted. False: the init process lives."""
        if not self._init_gone():
            return False
        self.end()
        return True

    def _init_gone(self) -> bool:
        if self._pidfd >= 0 and is_ready(self._pidfd):
            self._on_exit(0)
        return self._pidfd < 0

    def end(self, *, detach: bool = False) -> None:
        """Stop everything but sending what clients have not taken yet.

        `detach`: send it from another process, since the shim waits for this one to exit.
        """
        if self._ended:
            return
        self._ended = True
        self._output.pause(False)
        self._output.drain()
        self._finish()
        self._cleanup.abandon()
        for timer in ("claim", "exit", "orphan", "stdin"):
            self._loop.cancel(timer)
        self._pidfd = self._close_pidfd(self._pidfd)
        self._shimfd = self._close_pidfd(self._shimfd)
        self._output.close()
        self._log.close()
        self._requests.close()
        if detach and self._server.most_queued and posix.fork():
            posix._exit(0)
        self._loop.running = self._server.most_queued > 0

    def _orphaned(self) -> bool:
        """Say whether the run directory, or our socket in it, is gone or a successor's."""
        try:
            inode = posix.stat(self._directory + b"/" + protocol.SOCKET_NAME.encode()).st_ino
        except OSError:
            return True
        return inode != self._server.inode

    def _check_orphan(self) -> None:
        if self._orphaned():
            self.end()
        else:
            self._loop.after("orphan", ORPHAN_CHECK, self._check_orphan)
