"""A benchmark, not a test: nrdctl beside ctr, and beside docker and podman where they are installed, in one run.

Each line gives the median of the wall time in milliseconds, the ratio to ctr (the thinnest client of the same daemon),
and the peak memory of the client process. A private containerd is started for the run and ended after it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
IMAGE = "docker.io/library/nrdctl-bench:latest"
NAMESPACE = "nrdctl-bench"


@dataclass(frozen=True)
class Measured:
    """Wall time in milliseconds and peak resident memory in MiB."""

    milliseconds: float
    mebibytes: float


@dataclass(frozen=True)
class Tool:
    """A command line to measure: its words before the sub-command, and how it spells each case."""

    name: str
    prefix: Sequence[str]
    version: Sequence[str]
    ps: Sequence[str]
    run: Callable[[int], Sequence[str]]
    exec: Callable[[int], Sequence[str]]


def once(words: Sequence[str]) -> Measured:
    """Run one command to its end."""
    begin = time.perf_counter()
    child = os.posix_spawnp(words[0], list(words), os.environ, file_actions=_silent())
    _, status, usage = os.wait4(child, 0)
    elapsed = (time.perf_counter() - begin) * 1000
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(
            f"bench: {' '.join(words)} failed: {subprocess.run(words, capture_output=True, text=True, check=False)}"
        )
    return Measured(elapsed, usage.ru_maxrss / 1024)


def _silent() -> list[tuple[int, int, str, int, int]]:
    return [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1)]


def median(command: Callable[[int], Sequence[str]], rounds: int) -> Measured:
    """Run a command so often, after one run to warm up, and return the median time and the highest memory."""
    once(command(rounds))
    results = [once(command(number)) for number in range(rounds)]
    return Measured(statistics.median(r.milliseconds for r in results), max(r.mebibytes for r in results))


@contextlib.contextmanager
def private_daemon(nrdctl: Sequence[str]) -> Iterator[None]:
    """Start a containerd for the benchmark by nrdctl's own means."""
    subprocess.run([*nrdctl, "system", "start"], check=True, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        subprocess.run([*nrdctl, "system", "stop"], check=False, stdout=subprocess.DEVNULL)


def tools(address: str, nrdctl: Sequence[str], archive: Path) -> list[Tool]:
    """Return the tools that can be measured here; say why one can't."""
    ctr = ["ctr", "-a", address, "-n", NAMESPACE]
    found = [
        Tool(
            "ctr",
            ctr,
            ["--version"],
            ["containers", "ls"],
            lambda n: ["run", "--rm", IMAGE, f"ctr-run-{n}", "true"],
            lambda n: ["task", "exec", "--exec-id", f"e{n}", "bench-target", "true"],
        ),
        Tool(
            "nrdctl",
            nrdctl,
            ["--version"],
            ["ps"],
            lambda _: ["run", "--rm", "--net", "none", IMAGE, "true"],
            lambda _: ["exec", "bench-target", "true"],
        ),
    ]
    for name in ("docker", "podman"):
        reason = _prepare_peer(name, archive)
        if reason:
            print(f"{name}: not measured: {reason}")
            continue
        found.append(
            Tool(
                name,
                [name],
                ["--version"],
                ["ps"],
                lambda _: ["run", "--rm", "--net", "none", IMAGE, "true"],
                lambda _: ["exec", "bench-target", "true"],
            )
        )
    return found


def _prepare_peer(name: str, archive: Path) -> str:
    """Load the image and start the target of `exec`; return why that was not possible, or nothing."""
    if shutil.which(name) is None:
        return "not installed"
    subprocess.run([name, "rm", "-f", "bench-target"], capture_output=True, check=False)
    for words in (
        ["load", "-i", str(archive)],
        ["run", "-d", "--name", "bench-target", "--net", "none", IMAGE, "sleep", "600"],
    ):
        done = subprocess.run([name, *words], capture_output=True, text=True, check=False)
        if done.returncode:
            return done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "it failed"
    return ""


def show(title: str, results: dict[str, Measured]) -> None:
    """Print the lines of one case."""
    base = results["ctr"].milliseconds
    print(f"\n{title}")
    for name, result in results.items():
        ratio = result.milliseconds / base
        print(f"  {name:<8}{result.milliseconds:>9.1f} ms {ratio:>7.2f} x ctr {result.mebibytes:>8.1f} MiB")


def measure(found: Sequence[Tool], rounds: int, crowd: int, ctr: Sequence[str]) -> None:
    """Measure all cases."""

    def case(title: str, words: Callable[[Tool], Callable[[int], Sequence[str]]], among: Sequence[Tool]) -> None:
        show(title, {t.name: median(lambda n, t=t: [*t.prefix, *words(t)(n)], rounds) for t in among})  # type: ignore[misc]

    own = [tool for tool in found if tool.name in ("ctr", "nrdctl")]
    case("--version", lambda t: lambda _: t.version, found)
    case("ps, 0 containers" if len(found) == 2 else "ps, no other container", lambda t: lambda _: t.ps, found)
    subprocess.run([*ctr, "run", "-d", "--null-io", IMAGE, "bench-target", "sleep", "600"], check=True)
    case("run --rm IMAGE true", lambda t: t.run, found)
    case("exec CONTAINER true", lambda t: t.exec, found)
    for number in range(crowd - 1):
        subprocess.run([*ctr, "run", "-d", "--null-io", IMAGE, f"crowd-{number}", "sleep", "600"], check=True)
    case(f"ps, {crowd} running containers", lambda t: lambda _: t.ps, own)


def clean(ctr: Sequence[str]) -> None:
    """End and remove every container of the benchmark."""
    listed = subprocess.run([*ctr, "containers", "ls", "-q"], capture_output=True, text=True, check=False)
    for name in listed.stdout.split():
        subprocess.run([*ctr, "task", "rm", "-f", name], capture_output=True, check=False)
        subprocess.run([*ctr, "containers", "rm", name], capture_output=True, check=False)
    for folder in Path("/sys/fs/cgroup").glob(f"*/{NAMESPACE}"):  # containerd leaves the namespace's own
        folder.rmdir()
    for peer in ("docker", "podman"):
        if shutil.which(peer):
            subprocess.run([peer, "rm", "-f", "bench-target"], capture_output=True, check=False)


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11, help="runs of each command")
    parser.add_argument("--containers", type=int, default=100, help="containers of the crowded listing")
    options = parser.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("bench: needs root")
    with tempfile.TemporaryDirectory(prefix="nrdctl-bench-") as folder:
        address = f"{folder}/containerd.sock"
        program = ROOT / ".venv" / "bin" / "nrdctl"
        nrdctl = [str(program), "--address", address, "--namespace", NAMESPACE, "--data-root", f"{folder}/data"]
        archive = Path(folder) / "image.tar"
        words = [sys.executable, str(ROOT / "scripts" / "busybox_image.py"), str(archive), "--name", IMAGE]
        subprocess.run(words, check=True)
        ctr = ["ctr", "-a", address, "-n", NAMESPACE]
        with private_daemon(nrdctl):
            try:
                subprocess.run([*nrdctl, "load", "-i", str(archive)], check=True, stdout=subprocess.DEVNULL)
                measure(tools(address, nrdctl, archive), options.rounds, options.containers, ctr)
            finally:
                clean(ctr)


if __name__ == "__main__":
    main()
