"""The texts of /etc/hosts, /etc/hostname and /etc/resolv.conf. Pure."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEADER = """\
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
ff00::0\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
"""
_BEGIN, _END = "# <nrdctl>", "# </nrdctl>"
_BLOCK = re.compile(rf"^{_BEGIN}\n.*?^{_END}\n", re.DOTALL | re.MULTILINE)
_DEFAULT_SERVERS = ("8.8.8.8", "8.8.4.4")
_DEFAULT_SERVERS_6 = ("2001:4860:4860::8888", "2001:4860:4860::8844")
SYSTEMD_STUB = "127.0.0.53"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Resolver:
    """What a person asks for in resolv.conf (`--dns`, `--dns-search`, `--dns-option`); empty means: the host's."""

    servers: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


def hosts(addresses: Iterable[str], hostname: str, domain: str = "", *, extra: Iterable[tuple[str, str]] = ()) -> str:
    """Return a container's hosts file in docker's order: loopback, `--add-host` (name, address), own name."""
    own = f"{hostname}.{domain} {hostname}" if domain else hostname
    lines = [f"{address}\t{name}\n" for name, address in extra]
    lines += [f"{address.partition('/')[0]}\t{own}\n" for address in addresses]
    return _HEADER + "".join(lines)


def host_network_hosts(host_text: str, *, extra: Iterable[tuple[str, str]] = ()) -> str:
    """Return the hosts file of a container on the host's network: the host's, and `--add-host`."""
    base = host_text if not host_text or host_text.endswith("\n") else host_text + "\n"
    return base + "".join(f"{address}\t{name}\n" for name, address in extra)


def with_peers(text: str, peers: Iterable[tuple[str, tuple[str, ...]]]) -> str:
    """Return the hosts text with its block of peers (address, names) replaced; lines around it stay."""
    lines = [f"{address}\t{' '.join(names)}\n" for address, names in peers]
    block = f"{_BEGIN}\n{''.join(lines)}{_END}\n" if lines else ""
    without = _BLOCK.sub("", text)
    if block and without and not without.endswith("\n"):
        without += "\n"
    return without + block


def hostname_file(hostname: str) -> str:
    """Return the text of /etc/hostname."""
    return f"{hostname}\n"


def resolv_conf(
    host_text: str, resolver: Resolver, *, resolved_text: str = "", ipv6: bool = False, host_network: bool = False
) -> str:
    """Return a container's resolv.conf, made from the host's as docker does.

    `resolved_text` is /run/systemd/resolve/resolv.conf, used where the host's file names systemd's stub. Servers on
    the loopback, and IPv6 servers unless `ipv6`, cannot be reached from a container's network and are left out; with
    none left Google's public ones are used. On the host's network nothing is left out.
    """
    if not host_network and resolved_text and SYSTEMD_STUB in _values(host_text, "nameserver"):
        host_text = resolved_text
    servers = resolver.servers or _values(host_text, "nameserver")
    if not resolver.servers and not host_network:
        servers = tuple(server for server in servers if _reachable(server, ipv6=ipv6))
        servers = servers or (*_DEFAULT_SERVERS, *(_DEFAULT_SERVERS_6 if ipv6 else ()))
    search = resolver.search or _values(host_text, "search")
    options = resolver.options or _values(host_text, "options")
    lines = [f"nameserver {server}" for server in servers]
    if search and search != (".",):
        lines.append(f"search {' '.join(search)}")
    if options:
        lines.append(f"options {' '.join(options)}")
    return "".join(f"{line}\n" for line in lines)


def _values(text: str, keyword: str) -> tuple[str, ...]:
    """Return the words after a keyword: all name servers, but only the last `search` or `options` line counts."""
    found: tuple[str, ...] = ()
    for line in text.splitlines():
        words = re.split(r"[#;]", line, maxsplit=1)[0].split()
        if words[:1] == [keyword] or (keyword == "search" and words[:1] == ["domain"]):
            found = (*found, *words[1:2]) if keyword == "nameserver" else tuple(words[1:])
    return found


def _reachable(server: str, *, ipv6: bool) -> bool:
    try:
        address = ipaddress.ip_address(server.partition("%")[0])
    except ValueError:
        return False
    return not address.is_loopback and (address.version == 4 or (ipv6 and not address.is_link_local))
