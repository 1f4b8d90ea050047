"""What all `inspect` commands share: docker's JSON array, or a template for each object; misses are reported last."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from nrdctl.errors import ContainerExit, NotFound
from nrdctl.render.jsontext import encode, inspect_document
from nrdctl.render.template import Template

if TYPE_CHECKING:
    from nrdctl.cli.app import App


def show(app: App, names: Iterable[str], format: str, inspect: Callable[[str], dict[str, Any]]) -> None:
    """Print the documents of the named objects; raises ContainerExit(1) after the rest when one was not found."""
    template = Template(format) if format and format != "json" else None
    documents, missing = [], []
    for name in names:
        try:
            documents.append(inspect(name))
        except NotFound as error:
            missing.append(error)
    if format == "json":
        app.write("[" + ",".join(encode(d) for d in documents) + "]\n")
    elif template is None:
        app.write(inspect_document(documents))
    else:
        for document in documents:
            app.say(template.execute(document, missing_key="error"))
    for miss in missing:
        app.report(miss)
    if missing:
        raise ContainerExit(1)
