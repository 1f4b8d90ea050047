"""What there is on this system: the daemon's version, the host, counts."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING, Any

from nrdctl import __version__
from nrdctl.engine.container.listing import list_containers

if TYPE_CHECKING:
    from nrdctl.engine.engine import Engine


def client_version() -> dict[str, Any]:
    """Return what `version` says of this program."""
    return {
        "Version": __version__,
        "PythonVersion": platform.python_version(),
        "Os": "linux",
        "Arch": platform.machine(),
    }


def server_version(engine: Engine) -> dict[str, Any]:
    """Return what `version` says of the daemon and the runtime."""
    daemon = engine.client.version.get()
    components = [{"Name": "containerd", "Version": daemon.version, "Details": {"GitCommit": daemon.revision}}]
    runtime = _runtime_version()
    if runtime:
        components.append({"Name": "runc", "Version": runtime, "Details": {}})
    return {"Components": components}


def info(engine: Engine) -> dict[str, Any]:
    """Return docker's `info` document, as far as it applies."""
    containers = list_containers(engine.client)
    states = [c.state.name for c in containers]
    plugins = engine.client.introspection.plugins()
    daemon = engine.client.version.get()
    server = engine.client.introspection.server()
    return {
        "ID": server.uuid,
        "Containers": len(containers),
        "ContainersRunning": states.count("running"),
        "ContainersPaused": states.count("paused"),
        "ContainersStopped": len([s for s in states if s not in ("running", "paused")]),
        "Images": len({image.target.digest for image in engine.client.images.list()}),
        "Driver": engine.settings.snapshotter,
        "Snapshotters": sorted(p.id for p in plugins if p.type == "io.containerd.snapshotter.v1" and not p.init_error),
        "Plugins": {"Log": ["json-file"], "Storage": None},
        "CgroupDriver": engine.settings.cgroup_manager,
        "CgroupVersion": "2" if engine.host.unified else "1",
        "ServerVersion": daemon.version,
        "ContainerdAddress": engine.settings.address,
        "Namespace": engine.namespace,
        "DataRoot": str(engine.settings.data_root),
        "KernelVersion": os.uname().release,
        "OperatingSystem": _operating_system(),
        "OSType": "linux",
        "Architecture": os.uname().machine,
        "NCPU": os.cpu_count() or 1,
        "MemTotal": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "Name": os.uname().nodename,
    }


def _operating_system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
    except OSError:
        return "Linux"


def _runtime_version() -> str:
    import shutil  # import cost
    import subprocess  # import cost

    binary = shutil.which("runc", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin:/usr/local/sbin")
    if binary is None:
        return ""
    done = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False, timeout=10)
    first = done.stdout.splitlines()[:1]
    return first[0].removeprefix("runc version ") if first else ""
