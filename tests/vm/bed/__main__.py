"""Build the bed, or run something in a fresh guest, by hand: `python -m tests.vm.bed --help`."""

from __future__ import annotations

import argparse
import sys

from tests.vm.bed.build import build
from tests.vm.bed.process import BedError
from tests.vm.bed.settings import cache_root, host_packages, why_not
from tests.vm.guest import Guest, GuestDiedError, running


def _show(guest: Guest, command: str, timeout: float) -> int:
    result = guest.run(command, timeout)
    sys.stdout.buffer.write(result.data)
    sys.stdout.flush()
    return result.code


def _shell(timeout: float) -> int:
    """Run the lines of standard input one after the other, each in a bash of its own."""
    code = 0
    with running() as guest:
        while True:
            if sys.stdin.isatty():
                print(f"guest [{code}]# ", end="", flush=True)
            if not (line := sys.stdin.readline()):
                return code
            if line.strip():
                code = _show(guest, line, timeout)


def _run(commands: list[str], timeout: float) -> int:
    """Run commands in one guest; the first failure's status is the result."""
    with running() as guest:
        codes = [_show(guest, command, timeout) for command in commands]
    return next((code for code in codes if code), 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.vm.bed", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    make = verbs.add_parser("build", help="build what is missing")
    make.add_argument("--again", action="store_true", help="make the snapshot anew (a broken one is noticed anyway)")
    run = verbs.add_parser("run", help="run shell commands, one argument each, in a fresh guest")
    run.add_argument("command", nargs="+")
    shell = verbs.add_parser("shell", help="run the lines of standard input in one fresh guest")
    for verb in (run, shell):
        verb.add_argument("--timeout", type=float, default=600, help="seconds for each command (600)")
    verbs.add_parser("packages", help="print the apt packages that the host needs")
    verbs.add_parser("where", help="print the cache folder")
    return parser


def main() -> int:
    """Do what the command line says."""
    asked = _parser().parse_args()
    if asked.verb == "packages":
        print(*host_packages())
    elif asked.verb == "where":
        print(cache_root())
    elif reason := why_not():
        print(f"vm bed: {reason}", file=sys.stderr)
        return 1
    elif asked.verb == "build":
        print(build(asked.again).folder)
    else:
        return _run(asked.command, asked.timeout) if asked.verb == "run" else _shell(asked.timeout)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (BedError, GuestDiedError) as error:
        print(f"vm bed: {error}", file=sys.stderr)
        sys.exit(1)
