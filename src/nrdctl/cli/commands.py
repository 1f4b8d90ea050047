"""The table of all commands. A row names the function; its module is imported when the command is used."""

from __future__ import annotations

from nrdctl.cli.group import Entry, Group, Table

_COMMON = "Common Commands"
_RESOURCE = "Resource Commands"
_C = "nrdctl.cli.container"
_I = "nrdctl.cli.image"

_CONTAINER: dict[str, Entry] = {
    "run": Entry(
        target=f"{_C}.run:run",
        summary="Create and run a new container from an image",
        section=_COMMON,
        passes_arguments=True,
    ),
    "exec": Entry(
        target=f"{_C}.execute:execute",
        summary="Execute a command in a running container",
        section=_COMMON,
        passes_arguments=True,
    ),
    "ps": Entry(target=f"{_C}.ps:ps", summary="List containers", section=_COMMON),
    "create": Entry(target=f"{_C}.create:create", summary="Create a new container", passes_arguments=True),
    "start": Entry(target=f"{_C}.start:start", summary="Start one or more stopped containers"),
    "stop": Entry(target=f"{_C}.stop:stop", summary="Stop one or more running containers"),
    "restart": Entry(target=f"{_C}.restart:restart", summary="Restart one or more containers"),
    "kill": Entry(target=f"{_C}.kill:kill", summary="Kill one or more running containers"),
    "rm": Entry(target=f"{_C}.rm:rm", summary="Remove one or more containers"),
    "attach": Entry(
        target=f"{_C}.attach:attach",
        summary="Attach local standard input, output, and error streams to a running container",
    ),
    "logs": Entry(target=f"{_C}.logs:logs", summary="Fetch the logs of a container"),
    "wait": Entry(target=f"{_C}.wait:wait", summary="Block until one or more containers stop, then print their codes"),
}

_IMAGE: dict[str, Entry] = {
    "pull": Entry(target=f"{_I}.pull:pull", summary="Download an image from a registry", section=_COMMON),
    "images": Entry(target=f"{_I}.images:images", summary="List images", section=_COMMON),
    "rmi": Entry(target=f"{_I}.rmi:rmi", summary="Remove one or more images"),
    "load": Entry(target=f"{_I}.load:load", summary="Load an image from a tar archive or STDIN"),
    "tag": Entry(target=f"{_I}.tag:tag", summary="Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE"),
}

_CONTAINER_GROUP: dict[str, Entry] = {
    **_CONTAINER,
    "ls": Entry(target=f"{_C}.ps:ps", summary="List containers"),
    "list": Entry(target=f"{_C}.ps:ps", summary="List containers", hidden=True),
    "inspect": Entry(target=f"{_C}.inspect:inspect", summary="Display detailed information on one or more containers"),
    "limits": Entry(target="nrdctl.cli.resource.limits:limits", summary="Show what containers may use and do use"),
    "set": Entry(target="nrdctl.cli.resource.set:set_limits", summary="Set limits: KEY=VALUE…"),
    "remove": Entry(target="nrdctl.cli.resource.remove:remove", summary="Remove limits: KEY…"),
    "pin": Entry(target="nrdctl.cli.resource.pin:pin", summary="Pin a container to CPUs"),
    "unpin": Entry(target="nrdctl.cli.resource.unpin:unpin", summary="Take a pin back"),
}

COMMANDS: Table = {
    **_CONTAINER,
    **_IMAGE,
    "inspect": Entry(target="nrdctl.cli.inspect:inspect", summary="Return low-level information on objects"),
    "info": Entry(target="nrdctl.cli.system.info:info", summary="Display system-wide information"),
    "version": Entry(target="nrdctl.cli.system.version:version", summary="Show the version information"),
    "list": Entry(target="nrdctl.cli.resource.listing:listing", summary="List what there is", section=_RESOURCE),
    "describe": Entry(
        target="nrdctl.cli.resource.describe:describe", summary="Describe objects for people", section=_RESOURCE
    ),
    "monitor": Group(
        summary="Watch live what containers use",
        section=_RESOURCE,
        commands={
            "cpu": Entry(target="nrdctl.cli.monitor:cpu", summary="Watch CPU"),
            "memory": Entry(target="nrdctl.cli.monitor:memory", summary="Watch memory"),
            "network": Entry(target="nrdctl.cli.monitor:network", summary="Watch network traffic"),
        },
    ),
    "container": Group(summary="Manage containers", commands=_CONTAINER_GROUP),
    "image": Group(
        summary="Manage images",
        commands={
            **{name: entry for name, entry in _IMAGE.items() if name != "rmi"},
            "ls": Entry(target=f"{_I}.images:images", summary="List images"),
            "rm": Entry(target=f"{_I}.rmi:rmi", summary="Remove one or more images"),
            "inspect": Entry(
                target=f"{_I}.inspect:inspect", summary="Display detailed information on one or more images"
            ),
        },
    ),
    "network": Group(
        summary="Manage networks",
        commands={"ls": Entry(target="nrdctl.cli.network:ls", summary="List networks")},
    ),
    "namespace": Group(
        summary="Manage containerd namespaces",
        commands={"ls": Entry(target="nrdctl.cli.namespace:ls", summary="List namespaces")},
    ),
    "system": Group(
        summary="Manage nrdctl and its containerd",
        commands={
            "info": Entry(target="nrdctl.cli.system.info:info", summary="Display system-wide information"),
            "start": Entry(target="nrdctl.cli.system.start:start", summary="Start a containerd of our own"),
            "stop": Entry(target="nrdctl.cli.system.stop:stop", summary="Stop the containerd that start started"),
            "prune": Entry(target="nrdctl.cli.system.prune:prune", summary="Remove unused data"),
        },
    ),
    "internal": Group(
        summary="Commands that nrdctl calls itself",
        hidden=True,
        commands={
            "exited": Entry(
                target="nrdctl.cli.internal:exited",
                summary="Clean up after the exit of a container's process",
            ),
            "close-stdin": Entry(
                target="nrdctl.cli.internal:close_stdin",
                summary="Close the standard input of a container's process",
            ),
            "restart": Entry(
                target="nrdctl.cli.internal:restart",
                summary="Start a container again, as its restart policy wants",
            ),
        },
    ),
}
