"""FIFOs between a process in a container and this one.

The shim opens the FIFOs' other ends; containerd's rule is that ours must be open before it does (an output FIFO without
a reader makes Tasks.Create wait 30 s), and that reading starts only after the call has returned (before that, a read
says "end of file" although nobody has written yet).
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import tempfile
from pathlib import Path


@dataclasses.dataclass(kw_only=True)
class Fifos:
    """The paths given to containerd ("" for a stream that is not wanted) and our ends of them."""

    folder: Path
    stdin: str = ""
    stdout: str = ""
    stderr: str = ""
    stdout_fd: int = -1
    stderr_fd: int = -1
    stdin_fd: int = -1

    @classmethod
    def make(cls, parent: Path, *, stdin: bool, terminal: bool) -> Fifos:
        """Make the FIFOs in a new folder below `parent` and open the reading ends. With a terminal: no stderr."""
        parent.mkdir(parents=True, exist_ok=True, mode=0o711)
        folder = Path(tempfile.mkdtemp(prefix="exec-", dir=parent))
        fifos = cls(folder=folder)
        try:
            names = ["stdout", *([] if terminal else ["stderr"]), *(["stdin"] if stdin else [])]
            for name in names:
                path = folder / name
                os.mkfifo(path, 0o600)
                setattr(fifos, name, str(path))
            fifos.stdout_fd = os.open(fifos.stdout, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            if fifos.stderr:
                fifos.stderr_fd = os.open(fifos.stderr, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except BaseException:
            fifos.close()
            raise
        return fifos

    def open_stdin(self) -> None:
        """Open the writing end, once the shim has opened its reading end (after Tasks.Exec or Tasks.Create)."""
        if self.stdin:
            self.stdin_fd = os.open(self.stdin, os.O_WRONLY | os.O_CLOEXEC)

    def close_stdin(self) -> None:
        """Close our writing end; the process sees the end of file after Tasks.CloseIO too."""
        if self.stdin_fd >= 0:
            os.close(self.stdin_fd)
            self.stdin_fd = -1

    def close(self) -> None:
        """Close everything and remove the FIFOs."""
        self.close_stdin()
        for fd in (self.stdout_fd, self.stderr_fd):
            if fd >= 0:
                with contextlib.suppress(OSError):
                    os.close(fd)
        self.stdout_fd = self.stderr_fd = -1
        shutil.rmtree(self.folder, ignore_errors=True)
