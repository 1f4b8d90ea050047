"""Linux capabilities: the names, docker's default set, and what `--cap-add` and `--cap-drop` make of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nrdctl.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterable

_KNOWN_WORDS = (
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE "
    "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT "
    "SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL "
    "SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
)
_DEFAULT_WORDS = (
    "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL "
    "AUDIT_WRITE"
)

KNOWN: tuple[str, ...] = tuple(f"CAP_{word}" for word in _KNOWN_WORDS.split())
"""All of them, in the order of their bits (include/uapi/linux/capability.h)."""

DEFAULT: tuple[str, ...] = tuple(f"CAP_{word}" for word in _DEFAULT_WORDS.split())
"""What a container has unless told otherwise; as a mask 00000000a80425fb."""

_ALL = "ALL"


def from_mask(mask: int) -> tuple[str, ...]:
    """Return the names of the bits of a mask, e.g. of `CapEff` in /proc/PID/status."""
    return tuple(name for bit, name in enumerate(KNOWN) if mask >> bit & 1)


def to_mask(names: Iterable[str]) -> int:
    """Return the mask with the bits of these full names set."""
    return sum(1 << KNOWN.index(name) for name in set(names))


def choose(
    *, add: Iterable[str] = (), drop: Iterable[str] = (), privileged: bool = False, available: tuple[str, ...] = KNOWN
) -> tuple[str, ...]:
    """Return the capabilities of a container, given those the daemon has. Raises InvalidArgument.

    Adding ALL wins over dropping ALL; a name that is both added and dropped is had, as in docker.
    """
    added = _normalise("CapAdd", add, available)
    dropped = _normalise("CapDrop", drop, available)
    if privileged:
        return available
    if _ALL in added:
        return tuple(name for name in available if name not in dropped)
    base = () if _ALL in dropped else tuple(name for name in DEFAULT if name in available and name not in dropped)
    return tuple(dict.fromkeys([*base, *added]))


def _normalise(field: str, names: Iterable[str], available: tuple[str, ...]) -> tuple[str, ...]:
    """Return full upper-case names and ALL; `field` is the word for the error message."""
    result = []
    for text in names:
        name = text.upper()
        if name != _ALL and not name.startswith("CAP_"):
            name = f"CAP_{name}"
        if name != _ALL and name not in KNOWN:
            raise InvalidArgument(f'invalid {field}: unknown capability: "{name}"')
        if name != _ALL and field == "CapAdd" and name not in available:
            raise InvalidArgument(
                f"invalid {field}: capability not supported by your kernel or not available in the current "
                f'environment: "{name}"'
            )
        result.append(name)
    return tuple(result)
