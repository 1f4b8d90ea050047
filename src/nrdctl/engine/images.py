"""Images as the verbs need them: look up, pull when missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from nrdctl.errors import NotFound
from nrdctl.image.store import ImageDetails, resolve_image
from nrdctl.image.unpack import ensure_unpacked

if TYPE_CHECKING:
    from nrdctl.engine.engine import Engine
    from nrdctl.image.progress import Progress

Report = Callable[["Progress"], None] | None


def ensure_image(engine: Engine, name: str, *, pull: str = "missing", on_progress: Report = None) -> ImageDetails:
    """Return an image that is there and unpacked; pulls it as the policy (`always`, `missing`, `never`) says.

    Raises NotFound for a missing image that may not be pulled, RegistryError.
    """
    snapshotter = engine.settings.snapshotter
    if pull != "always":
        try:
            image = resolve_image(engine.client, name)
            ensure_unpacked(engine.client, image, snapshotter)
            return image
        except NotFound as error:
            if pull == "never":
                raise NotFound(f"No such image: {name}", hint="run `nrdctl pull` first, or leave --pull out") from error
    return pull_image(engine, name, on_progress=on_progress)


def pull_image(
    engine: Engine, name: str, *, platform: str | None = None, on_progress: Report = None
) -> ImageDetails:
    """Pull an image from its registry and return it."""
    from nrdctl.image.pull import pull  # import cost
    from nrdctl.oci.reference import Reference  # import cost

    reference = Reference.parse(name)
    record = pull(engine, reference, platform)
    return resolve_image(engine.client, record.name)
