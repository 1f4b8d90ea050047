"""`inspect` of a container: docker's document, from the record, its request, its task and its network."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nrdctl.engine import labels
from nrdctl.engine.container.request import Request, labels_of, request_of
from nrdctl.engine.container.status import State, format_time, state_of
from nrdctl.engine.resolve import resolve
from nrdctl.network import record as network_record

if TYPE_CHECKING:
    from pathlib import Path

    from nrdctl.containerd.records import ContainerRecord
    from nrdctl.engine.engine import Engine
    from nrdctl.network.record import Attachment, NetworkState

ZERO_TIME = "0001-01-01T00:00:00Z"


def inspect_container(engine: Engine, reference: str, *, with_size: bool = False) -> dict[str, Any]:
    """Return docker's document of a container. Raises NotFound."""
    record = resolve(engine.client, reference)
    state = state_of(record, engine.task(record.id))
    document = inspect_document(engine, record, state, namespace=engine.namespace)
    if with_size:
        from nrdctl.engine.container.listing import sizes  # import cost

        document["SizeRw"], document["SizeRootFs"] = sizes(engine, record)
    return document


def inspect_document(engine: Engine, record: ContainerRecord, state: State, *, namespace: str) -> dict[str, Any]:
    """Return docker's document of a container that has been looked up: no further call, a few small files are read."""
    request = request_of(record)
    folder = engine.layout.container_dir(namespace, record.id)
    return {
        "Id": record.id,
        "Created": format_time(record.created_at or datetime.fromtimestamp(0, UTC)),
        "Path": _args(record)[0] if _args(record) else "",
        "Args": _args(record)[1:],
        "State": _state(state),
        "Image": request.image_id if request else record.image,
        "ResolvConfPath": str(folder / "resolv.conf"),
        "HostnamePath": str(folder / "hostname"),
        "HostsPath": str(folder / "hosts"),
        "LogPath": str(engine.layout.log_path(namespace, record.id)),
        "Name": f"/{labels.display_name(record.labels)}",
        "RestartCount": int(record.labels.get(labels.RESTARTS, "0")),
        "Driver": record.snapshotter,
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": record.spec.get("process", {}).get("apparmorProfile", ""),
        "ExecIDs": None,
        "HostConfig": _host_config(record, request),
        "GraphDriver": {"Data": None, "Name": record.snapshotter},
        "Mounts": _mounts(record, own=folder, volumes=engine.layout.volumes_dir(namespace)),
        "Config": _config(record, request),
        "NetworkSettings": _network_settings(network_record.load(folder), state),
    }


def _args(record: ContainerRecord) -> list[str]:
    return list(record.spec.get("process", {}).get("args", []))


def _state(state: State) -> dict[str, Any]:
    return {
        "Status": state.name,
        "Running": state.running,
        "Paused": state.name == "paused",
        "Restarting": state.name == "restarting",
        "OOMKilled": state.oom_killed,
        "Dead": False,
        "Pid": state.pid if state.running else 0,
        "ExitCode": state.exit_code,
        "Error": state.error,
        "StartedAt": format_time(state.started_at) if state.started_at else ZERO_TIME,
        "FinishedAt": format_time(state.finished_at) if state.finished_at else ZERO_TIME,
    }


def _host_config(record: ContainerRecord, request: Request | None) -> dict[str, Any]:
    """Return what was asked for of the host. Limits are those that the runtime spec has now, after any change."""
    limits = record.spec.get("linux", {}).get("resources", {})
    cpu, memory = limits.get("cpu", {}), limits.get("memory", {})
    quota, period = cpu.get("quota", 0), cpu.get("period", 0)
    config = request.config if request else None
    return {
        "Binds": [_bind(m) for m in config.storage.volumes if m.source] or None if config else None,
        "LogConfig": {"Type": "json-file", "Config": {}},
        "NetworkMode": config.networking.network if config else "",
        "PortBindings": _port_bindings(config.networking.ports) if config else {},
        "RestartPolicy": {
            "Name": config.lifecycle.restart.name if config else "no",
            "MaximumRetryCount": config.lifecycle.restart.maximum if config else 0,
        },
        "AutoRemove": bool(config and config.lifecycle.auto_remove),
        "CapAdd": list(config.security.cap_add) or None if config else None,
        "CapDrop": list(config.security.cap_drop) or None if config else None,
        "Dns": list(config.networking.dns) if config else [],
        "ExtraHosts": list(config.networking.add_host) or None if config else None,
        "Privileged": bool(config and config.security.privileged),
        "ReadonlyRootfs": bool(record.spec.get("root", {}).get("readonly")),
        "SecurityOpt": list(config.security.security_opt) or None if config else None,
        "ShmSize": (config.resources.shm_size if config else None) or 64 * 1024 * 1024,
        "Runtime": record.runtime.name,
        "CgroupParent": "",
        "CpuShares": cpu.get("shares", 0),
        "Memory": _positive(memory.get("limit", 0)),
        "NanoCpus": round(quota / period * 1e9) if quota > 0 and period > 0 else 0,
        "CpuPeriod": config.resources.cpu_period or 0 if config else 0,
        "CpuQuota": config.resources.cpu_quota or 0 if config else 0,
        "CpusetCpus": cpu.get("cpus", ""),
        "CpusetMems": cpu.get("mems", ""),
        "MemoryReservation": memory.get("reservation", 0),
        "MemorySwap": memory.get("swap", 0),
        "PidsLimit": limits.get("pids", {}).get("limit") or None,
    }


