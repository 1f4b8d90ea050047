"""`nrdctl list`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.options import Format
from nrdctl.errors import UsageError

if TYPE_CHECKING:
    from nrdctl.engine.resources.view import ContainerLimits
    from nrdctl.render.column import Columns

KINDS = ("containers", "images", "networks", "namespaces")


def listing(
    app: App,
    kinds: Annotated[list[str] | None, typer.Argument(metavar="[KIND...]", show_default=False)] = None,
    *,
    all_namespaces: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="Show containers of all namespaces")
    ] = False,
    format: Format = "",
) -> None:
    """List what there is.

    Containers (of all namespaces, unless one is named with `--namespace`) with what they may use, then images, networks
    and namespaces. KIND narrows it to containers, images, networks or namespaces.

    Examples:
      nrdctl list
      nrdctl list containers images
      nrdctl list containers --format json
    """
    chosen = [_kind(kind) for kind in kinds or KINDS]
    if format and len(chosen) != 1:
        raise UsageError("--format needs one KIND", hint="e.g. nrdctl list containers --format json")
    sections: dict[str, Callable[[], tuple[str, str]]] = {
        "containers": lambda: _containers(app, format, everywhere=all_namespaces or app.everywhere),
        "images": lambda: _images(app, format),
        "networks": lambda: _networks(app, format),
        "namespaces": lambda: _namespaces(app, format),
    }
    texts = [sections[kind]() for kind in chosen]
    if format:
        app.write(texts[0][1])
        return
    app.say("\n\n".join(f"{title}\n{table.rstrip()}" for title, table in texts))


def _kind(text: str) -> str:
    for kind in KINDS:
        if text.lower() in (kind, kind.removesuffix("s")):
            return kind
    raise UsageError(f"unknown kind {text!r}", hint=f"kinds are: {', '.join(KINDS)}")


def _containers(app: App, format: str, *, everywhere: bool) -> tuple[str, str]:
    from nrdctl.engine.overview import overview  # import cost

    formatter = container_columns(several_namespaces=True).prepare(format)
    seen = overview(app.engine, everywhere=everywhere)
    rows = [limits for _, limits in seen.containers]
    several = len({row.namespace for row in rows}) > 1
    if not format:
        formatter = container_columns(several_namespaces=several).prepare(format)
    running = sum(container.state.running for container, _ in seen.containers)
    where = "all namespaces" if everywhere else f"namespace {seen.namespaces[0]}"
    return f"CONTAINERS: {len(rows)} ({running} running, in {where})", formatter.render(rows)


def container_columns(*, several_namespaces: bool) -> Columns[ContainerLimits]:
    """Return the columns of containers in the overview: those of `container limits`, with ID and image first."""
    import dataclasses  # import cost

    from nrdctl.cli.resource.columns import limit_columns  # import cost
    from nrdctl.render.column import Column  # import cost
    from nrdctl.render.human import familiar_image  # import cost

    columns = limit_columns(several_namespaces=several_namespaces)
    image: Column[ContainerLimits] = Column("Image", "IMAGE", lambda c: familiar_image(c.image))
    namespace = ("Namespace",) if several_namespaces else ()
    shown = ("ID", "Name", *namespace, "Image", "State", "CPULimit", "CPUs", "Memory", "MemoryLimit", "PIDs")
    return dataclasses.replace(columns, columns=(*columns.columns, image), default=shown)


def _images(app: App, format: str) -> tuple[str, str]:
    from nrdctl.engine.images import list_images  # import cost
    from nrdctl.render.images import image_columns  # import cost

    formatter = image_columns(datetime.now(UTC)).prepare(format)
    rows = list_images(app.engine, "", {})
    return f"IMAGES: {len(rows)} (in namespace {app.engine.namespace})", formatter.render(rows)


def _networks(app: App, format: str) -> tuple[str, str]:
    from nrdctl.engine.networks import list_networks  # import cost
    from nrdctl.render.networks import network_columns  # import cost

    formatter = network_columns(datetime.now(UTC)).prepare(format)
    rows = list_networks(app.engine)
    return f"NETWORKS: {len(rows)}", formatter.render(rows)


def _namespaces(app: App, format: str) -> tuple[str, str]:
    from nrdctl.engine.namespaces import list_namespaces  # import cost
    from nrdctl.render.namespaces import namespace_columns  # import cost

    formatter = namespace_columns().prepare(format)
    rows = list_namespaces(app.engine)
    return f"NAMESPACES: {len(rows)}", formatter.render(rows)
