"""A container's network record, `network.json` in its folder: first the intent, then what the plugins answered.

It is written before the first plugin runs and after each of them, so that whatever was done can be undone from it,
also by another process after a crash or a reboot.
"""

from __future__ import annotations

import dataclasses
import enum
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nrdctl.errors import NrdctlError
from nrdctl.model.port import PortMapping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FILE = "network.json"


class Phase(enum.StrEnum):
    """How far an attachment has come. From ADDING on, plugins may have left something."""

    PLANNED = "planned"
    ADDING = "adding"
    ADDED = "added"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Addresses that a person asked for; "" for any."""

    ip: str = ""
    ip6: str = ""
    mac: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """One interface of a container on one network.

    `source` is the file of the network when it is ours, "" else; `result` is the CNI result so far.
    """

    network: str
    network_id: str
    interface: str
    conflist: Mapping[str, Any]
    source: str = ""
    phase: Phase = Phase.PLANNED
    wanted: Wanted = dataclasses.field(default_factory=Wanted)
    aliases: tuple[str, ...] = ()
    ports: tuple[PortMapping, ...] = ()
    result: Mapping[str, Any] | None = None

    @property
    def address(self) -> str:
        """The IPv4 address with prefix, e.g. `10.4.0.2/24`; "" when there is none."""
        return self._ip(4).get("address", "")

    @property
    def gateway(self) -> str:
        """The IPv4 gateway."""
        return self._ip(4).get("gateway", "")

    @property
    def address6(self) -> str:
        """The IPv6 address with prefix."""
        return self._ip(6).get("address", "")

    @property
    def gateway6(self) -> str:
        """The IPv6 gateway."""
        return self._ip(6).get("gateway", "")

    @property
    def mac(self) -> str:
        """The hardware address of the interface in the container."""
        for interface in (self.result or {}).get("interfaces") or ():
            if interface.get("name") == self.interface and interface.get("sandbox"):
                return str(interface.get("mac") or "")
        return ""

    def _ip(self, version: int) -> dict[str, str]:
        """Return address and gateway of the first IP of this version; results before 0.3 have `ip4` and `ip6`."""
        result = self.result or {}
        if old := result.get(f"ip{version}"):
            return {"address": str(old.get("ip") or ""), "gateway": str(old.get("gateway") or "")}
        for entry in result.get("ips") or ():
            address = str(entry.get("address") or "")
            if address and (":" in address) == (version == 6):
                return {"address": address, "gateway": str(entry.get("gateway") or "")}
        return {}


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class NetworkState:
    """The networks of a container. `container_id` is the one that plugins know; `names` are its names for peers."""

    container_id: str
    netns: Path
    hostname: str = ""
    names: tuple[str, ...] = ()
    ports: tuple[PortMapping, ...] = ()
    attachments: tuple[Attachment, ...] = ()

    @property
    def networks(self) -> tuple[str, ...]:
        """The names of the networks."""
        return tuple(attachment.network for attachment in self.attachments)

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses with prefix, for the container's own hosts file."""
        pairs = ((a.address, a.address6) for a in self.attachments)
        return tuple(address for pair in pairs for address in pair if address)

    def with_attachment(self, index: int, **changes: Any) -> NetworkState:
        """Return the state with fields of one attachment replaced."""
        items = list(self.attachments)
        items[index] = dataclasses.replace(items[index], **changes)
        return dataclasses.replace(self, attachments=tuple(items))


def load(folder: Path) -> NetworkState | None:
    """Return the record in a container's folder, None when there is none. Raises NrdctlError when it is damaged."""
    path = folder / FILE
    try:
        return from_json(json.loads(path.read_bytes()))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise NrdctlError(f"{path} is damaged: {error}") from error


def save(folder: Path, state: NetworkState, write: Callable[[Path, str], None]) -> None:
    """Write the record; `write` replaces a file atomically."""
    write(folder / FILE, json.dumps(to_json(state), indent=1) + "\n")


def to_json(state: NetworkState) -> dict[str, Any]:
    """Return the record's document."""
    document = dataclasses.asdict(state)
    document["netns"] = str(state.netns)
    return document


def from_json(document: Mapping[str, Any]) -> NetworkState:
    """Read a record's document. Raises KeyError, TypeError or ValueError when it is not one."""
    return NetworkState(
        container_id=document["container_id"],
        netns=Path(document["netns"]),
        hostname=document["hostname"],
        names=tuple(document["names"]),
        ports=_ports(document["ports"]),
        attachments=tuple(
            Attachment(
                **{
                    **item,
                    "phase": Phase(item["phase"]),
                    "wanted": Wanted(**item["wanted"]),
                    "aliases": tuple(item["aliases"]),
                    "ports": _ports(item["ports"]),
                }
            )
            for item in document["attachments"]
        ),
    )


def _ports(items: list[dict[str, Any]]) -> tuple[PortMapping, ...]:
    return tuple(PortMapping(**item) for item in items)
