"""Writes the json-file log.

It rotates as docker does (`.1` is the newest old file). A full disk stops nothing: lines are dropped, counted, and the
log says so when it goes on.
"""

import posix
from time import monotonic, time_ns

from nrdctl.conmon.jsonlines import LineSplitter, encode, timestamp

_FLAGS = posix.O_WRONLY | posix.O_APPEND | posix.O_CREAT | posix.O_CLOEXEC
_REOPEN_AFTER = 1.0


class LogWriter:
    """The log of one container. An empty `path` logs nothing.

    `max_size` is in bytes (0: no limit); `max_files` counts the current file too.
    """

    def __init__(self, path: bytes, *, max_size: int = 0, max_files: int = 1) -> None:
        self._path = path
        self._max_size = max_size
        self._max_files = max(1, max_files)
        self._splitters = {b"stdout": LineSplitter(), b"stderr": LineSplitter()}
        self._fd = -1
        self._size = 0
        self._next_open = 0.0
        self._lost = 0
        self._why = ""
        if path:
            self._open()

    def write(self, stream: bytes, chunk: bytes) -> None:
        """Log what `chunk` completes; a line without its end waits for the rest or for `flush`."""
        if self._path:
            self._log(stream, self._splitters[stream].feed(chunk))

    def flush(self) -> None:
        """Log the lines that will not get their end."""
        for stream, splitter in self._splitters.items():
            rest = splitter.flush()
            self._log(stream, [rest] if rest else [])

    def close(self) -> None:
        """Flush and close."""
        if self._path:
            self.flush()
            if self._lost:
                self._append(b"")
        if self._fd >= 0:
            posix.close(self._fd)
            self._fd = -1

    def _log(self, stream: bytes, blocks: list[bytes]) -> None:
        if blocks:
            now = timestamp(time_ns())
            self._append(b"".join([encode(block, stream, now) for block in blocks]))

    def _append(self, entries: bytes) -> None:
        if self._lost:
            entries = self._note() + entries
        while self._max_size and self._size + len(entries) > self._max_size:
            cut = entries.rfind(b"\n", 0, max(0, self._max_size - self._size)) + 1
            if not cut and not self._size:
                cut = entries.find(b"\n") + 1
            if cut and not self._put(entries[:cut]):
                self._lose(entries[cut:])
                return
            entries = entries[cut:]
            if not entries:
                return
            self._rotate()
        if entries:
            self._put(entries)

    def _put(self, entries: bytes) -> bool:
        """Write whole entries or nothing, so that every line of the file can be parsed."""
        if self._fd < 0:
            self._open()
        written = 0
        try:
            if self._fd < 0:
                self._lose(entries)
                return False
            while written < len(entries):
                written += posix.write(self._fd, entries[written:] if written else entries)
        except OSError as error:
            self._why = posix.strerror(error.errno or 0)
            self._take_back(written)
            self._lose(entries)
            return False
        self._size += written
        self._lost = 0
        return True

    def _take_back(self, written: int) -> None:
        try:
            if written:
                posix.ftruncate(self._fd, max(0, posix.fstat(self._fd).st_size - written))
        except OSError:
            self._size += written

    def _lose(self, entries: bytes) -> None:
        # A note that was in front of the entries counts the lines lost before it; it is written anew when it can be.
        noted = 1 if self._lost and entries.startswith(_NOTE) else 0
        self._lost += entries.count(b"\n") - noted

    def _note(self) -> bytes:
        text = f"{self._lost} lines of output were not logged: {self._why}\n"
        return encode(_NOTE_TEXT + text.encode(), b"stderr", timestamp(time_ns()))

    def _open(self) -> None:
        if monotonic() < self._next_open:
            return
        try:
            self._fd = posix.open(self._path, _FLAGS, 0o640)
            self._size = posix.fstat(self._fd).st_size
        except OSError as error:
            self._why = posix.strerror(error.errno or 0)
            self._next_open = monotonic() + _REOPEN_AFTER

    def _rotate(self) -> None:
        """Begin an empty file. When the old one can't be renamed the log grows on: rather too long than lost."""
        if self._max_files == 1:
            self._truncate()
            return
        self._size = 0
        try:
            for number in range(self._max_files - 2, 0, -1):
                _rename(b"%s.%d" % (self._path, number), b"%s.%d" % (self._path, number + 1))
            posix.rename(self._path, self._path + b".1")
        except OSError:
            return
        try:
            new = posix.open(self._path, _FLAGS | posix.O_EXCL, 0o640)
        except OSError:
            _rename(self._path + b".1", self._path)
            return
        if self._fd >= 0:
            posix.close(self._fd)
        self._fd = new

    def _truncate(self) -> None:
        self._size = 0
        if self._fd >= 0:
            try:
                posix.ftruncate(self._fd, 0)
            except OSError as error:
                self._why = posix.strerror(error.errno or 0)


_NOTE_TEXT = b"nrdctl: "
_NOTE = b'{"log":"nrdctl: '


def _rename(old: bytes, new: bytes) -> None:
    try:
        posix.rename(old, new)
    except FileNotFoundError:
        return
