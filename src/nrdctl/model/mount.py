"""What `-v` and `--tmpfs` ask for, as one type."""

from __future__ import annotations

import dataclasses

_PROPAGATION = ("private", "rprivate", "shared", "rshared", "slave", "rslave")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Mount:
    """A mount of a container. `kind` is `bind`, `volume` or `tmpfs`; an anonymous volume has no source yet."""

    kind: str
    target: str
    source: str = ""
    read_only: bool = False
    propagation: str = ""
    options: tuple[str, ...] = ()


def parse_volume(text: str) -> Mount:
    """Parse docker's `-v [SOURCE:]TARGET[:OPTIONS]`. A source with a slash at its start (or `.`) is a host path.

    Raises ValueError.
    """
    parts = text.split(":")
    if len(parts) > 3 or not all(parts):
        raise ValueError(f"invalid volume specification: {text!r}")
    source, target, options = "", parts[0], ""
    if len(parts) >= 2:
        source, target = parts[0], parts[1]
    if len(parts) == 3:
        options = parts[2]
    if not target.startswith("/"):
        raise ValueError(f"invalid volume specification: {text!r}: the mount path must be absolute")
    if target.rstrip("/") == "":
        raise ValueError(f"invalid volume specification: {text!r}: the destination can't be '/'")
    read_only, propagation, rest = _options(text, options)
    kind = "bind" if source.startswith(("/", ".", "~")) else "volume"
    return Mount(kind=kind, source=source, target=target, read_only=read_only, propagation=propagation, options=rest)


def _options(text: str, options: str) -> tuple[bool, str, tuple[str, ...]]:
    read_only, propagation, rest = False, "", []
    for option in filter(None, options.split(",")):
        if option in ("ro", "rw"):
            read_only = option == "ro"
        elif option in _PROPAGATION:
            propagation = option
        elif option in ("z", "Z", "nocopy", "rbind", "bind"):
            rest.append(option)
        else:
            raise ValueError(f"invalid volume specification: {text!r}: unknown option {option!r}")
    return read_only, propagation, tuple(rest)


def parse_tmpfs(text: str) -> Mount:
    """Parse `--tmpfs TARGET[:OPTIONS]`. Raises ValueError."""
    target, _, options = text.partition(":")
    if not target.startswith("/"):
        raise ValueError(f"invalid mount path: {target!r} mount path must be absolute")
    return Mount(kind="tmpfs", target=target, options=tuple(filter(None, options.split(","))))
