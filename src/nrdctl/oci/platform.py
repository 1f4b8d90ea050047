"""Platforms: `os/architecture[/variant]`, normalised and matched as containerd's package platforms does."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from nrdctl.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_OPERATING_SYSTEMS = frozenset(
    {"aix", "android", "darwin", "dragonfly", "freebsd", "illumos", "ios", "js", "linux", "netbsd", "openbsd", "plan9"}
    | {"solaris", "windows", "zos"}
)
_ARCHITECTURES = frozenset(
    {"386", "amd64", "arm", "arm64", "loong64", "mips", "mipsle", "mips64", "mips64le", "ppc64", "ppc64le", "riscv64"}
    | {"s390x", "wasm"}
)
_COMPONENT = re.compile(r"[A-Za-z0-9_.-]+")
# What `uname -m` and people say → (architecture, variant). Source: containerd platforms/database.go, uname(2).
_ALIASES = {
    "i386": ("386", ""),
    "i686": ("386", ""),
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "aarch64": ("arm64", ""),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
    "armv5l": ("arm", "v5"),
    "armv6l": ("arm", "v6"),
    "armv7l": ("arm", "v7"),
    "armv8l": ("arm", "v8"),
    "loongarch64": ("loong64", ""),
}


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Platform:
    """Where an image runs, e.g. `Platform(os="linux", architecture="arm", variant="v7")`."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    def to_json(self) -> dict[str, str]:
        """Return the descriptor's `platform` object."""
        document = {"architecture": self.architecture, "os": self.os}
        if self.variant:
            document["variant"] = self.variant
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> Platform:
        """Read a descriptor's `platform` object or an image configuration's three fields."""
        os, architecture, variant = (str(document.get(key) or "") for key in ("os", "architecture", "variant"))
        return cls(os=os, architecture=architecture, variant=variant)


def normalise(platform: Platform) -> Platform:
    """Return the platform in Go's names: `x86_64` → `amd64`, `aarch64/v8` → `arm64`, `arm` → `arm/v7`."""
    os = platform.os.lower()
    os = "darwin" if os == "macos" else os
    architecture, variant = platform.architecture.lower(), platform.variant.lower()
    if architecture in _ALIASES:
        architecture, implied = _ALIASES[architecture]
        variant = variant or implied
    if architecture in {"arm", "arm64", "amd64"} and variant.isdecimal():
        variant = f"v{variant}"
    if architecture == "arm":
        variant = variant or "v7"
    if (architecture, variant) in {("arm64", "v8"), ("amd64", "v1")}:
        variant = ""
    return Platform(os=os, architecture=architecture, variant=variant)


def host_platform(machine: str) -> Platform:
    """Return this host's platform; `machine` is what `uname -m` says."""
    return normalise(Platform(os="linux", architecture=machine))


def parse_platform(text: str, *, host: Platform) -> Platform:
    """Parse `--platform`: `os`, `architecture`, `os/architecture` or `os/architecture/variant`.

    What is left out is the host's. Raises InvalidArgument.
    """
    parts = text.split("/")
    if len(parts) > 3 or not all(_COMPONENT.fullmatch(part) for part in parts):
        raise InvalidArgument(
            f"{text!r} is an invalid platform", hint="a platform is os/architecture[/variant], e.g. linux/arm64"
        )
    if len(parts) > 1:
        return normalise(Platform(os=parts[0], architecture=parts[1], variant=parts[2] if len(parts) == 3 else ""))
    alone = normalise(Platform(os=text, architecture=text))
    if alone.os in _OPERATING_SYSTEMS:
        return dataclasses.replace(host, os=alone.os)
    if alone.architecture in _ARCHITECTURES:
        return host if alone.architecture == host.architecture else dataclasses.replace(alone, os=host.os)
    raise InvalidArgument(f"{text!r}: unknown operating system or architecture: invalid argument")


def _runnable(wanted: Platform) -> Iterator[Platform]:
    """What a host of platform `wanted` can run, best first (containerd platforms/compare.go, platformVector)."""
    wanted = normalise(wanted)
    yield wanted
    os, architecture, variant = wanted.os, wanted.architecture, wanted.variant
    if architecture == "amd64":
        levels = range(int(variant[1:]) - 1, 0, -1) if re.fullmatch(r"v[2-9]", variant) else ()
        yield from (normalise(Platform(os=os, architecture="amd64", variant=f"v{level}")) for level in levels)
        yield Platform(os=os, architecture="386")
    elif architecture == "arm64":
        if variant:
            yield Platform(os=os, architecture="arm64")
        yield from (Platform(os=os, architecture="arm", variant=f"v{level}") for level in (8, 7, 6, 5))
    elif architecture == "arm" and re.fullmatch(r"v[6-8]", variant):
        levels = range(int(variant[1:]) - 1, 4, -1)
        yield from (Platform(os=os, architecture="arm", variant=f"v{level}") for level in levels)


def choose(candidates: Sequence[Platform | None], wanted: Platform) -> int | None:
    """Return the position of the candidate that suits `wanted` best, None when none does.

    A candidate without a platform is taken when it is the only one: an old image that does not say what it is.
    """
    normal = [normalise(candidate) if candidate is not None else None for candidate in candidates]
    for platform in _runnable(wanted):
        if platform in normal:
            return normal.index(platform)
    return 0 if normal == [None] else None
