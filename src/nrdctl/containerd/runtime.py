"""The options of the runc shim (containerd.runc.v1.Options)."""

from __future__ import annotations

from typing import Any

from nrdctl._pb import runc_pb2
from nrdctl.containerd import convert
from nrdctl.containerd.records import Runtime

OPTIONS_TYPE = "containerd.runc.v1.Options"


def to_runtime(name: str, options: Any) -> Runtime:
    """Read a runtime; the options of other shims than runc's are not understood and left out."""
    if convert.type_name(options) != OPTIONS_TYPE:
        return Runtime(name=name)
    message = runc_pb2.Options.FromString(options.value)
    return Runtime(name=name, binary=message.binary_name, root=message.root, systemd_cgroup=message.systemd_cgroup)


def from_runtime_options(runtime: Runtime) -> Any | None:
    """Return the options as an Any; None when all are the defaults."""
    if not (runtime.binary or runtime.root or runtime.systemd_cgroup):
        return None
    message = runc_pb2.Options(binary_name=runtime.binary, root=runtime.root, systemd_cgroup=runtime.systemd_cgroup)
    return convert.to_any(OPTIONS_TYPE, message.SerializeToString())
