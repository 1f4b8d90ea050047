"""Running CNI plugins: ADD, DEL, CHECK and VERSION as the CNI specification 1.0 says (sections 2 to 4)."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from nrdctl.errors import NetworkPluginError

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

TIMEOUT = 60.0  # seconds for one plugin; host-local and iptables wait for locks, nothing waits that long
_ADMIN_FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_INSTALL = (
    "install the CNI plugins (Debian, Ubuntu, Fedora: package containernetworking-plugins) or say where they are "
    "with --cni-path; looked in "
)
# What a plugin says when another one made the same shared iptables chain, or bridge address, at the same moment.
_RACE = re.compile(
    r"file exists|already exists|_ADD failed|xtables lock|resource temporarily unavailable", re.IGNORECASE
)

Document = Mapping[str, Any]
OnResult = Callable[[dict[str, Any]], None]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """For which interface of which container plugins run, and what the person asked for.

    `runtime` holds values by capability (portMappings, ips, mac); a plugin sees those that its object in the conflist
    declares. `arguments` go into CNI_ARGS. An empty `netns` tells DEL that the namespace is gone.
    """

    container_id: str
    interface: str
    netns: str
    folders: tuple[Path, ...]
    runtime: Document = dataclasses.field(default_factory=dict)
    arguments: tuple[tuple[str, str], ...] = ()


def add(conflist: Document, call: Call, *, on_result: OnResult | None = None) -> dict[str, Any]:
    """Run ADD through the plugins of a list and return the last result.

    `on_result` sees each plugin's result at once, so that an interrupted attachment can be undone. Raises
    NetworkPluginError; the caller then undoes by `delete`.
    """
    result: dict[str, Any] | None = None
    for plugin in _needed(conflist, call):
        output = _run("ADD", plugin, _input(conflist, plugin, call, result), call)
        if output is not None:
            result = output
            if on_result is not None:
                on_result(result)
    return result or {}


def delete(conflist: Document, call: Call, previous: Document | None) -> None:
    """Run DEL through the plugins in reverse order; the first failure is raised after all have run."""
    failure: NetworkPluginError | None = None
    for plugin in reversed(_needed(conflist, call)):
        try:
            _run("DEL", plugin, _input(conflist, plugin, call, previous), call)
        except NetworkPluginError as error:
            failure = failure or error
    if failure is not None:
        raise failure


def check(conflist: Document, call: Call, previous: Document) -> None:
    """Run CHECK through the plugins. Raises NetworkPluginError when the network is not as ADD left it."""
    if conflist.get("disableCheck"):
        return
    for plugin in _needed(conflist, call):
        _run("CHECK", plugin, _input(conflist, plugin, call, previous), call)


def versions(kind: str, folders: tuple[Path, ...]) -> tuple[str, ...]:
    """Return the versions of the specification that a plugin supports."""
    call = Call(container_id="", interface="", netns="", folders=folders)
    output = _run("VERSION", {"type": kind}, {"cniVersion": "1.0.0"}, call) or {}
    return tuple(output.get("supportedVersions") or ())


def find(kind: str, folders: tuple[Path, ...]) -> Path:
    """Return the executable of a plugin. Raises NetworkPluginError with a hint."""
    for folder in folders:
        if os.access(folder / kind, os.X_OK):
            return folder / kind
    where = ", ".join(str(folder) for folder in folders) or "no folder"
    raise NetworkPluginError(kind, "the plugin is not installed", hint=_INSTALL + where)


def is_race(error: NetworkPluginError) -> bool:
    """Whether the failure may come from other plugins that ran at the same time, so that a second try is worth it."""
    return bool(_RACE.search(error.message))


def _needed(conflist: Document, call: Call) -> list[dict[str, Any]]:
    """Return the plugins to run: portmap without a port has nothing to do, but its DEL takes 100 ms."""
    return [p for p in conflist["plugins"] if p["type"] != "portmap" or call.runtime.get("portMappings")]


def _input(conflist: Document, plugin: Document, call: Call, previous: Document | None) -> dict[str, Any]:
    """Build what a plugin reads: its object with the list's name and version, less `capabilities`."""
    document = {key: value for key, value in plugin.items() if key != "capabilities"}
    document["name"] = conflist["name"]
    document["cniVersion"] = conflist.get("cniVersion") or "0.1.0"
    declared = plugin.get("capabilities") or {}
    runtime = {key: value for key, value in call.runtime.items() if declared.get(key) and value}
    if runtime:
        document["runtimeConfig"] = runtime
    if previous:
        document["prevResult"] = previous
    return document


def _run(command: str, plugin: Document, document: Document, call: Call) -> dict[str, Any] | None:
    import subprocess  # import cost

    executable = find(plugin["type"], call.folders)
    try:
        # Its own session: Ctrl-C in the terminal must not stop a plugin half-way.
        done = subprocess.run(
            [executable],
            input=json.dumps(document).encode(),
            capture_output=True,
            env=_environment(command, call),
            timeout=TIMEOUT,
            check=False,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise NetworkPluginError(plugin["type"], f"{command}: no end after {TIMEOUT:g} s") from error
    except OSError as error:
        raise NetworkPluginError(plugin["type"], f"cannot run {executable}: {error.strerror}") from error
    if done.returncode:
        raise NetworkPluginError(plugin["type"], f"{command}: {_reason(done)}")
    return _result(command, plugin["type"], done.stdout)


def _result(command: str, kind: str, output: bytes) -> dict[str, Any] | None:
    if not output.strip():
        return None
    try:
        result = json.loads(output)
    except ValueError:
        result = None
    if not isinstance(result, dict):
        raise NetworkPluginError(kind, f"{command}: the plugin's output is not a JSON object")
    return result


def _environment(command: str, call: Call) -> dict[str, str]:
    """Return the plugin's whole environment; PATH must find iptables, also where ours was empty."""
    environment = {
        "PATH": ":".join(filter(None, (os.environ.get("PATH"), _ADMIN_FOLDERS))),
        "CNI_COMMAND": command,
        "CNI_CONTAINERID": call.container_id,
        "CNI_NETNS": call.netns,
        "CNI_IFNAME": call.interface,
        "CNI_PATH": ":".join(str(folder) for folder in call.folders),
    }
    if call.arguments:
        pairs = (("IgnoreUnknown", "1"), *call.arguments)
        environment["CNI_ARGS"] = ";".join(f"{key}={value}" for key, value in pairs)
    return environment


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    """Read the error object that a plugin prints on standard output (specification, section 5), else its last words."""
    try:
        error = json.loads(done.stdout)
        parts = [str(error[key]) for key in ("msg", "details") if error.get(key)]
    except (ValueError, TypeError, AttributeError, KeyError):
        parts = []
    text = ": ".join(parts) or (done.stderr or done.stdout).decode(errors="replace").strip()
    return text or f"exit status {done.returncode}"
