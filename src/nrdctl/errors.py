"""The errors of nrdctl, named as containerd's errdefs. A leaf: it imports nothing.

Every error carries a message for a person and, where there is one, a hint that says what to do about it. Only
`nrdctl.cli.main` turns errors into exit codes.
"""

from __future__ import annotations


class NrdctlError(Exception):
    """The parent of all errors that nrdctl raises on purpose."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(NrdctlError):
    """Wrong flags or arguments; docker exits with 125."""

    exit_code = 125


class NotFound(NrdctlError):
    """The named thing does not exist."""


class AlreadyExists(NrdctlError):
    """A thing of that name exists."""


class Conflict(NrdctlError):
    """The thing's state forbids the operation."""


class InvalidArgument(NrdctlError):
    """A value makes no sense."""


class PermissionDenied(NrdctlError):
    """The operating system or the daemon refused."""


class Unavailable(NrdctlError):
    """The daemon, or a part of the host that is needed, does not answer."""


class Unimplemented(NrdctlError):
    """This daemon, kernel or runtime cannot do it."""


class DeadlineExceeded(NrdctlError):
    """No answer in time."""


class RuntimeFailed(NrdctlError):
    """The low-level runtime (runc) reported an error; containerd gives its text only."""


class RegistryError(NrdctlError):
    """A registry refused or misbehaved; `status` is the HTTP status (0: none), `code` the registry's error code."""

    def __init__(self, message: str, *, status: int = 0, code: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code


class NetworkPluginError(NrdctlError):
    """A CNI plugin failed."""

    def __init__(self, plugin: str, message: str, *, hint: str | None = None) -> None:
        super().__init__(f"network plugin {plugin}: {message}", hint=hint)
        self.plugin = plugin


class ComposeError(NrdctlError):
    """A compose file is wrong."""


class StartFailed(NrdctlError):
    """The container's command could not be started: 127 when it is missing, 126 when it can't be executed."""

    def __init__(self, message: str, *, exit_code: int = 125, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.exit_code = exit_code


class ContainerExit(NrdctlError):
    """Not a failure of ours: the container's own exit status becomes ours. Nothing is printed."""

    def __init__(self, status: int) -> None:
        super().__init__(f"exit status {status}")
        self.exit_code = status
