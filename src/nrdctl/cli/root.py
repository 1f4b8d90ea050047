"""The root command: global flags, and the lazy table of everything else."""

from __future__ import annotations

from typing import Annotated, Any

import typer
import typer.main
from typer.models import CommandInfo

from nrdctl import __version__
from nrdctl.cli.commands import COMMANDS
from nrdctl.cli.group import Command, Group, build_group

SUMMARY = "Run containers on containerd, and see and set what they may use"


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nrdctl version {__version__}")
        raise typer.Exit


def root(
    ctx: typer.Context,
    *,
    debug: Annotated[bool, typer.Option("--debug", "-D", help="Show tracebacks and calls")] = False,
    address: Annotated[
        str | None, typer.Option("--address", "-a", "-H", "--host", metavar="string", help="containerd's socket")
    ] = None,
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", metavar="string", help="containerd's namespace")
    ] = None,
    snapshotter: Annotated[
        str | None,
        typer.Option("--snapshotter", "--storage-driver", metavar="string", help="containerd's snapshotter"),
    ] = None,
    data_root: Annotated[
        str | None, typer.Option("--data-root", metavar="string", help="Folder of nrdctl's own files")
    ] = None,
    cgroup_manager: Annotated[
        str | None, typer.Option("--cgroup-manager", metavar="string", help="Who makes cgroups: cgroupfs or systemd")
    ] = None,
    cni_path: Annotated[str | None, typer.Option("--cni-path", metavar="string", help="Folder of CNI plugins")] = None,
    cni_netconfpath: Annotated[
        str | None, typer.Option("--cni-netconfpath", metavar="string", help="Folder of CNI network files")
    ] = None,
    insecure_registry: Annotated[
        bool, typer.Option("--insecure-registry", help="Allow plain HTTP and unverified TLS to registries")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", "-v", is_eager=True, callback=_print_version, help="Print version and quit")
    ] = False,
) -> None:
    """Keep the global flags for `App`; those not given stay out, so that the environment or the file can speak."""
    del version  # `_print_version` has acted on it
    given: dict[str, Any] = {
        "debug": debug or None,
        "address": address,
        "namespace": namespace,
        "snapshotter": snapshotter,
        "data_root": data_root,
        "cgroup_manager": cgroup_manager,
        "cni_path": cni_path,
        "cni_netconfpath": cni_netconfpath,
        "insecure_registry": insecure_registry or None,
    }
    ctx.obj.flags = {name: value for name, value in given.items() if value is not None}


def build_root() -> Any:
    """Return the program's Click command."""
    info = CommandInfo(name="nrdctl", cls=Command, callback=root, help=SUMMARY)
    carrier = typer.main.get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)
    return build_group("nrdctl", Group(summary=SUMMARY, commands=COMMANDS), callback_command=carrier)
