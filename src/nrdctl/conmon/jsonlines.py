r"""Docker's json-file lines: `{"log":"…\n","stream":"stdout","time":"2026-01-02T03:04:05.123456789Z"}`."""

from _json import encode_basestring
from time import gmtime, strftime

MAX_PARTIAL = 16384
"""Bytes of a line without its end that docker writes as one entry; the rest follows in entries of its own."""


def timestamp(nanoseconds: int) -> bytes:
    """Return RFC 3339 in UTC with nine digits, so that texts sort as times. `nanoseconds` count from the epoch.

    >>> timestamp(1767323045123456789)
    b'2026-01-02T03:04:05.123456789Z'
    """
    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    return f"{strftime('%Y-%m-%dT%H:%M:%S', gmtime(seconds))}.{fraction:09d}Z".encode()


def encode(block: bytes, stream: bytes, time: bytes) -> bytes:
    r"""Return the entries of `block`: one per newline, and one for what follows the last. Invalid UTF-8 becomes U+FFFD.

    Whole blocks go through a few calls in C instead of a loop over the lines, so that a chatty container costs little.
    """
    end = b'","stream":"' + stream + b'","time":"' + time + b'"}\n'
    text = _escape(block)
    if text.endswith(b"\n"):
        text = text[:-1]
        end = b"\\n" + end
    return b'{"log":"' + text.replace(b"\n", b'\\n","stream":"' + stream + b'","time":"' + time + b'"}\n{"log":"') + end


def _escape(block: bytes) -> bytes:
    r"""Escape `block` for JSON, but leave its newlines as they are.

    The escaped newline is the two characters `\n`; `\\n` (an escaped backslash before an n) is told from it by parking
    escaped backslashes as NUL, which escaped text never holds.
    """
    text = block.decode("utf-8", "replace")
    if not block.translate(None, _PLAIN) and (block.isascii() or "\ufffd" not in text):
        return block
    escaped = encode_basestring(text)[1:-1]
    return escaped.replace("\\\\", "\0").replace("\\n", "\n").replace("\0", "\\\\").encode()


_PLAIN = bytes(byte for byte in range(256) if byte == 0x0A or (byte >= 0x20 and byte not in b'"\\'))


class LineSplitter:
    """Cuts a byte stream into blocks of whole lines, and lines longer than MAX_PARTIAL into pieces."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the blocks that `chunk` completes: whole lines, or MAX_PARTIAL bytes of a longer one.

        A piece is up to three bytes shorter where it would cut a character.
        """
        data = self._rest + chunk if self._rest else chunk
        blocks = []
        start = 0
        while True:
            newline = data.rfind(b"\n", start, start + MAX_PARTIAL)
            if newline >= 0:
                end = newline + 1
            elif len(data) - start >= MAX_PARTIAL:
                end = _character_boundary(data, start + MAX_PARTIAL)
            else:
                break
            blocks.append(data[start:end])
            start = end
        self._rest = data[start:]
        return blocks

    def flush(self) -> bytes:
        """Return the line that has not ended, and forget it."""
        rest, self._rest = self._rest, b""
        return rest


def _character_boundary(data: bytes, end: int) -> int:
    """Return `end`, or the start of the UTF-8 character that lies across it."""
    for back in range(1, 4):
        byte = data[end - back]
        if byte < 0x80:
            break
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return end - back if back < length else end
    return end
