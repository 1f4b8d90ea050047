"""The entry point: the only place that turns exceptions into exit codes.

Docker's rules: a wrong flag 125; `run` and `exec` 126 and 127 for a command that can't run or is missing, else the
container's own status; any other failure 1; an interrupt 130; a closed pipe ends quietly.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from typer import TyperException

from nrdctl.cli.app import App
from nrdctl.cli.group import OutputClosed
from nrdctl.cli.root import build_root
from nrdctl.errors import ContainerExit, NrdctlError

BROKEN_PIPE = 141
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code. Everything is reported on standard error."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    app = App()
    try:
        code = _guarded(app, words)
        sys.stdout.flush()
    except (BrokenPipeError, OutputClosed):
        _abandon_stdout()
        code = BROKEN_PIPE
    except KeyboardInterrupt:
        code = INTERRUPTED
    finally:
        app.close()
    return code


def _guarded(app: App, words: list[str]) -> int:
    """Run one command; every failure but a closed pipe is reported and becomes an exit code."""
    try:
        result = build_root().main(words, prog_name="nrdctl", standalone_mode=False, obj=app)
    except (BrokenPipeError, OutputClosed):
        raise
    except ContainerExit as ended:
        return ended.exit_code
    except NrdctlError as error:
        _show(app, error)
        return error.exit_code
    except TyperException as error:
        return _usage(app, error)
    except PermissionError as error:
        _show(app, NrdctlError(str(error), hint=None if os.geteuid() == 0 else "nrdctl needs root"))
        return 1
    except Exception as error:
        _show(app, NrdctlError(f"{type(error).__name__}: {error}", hint="this is a bug: run again with --debug"))
        return 1
    return result if isinstance(result, int) else 0


def run() -> None:
    """Run the console script."""
    sys.exit(main())


def _show(app: App, error: Exception) -> None:
    if app.debugging:
        import traceback  # import cost

        traceback.print_exc()
    app.report(error)


def _usage(app: App, error: TyperException) -> int:
    """Report what is wrong with the words in docker's manner and return docker's exit code."""
    kind = type(error).__name__
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "nrdctl"
    message = getattr(error, "message", "") or str(error)
    if kind == "Abort":
        return INTERRUPTED
    if kind == "NoArgsIsHelpError":
        print(context.get_help() if context else message)
        return 0
    if kind == "NoSuchOption":
        app.report(NrdctlError(f"unknown flag: {error.option_name}"))  # type: ignore[attr-defined]
    elif kind == "MissingParameter" and getattr(error, "param", None) is not None:
        name = error.param.human_readable_name  # type: ignore[attr-defined]
        app.report(NrdctlError(f'"{path}" requires more arguments: {name} is missing'))
    elif kind == "BadParameter" and getattr(error, "param", None) is not None:
        names = ", ".join(sorted(error.param.opts, key=len))  # type: ignore[attr-defined]
        app.report(NrdctlError(f'invalid argument for "{names}" flag: {message}'))
    else:
        app.report(NrdctlError(message.rstrip(".")))
    print(f"See '{path} --help'.", file=sys.stderr)
    is_flag = kind in ("NoSuchOption", "BadOptionUsage") or (
        kind == "BadParameter" and getattr(getattr(error, "param", None), "param_type_name", "") == "option"
    )
    return 125 if is_flag else 1


def _abandon_stdout() -> None:
    """Point standard output at /dev/null, so that the interpreter's last flush can't fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
