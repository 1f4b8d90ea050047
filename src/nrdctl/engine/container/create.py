"""`create`: from a request to a container object in containerd, with its snapshot and its files."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nrdctl.containerd.records import ContainerRecord
from nrdctl.engine import labels
from nrdctl.engine.container.request import Request, encode
from nrdctl.engine.container.storage import Volumes
from nrdctl.engine.images import ensure_image
from nrdctl.engine.naming import check_name, new_id, random_name
from nrdctl.engine.networks import check_networking, hostname_of
from nrdctl.engine.procinfo import identity
from nrdctl.engine.rootfs import resolve_user_in
from nrdctl.errors import Conflict, InvalidArgument, NotFound
from nrdctl.oci.spec import HOST_NETWORK, SpecRequest, build_spec, check_config, spec_warnings
from nrdctl.oci.specprocess import command

if TYPE_CHECKING:
    from nrdctl.containerd.records import Mount as RootfsMount
    from nrdctl.engine.engine import Engine
    from nrdctl.image.lookup import ImageDetails
    from nrdctl.image.progress import Progress
    from nrdctl.model.container import ContainerConfig
    from nrdctl.model.mount import Mount
    from nrdctl.oci.specrequest import Host


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Created:
    """The new container's record, and what the person should know."""

    record: ContainerRecord
    warnings: tuple[str, ...] = ()


def create(
    engine: Engine,
    config: ContainerConfig,
    *,
    detached: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
) -> Created:
    """Create a container. Whatever is wrong with the request is refused before anything is made.

    A container that is not to run `detached` gets its input from its first client alone (docker's StdinOnce).

    Raises InvalidArgument, Conflict when the name is taken, NotFound for a missing image, RegistryError.
    """
    name = check_name(config.lifecycle.name) if config.lifecycle.name is not None else ""
    check_networking(engine, config.networking)
    image = ensure_image(engine, config.image, pull=config.lifecycle.pull, on_progress=on_progress)
    check_config(config, image.config, engine.host)
    container_id = new_id()
    name = name or random_name(taken=())
    with engine.locked("name", f"{engine.namespace}-{name}"), contextlib.ExitStack() as undo:
        _refuse_taken(engine, name)
        who = _Identity(container_id, name, stdin_once=config.process.interactive and not detached)
        record = _Creation(engine=engine, config=config, image=image, who=who).make(undo)
        undo.pop_all()
    return Created(record=record, warnings=spec_warnings(config, engine.host))


@dataclasses.dataclass(frozen=True, slots=True)
class _Identity:
    id: str
    name: str
    stdin_once: bool


def _refuse_taken(engine: Engine, name: str) -> None:
    quoted = json.dumps(name)
    for found in engine.client.containers.list(f'labels."{labels.NAME}"=={quoted}', f'labels."nerdctl/name"=={quoted}'):
        raise Conflict(
            f'The container name "/{name}" is already in use by container "{found.id}". '
            "You have to remove (or rename) that container to be able to reuse that name."
        )


