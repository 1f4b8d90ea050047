"""`nrdctl describe`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nrdctl.cli.app import App
from nrdctl.cli.options import Format

if TYPE_CHECKING:
    from nrdctl.engine.describe import Description


def describe(
    app: App,
    names: Annotated[list[str], typer.Argument(metavar="NAME [NAME...]", show_default=False)],
    *,
    all_namespaces: Annotated[bool, typer.Option("--all-namespaces", "-A", help="Look in all namespaces")] = False,
    format: Format = "",
) -> None:
    """Describe objects for people.

    NAME is a container, image or network, by name or ID, or as KIND/NAME. A container's page says what it is, how it
    runs, and for each resource what its limit is, which limit is in effect and who sets it, and what is in use.

    Examples:
      nrdctl describe web
      nrdctl describe image/alpine network/bridge
      nrdctl describe web --format yaml
    """
    from nrdctl.engine.describe import describe as describe_one  # import cost

    everywhere = all_namespaces or app.everywhere
    found = [describe_one(app.engine, name, everywhere=everywhere) for name in names]
    if format in ("json", "yaml"):
        app.write(_documents(found, format))
    elif format:
        from nrdctl.render.template import Template  # import cost

        template = Template(format)
        for item in found:
            app.say(template.execute(item.document, missing_key="error"))
    else:
        app.say("\n\n\n".join(_page(item) for item in found))


def _documents(found: list[Description], format: str) -> str:
    documents = [item.document for item in found]
    if format == "json":
        from nrdctl.render.jsontext import inspect_document  # import cost

        return inspect_document(documents)
    import yaml  # import cost

    from nrdctl.render.jsontext import encode  # import cost

    # Through JSON: the documents hold types of our own that mean "null" or "sorted".
    return "---\n".join(yaml.safe_dump(yaml.safe_load(encode(d)), sort_keys=False) for d in documents)


def _page(item: Description) -> str:
    from nrdctl.render.table import align  # import cost

    width = max(len(name) for name, _ in item.lines) + 2
    text = "\n".join(f"{name + ':':<{width}}{value}" for name, value in item.lines)
    for title, rows in item.tables:
        table = align("".join("  " + "\t".join(row) + "\n" for row in rows))
        text += f"\n\n{title}:\n{table.rstrip()}"
    return text
