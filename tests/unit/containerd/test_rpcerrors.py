"""What containerd 1.6 to 2.1 and runc 1.1 to 1.3 really say, and what becomes of it."""

from __future__ import annotations

import pytest

from nrdctl import errors
from nrdctl.containerd.rpcerrors import clean, start_failure, starting, to_error

CREATE = "failed to create shim task: OCI runtime create failed: runc create failed: "
EXEC = "OCI runtime exec failed: exec failed: "
INIT = "unable to start container process: "


@pytest.mark.parametrize(
    ("code", "details", "kind", "message"),
    [
        ("NOT_FOUND", 'container "web" in namespace "x": not found', errors.NotFound, None),
        ("NOT_FOUND", "task web not found", errors.NotFound, None),
        ("NOT_FOUND", "process already finished: not found", errors.NotFound, "process already finished"),
        ("NOT_FOUND", "lease does not exist: not found", errors.NotFound, None),
        ("ALREADY_EXISTS", 'snapshot "web": already exists', errors.AlreadyExists, None),
        (
            "FAILED_PRECONDITION",
            "cannot remove snapshot with child: failed precondition",
            errors.Conflict,
            "cannot remove snapshot with child",
        ),
        (
            "INVALID_ARGUMENT",
            "filters: parse error: expected field or quoted: invalid argument: invalid argument",
            errors.InvalidArgument,
            "filters: parse error: expected field or quoted",
        ),
        ("OUT_OF_RANGE", "write @3 must occur at current offset 5", errors.InvalidArgument, None),
        ("PERMISSION_DENIED", "no", errors.PermissionDenied, None),
        (
            "UNIMPLEMENTED",
            "snapshotter does not implement Cleanup method: not implemented",
            errors.Unimplemented,
            "snapshotter does not implement Cleanup method",
        ),
        ("UNAVAILABLE", "ref x/1/r1 locked for 44ms: unavailable", errors.Unavailable, "ref x/1/r1 locked for 44ms"),
        (
            "DEADLINE_EXCEEDED",
            "Deadline Exceeded",
            errors.DeadlineExceeded,
            "containerd did not answer Tasks.List in time",
        ),
        ("DEADLINE_EXCEEDED", "context deadline exceeded", errors.DeadlineExceeded, "context deadline exceeded"),
        ("CANCELLED", "Channel closed!", errors.NrdctlError, "Tasks.List was cancelled"),
        ("DATA_LOSS", "wrote 3 of 5 bytes", errors.NrdctlError, None),
        ("UNKNOWN", "args must not be empty: unknown", errors.RuntimeFailed, "args must not be empty"),
        (
            "UNKNOWN",
            "runc did not terminate successfully: exit status 1: unable to signal init: invalid argument\n: unknown",
            errors.RuntimeFailed,
            "runc did not terminate successfully: exit status 1: unable to signal init: invalid argument",
        ),
    ],
)
def test_codes(code: str, details: str, kind: type[errors.NrdctlError], message: str | None) -> None:
    error = to_error(code, details, method="Tasks.List")
    assert type(error) is kind
    assert error.message == (message or details)


@pytest.mark.parametrize(
    "details",
    [
        "failed to delete task: cannot delete a running process: unknown",
        "failed to delete task: cannot delete a running process",
        "cannot start a running process: unknown",
        "cannot start a stopped process: unknown",
        "cannot pause task in created state: unknown",
        "cannot pause a paused container: unknown",
        "cannot resume a running process: unknown",
        "cannot exec in a stopped state: unknown",
        "cannot exec in a paused state: unknown",
        "cannot update a stopped container: unknown",
        "cannot checkpoint a task in created state: unknown",
        "container not running: unknown",
    ],
)
def test_the_wrong_state_is_a_conflict(details: str) -> None:
    assert type(to_error("UNKNOWN", details, method="Tasks.Start")) is errors.Conflict


@pytest.mark.parametrize(
    ("text", "message", "exit_code"),
    [
        (
            CREATE + INIT + 'exec: "nosuch": executable file not found in $PATH',
            'exec: "nosuch": executable file not found in $PATH',
            127,
        ),
        (
            CREATE + INIT + 'exec: "/bin/nosuch": stat /bin/nosuch: no such file or directory',
            'exec: "/bin/nosuch": stat /bin/nosuch: no such file or directory',
            127,
        ),
        (CREATE + INIT + 'exec: "/bin/data": permission denied', 'exec: "/bin/data": permission denied', 126),
        (CREATE + INIT + 'exec: "/tmp": is a directory', 'exec: "/tmp": is a directory', 126),
        (CREATE + INIT + 'exec: "/bin/data": exec format error', 'exec: "/bin/data": exec format error', 126),
        (CREATE + "args must not be empty", "args must not be empty", 125),
        (
            CREATE + INIT + "error during container init: mkdir /bin/data: not a directory",
            "mkdir /bin/data: not a directory",
            125,
        ),
        (
            EXEC + INIT + 'exec: "nosuch": executable file not found in $PATH',
            'exec: "nosuch": executable file not found in $PATH',
            127,
        ),
        (EXEC + INIT + 'exec: "/bin/data": permission denied', 'exec: "/bin/data": permission denied', 126),
        # These are missing too, but they are not the command.
        (
            "failed to create shim task: OCI runtime create failed: unable to retrieve OCI runtime error "
            "(open /x/log.json: no such file or directory): fork/exec /bin/nope: no such file or directory",
            "unable to retrieve OCI runtime error "
            "(open /x/log.json: no such file or directory): fork/exec /bin/nope: no such file or directory",
            125,
        ),
        (
            "failed to create shim task: failed to mount rootfs component &{bind /x []}: no such file or directory",
            "failed to mount rootfs component &{bind /x []}: no such file or directory",
            125,
        ),
        (
            CREATE
            + INIT
            + 'error during container init: error mounting "/x" to rootfs at "/y": stat /x: no such file or directory',
            'error mounting "/x" to rootfs at "/y": stat /x: no such file or directory',
            125,
        ),
    ],
)
def test_a_failed_start_has_dockers_exit_code(text: str, message: str, exit_code: int) -> None:
    error = start_failure(text)
    assert (error.message, error.exit_code) == (message, exit_code)


@pytest.mark.parametrize(
    "details",
    [
        "Stream removed (Socket closed)",
        "Socket closed",
        "failed to connect to all addresses; last error: UNKNOWN: unix:/x: Failed to connect to remote host",
        "recvmsg:Connection reset by peer",
    ],
)
def test_a_lost_connection_has_a_hint(details: str) -> None:
    error = to_error("UNAVAILABLE", details, method="Tasks.Wait")
    assert type(error) is errors.Unavailable
    assert error.message == f"the connection to containerd was lost: {details}"
    assert error.hint is not None
    assert to_error("UNAVAILABLE", "ref x locked: unavailable", method="Content.Write").hint is None


def test_starting_lets_other_errors_through() -> None:
    with pytest.raises(errors.Conflict), starting():
        raise errors.Conflict("cannot start a running process")
    with pytest.raises(errors.StartFailed), starting():
        raise errors.RuntimeFailed("exec: permission denied")


def test_clean_keeps_what_says_something() -> None:
    assert clean("x: not found: not found") == "x: not found"
    assert clean(" unknown ") == "unknown"
