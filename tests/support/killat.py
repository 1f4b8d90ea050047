"""Runs nrdctl in processes that kill themselves (SIGKILL) before or after their N-th step.

A step is a call that changes, or asks, something outside of the process: an RPC, a CNI plugin, a program that is
started, a system call for a file or a mount, a request to a monitor, a write to a cgroup. Nothing in the product knows
of this: the functions are wrapped in the child only.

`Killer` is the test's side. Its server (this module as a program) has imported all of nrdctl and forks a child for each
command, which saves the second that an interpreter needs to start. It must not open a connection itself: grpc does not
survive a fork.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import importlib
import json
import os
import pathlib
import pkgutil
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

BEFORE, AFTER = "before", "after"
SECONDS = 60.0
_ON_THE_WIRE = 0.005  # seconds after which a request that nobody waits for has certainly been sent


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """How a command ended: its exit code, -9 when it killed itself; `steps` are the names of those that it began."""

    code: int
    out: str
    err: str
    steps: tuple[str, ...]

    @property
    def killed(self) -> bool:
        """Whether it killed itself."""
        return self.code == -signal.SIGKILL

    @property
    def last(self) -> str:
        """The step at which it ended."""
        return self.steps[-1] if self.steps else "the start"


class Killer:
    """Runs commands with an environment. `at` is the number of the step, from 1; 0 for none."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.killat"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=dict(environment),
            cwd=pathlib.Path(__file__).parents[2],
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.kill()
        self._server.communicate()

    def __call__(self, *words: str, at: int = 0, when: str = BEFORE) -> Ended:
        """Run a command to its end, which is at the latest before or after step `at`."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps({"words": words, "at": at, "when": when}) + "\n")
        self._server.stdin.flush()
        answer = json.loads(self._server.stdout.readline())
        return Ended(code=answer["code"], out=answer["out"], err=answer["err"], steps=tuple(answer["steps"]))


class _Steps:
    """Counts, writes down, kills. Threads take their steps one after the other as far as the count is concerned."""

    def __init__(self, at: int, when: str, report: int) -> None:
        self._at, self._when, self._report = at, when, report
        self._lock = threading.Lock()
        self._count = 0

    def wrap(self, owner: Any, name: str, *, label: Callable[..., str] | None = None, pause: float = 0) -> None:
        """Replace a function of a module or class by one that counts as a step."""
        original = getattr(owner, name)
        where = getattr(owner, "__name__", "").rpartition(".")[2]

        @functools.wraps(original)
        def step(*args: Any, **kwargs: Any) -> Any:
            number = self._begin(f"{where}.{name}{label(*args) if label else ''}")
            result = original(*args, **kwargs)
            if number == self._at and self._when == AFTER:
                time.sleep(pause)
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        setattr(owner, name, step)

    def _begin(self, name: str) -> int:
        with self._lock:
            self._count += 1
            os.write(self._report, f"{name}\n".encode())
            if self._count == self._at and self._when == BEFORE:
                os.kill(os.getpid(), signal.SIGKILL)
            return self._count


def _wrap_all(steps: _Steps) -> None:
    """Wrap every way in which nrdctl reaches out of its process."""
    from nrdctl.cgroup import fileio
    from nrdctl.conmon.client import MonitorClient
    from nrdctl.containerd.channel import Rpc
    from nrdctl.network import netns, plugin

    def method(_rpc: object, name: str, *_: object) -> str:
        return f" {name}"

    def verb(command: str, document: Mapping[str, Any], *_: object) -> str:
        return f" {command} {document['type']}"

    steps.wrap(Rpc, "unary", label=method)
    for name in ("future", "stream", "duplex"):
        steps.wrap(Rpc, name, label=method, pause=_ON_THE_WIRE)
    steps.wrap(plugin, "_run", label=verb)
    for name in ("create", "remove"):
        steps.wrap(netns, name)
    for name in ("connect", "send_pid", "hand_over", "claim", "subscribe", "quit"):
        steps.wrap(MonitorClient, name)
    steps.wrap(fileio, "write_once", label=lambda path, *_: f" {pathlib.Path(path).name}")
    _replace_imported(fileio.write_once, "write_once")
    steps.wrap(subprocess, "Popen")
    for name in ("posix_spawn", "mkdir", "mkfifo", "rename", "replace", "unlink", "rmdir"):
        steps.wrap(os, name, label=lambda path, *_: f" {os.fspath(path).rpartition('/')[2]}")


def _replace_imported(function: Any, name: str) -> None:
    """Put a wrapped function also where `from … import` has taken the original to."""
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith("nrdctl.") and hasattr(module, name):
            setattr(module, name, function)


def _child(words: Sequence[str], steps: _Steps, out: int, err: int) -> None:
    """Run one command in this process, which then ends."""
    code = 70
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(err, 2)
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, mode) for n, mode in enumerate(("r", "w", "w")))
        _wrap_all(steps)
        from nrdctl.cli.main import main

        code = main(words)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _run(words: Sequence[str], at: int, when: str) -> dict[str, Any]:
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        pid = os.fork()
        if pid == 0:
            out, err, report = (file.fileno() for file in files)
            _child(words, _Steps(at, when, report), out, err)
        code = _end_of(pid)
        texts = []
        for file in files:
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    return {"code": code, "out": texts[0], "err": texts[1], "steps": texts[2].splitlines()}


def _end_of(pid: int) -> int:
    """Return a child's exit code; one that does not end gets SIGABRT, so that it is not taken for a suicide."""
    deadline = time.monotonic() + SECONDS
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGABRT)
        time.sleep(0.005)


def _serve() -> None:
    """Run the commands that come as lines of JSON; answer each with a line."""
    import nrdctl

    for module in pkgutil.walk_packages(nrdctl.__path__, "nrdctl."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(_run(request["words"], request["at"], request["when"])), flush=True)


def program_path() -> str:
    """Return a PATH on which administrators' programs are."""
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"


if __name__ == "__main__":
    assert shutil.which("runc", path=program_path())
    _serve()
