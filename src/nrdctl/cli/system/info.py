"""`nrdctl info`."""

from __future__ import annotations

from typing import Any

from nrdctl.cli.app import App
from nrdctl.cli.options import Format


def info(app: App, *, format: Format = "") -> None:
    """Display system-wide information."""
    from nrdctl.engine.system import info as system_info  # import cost
    from nrdctl.render.jsontext import encode  # import cost
    from nrdctl.render.template import Template  # import cost

    template = Template(format) if format and format != "json" else None
    document = system_info(app.engine)
    if format == "json":
        app.say(encode(document))
    elif template:
        app.say(template.execute(document, missing_key="error"))
    else:
        app.write(_text(document))


def _text(d: dict[str, Any]) -> str:
    from nrdctl.render.human import binary_size  # import cost

    return f"""\
Client:
 Namespace:  {d["Namespace"]}
 Data Root:  {d["DataRoot"]}

Server:
 Containers: {d["Containers"]}
  Running: {d["ContainersRunning"]}
  Paused: {d["ContainersPaused"]}
  Stopped: {d["ContainersStopped"]}
 Images: {d["Images"]}
 Server Version: {d["ServerVersion"]}
 Address: {d["ContainerdAddress"]}
 Storage Driver: {d["Driver"]}
 Snapshotters: {" ".join(d["Snapshotters"])}
 Logging Driver: json-file
 Cgroup Driver: {d["CgroupDriver"]}
 Cgroup Version: {d["CgroupVersion"]}
 Kernel Version: {d["KernelVersion"]}
 Operating System: {d["OperatingSystem"]}
 OSType: {d["OSType"]}
 Architecture: {d["Architecture"]}
 CPUs: {d["NCPU"]}
 Total Memory: {binary_size(d["MemTotal"])}
 Name: {d["Name"]}
 ID: {d["ID"]}
"""
