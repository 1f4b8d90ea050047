"""`nrdctl version`."""

from __future__ import annotations

from nrdctl.cli.app import App
from nrdctl.cli.options import Format
from nrdctl.errors import NrdctlError


def version(app: App, *, format: Format = "") -> None:
    """Show the version information."""
    from nrdctl.engine.system import client_version, server_version  # import cost
    from nrdctl.render.jsontext import encode  # import cost
    from nrdctl.render.template import Template  # import cost

    template = Template(format) if format and format != "json" else None
    document = {"Client": client_version(), "Server": None}
    failure = None
    try:
        document["Server"] = server_version(app.engine)
    except NrdctlError as error:
        failure = error
    if format == "json":
        app.say(encode(document))
    elif template:
        app.say(template.execute(document))
    else:
        app.write(_text(document))
    if failure:
        raise failure


def _text(document: dict[str, dict[str, object] | None]) -> str:
    client, server = document["Client"] or {}, document["Server"]
    lines = ["Client:"]
    lines += [
        f" Version:\t{client['Version']}",
        f" Python version:\t{client['PythonVersion']}",
        f" OS/Arch:\t{client['Os']}/{client['Arch']}",
    ]
    if server:
        lines += ["", "Server:"]
        for component in server["Components"]:  # type: ignore[attr-defined]
            lines += [f" {component['Name']}:", f"  Version:\t{component['Version']}"]
            lines += [f"  {key}:\t{value}" for key, value in component["Details"].items()]
    return "\n".join(f"{left:<18}{right}" for left, _, right in (line.partition("\t") for line in lines)) + "\n"
