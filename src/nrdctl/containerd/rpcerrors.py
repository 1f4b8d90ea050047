"""From the status codes of gRPC, and the texts of containerd and runc, to our errors. The only place that knows them.

containerd passes most failures of the runtime on as UNKNOWN with runc's text, so what happened must be read out of it.
"""

from __future__ import annotations

import contextlib
import re
import sys
from typing import TYPE_CHECKING, Any

from nrdctl import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BY_CODE: dict[str, type[errors.NrdctlError]] = {
    "NOT_FOUND": errors.NotFound,
    "ALREADY_EXISTS": errors.AlreadyExists,
    "FAILED_PRECONDITION": errors.Conflict,
    "ABORTED": errors.Conflict,
    "INVALID_ARGUMENT": errors.InvalidArgument,
    "OUT_OF_RANGE": errors.InvalidArgument,
    "PERMISSION_DENIED": errors.PermissionDenied,
    "UNAUTHENTICATED": errors.PermissionDenied,
    "UNAVAILABLE": errors.Unavailable,
    "UNIMPLEMENTED": errors.Unimplemented,
    "DEADLINE_EXCEEDED": errors.DeadlineExceeded,
}

CONNECTION_HINT = "is containerd running? `nrdctl system start` starts one"

# The patterns are compiled when they are first used: most commands see no error.
# grpc's own texts for UNAVAILABLE; containerd has others ("ref … locked").
_CONNECTION_LOST = (
    r"(?i)Socket closed|Connection reset|Broken pipe|failed to connect|GOAWAY|Stream removed|recvmsg|sendmsg"
)
# What containerd appends to its errors: their kind, which our class says already.
_KIND_SUFFIX = r"(: (unknown|failed precondition|invalid argument|unavailable|not implemented))+$"
_NOT_FOUND_SUFFIX = r"(?<=already finished)(: not found)$|(: not found)(?=: not found$)"
# What containerd, its shim and runc put before the cause of a failed start.
_START_PREFIXES = (
    r"^(failed to (create|start) (shim task|shim|task)[^:]*: "
    r"|OCI runtime (create|exec|start) failed: "
    r"|(runc (create|exec|start)|exec) failed: "
    r"|unable to start container process: "
    r"|error during container init: )+"
)
# Texts that come as UNKNOWN and say: not in this state ("cannot delete a running process").
_CONFLICT = (
    r"\bcannot (start|delete|kill|pause|resume|exec in|resize|update|checkpoint) (a |an )?"
    r"(running|stopped|paused|created|deleted|task in created)\b"
    r"|\bcontainer not (running|paused)\b"
)
# docker's exit codes of `run` and `exec`, by what the text contains (moby and docker/cli look for the same texts).
_COMMAND_NOT_FOUND = r"executable file not found|no such file or directory"
_COMMAND_NOT_EXECUTABLE = r"permission denied|is a directory|exec format error"
# … unless the text is about something else that is missing: the runtime's program, the source of a mount.
_NOT_THE_COMMAND = r"unable to retrieve OCI runtime error|failed to mount|error mounting|failed to start shim"


class Translated:
    """A context in which grpc's errors become ours.

    `probe` raises Unavailable itself when nobody listens at the address any more.
    """

    def __init__(self, probe: Callable[[], None], method: str) -> None:
        self._probe = probe
        self._method = method

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        # When grpc was not imported, which takes long, the error is not grpc's.
        grpc = sys.modules.get("grpc")
        if grpc is not None and isinstance(error, grpc.RpcError):
            code, details = code_and_details(error)
            if code == "UNAVAILABLE":
                self._probe()
            raise to_error(code, details, method=self._method) from error


def code_and_details(error: Any) -> tuple[str, str]:
    """Return the name of the status code of a `grpc.RpcError` and its text."""
    code = error.code() if hasattr(error, "code") else None
    details = error.details() if hasattr(error, "details") else None
    return (code.name if code is not None else "UNKNOWN"), details or str(error)


def to_error(code: str, details: str, *, method: str) -> errors.NrdctlError:
    """Return the error for a status code and its text."""
    if code == "DEADLINE_EXCEEDED" and details.casefold() == "deadline exceeded":
        return errors.DeadlineExceeded(f"containerd did not answer {method} in time")
    if code == "CANCELLED":
        return errors.NrdctlError(f"{method} was cancelled")
    if code == "UNAVAILABLE" and re.search(_CONNECTION_LOST, details):
        return errors.Unavailable(f"the connection to containerd was lost: {details}", hint=CONNECTION_HINT)
    text = clean(details)
    if code == "UNKNOWN":
        return errors.Conflict(text) if re.search(_CONFLICT, text) else errors.RuntimeFailed(text)
    return _BY_CODE.get(code, errors.NrdctlError)(text)


def clean(details: str) -> str:
    """Return containerd's text without the name of the error's kind at its end, where that says nothing more."""
    return re.sub(_NOT_FOUND_SUFFIX, "", re.sub(_KIND_SUFFIX, "", details.strip()).strip())


@contextlib.contextmanager
def starting() -> Iterator[None]:
    """Raise StartFailed, with docker's exit code, for what runc says when it can't create, start or exec."""
    try:
        yield
    except errors.RuntimeFailed as error:
        raise start_failure(error.message) from error


def start_failure(text: str) -> errors.StartFailed:
    """Return the error for runc's text: 127 for a missing command, 126 for one that can't be executed, else 125."""
    cause = re.sub(_START_PREFIXES, "", text)
    if re.search(_NOT_THE_COMMAND, text):
        return errors.StartFailed(cause)
    if re.search(_COMMAND_NOT_FOUND, text):
        return errors.StartFailed(cause, exit_code=127)
    if re.search(_COMMAND_NOT_EXECUTABLE, text):
        return errors.StartFailed(cause, exit_code=126)
    return errors.StartFailed(cause)
