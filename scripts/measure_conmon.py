"""Measure what a container's monitor costs: memory, the start of a task, throughput. Needs root and containerd.

python scripts/measure_conmon.py [--monitors 20] [--tasks 15] [--megabytes 100]
"""

from __future__ import annotations

import argparse
import pathlib
import shutil
import statistics
import tempfile
import time

from nrdctl.conmon import launcher
from nrdctl.conmon.client import MonitorClient
from nrdctl.conmon.config import MonitorConfig
from nrdctl.containerd.client import Client
from nrdctl.containerd.records import Streams
from tests.support import rootfs
from tests.support.box import Box
from tests.support.daemon import PrivateContainerd, clean_namespace, unique_namespace
from tests.unit.conmon.shim import Shim

LINE = "0123456789abcdef0123456789abcdef012345678"  # 42 bytes with its end


def memory(pid: int) -> dict[str, float]:
    """Return RSS, PSS and USS in MiB."""
    sums: dict[str, int] = {}
    for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, size, *_ = line.split()
        sums[name.rstrip(":")] = int(size)
    uss = sums["Private_Clean"] + sums["Private_Dirty"]
    return {"RSS": sums["Rss"] / 1024, "PSS": sums["Pss"] / 1024, "USS": uss / 1024}


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def measure_memory(directory: pathlib.Path, count: int) -> None:
    """Start monitors without containers; print the medians of readiness and memory."""
    shims, ready = [], []
    for number in range(count):
        shim = Shim(directory / f"m{number}")
        shim.directory.mkdir()
        began = time.perf_counter()
        shim.start()
        ready.append((time.perf_counter() - began) * 1000)
        shims.append(shim)
    time.sleep(0.5)
    figures = [memory(shim.monitor) for shim in shims]
    for name in ("RSS", "PSS", "USS"):
        print(f"{name} of {count} monitors, median: {statistics.median(each[name] for each in figures):.1f} MiB")
    print(f"ready after, median (least): {statistics.median(ready):.1f} ({min(ready):.1f}) ms")
    for shim in shims:
        shim.delete()
        shim.finish()


def create(box: Box, name: str, directory: pathlib.Path, script: str, *, monitor: bool) -> tuple[float, int]:
    """Make a task; return the milliseconds that took and its pid."""
    directory.mkdir()
    MonitorConfig(log_path=str(directory / "log"), exit_command=("/bin/sleep", "600")).write(directory)
    uri = launcher.log_uri(launcher.install(directory.parent / "launchers"), directory)
    _, mounts = box.record(name, "sh", "-c", script)
    began = time.perf_counter()
    pid = box.client.tasks.create(name, mounts, Streams(stdout=uri, stderr=uri) if monitor else Streams())
    return (time.perf_counter() - began) * 1000, pid


def measure_start(box: Box, directory: pathlib.Path, count: int) -> None:
    """Compare Tasks.Create with and without a monitor, in turns."""
    times: dict[bool, list[float]] = {False: [], True: []}
    for number in range(count):
        for monitor, kind in times.items():
            name = f"s{number}-{monitor}"
            kind.append(create(box, name, directory / name, "true", monitor=monitor)[0])
            box.client.tasks.delete(name)
    for monitor, kind in times.items():
        what = "with a monitor" if monitor else "null IO"
        print(f"Tasks.Create, {what}, median (least): {statistics.median(kind):.1f} ({min(kind):.1f}) ms")


def measure_throughput(box: Box, directory: pathlib.Path, megabytes: int, *, attached: bool) -> None:
    """Print what goes through one monitor into the log, and to a client."""
    name = f"t-{attached}"
    command = f"busybox yes {LINE} | busybox head -c {megabytes << 20}"
    _, pid = create(box, name, directory / name, command, monitor=True)
    client = MonitorClient(directory / name)
    client.connect()
    client.send_pid(pid)
    if attached:
        client.subscribe()
    monitor = next(
        int(entry.name)
        for entry in pathlib.Path("/proc").iterdir()
        if entry.name.isdigit()
        and str(directory / name) in (entry / "cmdline").read_text("utf-8", "replace").split("\0")
    )
    began = time.perf_counter()
    box.client.tasks.start(name)
    for _ in client.packets():
        pass
    seconds = time.perf_counter() - began
    what = "log and one client" if attached else "log"
    print(f"{what}: {megabytes / seconds:.0f} MiB/s, {cpu_seconds(monitor) / megabytes * 1000:.1f} ms CPU per MiB")
    client.close()
    box.client.tasks.wait(name, timeout=10)
    box.client.tasks.delete(name)


def main() -> None:
    """Measure with a private containerd."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--monitors", type=int, default=20)
    parser.add_argument("--tasks", type=int, default=15)
    parser.add_argument("--megabytes", type=int, default=100)
    options = parser.parse_args()
    directory = pathlib.Path(tempfile.mkdtemp(prefix="nrdctl-"))
    try:
        measure_memory(directory, options.monitors)
        with (
            PrivateContainerd(directory / "daemon") as daemon,
            Client(daemon.address, namespace=unique_namespace()) as client,
        ):
            with client.lease() as leased:
                box = Box(leased, daemon.snapshotter, rootfs.unpack(leased, daemon.snapshotter))
                measure_start(box, directory, options.tasks)
                for attached in (False, True):
                    measure_throughput(box, directory, options.megabytes, attached=attached)
            clean_namespace(client)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
