"""Removing iptables rules that plugins leave behind.

The bridge plugin removes its masquerading only when it still finds the container's interface, and the firewall plugin
never removes what it added for a bridge. Rules are found by what the plugins write into them: the container's id in
a comment (`name: "bridge" id: "default-4f2a…"`), or the bridge's name.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_OWN_CHAIN = re.compile(r"CNI-(DN-|SN-)?[0-9a-f]{16,}")  # a hash of network and container, by the plugins' naming
_TOOLS = ("iptables", "ip6tables")
_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"


def sweep_container(container_id: str) -> int:
    """Remove address-translation rules and chains of a container; return how many rules went."""
    mark = f'id: "{container_id}"'
    return _sweep("nat", lambda words: any(word.endswith(mark) for word in words))


def sweep_bridge(bridge: str) -> int:
    """Remove the isolation rules of a bridge that is being removed; return how many went."""
    return _sweep("filter", lambda words: words[1].startswith("CNI-ISOLATION-") and bridge in words)


def plan(listing: str, concerned: Callable[[list[str]], bool]) -> tuple[list[list[str]], list[str]]:
    """Return (rules to delete, chains to empty and delete), from the output of `iptables -S`. Pure.

    `concerned` decides by the words of a rule. The chains are those of one container that such a rule jumps to.
    """
    rules, chains = [], []
    for line in listing.splitlines():
        words = shlex.split(line)
        if words[:1] != ["-A"] or not concerned(words):
            continue
        rules.append(["-D", *words[1:]])
        target = words[words.index("-j") + 1] if "-j" in words else ""
        if _OWN_CHAIN.fullmatch(target):
            chains.append(target)
    return [rule for rule in rules if rule[1] not in chains], chains


def _sweep(table: str, concerned: Callable[[list[str]], bool]) -> int:
    path = f"{os.environ.get('PATH', '')}:{_FOLDERS}"
    count = 0
    for tool in filter(None, (shutil.which(name, path=path) for name in _TOOLS)):
        rules, chains = plan(_call(tool, table, ["-S"]), concerned)
        for rule in rules:
            _call(tool, table, rule)
        for chain in chains:
            _call(tool, table, ["-F", chain])
            _call(tool, table, ["-X", chain])
        count += len(rules)
    return count


def _call(tool: str, table: str, arguments: list[str]) -> str:
    """Run iptables; a failure (no such table, rule gone meanwhile) is as good as an empty answer."""
    import subprocess  # import cost

    done = subprocess.run([tool, "-w", "-t", table, *arguments], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""
