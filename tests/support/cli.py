"""Runs the command as a person does: in a process of its own, with pipes, in the background, or on a terminal."""

from __future__ import annotations

import dataclasses
import json
import os
import select
import signal
import subprocess
import sys
from typing import IO, TYPE_CHECKING, Any, Self

from nrdctl.engine.container.inspect import inspect_container
from nrdctl.engine.container.listing import list_containers
from tests.support.terminal import Terminal
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nrdctl.engine.engine import Engine

COMMAND = (sys.executable, "-m", "nrdctl")
SECONDS = 60.0


@dataclasses.dataclass(frozen=True)
class Result:
    """How a command ended. `raw_out` is the output as it came."""

    words: tuple[str, ...]
    code: int
    raw_out: bytes
    err: str

    @property
    def out(self) -> str:
        """Standard output as text, without the last line's end."""
        return self.raw_out.decode(errors="replace").removesuffix("\n")

    @property
    def lines(self) -> list[str]:
        """The lines of the output."""
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        """The output, read as JSON."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """What the command says that is wrong: the line that begins with its name, without that."""
        found = [line for line in self.err.splitlines() if line.startswith("nrdctl: ")]
        assert len(found) == 1, f"one error was expected, not {self.err!r}"
        return found[0].removeprefix("nrdctl: ")

    @property
    def hint(self) -> str:
        """The hint after it; empty when there is none."""
        found = [line.removeprefix("hint: ") for line in self.err.splitlines() if line.startswith("hint: ")]
        return "".join(found)


class Background:
    """A command that runs while the test goes on."""

    def __init__(self, words: tuple[str, ...], environment: Mapping[str, str], *, stdin: int | IO[bytes]) -> None:
        self.words = words
        self.process = subprocess.Popen(
            [*COMMAND, *words],
            env=environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )

    def readable(self, seconds: float) -> bool:
        """Wait for output; False when there is none."""
        assert self.process.stdout is not None
        return bool(select.select([self.process.stdout], [], [], seconds)[0])

    def line(self) -> str:
        """Wait for a line of output; what comes before the end of the output counts as one."""
        assert self.process.stdout is not None
        line = b""
        while not line.endswith(b"\n"):
            assert self.readable(SECONDS), f"{' '.join(self.words)} has written {line!r} and nothing more"
            if not (byte := self.process.stdout.read(1)):
                break
            line += byte
        return line.decode().removesuffix("\n")

    def write(self, text: str) -> None:
        """Write to its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())

    def signal(self, number: int) -> None:
        """Send a signal to the command itself."""
        self.process.send_signal(number)

    def end(self, data: bytes | None = None, *, seconds: float = SECONDS) -> Result:
        """Write the last input, wait for the end, and return what has not been read yet."""
        out, err = self.process.communicate(data, timeout=seconds)
        return Result(self.words, self.process.returncode, out, err.decode(errors="replace"))

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.communicate()


class Cli:
    """nrdctl on one daemon, in one namespace, with one data root, all told by the environment.

    The engine, which has the same settings, serves for waiting: it sees what there is without a process each time.
    """

    def __init__(self, engine: Engine, **more: str) -> None:
        settings = engine.settings
        self.engine, self.namespace = engine, settings.namespace
        ignored = ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
        inherited = {key: value for key, value in os.environ.items() if key not in ignored}
        self.environment = {
            **inherited,
            "CONTAINERD_ADDRESS": settings.address,
            "CONTAINERD_NAMESPACE": settings.namespace,
            "CONTAINERD_SNAPSHOTTER": settings.snapshotter,
            "NRDCTL_DATA_ROOT": str(settings.data_root),
            **more,
        }
        self._background: list[Background | Terminal] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End what runs in the background."""
        for process in self._background:
            process.kill()
        self._background.clear()

    def __call__(
        self, *words: str, data: bytes | None = None, check: bool = True, seconds: float = SECONDS, **more: str
    ) -> Result:
        """Run a command to its end; with `check` it has to succeed. `data` is its input, `more` its environment."""
        started = self._start(words, subprocess.PIPE, more)
        try:
            result = started.end(data or b"", seconds=seconds)
        except subprocess.TimeoutExpired:
            started.signal(signal.SIGKILL)
            raise
        if check:
            assert result.code == 0, f"{' '.join(words)} ended with {result.code}: {result.err}"
        return result

    def fails(self, code: int, *words: str, **options: Any) -> Result:
        """Run a command that must end with this code."""
        result = self(*words, check=False, **options)
        assert result.code == code, f"{' '.join(words)} ended with {result.code}: {result.out}{result.err}"
        return result

    def start(self, *words: str, stdin: int | IO[bytes] = subprocess.PIPE, **more: str) -> Background:
        """Start a command."""
        return self._start(words, stdin, more)

    def _start(self, words: tuple[str, ...], stdin: int | IO[bytes], more: Mapping[str, str]) -> Background:
        started = Background(words, {**self.environment, **more}, stdin=stdin)
        self._background.append(started)
        return started

    def terminal(self, *words: str, columns: int = 80, rows: int = 24) -> Terminal:
        """Start a command on a terminal."""
        started = Terminal([*COMMAND, *words], self.environment, columns=columns, rows=rows)
        self._background.append(started)
        return started

    # -- what tests ask for all the time

    def run(self, *words: str) -> str:
        """Start a container in the background and return its id."""
        return self("run", "-d", *words).out

    def get(self, name: str, template: str) -> str:
        """Return a part of a container's document."""
        return self("container", "inspect", "--format", template, name).out

    def inspect(self, name: str) -> dict[str, Any]:
        """Return a container's document."""
        (document,) = self("container", "inspect", name).json
        return dict(document)

    def status(self, name: str) -> str:
        """Return a container's state; empty when there is no such container."""
        found = list_containers(self.engine.client)
        return next((it.state.name for it in found if name in (it.record.id, it.name)), "")

    def has_status(self, name: str, status: str) -> None:
        """Wait until a container has a state; an empty one: until it is gone."""
        eventually(lambda: self.status(name) == status)

    def document(self, name: str) -> dict[str, Any]:
        """Return a container's document without a process, for waiting."""
        return inspect_container(self.engine, name)