def _positive(value: int) -> int:
    return max(value, 0)


def _bind(mount: Any) -> str:
    options = ["ro"] if mount.read_only else []
    options += [mount.propagation] if mount.propagation else []
    return ":".join(filter(None, [mount.source, mount.target, ",".join(options)]))


def _port_bindings(ports: Any) -> dict[str, list[dict[str, str]]]:
    bindings: dict[str, list[dict[str, str]]] = {}
    for port in ports:
        text = str(port.host_port) if port.host_port else ""
        bindings.setdefault(f"{port.container_port}/{port.protocol}", []).append(
            {"HostIp": port.host_ip, "HostPort": text}
        )
    return bindings


def _mounts(record: ContainerRecord, *, own: Path, volumes: Path) -> list[dict[str, Any]]:
    """Return the binds and volumes among the mounts of the runtime spec; those of /etc are ours and not shown."""
    shown = []
    for mount in record.spec.get("mounts", []):
        source, options = mount.get("source", ""), mount.get("options") or []
        if mount.get("type") not in ("bind", "none") or source.startswith(f"{own}/"):
            continue
        entry = {
            "Type": "bind",
            "Source": source,
            "Destination": mount["destination"],
            "Mode": "",
            "RW": "ro" not in options,
            "Propagation": next((o for o in options if o.startswith(("rp", "rs", "private", "shared", "slave"))), ""),
        }
        if source.startswith(f"{volumes}/"):
            name = source.removeprefix(f"{volumes}/").partition("/")[0]
            entry = {"Type": "volume", "Name": name, **{k: v for k, v in entry.items() if k != "Type"}}
            entry.update(Driver="local", Propagation="")
        shown.append(entry)
    return shown


def _config(record: ContainerRecord, request: Request | None) -> dict[str, Any]:
    process = record.spec.get("process", {})
    config = request.config if request else None
    wanted = config.process if config else None
    entrypoint = None
    if wanted and wanted.entrypoint:
        entrypoint = [wanted.entrypoint]
    return {
        "Hostname": record.spec.get("hostname", ""),
        "Domainname": "",
        "User": (wanted.user or "") if wanted else "",
        "AttachStdin": False,
        "AttachStdout": False,
        "AttachStderr": False,
        "ExposedPorts": {port: {} for port in request.exposed_ports} if request and request.exposed_ports else {},
        "Tty": bool(process.get("terminal")),
        "OpenStdin": bool(wanted and wanted.interactive),
        "StdinOnce": False,
        "Env": list(process.get("env", [])),
        "Cmd": list(config.args) or None if config else _args(record),
        "Image": config.image if config else record.image,
        "Volumes": None,
        "WorkingDir": process.get("cwd", "") if wanted and wanted.workdir else process.get("cwd", "/").rstrip("/"),
        "Entrypoint": entrypoint,
        "Labels": labels_of(record),
        "StopSignal": request.stop_signal if request else "",
    }


def _network_settings(network: NetworkState | None, state: State) -> dict[str, Any]:
    attachments = network.attachments if network and state.running else ()
    first = attachments[0] if attachments else None
    ports: dict[str, list[dict[str, str]]] = {}
    for port in network.ports if network and state.running else ():
        ports.setdefault(f"{port.container_port}/{port.protocol}", []).append(
            {"HostIp": port.host_ip or "0.0.0.0", "HostPort": str(port.host_port)}  # noqa: S104 - docker's text
        )
    return {
        "SandboxKey": str(network.netns) if network and state.running else "",
        "Ports": ports,
        **_endpoint(first),
        "Networks": {a.network: {**_endpoint(a), "NetworkID": a.network_id, "Aliases": None} for a in attachments},
    }


def _endpoint(attachment: Attachment | None) -> dict[str, Any]:
    address, _, prefix = (attachment.address if attachment else "").partition("/")
    return {
        "Gateway": attachment.gateway if attachment else "",
        "IPAddress": address,
        "IPPrefixLen": int(prefix or 0),
        "IPv6Gateway": attachment.gateway6 if attachment else "",
        "GlobalIPv6Address": (attachment.address6 if attachment else "").partition("/")[0],
        "GlobalIPv6PrefixLen": int((attachment.address6 if attachment else "").partition("/")[2] or 0),
        "MacAddress": attachment.mac if attachment else "",
    }
