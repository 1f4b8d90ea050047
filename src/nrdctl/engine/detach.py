"""The keys that leave a terminal without stopping the container (pure: bytes in, bytes and a verdict out)."""

from __future__ import annotations

from nrdctl.errors import InvalidArgument

DEFAULT_KEYS = "ctrl-p,ctrl-q"
_CONTROL = "@abcdefghijklmnopqrstuvwxyz[\\]^_"


def parse_keys(text: str) -> bytes:
    """Turn `ctrl-p,ctrl-q` or `a,b` into bytes. Raises InvalidArgument in docker's words."""
    keys = bytearray()
    for part in filter(None, text.split(",")):
        key = part.lower()
        if len(part) == 1:
            keys += part.encode()
        elif key.startswith("ctrl-") and len(key) == 6 and key[5] in _CONTROL:
            keys.append(_CONTROL.index(key[5]))
        else:
            raise InvalidArgument(f"Unknown character: '{part}' in the detach keys")
    return bytes(keys)


class DetachKeys:
    """Finds the sequence in what a person types; holds back a beginning of it until it is clear what it was."""

    def __init__(self, sequence: bytes) -> None:
        self._sequence = sequence
        self._held = b""

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """Take typed bytes; return what to pass on and whether the sequence is complete."""
        if not self._sequence:
            return data, False
        out = bytearray()
        for byte in data:
            self._held += bytes([byte])
            while self._held and not self._sequence.startswith(self._held):
                out.append(self._held[0])
                self._held = self._held[1:]
            if self._held == self._sequence:
                return bytes(out), True
        return bytes(out), False
