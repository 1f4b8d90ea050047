"""The guest's end of the port: takes one request at a time, runs it in a child, answers with its status and output.

Both ways a message is its length in decimal, a newline, and a JSON document; output travels as base64. The slow
imports are done here, once, before the snapshot: a script then runs in a fork of this warm interpreter.
"""

from __future__ import annotations

import atexit
import base64
import gc
import importlib
import json
import linecache
import os
import pathlib
import select
import signal
import sys
import threading
import time
import traceback
import types
from typing import Any, NoReturn

PORTS = "vport*p*"
LARGEST_OUTPUT = 16 << 20
TIMED_OUT = 124
WARM = (
    "asyncio", "ctypes", "dataclasses", "decimal", "grpc", "google.protobuf.any_pb2",
    "google.protobuf.descriptor_pb2", "google.protobuf.duration_pb2", "google.protobuf.empty_pb2",
    "google.protobuf.field_mask_pb2", "google.protobuf.struct_pb2", "google.protobuf.timestamp_pb2",
    "google.protobuf.wrappers_pb2", "logging", "psutil", "runpy", "subprocess", "tarfile", "tempfile", "typer",
    "typer.core", "typer.main", "typing", "urllib.request", "yaml",
)  # fmt: skip


def open_port() -> int:
    """The virtio port, as a file descriptor that children don't inherit."""
    while True:
        for path in pathlib.Path("/dev").glob(PORTS):
            return os.open(path, os.O_RDWR)
        time.sleep(0.1)


def read_message(port: int, pending: bytearray) -> dict[str, Any]:
    """The next message; a host that is not connected reads as end of file, so wait for it."""
    while True:
        head, newline, rest = bytes(pending).partition(b"\n")
        if newline and len(rest) >= int(head):
            size = int(head)
            pending[:] = rest[size:]
            message: dict[str, Any] = json.loads(rest[:size])
            return message
        block = os.read(port, 1 << 16)
        if block:
            pending += block
        else:
            time.sleep(0.02)


def write_message(port: int, message: dict[str, Any]) -> None:
    """Send a whole message."""
    body = json.dumps(message).encode()
    left = memoryview(b"%d\n%s" % (len(body), body))
    while left:
        left = left[os.write(port, left) :]


def become_child(port: int, output: int) -> None:
    """Make a fork of the agent look like a fresh process: own session, empty input, output to the file."""
    os.close(port)
    os.setsid()
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.chdir("/root")
    signal.signal(signal.SIGINT, signal.default_int_handler)


def run_script(text: str, argv: list[str]) -> int:
    """Run Python text as `__main__` in this process, and return its exit status."""
    sys.argv = ["script", *argv]
    name = "<script>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    importlib.invalidate_caches()
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    try:
        exec(compile(text, name, "exec"), main.__dict__)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def finish(code: int) -> NoReturn:
    """End a script's process as the interpreter does, but without taking down the warm modules one by one."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code & 0xFF)


def wait(child: int, seconds: float) -> int:
    """The child's status as a shell gives it; at the deadline the child's whole session group is killed."""
    handle = os.pidfd_open(child)
    try:
        poller = select.poll()
        poller.register(handle, select.POLLIN)
        late = not poller.poll(seconds * 1000)
    finally:
        os.close(handle)
    if late:
        os.killpg(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return TIMED_OUT if late else status if status >= 0 else 128 - status


def main() -> NoReturn:
    """Serve until the machine ends."""
    for name in WARM:
        importlib.import_module(name)
    gc.freeze()
    port, pending = open_port(), bytearray()
    while True:
        request = read_message(port, pending)
        path = f"/run/bed-{request['id']}"
        output = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        child = os.fork()
        if child == 0:
            become_child(port, output)
            os.environ.update(request.get("env") or {})
            if request["kind"] == "shell":
                os.execv("/bin/bash", ["bash", "-c", request["text"]])
            finish(run_script(request["text"], request.get("argv") or []))
        code = wait(child, request["timeout"])
        os.lseek(output, 0, os.SEEK_SET)
        with open(output, "rb") as file:
            data = file.read(LARGEST_OUTPUT)
        pathlib.Path(path).unlink()
        write_message(port, {"id": request["id"], "code": code, "output": base64.b64encode(data).decode()})


if __name__ == "__main__":
    main()
