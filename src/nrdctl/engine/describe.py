"""`describe`: all that is known of one object, as sections of lines for people and as a document for programs."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nrdctl.cgroup.effective import CPUSET_SOURCE, Bound, Limits
from nrdctl.engine.container.inspect import inspect_document
from nrdctl.engine.images import inspect_image
from nrdctl.engine.networks import list_networks
from nrdctl.engine.overview import overview
from nrdctl.errors import NotFound
from nrdctl.model.document import to_document
from nrdctl.render.human import ago, binary_size, size

if TYPE_CHECKING:
    from nrdctl.engine.engine import Engine
    from nrdctl.engine.resources.view import ContainerLimits

KINDS = ("container", "image", "network")
Lines = list[tuple[str, str]]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Description:
    """One object. `lines` are names and values; `tables` have a title and rows, the first of which is the header."""

    kind: str
    name: str
    lines: tuple[tuple[str, str], ...]
    tables: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...] = ()
    document: dict[str, Any] = dataclasses.field(default_factory=dict)


def describe(engine: Engine, reference: str, *, everywhere: bool) -> Description:
    """Describe a container, an image or a network, by name or ID, or as `kind/name`. Raises NotFound."""
    kind, slash, name = reference.partition("/")
    kinds = (kind,) if slash and kind in KINDS else KINDS
    name = name if slash and kind in KINDS else reference
    for candidate in kinds:
        try:
            if candidate == "container":
                return _container(engine, name, everywhere=everywhere)
            return _image(engine, name) if candidate == "image" else _network(engine, name)
        except NotFound:
            continue
    raise NotFound(f"nothing is called {name!r}", hint=f"looked for: {', '.join(kinds)}")


def _container(engine: Engine, name: str, *, everywhere: bool) -> Description:
    ((container, limits),) = overview(engine, [name], everywhere=everywhere).containers
    document = inspect_document(engine, container.record, container.state, namespace=container.namespace)
    document["Resources"] = {"Limits": to_document(limits.limits), "Usage": to_document(limits.sample)}
    now = datetime.now(UTC)
    state, settings = container.state, document["NetworkSettings"]
    status = f"{state.name} (pid {state.pid})" if state.running else state.text(now)
    networks = [f"{n} {e['IPAddress']}/{e['IPPrefixLen']}" for n, e in settings["Networks"].items()]
    ports = [f"{b['HostIp']}:{b['HostPort']}->{port}" for port, bs in settings["Ports"].items() for b in bs]
    mounts = [f"{m['Destination']} from {m['Source']}{'' if m['RW'] else ' (read-only)'}" for m in document["Mounts"]]
    config = document["Config"]
    lines: Lines = [
        ("Name", container.name or "-"),
        ("ID", container.record.id),
        ("Namespace", container.namespace),
        ("Image", config["Image"]),
        ("Command", " ".join([document["Path"], *document["Args"]])),
        ("Created", ago(container.record.created_at, now) if container.record.created_at else "-"),
        ("State", status),
        *([("Started", ago(state.started_at, now))] if state.started_at and state.running else []),
        *([("Error", state.error)] if state.error else []),
        ("Restart policy", document["HostConfig"]["RestartPolicy"]["Name"]),
        ("Networks", ", ".join(networks) or document["HostConfig"]["NetworkMode"] or "-"),
        ("Ports", ", ".join(ports) or "-"),
        ("Mounts", "; ".join(mounts) or "-"),
        ("Labels", ", ".join(f"{k}={v}" for k, v in config["Labels"].items()) or "-"),
        ("Cgroup", limits.limits.path if limits.pid else "-"),
        *([("Managed by", limits.owner)] if limits.owner else []),
    ]
    table = ("Resources", tuple(_resource_rows(limits)))
    return Description(
        kind="container",
        name=container.name or container.record.id,
        lines=tuple(lines),
        tables=(table,),
        document=document,
    )


def _resource_rows(item: ContainerLimits) -> list[tuple[str, ...]]:
    """Return the table of resources: what the container has of its own, what holds in effect and why, what it uses."""
    limits, sample = item.limits, item.sample
    used = sample.working_set if sample else None
    throttled = ""
    if sample and sample.cpu_periods:
        throttled = f", throttled in {100 * (sample.cpu_throttled_periods or 0) / sample.cpu_periods:.0f}% of periods"
    seconds = f"{sample.cpu_usec / 1e6:.2f} s of CPU time{throttled}" if sample and sample.cpu_usec is not None else "-"
    return [
        ("", "LIMIT", "EFFECTIVE", "SET BY", "IN USE"),
        ("cpu", _own_cpu(limits), f"{limits.cpu.effective:g} CPUs", _cpu_source(limits), seconds),
        ("cpu.weight", str(limits.weight), str(limits.weight), "-", "-"),
        ("cpus", limits.cpus.format() or "-", limits.cpus_effective.format() or "-", _pin_source(limits), "-"),
        _size_row("memory", limits.memory, limits, binary_size(used) if used is not None else "-"),
        _size_row("memory.high", limits.memory_high, limits, "-"),
        _size_row("swap", limits.swap, limits, _swap_used(item)),
        _count_row("pids", limits.pids, limits, str(sample.pids_current) if sample else "-"),
    ]


def _own_cpu(limits: Limits) -> str:
    return "-" if limits.cpu.cpus is None else f"{limits.cpu.cpus:g} CPUs"


def _cpu_source(limits: Limits) -> str:
    return "number of CPUs" if limits.cpu.source == CPUSET_SOURCE else _source(limits.cpu.source, limits)


def _pin_source(limits: Limits) -> str:
    return "container" if limits.cpus else "-"


def _source(source: str, limits: Limits) -> str:
    return "-" if not source else "container" if source == limits.path else source


def _size_row(key: str, bound: Bound, limits: Limits, used: str) -> tuple[str, ...]:
    own, effective = (("-" if v is None else binary_size(v)) for v in (bound.own, bound.effective))
    return (key, own, effective, _source(bound.source, limits), used)


def _count_row(key: str, bound: Bound, limits: Limits, used: str) -> tuple[str, ...]:
    own, effective = (("-" if v is None else str(v)) for v in (bound.own, bound.effective))
    return (key, own, effective, _source(bound.source, limits), used)


def _swap_used(item: ContainerLimits) -> str:
    used = item.sample.swap_current if item.sample else None
    return "-" if used is None else binary_size(used)


def _image(engine: Engine, name: str) -> Description:
    document = inspect_image(engine, name)
    config = document["Config"] or {}
    lines = (
        ("Name", ", ".join(document["RepoTags"]) or "-"),
        ("ID", document["Id"]),
        ("Digests", ", ".join(document["RepoDigests"]) or "-"),
        ("Created", document["Created"] or "-"),
        ("Platform", f"{document['Os']}/{document['Architecture']}"),
        ("Size", size(document["Size"])),
        ("Entrypoint", " ".join(config.get("Entrypoint") or []) or "-"),
        ("Command", " ".join(config.get("Cmd") or []) or "-"),
        ("Layers", str(len(document["RootFS"]["Layers"]))),
    )
    return Description(kind="image", name=name, lines=lines, document=document)


def _network(engine: Engine, name: str) -> Description:
    for network in list_networks(engine):
        if network.name == name or (len(name) >= 4 and network.id.startswith(name)):
            lines = (
                ("Name", network.name),
                ("ID", network.id),
                ("Driver", network.driver),
                ("Internal", "yes" if network.internal else "no"),
                ("IPv6", "yes" if network.ipv6 else "no"),
                ("Labels", ", ".join(f"{k}={v}" for k, v in network.labels.items()) or "-"),
            )
            document = {"Name": network.name, "Id": network.id, "Driver": network.driver, "Labels": network.labels}
            return Description(kind="network", name=name, lines=lines, document=document)
    raise NotFound(f"network {name} not found")
