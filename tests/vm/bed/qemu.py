"""One running machine: qemu with a port to the agent, a monitor and a console file. Emulated, so it runs anywhere."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
from typing import TYPE_CHECKING

from tests.vm.bed.port import GuestSilentError, Port
from tests.vm.bed.process import DIE_WITH_PARENT, BedError, call
from tests.vm.bed.settings import SNAPSHOT

if TYPE_CHECKING:
    from pathlib import Path

MONITOR_LIMIT = 120.0
KERNEL_LINE = "console=ttyS0 quiet panic=-1 mitigations=off audit=0 apparmor=0"
MACHINE = (
    *("-nodefaults", "-display", "none", "-no-reboot"),
    *("-accel", "tcg,thread=multi", "-machine", "q35", "-cpu", "max,la57=off", "-m", "1024"),
    *("-smp", "4,sockets=2,cores=2,threads=1"),
    *("-object", "memory-backend-ram,id=m0,size=512M", "-object", "memory-backend-ram,id=m1,size=512M"),
    *("-numa", "node,cpus=0-1,memdev=m0", "-numa", "node,cpus=2-3,memdev=m1"),
    *("-device", "virtio-serial-pci"),
)


def version() -> str:
    """The emulator's version: a snapshot belongs to the one that took it."""
    return call(["qemu-system-x86_64", "--version"]).splitlines()[0]


class Machine:
    """A qemu process, started on creation and ended by `close`."""

    def __init__(self, folder: Path, disk: Path, work: Path, console: Path, snapshot: str | None = None) -> None:
        self.console_path = console
        agent, agent_far = socket.socketpair()
        self._monitor, monitor_far = socket.socketpair()
        self._monitor.settimeout(MONITOR_LIMIT)
        self._answers = self._monitor.makefile("rb")
        self._greeted = False
        self.port = Port(agent)
        with agent_far, monitor_far:
            descriptors = (agent_far.fileno(), monitor_far.fileno())
            self._process = subprocess.Popen(
                [*DIE_WITH_PARENT, *self._command(folder, disk, work, snapshot, descriptors)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=descriptors,
            )

    def _command(
        self, folder: Path, disk: Path, work: Path, snapshot: str | None, descriptors: tuple[int, int]
    ) -> list[str]:
        agent, monitor = descriptors
        return [
            *("qemu-system-x86_64", *MACHINE),
            *("-kernel", str(folder / "vmlinuz"), "-initrd", str(folder / "initrd"), "-append", KERNEL_LINE),
            *("-drive", f"file={disk},if=virtio,format=qcow2"),
            *("-drive", f"file={work},if=virtio,format=raw,readonly=on"),
            *("-serial", f"file:{self.console_path}"),
            *("-chardev", f"socket,id=agent,fd={agent}", "-device", "virtserialport,chardev=agent,name=nrdctl.agent"),
            *("-chardev", f"socket,id=monitor,fd={monitor}", "-mon", "chardev=monitor,mode=control"),
            *(("-loadvm", snapshot) if snapshot else ()),
        ]

    def _ask_monitor(self, execute: str, **arguments: str) -> object:
        """Have the monitor execute something; skip the events it reports meanwhile."""
        try:
            self._monitor.sendall(json.dumps({"execute": execute, "arguments": arguments}).encode() + b"\n")
            while line := self._answers.readline():
                said = json.loads(line)
                if "error" in said:
                    raise BedError(f"qemu: {execute} {arguments}: {said['error']}")
                if "return" in said:
                    return said["return"]
        except OSError as error:
            raise GuestSilentError(f"qemu does not answer {execute} {arguments}: {error}") from error
        raise GuestSilentError(f"qemu ended at {execute} {arguments}")

    def _snapshot(self, command: str) -> None:
        if not self._greeted:
            self._ask_monitor("qmp_capabilities")
            self._greeted = True
        if complaint := self._ask_monitor("human-monitor-command", **{"command-line": f"{command} {SNAPSHOT}"}):
            raise GuestSilentError(f"qemu: {command}: {complaint}")

    def save(self) -> None:
        """Keep the machine as it is now, inside its disk file."""
        self._snapshot("savevm")

    def load(self) -> None:
        """Take the machine back to the snapshot."""
        self._snapshot("loadvm")

    def last_words(self) -> str:
        """The end of the console, and what qemu itself said if it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        said = ""
        if self._process.returncode is not None and self._process.stdout and not self._process.stdout.closed:
            said = f"qemu ended with {self._process.returncode}: {self._process.stdout.read().decode(errors='replace')}"
        console = self.console_path.read_bytes()[-4000:] if self.console_path.exists() else b""
        return f"{said}\nthe end of the console:\n{console.decode(errors='replace')}"

    def close(self) -> None:
        """End qemu."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self.port.close()
        self._answers.close()
        self._monitor.close()
