"""Images as the verbs need them: look up, pull when missing, list, tag, remove."""

from __future__ import annotations

import platform as python_platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase as fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from nrdctl.engine import labels
from nrdctl.engine.procinfo import identity
from nrdctl.errors import InvalidArgument, NotFound
from nrdctl.image.lookup import ImageDetails, read_image, resolve_image
from nrdctl.image.progress import Progress, ignore
from nrdctl.oci.platform import Platform, host_platform, parse_platform

if TYPE_CHECKING:
    from nrdctl.engine.engine import Engine
    from nrdctl.model.summary import ImageSummary

Report = Callable[[Progress], None] | None


def ensure_image(engine: Engine, name: str, *, pull: str = "missing", on_progress: Report = None) -> ImageDetails:
    """Return an image that is there and unpacked; pulls it as the policy (`always`, `missing`, `never`) says.

    Raises NotFound for a missing image that may not be pulled, RegistryError.
    """
    if pull != "always":
        try:
            image = resolve_image(engine.client, name, native_platform())
        except NotFound as error:
            if pull == "never":
                raise NotFound(f"No such image: {name}", hint=f"run `nrdctl pull {name}` first") from error
        else:
            _ensure_unpacked(engine, image)
            return image
    return pull_image(engine, name, on_progress=on_progress)


def pull_image(engine: Engine, name: str, *, platform: str | None = None, on_progress: Report = None) -> ImageDetails:
    """Pull an image from its registry and return it. Raises RegistryError, InvalidArgument, Unavailable."""
    from nrdctl.engine.registries import registry_client  # import cost
    from nrdctl.image.pull import pull  # import cost
    from nrdctl.oci.reference import Reference  # import cost

    wanted = parse_platform(platform, host=native_platform()) if platform else native_platform()
    with registry_client(engine.settings) as registry:
        record = pull(
            engine.client,
            registry,
            Reference.parse(name),
            platform=wanted,
            snapshotter=engine.settings.snapshotter,
            on_progress=on_progress or ignore,
        )
    return read_image(engine.client, record, wanted)


def native_platform() -> Platform:
    """Return what this machine runs."""
    return host_platform(python_platform.machine())


def load_images(engine: Engine, source: str, *, on_progress: Report = None) -> list[str]:
    """Load all images of an archive (a path; empty: standard input) and return docker's line for each.

    Raises InvalidArgument for an archive that is not sound; then nothing is left behind.
    """
    from nrdctl.image.archive import load  # import cost

    with _opened(source) as opened:
        loaded = load(
            engine.client,
            opened,
            platform=native_platform(),
            snapshotter=engine.settings.snapshotter,
            on_progress=on_progress or ignore,
        )
    return [str(image) for image in loaded]


@contextmanager
def _opened(source: str) -> Iterator[BinaryIO]:
    if not source:
        yield sys.stdin.buffer
        return
    try:
        stream = Path(source).open("rb")  # noqa: SIM115 - closed below; only the opening is translated
    except OSError as error:
        raise InvalidArgument(f"open {source}: {error.strerror}") from None
    with stream:
        yield stream


def list_images(engine: Engine, repository: str, filters: Mapping[str, Sequence[str]]) -> list[ImageSummary]:
    """Return the rows of `images`: those of a repository (and tag) if one is named, that pass docker's filters."""
    from nrdctl.image.listing import list_images as list_all  # import cost

    tests: dict[str, Callable[[ImageSummary, str], bool]] = {
        "reference": lambda row, v: fnmatch(f"{row.repository}:{row.tag}", v) or fnmatch(row.repository, v),
        "label": lambda row, v: _has_label(row.labels, v),
        "dangling": lambda row, v: (row.tag == "<none>") == (v.lower() in ("true", "1")),
    }
    for key in filters:
        if key not in tests:
            raise InvalidArgument(f"invalid filter '{key}'", hint=f"filters are: {', '.join(tests)}")
    rows = list_all(engine.client, snapshotter=engine.settings.snapshotter, platform=native_platform())
    name, _, tag = repository.partition(":") if "/" not in repository.rpartition(":")[2] else (repository, "", "")
    return [
        row
        for row in rows
        if (not name or fnmatch(row.repository, name)) and (not tag or fnmatch(row.tag, tag))
        if all(any(tests[key](row, value) for value in values) for key, values in filters.items())
    ]


def inspect_image(engine: Engine, name: str) -> dict[str, Any]:
    """Return docker's document of an image. Raises NotFound."""
    from nrdctl.image.inspect import inspect_image as inspect  # import cost

    details = resolve_image(engine.client, name, native_platform())
    return inspect(engine.client, details, snapshotter=engine.settings.snapshotter, platform=native_platform())


def tag_image(engine: Engine, source: str, target: str) -> None:
    """Give an image one more name."""
    from nrdctl.image.remove import tag_image as tag  # import cost

    tag(engine.client, source, target, platform=native_platform())


def remove_image(engine: Engine, name: str, *, force: bool = False) -> list[str]:
    """Remove a name or an image and return docker's lines. Raises Conflict when a container uses the image."""
    from nrdctl.engine.container.listing import list_containers  # import cost
    from nrdctl.engine.container.request import request_of  # import cost
    from nrdctl.image.remove import ImageUser  # import cost
    from nrdctl.image.remove import remove_image as remove  # import cost

    users = []
    for container in list_containers(engine.client):
        request = request_of(container.record)
        users.append(
            ImageUser(
                container_id=container.record.id,
                image=container.record.image,
                image_id=request.image_id if request else "",
                running=container.state.running,
            )
        )
    removed = remove(engine.client, name, users=users, platform=native_platform(), force=force)
    return [*(f"Untagged: {n}" for n in removed.untagged), *(f"Deleted: {i}" for i in removed.deleted)]


def _ensure_unpacked(engine: Engine, image: ImageDetails) -> None:
    """Unpack an image that is here but not in this snapshotter."""
    snapshotter = engine.settings.snapshotter
    if not image.chain_id:
        return  # an image without layers
    try:
        engine.client.snapshots.stat(snapshotter, image.chain_id)
    except NotFound:
        from nrdctl.image.complete import complete  # import cost

        with engine.client.lease(labels={labels.OWNER: identity()}) as leased:
            complete(leased, image.record.target, platform=native_platform(), snapshotter=snapshotter)


def _has_label(found: Mapping[str, str], wanted: str) -> bool:
    key, equals, value = wanted.partition("=")
    return key in found and (not equals or found[key] == value)
