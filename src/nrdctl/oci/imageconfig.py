"""The image configuration document (OCI image specification, config.md), and chain IDs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from nrdctl.errors import InvalidArgument
from nrdctl.oci import digest as digests
from nrdctl.oci.platform import Platform


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ImageConfig:
    """What an image says about how to run it. `entrypoint`, `cmd` and `healthcheck` are None when it says nothing.

    `healthcheck` is docker's object as it stands (`Test`, `Interval` in nanoseconds, …); `raw` the whole document.
    """

    architecture: str = ""
    os: str = "linux"
    variant: str = ""
    created: datetime | None = None
    author: str = ""
    env: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    working_dir: str = ""
    user: str = ""
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)
    exposed_ports: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    stop_signal: str = ""
    shell: tuple[str, ...] | None = None
    healthcheck: Mapping[str, object] | None = dataclasses.field(default=None, hash=False)
    diff_ids: tuple[str, ...] = ()
    history: tuple[Mapping[str, object], ...] = dataclasses.field(default=(), hash=False)
    raw: Mapping[str, object] = dataclasses.field(default_factory=dict, hash=False, repr=False)

    @property
    def platform(self) -> Platform:
        """What the image runs on."""
        return Platform(os=self.os, architecture=self.architecture, variant=self.variant)

    @property
    def chain_id(self) -> str:
        """The name of the snapshot that holds all layers; "" for an image without layers."""
        return chain_id(self.diff_ids)

    @classmethod
    def from_bytes(cls, data: bytes) -> ImageConfig:
        """Parse the configuration blob. Raises InvalidArgument."""
        try:
            document = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise InvalidArgument(f"invalid image configuration: {error}") from None
        return cls.from_json(document)

    @classmethod
    def from_json(cls, document: object) -> ImageConfig:
        """Read the decoded document. Raises InvalidArgument."""
        if not isinstance(document, Mapping):
            raise InvalidArgument("invalid image configuration: not an object")
        config, rootfs = _object(document, "config"), _object(document, "rootfs")
        healthcheck = config.get("Healthcheck")
        return cls(
            architecture=_text(document, "architecture"),
            os=_text(document, "os") or "linux",
            variant=_text(document, "variant"),
            created=parse_time(_text(document, "created")),
            author=_text(document, "author"),
            env=_texts(config, "Env") or (),
            entrypoint=_texts(config, "Entrypoint"),
            cmd=_texts(config, "Cmd"),
            working_dir=_text(config, "WorkingDir"),
            user=_text(config, "User"),
            labels={str(key): str(value) for key, value in _object(config, "Labels").items()},
            exposed_ports=tuple(map(str, _object(config, "ExposedPorts"))),
            volumes=tuple(map(str, _object(config, "Volumes"))),
            stop_signal=_text(config, "StopSignal"),
            shell=_texts(config, "Shell"),
            healthcheck=healthcheck if isinstance(healthcheck, Mapping) else None,
            diff_ids=tuple(digests.validate(diff_id) for diff_id in _texts(rootfs, "diff_ids") or ()),
            history=tuple(entry for entry in _list(document, "history") if isinstance(entry, Mapping)),
            raw=document,
        )


def chain_ids(diff_ids: Iterable[str]) -> tuple[str, ...]:
    """Return the chain ID of every layer, bottom first.

    ChainID(L0) = DiffID(L0), ChainID(L0|…|Ln) = sha256(ChainID(L0|…|Ln-1) + " " + DiffID(Ln)); config.md,
    "Layer ChainID".
    """
    result: list[str] = []
    for diff_id in diff_ids:
        result.append(digests.of_bytes(f"{result[-1]} {diff_id}".encode()) if result else diff_id)
    return tuple(result)


def chain_id(diff_ids: Sequence[str]) -> str:
    """Return the chain ID of the topmost layer; "" when there are no layers."""
    return chain_ids(diff_ids)[-1] if diff_ids else ""


def parse_time(text: str) -> datetime | None:
    """Parse an RFC 3339 time; None when it is empty, malformed or Go's zero time (year 1). Aware, in UTC."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    return time.astimezone(UTC) if time.year > 1 else None


def _text(document: Mapping[str, object], key: str) -> str:
    value = document.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidArgument(f"invalid image configuration: {key} is not a string")
    return value


def _object(document: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = document.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidArgument(f"invalid image configuration: {key} is not an object")
    return value


def _list(document: Mapping[str, object], key: str) -> Sequence[object]:
    value = document.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise InvalidArgument(f"invalid image configuration: {key} is not a list")
    return value


def _texts(document: Mapping[str, object], key: str) -> tuple[str, ...] | None:
    if document.get(key) is None:
        return None
    values = _list(document, key)
    if not all(isinstance(value, str) for value in values):
        raise InvalidArgument(f"invalid image configuration: {key} is not a list of strings")
    return tuple(map(str, values))
