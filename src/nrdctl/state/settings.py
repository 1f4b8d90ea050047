"""The settings of one invocation: a flag wins over the environment, that over the file, that over the default."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nrdctl.errors import InvalidArgument
from nrdctl.state.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONFIG_FILE = Path("/etc/nrdctl/nrdctl.toml")
CONFIG_FILE_VARIABLE = "NRDCTL_TOML"
ENVIRONMENT = {
    "address": "CONTAINERD_ADDRESS",
    "namespace": "CONTAINERD_NAMESPACE",
    "snapshotter": "CONTAINERD_SNAPSHOTTER",
    "cni_path": "CNI_PATH",
    "cni_netconfpath": "NETCONFPATH",
    "data_root": "NRDCTL_DATA_ROOT",
    "host_gateway_ip": "NRDCTL_HOST_GATEWAY_IP",
    "bridge_ip": "NRDCTL_BRIDGE_IP",
}
CGROUP_MANAGERS = ("systemd", "cgroupfs")
CNI_FOLDERS = (
    "opt/cni/bin",
    "usr/local/libexec/cni",
    "usr/local/lib/cni",
    "usr/libexec/cni",  # Fedora
    "usr/lib/cni",  # Debian
)
# Keys of nerdctl.toml without a meaning here: the first kind changes nothing, so it is taken and ignored; the second
# would promise what we do not do, so only the value that asks for nothing is taken.
_IGNORED = frozenset({"debug_full", "disable_hc_systemd", "experimental"})
_UNSUPPORTED: Mapping[str, tuple[object, ...]] = {"selinux_enabled": (False,), "userns_remap": ("",)}
_NAMESPACE = re.compile(r"[A-Za-z0-9]+(?:[-._][A-Za-z0-9]+)*")  # containerd's pkg/identifiers; at most 76 characters


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What nrdctl.toml, the environment and the global flags can say; a field's name is its key in the file."""

    address: str = "/run/containerd/containerd.sock"
    namespace: str = "default"
    snapshotter: str = "overlayfs"
    data_root: Path = Path("/var/lib/nrdctl")
    cgroup_manager: str = "cgroupfs"
    debug: bool = False
    cni_path: str = "/opt/cni/bin"
    cni_netconfpath: Path = Path("/etc/cni/net.d")
    hosts_dir: tuple[str, ...] = ("/etc/containerd/certs.d", "/etc/docker/certs.d")
    insecure_registry: bool = False
    bridge_ip: str = ""
    host_gateway_ip: str = ""
    dns: tuple[str, ...] = ()
    dns_opts: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    cdi_spec_dirs: tuple[str, ...] = ("/etc/cdi", "/var/run/cdi")
    kube_hide_dupe: bool = False

    @property
    def cni_folders(self) -> tuple[Path, ...]:
        """The folders where CNI plugins are looked for; like PATH, `cni_path` may name several."""
        return tuple(Path(folder) for folder in self.cni_path.split(":") if folder)

    @property
    def layout(self) -> Layout:
        """The paths that follow from the data root and the address."""
        return Layout(data_root=self.data_root, address=self.address)


def load(
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    default_file: Path = CONFIG_FILE,
    *,
    root: Path = Path("/"),
) -> Settings:
    """Return the settings. `flags` are by field name, None where not given. Raises InvalidArgument.

    `root` is where the host is looked at for the defaults that depend on it (plugin folder, cgroup manager).
    """
    named = environ.get(CONFIG_FILE_VARIABLE)
    file = Path(named) if named else default_file
    values = _host_defaults(root)
    values.update(_from_file(file, required=bool(named)))
    for field, variable in ENVIRONMENT.items():
        if environ.get(variable):
            values[field] = _convert(field, environ[variable], source=f"environment variable {variable}")
    for field, value in flags.items():
        if value is not None:
            values[field] = _convert(field, value, source=f"--{field.replace('_', '-')}")
    return Settings(**values)


def _host_defaults(root: Path) -> dict[str, Any]:
    unified = (root / "sys/fs/cgroup/cgroup.controllers").exists()
    defaults: dict[str, Any] = {}
    if unified and (root / "run/systemd/system").is_dir():
        defaults["cgroup_manager"] = "systemd"
    present = [folder for folder in CNI_FOLDERS if (root / folder).is_dir()]
    if present:
        defaults["cni_path"] = f"/{present[0]}"
    return defaults


