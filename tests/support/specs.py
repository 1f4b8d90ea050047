"""Requests for `build_spec` with everything a test does not care about filled in."""

from __future__ import annotations

import dataclasses
from typing import Any

from nrdctl.model.container import ContainerConfig
from nrdctl.model.cpuset import CpuSet
from nrdctl.oci.imageconfig import ImageConfig
from nrdctl.oci.spec import Host, SpecRequest

HOST = Host(
    namespace="default",
    architecture="amd64",
    kernel=(6, 1),
    unified=True,
    cpus=CpuSet.parse("0-3"),
    mems=CpuSet.parse("0"),
)
ID = "f" * 64


def make_host(**changes: Any) -> Host:
    """Return a host with four CPUs and cgroup v2, and these changes."""
    return dataclasses.replace(HOST, **changes)


def make_request(*args: str, **changes: Any) -> SpecRequest:
    """Return a request to run `args` (`true` when there are none).

    A change is named after a field of SpecRequest or after a group of ContainerConfig (`process`, `security`, …).
    """
    groups = {field.name for field in dataclasses.fields(ContainerConfig)}
    config = ContainerConfig(
        image="busybox",
        args=args or ("true",),
        **{name: value for name, value in changes.items() if name in groups - {"image"}},
    )
    rest = {name: value for name, value in changes.items() if name not in groups - {"image"}}
    return SpecRequest(**{"id": ID, "config": config, "image": ImageConfig(), "host": HOST, "hostname": "box", **rest})
