"""Network interfaces of the host, by ioctl: the `ip` tool may be missing."""

from __future__ import annotations

import fcntl
import socket
import struct
from pathlib import Path

_SIOCGIFFLAGS, _SIOCSIFFLAGS = 0x8913, 0x8914  # linux/sockios.h
_SIOCBRDELBR = 0x89A1
_IFF_UP = 0x1
_INTERFACES = Path("/sys/class/net")


def exists(name: str) -> bool:
    """Whether the host has an interface of this name."""
    return (_INTERFACES / name).exists()


def is_bridge(name: str) -> bool:
    """Whether the interface is a bridge."""
    return (_INTERFACES / name / "bridge").is_dir()


def set_up(name: str, *, up: bool = True) -> None:
    """Bring an interface of the calling thread's network namespace up or down. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", name.encode(), 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(control, _SIOCGIFFLAGS, request))[1]
        flags = flags | _IFF_UP if up else flags & ~_IFF_UP
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14x", name.encode(), flags))


def delete_bridge(name: str) -> bool:
    """Remove a bridge of the host; False when there is none of this name. Raises OSError."""
    if not is_bridge(name):
        return False
    set_up(name, up=False)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCBRDELBR, struct.pack("16s", name.encode()))
    return True
