#!/usr/bin/env python3
"""Generate the protobuf stubs in src/nrdctl/_pb from protos/.

    python scripts/generate_protos.py            write them
    python scripts/generate_protos.py --check    only say, by the exit status, whether they are stale

The stubs refuse a protobuf runtime that is older than their generator, so the generator is the oldest that nrdctl
supports (grpcio-tools 1.62, protobuf 4.25) and not whatever is installed. Only messages are generated: the client names
the methods itself, which keeps it independent of the version of grpcio.

Files import one another as `nrdctl/_pb/NAME.proto` (protoc maps that path to protos/), so the Python imports come out
right and the names in the process-wide descriptor pool carry our prefix.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
SOURCE = ROOT / "src"
PACKAGE = "nrdctl/_pb"
GENERATOR = "1.62.3"
INIT = '"""Generated from protos/ by scripts/generate_protos.py. Do not edit."""\n'


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(description="Generate the protobuf stubs of nrdctl.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the stubs are stale")
    arguments = parser.parse_args()
    installed = importlib.metadata.version("grpcio-tools")
    if installed != GENERATOR:
        print(f"generate with grpcio-tools {GENERATOR}, not {installed}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as directory:
        fresh = generate(pathlib.Path(directory))
    current = read(SOURCE / PACKAGE)
    stale = sorted(name for name in fresh.keys() | current.keys() if fresh.get(name) != current.get(name))
    if arguments.check:
        for name in stale:
            print(f"stale: {PACKAGE}/{name}", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        write(SOURCE / PACKAGE / name, fresh.get(name))
    print(f"{len(fresh)} files, {len(stale)} changed")
    return 0


def generate(directory: pathlib.Path) -> dict[str, bytes]:
    """Run protoc into `directory`; return the package's files by name."""
    import grpc_tools

    well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    sources = [f"{PACKAGE}/{path.name}" for path in sorted(PROTOS.glob("*.proto"))]
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{PACKAGE}={PROTOS}", f"-I{well_known}"]
    subprocess.run([*command, f"--python_out={directory}", f"--pyi_out={directory}", *sources], check=True)
    return read(directory / PACKAGE) | {"__init__.py": INIT.encode()}


def read(package: pathlib.Path) -> dict[str, bytes]:
    """Return the texts of a generated package by file name."""
    return {path.name: path.read_bytes() for path in package.glob("*.py*") if path.suffix in {".py", ".pyi"}}


def write(path: pathlib.Path, text: bytes | None) -> None:
    """Write one file of the package; None removes it."""
    if text is None:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)


if __name__ == "__main__":
    sys.exit(main())
