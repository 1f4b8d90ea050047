"""The guest as tests see it: restored from the bed's snapshot, it runs shell commands and Python scripts."""

from __future__ import annotations

import contextlib
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.vm.bed import disk
from tests.vm.bed.build import Bed, build
from tests.vm.bed.port import GuestSilentError, Result
from tests.vm.bed.process import BedError, step
from tests.vm.bed.qemu import Machine
from tests.vm.bed.settings import SNAPSHOT, WORK_MOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

HELLO = f"date -s @{{now}} >/dev/null && blockdev --flushbufs /dev/vdb && mount -t ext4 -o ro /dev/vdb {WORK_MOUNT}"
HELLO_LIMIT = 60.0
RUN_NRDCTL = "import runpy; runpy.run_module('nrdctl', run_name='__main__', alter_sys=True)"


class GuestDiedError(Exception):
    """The guest stopped answering; the text has the end of its console."""


@dataclass
class Guest:
    """A running guest. One command runs at a time; what it leaves in the background stays until `reset` or the end."""

    machine: Machine

    def run(self, command: str, timeout: float = 120, env: Mapping[str, str] | None = None) -> Result:
        """Run a shell command; at the time limit its session is killed and the status is 124."""
        return self._request("shell", command, timeout, env=dict(env or {}))

    def python(self, script: str, *argv: str, timeout: float = 120, env: Mapping[str, str] | None = None) -> Result:
        """Run Python text in a fork of a warm interpreter, which saves the seconds that starting one takes."""
        return self._request("python", script, timeout, argv=argv, env=dict(env or {}))

    def nrdctl(self, *argv: str, timeout: float = 120, env: Mapping[str, str] | None = None) -> Result:
        """Run the command line in a fork of a warm interpreter; `run("nrdctl …")` starts it as a user does."""
        return self.python(RUN_NRDCTL, *argv, timeout=timeout, env=env)

    def check(self, command: str, timeout: float = 120) -> str:
        """Run a shell command that must succeed; return its output."""
        result = self.run(command, timeout)
        assert result.code == 0, f"{command}\nexit {result.code}\n{result.text}"
        return result.text

    def reset(self) -> None:
        """Take the guest back to the state in which it started."""
        try:
            self.machine.load()
        except BedError as error:
            raise GuestDiedError(f"{error}\n{self.machine.last_words()}") from error
        self.hello()

    def hello(self) -> None:
        """Give a restored guest the time of day and the source tree."""
        result = self._request("shell", HELLO.format(now=time.time()), HELLO_LIMIT)
        if result.code != 0:
            raise GuestDiedError(f"the guest can't mount its source tree: {result.text}\n{self.machine.last_words()}")

    def _request(self, kind: str, text: str, timeout: float, **extra: object) -> Result:
        try:
            return self.machine.port.request(kind, text, timeout, **extra)
        except GuestSilentError as error:
            raise GuestDiedError(f"{error}, while running: {text}\n{self.machine.last_words()}") from error


def _start(bed: Bed, folder: Path) -> Guest:
    overlay, work = folder / "snap.qcow2", folder / "work.img"
    disk.copy_overlay(bed.folder, overlay)
    disk.work_image(bed.root, folder, work)
    return Guest(Machine(bed.folder, overlay, work, folder / "console", SNAPSHOT))


@contextlib.contextmanager
def restored(bed: Bed) -> Iterator[Guest]:
    """A guest restored from a bed, with a copy of its disk; ended on the way out."""
    with bed.cache.run_folder() as folder:
        guest = _start(bed, folder)
        try:
            with step("restore"):
                guest.hello()
            yield guest
        finally:
            guest.machine.close()


@contextlib.contextmanager
def running() -> Iterator[Guest]:
    """A guest, from the bed that is there or a new one; a snapshot that does not come up is made again, once."""
    with contextlib.ExitStack() as stack:
        bed = build()
        try:
            guest = stack.enter_context(restored(bed))
        except (BedError, GuestDiedError) as error:
            print(f"vm bed: the snapshot is of no use, so it is made again: {error}", file=sys.stderr)
            guest = stack.enter_context(restored(build(again=True)))
        yield guest
