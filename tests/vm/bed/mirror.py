"""The Debian mirror: the one that this host's apt already uses."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tests.vm.bed.process import BedError

if TYPE_CHECKING:
    from collections.abc import Iterator

APT = Path("/etc/apt")


def _deb822(text: str) -> Iterator[tuple[str, str]]:
    for paragraph in text.split("\n\n"):
        fields: dict[str, str] = {}
        for line in paragraph.splitlines():
            name, colon, value = line.partition(":")
            if colon and not line.startswith(("#", " ", "\t")):
                fields[name.strip().lower()] = value.strip()
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").lower() != "no":
            for uri in fields.get("uris", "").split():
                yield uri, fields.get("suites", "").partition(" ")[0]


def _classic(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if words[:1] != ["deb"]:
            continue
        del words[0]
        if words and words[0].startswith("["):
            end = next(i for i, word in enumerate(words) if word.endswith("]"))
            del words[: end + 1]
        if len(words) >= 2:
            yield words[0], words[1]


def sources(apt: Path = APT) -> Iterator[tuple[str, str]]:
    """Every (address, suite) that apt is told of."""
    for path in sorted((apt / "sources.list.d").glob("*.sources")):
        yield from _deb822(path.read_text())
    for path in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*.list"))]:
        if path.is_file():
            yield from _classic(path.read_text())


def _plain(uri: str) -> str:
    """`mirror+file:` names a list of mirrors; take its first."""
    if uri.startswith("mirror+file:"):
        listed = Path("/" + uri.partition(":")[2].lstrip("/")).read_text().split()
        return listed[0]
    return uri


def find(apt: Path = APT) -> str:
    """The address of Debian's main archive: `NRDCTL_VM_MIRROR`, or what apt's sources say."""
    if chosen := os.environ.get("NRDCTL_VM_MIRROR"):
        return chosen
    plain = [_plain(uri) for uri, suite in sources(apt) if not suite.endswith("-security")]
    named = [uri for uri in plain if uri.rstrip("/").endswith("/debian")]
    for uri in [*named, *plain]:
        return uri.rstrip("/")
    raise BedError(f"no Debian mirror in {apt}/sources.list or {apt}/sources.list.d; set NRDCTL_VM_MIRROR")
