"""The executable that containerd's shim starts.

The shim passes one argument of ours, no PATH and no HOME: what the monitor needs to be found is in the file.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

_PACKAGE_PARENT = Path(__file__).resolve().parents[2]

_LONGEST_SHEBANG = 127
"""Bytes of the first line that every kernel reads."""

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")

_BODY = """\
import sys
sys.path.append({parent!r})
from nrdctl.conmon.main import main
main(sys.argv[1:])
"""


def install(directory: Path) -> Path:
    """Return the launcher in `directory`, written if it isn't there. Its name follows from its content."""
    content = script(base_python(), str(_PACKAGE_PARENT)).encode("utf-8", "surrogateescape")
    path = directory / f"conmon-{hashlib.sha256(content).hexdigest()[:12]}"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        temporary = directory / f".{path.name}.{os.getpid()}"
        temporary.write_bytes(content)
        temporary.chmod(0o755)
        temporary.rename(path)
    return path


def log_uri(launcher: Path, run_directory: Path) -> str:
    """Return the URI for the stdout and the stderr of Tasks.Create."""
    return f"binary://{_quote(launcher)}?dir={_quote(run_directory)}"


def base_python() -> str:
    """Return the interpreter that a virtual environment is based on: it starts faster, and survives the environment."""
    base = getattr(sys, "_base_executable", "") or sys.executable
    return os.path.realpath(base)


def script(python: str, package_parent: str) -> str:
    """Return the launcher's text. `-I -S`: nothing of the environment or of site-packages is looked at."""
    body = _BODY.format(parent=package_parent)
    shebang = f"#!{python} -IS\n"
    if len(os.fsencode(shebang)) <= _LONGEST_SHEBANG and not any(character.isspace() for character in python):
        return shebang + body
    quoted = python.replace("'", "'\"'\"'")
    # To sh the first word is `exec`; to Python the two lines are one string.
    return f"#!/bin/sh\n'''exec' '{quoted}' -IS \"$0\" \"$@\"\n' '''\n{body}"


def _quote(path: Path) -> str:
    """Percent-encode; urllib.parse would cost some milliseconds at every start."""
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in os.fsencode(path))
