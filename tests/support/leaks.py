"""What a container leaves on the host while it runs, to see that nothing is left afterwards."""

from __future__ import annotations

import os
import pathlib
import subprocess
import time
from typing import TYPE_CHECKING

from nrdctl.network import iptables, links
from nrdctl.network.conflist import bridge_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from nrdctl.state.layout import Layout

CGROUP = pathlib.Path("/sys/fs/cgroup")
SECONDS = 15.0


def found(layout: Layout, namespace: str) -> set[str]:
    """Return lines of the form `what ID` for all that containers of a namespace hold outside of containerd."""
    return {
        *(f"netns {path.parent.name}" for path in layout.run.glob("*/netns")),
        *(f"monitor {container}" for container in _monitors(layout)),
        *(f"address {container}" for container in _addresses(layout, namespace)),
        *(f"rule {container}" for container in _rules(namespace)),
    }


def assert_only(layout: Layout, namespace: str, *, running: Collection[str], before: set[str]) -> None:
    """Fail unless, soon, only containers that run hold anything that was not there `before`."""
    deadline = time.monotonic() + SECONDS
    while left := {line for line in found(layout, namespace) - before if line.split()[1] not in running}:
        assert time.monotonic() < deadline, f"left behind: {sorted(left)}"
        time.sleep(0.05)


def remove_bridges(layout: Layout) -> None:
    """Remove the bridges of an installation's networks, and their rules."""
    for conflist in layout.network_dir.glob("*.conflist"):
        bridge = bridge_name(layout.data, conflist.stem)
        links.delete_bridge(bridge)
        iptables.sweep_bridge(bridge)


def remove_cgroups(namespace: str) -> None:
    """Remove the empty cgroups that the containers of a namespace were in."""
    for top in (CGROUP / namespace, *CGROUP.glob(f"*/{namespace}")):
        for folder, _, _ in os.walk(top, topdown=False):
            pathlib.Path(folder).rmdir()


def _monitors(layout: Layout) -> list[str]:
    """Return the containers that have a monitor: the last word of its command line is the container's folder."""
    containers = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        folders = [pathlib.Path(word) for word in words if word.startswith(f"{layout.run}/")]
        if any("/conmon-" in word for word in words):
            containers += [folder.name for folder in folders]
    return containers


def _addresses(layout: Layout, namespace: str) -> list[str]:
    owners = [path.read_text().split() for path in layout.ipam_dir.glob("*/*[0-9]")]
    return [
        words[0].removeprefix(f"{namespace}-") for words in owners if words and words[0].startswith(f"{namespace}-")
    ]


def _rules(namespace: str) -> set[str]:
    saved = subprocess.run(["iptables-save", "-t", "nat"], capture_output=True, text=True, check=False).stdout
    marked = [line.partition(f'id: \\"{namespace}-')[2] for line in saved.splitlines()]
    return {rest.partition("\\")[0] for rest in marked if rest}