def _from_file(file: Path, *, required: bool) -> dict[str, Any]:
    if not file.exists():
        if required:
            raise InvalidArgument(f"{CONFIG_FILE_VARIABLE}: no such file: {file}")
        return {}
    import tomllib  # import cost

    try:
        document = tomllib.loads(file.read_text())
    except OSError as error:
        raise InvalidArgument(f"cannot read {file}: {error.strerror}") from error
    except ValueError as error:
        raise InvalidArgument(f"{file} is not valid TOML: {error}") from error
    values: dict[str, Any] = {}
    for key, value in document.items():
        if key in _UNSUPPORTED and value not in _UNSUPPORTED[key]:
            raise InvalidArgument(f"{file}: {key!r} is not supported by nrdctl")
        if key in _UNSUPPORTED or key in _IGNORED:
            continue
        if key not in _KINDS:
            raise InvalidArgument(f"{file}: unknown key {key!r}", hint=f"known keys: {', '.join(sorted(_KINDS))}")
        values[key] = _convert(key, value, source=f"{file}: key {key!r}")
    return values


def _convert(field: str, value: object, *, source: str) -> Any:
    """Return the value in the field's type, checked. The source names it in messages."""
    kind = _KINDS[field]
    if kind is tuple:
        if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
            raise InvalidArgument(f"{source}: a list of strings is needed, not {value!r}")
        value = tuple(value)
    elif kind is Path:
        if not isinstance(value, str | Path) or not Path(value).is_absolute():
            raise InvalidArgument(f"{source}: an absolute path is needed, not {str(value)!r}")
        value = Path(value)
    elif not isinstance(value, kind):
        wanted = "true or false" if kind is bool else "a string"
        raise InvalidArgument(f"{source}: {wanted} is needed, not {value!r}")
    check = _CHECKS.get(field)
    return check(value, source) if check else value


def _address(value: str, source: str) -> str:
    path = value.removeprefix("unix://")
    if not path.startswith("/"):
        raise InvalidArgument(
            f"{source}: {value!r} is not the path of a socket", hint="e.g. unix:///run/containerd/containerd.sock"
        )
    return path


def _namespace(value: str, source: str) -> str:
    if len(value) > 76 or not _NAMESPACE.fullmatch(value):
        raise InvalidArgument(
            f"{source}: {value!r} is not a containerd namespace: letters, digits and single -._ between"
        )
    return value


def _cgroup_manager(value: str, source: str) -> str:
    if value not in CGROUP_MANAGERS:
        raise InvalidArgument(f"{source}: {value!r} is not one of {', '.join(CGROUP_MANAGERS)}")
    return value


def _nonempty(value: str, source: str) -> str:
    if not value:
        raise InvalidArgument(f"{source}: the value is empty")
    return value


def _bridge_ip(value: str, source: str) -> str:
    import ipaddress  # import cost

    try:
        if value and not ipaddress.ip_interface(value).network.num_addresses >= 4:
            raise ValueError("the network has no room for containers")
    except ValueError as error:
        raise InvalidArgument(f"{source}: {value!r}: {error}", hint="e.g. 10.4.0.1/24") from error
    return value


def _addresses(value: tuple[str, ...], source: str) -> tuple[str, ...]:
    import ipaddress  # import cost

    for text in value:
        try:
            ipaddress.ip_address(text.partition("%")[0])
        except ValueError as error:
            raise InvalidArgument(f"{source}: {error}") from error
    return value


def _gateway_ip(value: str, source: str) -> str:
    return _addresses((value,), source)[0] if value else value


_KINDS: dict[str, type] = {
    field.name: Path if isinstance(field.default, Path) else type(field.default)
    for field in dataclasses.fields(Settings)
}
_CHECKS: dict[str, Callable[[Any, str], Any]] = {
    "address": _address,
    "namespace": _namespace,
    "snapshotter": _nonempty,
    "cni_path": _nonempty,
    "cgroup_manager": _cgroup_manager,
    "bridge_ip": _bridge_ip,
    "host_gateway_ip": _gateway_ip,
    "dns": _addresses,
}
