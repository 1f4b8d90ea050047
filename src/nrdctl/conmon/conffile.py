r"""The syntax of `conmon.conf`: `key=value` lines; a repeated key makes a list; `\n` and `\\` are the only escapes.

Bytes throughout: paths and arguments need not be UTF-8.
"""


def encode(items: list[tuple[str, bytes]]) -> bytes:
    """Return the file's content. Keys are plain words; a value holds anything but NUL (as arguments and paths do)."""
    lines = []
    for key, value in items:
        if b"\0" in value:
            raise ValueError(f"{key}: a value can't hold a NUL byte")
        lines.append(key.encode() + b"=" + value.replace(b"\\", b"\\\\").replace(b"\n", b"\\n") + b"\n")
    return b"".join(lines)


def decode(content: bytes) -> dict[str, list[bytes]]:
    """Return the values of each key. A line without `=` is ignored."""
    values: dict[str, list[bytes]] = {}
    for line in content.split(b"\n"):
        key, equals, value = line.partition(b"=")
        if equals:
            plain = value.replace(b"\\\\", b"\0").replace(b"\\n", b"\n").replace(b"\0", b"\\")
            values.setdefault(key.decode("ascii", "replace"), []).append(plain)
    return values