@dataclasses.dataclass(kw_only=True)
class _Creation:
    """One container being made: snapshot, files and record, each with its undoing.

    The record comes last; from then on it keeps the snapshot alive.
    """

    engine: Engine
    config: ContainerConfig
    image: ImageDetails
    who: _Identity

    def make(self, undo: contextlib.ExitStack) -> ContainerRecord:
        """Make everything under a lease, which keeps it from the garbage collector meanwhile."""
        engine, container_id = self.engine, self.who.id
        with engine.client.lease(labels={labels.OWNER: identity()}) as leased:
            mounts = leased.snapshots.prepare(engine.settings.snapshotter, container_id, self.image.chain_id)
            undo.callback(_remove_snapshot, engine, container_id)
            folder = engine.layout.container_dir(engine.namespace, container_id)
            undo.callback(shutil.rmtree, folder, ignore_errors=True)
            folder.mkdir(mode=0o710, parents=True)
            volumes = Volumes(engine, self.config.storage, self.image.config)
            undo.callback(volumes.remove_new)
            spec = self._spec(folder, mounts, volumes.prepare(mounts))
            _write_etc(folder, spec["hostname"])
            return leased.containers.create(self._record(spec, volumes.anonymous))

    def _spec(self, folder: Path, rootfs: Sequence[RootfsMount], mounts: tuple[Mount, ...]) -> dict[str, Any]:
        engine, config, image = self.engine, self.config, self.image.config
        return build_spec(
            SpecRequest(
                id=self.who.id,
                config=config,
                image=image,
                host=_host_for(engine, config),
                user=resolve_user_in(engine, rootfs, config.process.user or image.user),
                environment=config.process.env,
                hostname=hostname_of(config.networking, self.who.id),
                network=_network_of(engine, config, self.who.id),
                mounts=mounts,
                hosts_file=str(folder / "hosts"),
                resolv_file=str(folder / "resolv.conf"),
                hostname_file=str(folder / "hostname"),
                seccomp_profile=_seccomp_file(config),
            )
        )

    def _record(self, spec: dict[str, Any], anonymous_volumes: tuple[str, ...]) -> ContainerRecord:
        config, image = self.config, self.image
        request = Request(
            config=config,
            args=tuple(command(config, image.config)),
            image_id=image.config_digest,
            image_labels=tuple(sorted(image.config.labels.items())),
            stop_signal=config.process.stop_signal or image.config.stop_signal or "SIGTERM",
            anonymous_volumes=anonymous_volumes,
            exposed_ports=image.config.exposed_ports,
            stdin_once=self.who.stdin_once,
        )
        return ContainerRecord(
            id=self.who.id,
            labels=_labels(config, image, self.who.name),
            image=image.record.name,
            runtime=self.engine.runtime,
            spec_json=json.dumps(spec).encode(),
            snapshotter=self.engine.settings.snapshotter,
            snapshot_key=self.who.id,
            extensions={labels.REQUEST: encode(request)},
        )


def _labels(config: ContainerConfig, image: ImageDetails, name: str) -> dict[str, str]:
    wanted = {**image.config.labels, **dict(config.lifecycle.labels)}
    kept = {
        k: v for k, v in wanted.items() if labels.fits(k, v) and not k.startswith(("containerd.io/", labels.PREFIX))
    }
    return {**kept, labels.NAME: name}


def _network_of(engine: Engine, config: ContainerConfig, container_id: str) -> str:
    """Return what the spec needs to know: `host`, or the path at which the namespace will be mounted at every start."""
    if config.networking.network == HOST_NETWORK:
        return HOST_NETWORK
    return str(engine.layout.netns_path(container_id))


def _host_for(engine: Engine, config: ContainerConfig) -> Host:
    if not config.security.privileged:
        return engine.host
    from nrdctl.engine.host import devices_for_privileged  # import cost

    return dataclasses.replace(engine.host, devices=devices_for_privileged())


def _seccomp_file(config: ContainerConfig) -> dict[str, object] | None:
    for option in config.security.security_opt:
        key, _, value = option.partition("=")
        if key == "seccomp" and value not in ("unconfined", "builtin", ""):
            try:
                document = json.loads(Path(value).read_text())
            except (OSError, ValueError) as error:
                raise InvalidArgument(f"opening seccomp profile ({value}) failed: {error}") from None
            if isinstance(document, dict):
                return document
            raise InvalidArgument(f"seccomp profile {value} is not a JSON object")
    return None


def _write_etc(folder: Path, hostname: str) -> None:
    """Make the files that are bound over /etc; names and addresses are filled in at each start."""
    (folder / "hostname").write_text(f"{hostname}\n")
    for name in ("hosts", "resolv.conf"):
        (folder / name).touch()
    for name in ("hostname", "hosts", "resolv.conf"):
        (folder / name).chmod(0o644)


def _remove_snapshot(engine: Engine, key: str) -> None:
    with contextlib.suppress(NotFound):
        engine.client.snapshots.remove(engine.settings.snapshotter, key)
