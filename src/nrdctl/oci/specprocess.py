"""The process of a container, and of `exec`: arguments, environment, user, capabilities."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from nrdctl.errors import InvalidArgument
from nrdctl.oci import capabilities
from nrdctl.oci.specsecurity import apparmor_profile, parse_security_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nrdctl.model.container import ContainerConfig
    from nrdctl.oci.imageconfig import ImageConfig
    from nrdctl.oci.specrequest import ExecRequest, SpecRequest
    from nrdctl.oci.user import User

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TTY_TERM = "TERM=xterm"


def container_process(request: SpecRequest) -> dict[str, Any]:
    """Return `process` of a container's document.

    HOME is not set here: the runtime takes it from the container's passwd when the environment has none, for the
    container and for every exec with another user alike.
    """
    config = request.config
    security = config.security
    names = capabilities.choose(
        add=security.cap_add,
        drop=security.cap_drop,
        privileged=security.privileged,
        available=request.host.capabilities,
    )
    process: dict[str, Any] = {
        "terminal": config.process.tty,
        "user": _user(request.user),
        "args": command(config, request.image),
        "env": environment(request),
        "cwd": working_directory(config, request.image),
        "capabilities": _capability_sets(names, root=request.user.uid == 0),
        "noNewPrivileges": parse_security_options(security.security_opt).no_new_privileges,
        # Said even though it is 0: without it the container has the shim's, which is protected from the OOM killer.
        "oomScoreAdj": 0,
    }
    profile = apparmor_profile(security, request.host)
    if profile:
        process["apparmorProfile"] = profile
    return process


def command(config: ContainerConfig, image: ImageConfig) -> list[str]:
    """Return the arguments. An entrypoint of the user's, even an empty one, drops the image's ENTRYPOINT and CMD.

    Raises InvalidArgument when nothing is left.
    """
    if config.process.entrypoint is not None:
        words = [config.process.entrypoint, *config.args]
    else:
        words = [*(image.entrypoint or ()), *(config.args or image.cmd or ())]
    if words and not words[0] and (config.process.entrypoint is not None or image.entrypoint == ("",)):
        del words[0]
    if not words:
        raise InvalidArgument("no command specified", hint="name a command after the image")
    return words


def working_directory(config: ContainerConfig, image: ImageConfig) -> str:
    """Return the directory of `-w`, of the image, or `/`. Raises InvalidArgument unless it is absolute."""
    directory = config.process.workdir or image.working_dir or "/"
    return _absolute(directory)


def _absolute(directory: str) -> str:
    if not directory.startswith("/"):
        raise InvalidArgument(f"the working directory '{directory}' is invalid, it needs to be an absolute path")
    return directory


def environment(request: SpecRequest) -> list[str]:
    """Return the environment in docker's order: PATH, HOSTNAME, TERM, then the user's, then the rest of the image's."""
    base = [f"PATH={DEFAULT_PATH}"]
    if request.hostname:
        base.append(f"HOSTNAME={request.hostname}")
    if request.config.process.tty:
        base.append(_TTY_TERM)
    own = {_key(entry) for entry in request.environment}
    image = [entry for entry in request.image.env if _key(entry) not in own]
    return _merge(base, [*request.environment, *image])


def exec_process(spec: Mapping[str, Any], request: ExecRequest) -> dict[str, Any]:
    """Return the process document for Tasks.Exec, derived from the container's. Raises InvalidArgument."""
    if not request.args:
        raise InvalidArgument("no exec command specified")
    process: dict[str, Any] = copy.deepcopy(dict(spec["process"]))
    env = _terminal_environment(process, tty=request.tty)
    process |= {
        "terminal": request.tty,
        "args": list(request.args),
        "env": _merge(env, request.environment),
        "cwd": _absolute(request.workdir) if request.workdir else process.get("cwd", "/"),
    }
    if request.user is not None:
        process["user"] = _user(request.user)
    if request.privileged:
        process["capabilities"] = _capability_sets(request.capabilities, root=True)
    process.pop("consoleSize", None)
    return process


def _terminal_environment(process: Mapping[str, Any], *, tty: bool) -> list[str]:
    """Return the container's environment with the TERM of this process' own terminal, or none."""
    env = list(process.get("env") or ())
    if process.get("terminal") and not tty:
        return [entry for entry in env if entry != _TTY_TERM]
    if tty and "TERM" not in {_key(entry) for entry in env}:
        env.append(_TTY_TERM)
    return env


def _merge(base: Iterable[str], changes: Iterable[str]) -> list[str]:
    """Put changes over a base: a known key keeps its place, a key without `=` is removed."""
    result = {_key(entry): entry for entry in base}
    for entry in changes:
        if "=" in entry:
            result[_key(entry)] = entry
        else:
            result.pop(entry, None)
    return list(result.values())


def _key(entry: str) -> str:
    return entry.partition("=")[0]


def _user(user: User) -> dict[str, Any]:
    return {"uid": user.uid, "gid": user.gid, "additionalGids": list(user.additional_gids)}


def _capability_sets(names: Iterable[str], *, root: bool) -> dict[str, list[str]]:
    """Return the sets. Other users get a bounding set alone, which is what execve would leave them anyway."""
    sets = ("bounding", "effective", "permitted") if root else ("bounding",)
    return {name: list(names) for name in sets}
