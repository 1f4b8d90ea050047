"""conmon.conf: what the engine writes is what the process reads; and the launcher's file."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nrdctl.conmon import conffile, launcher, protocol
from nrdctl.conmon.config import MonitorConfig
from nrdctl.conmon.settings import Settings, read_settings

WORDS = st.text(st.characters(exclude_characters="\0", codec="utf-8"))
NAMES = st.text(st.characters(exclude_characters="\0=", codec="utf-8"))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.binary().map(lambda value: value.replace(b"\0", b""))))
def test_values_survive(values: list[bytes]) -> None:
    decoded = conffile.decode(conffile.encode([("key", value) for value in values]))
    assert decoded.get("key", []) == values


def test_a_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        MonitorConfig(exit_command=("a\0b",)).encode()


@settings(deadline=None, max_examples=50)
@given(st.lists(WORDS).map(tuple), st.dictionaries(NAMES, WORDS), WORDS, st.integers(0, 1 << 60), st.booleans())
def test_round_trip(command: tuple[str, ...], environment: dict[str, str], path: str, number: int, flag: bool) -> None:
    config = MonitorConfig(
        log_path=path,
        log_max_size=number,
        log_max_files=3,
        exit_command=command,
        restart_command=(*command, "again"),
        stdin_command=("in", *command),
        environment=environment,
        terminal=flag,
        stdin=not flag,
        stdin_once=flag,
    )
    settings = Settings(config.encode())
    assert settings.log_path.decode() == path
    assert (settings.log_max_size, settings.log_max_files) == (number, 3)
    assert settings.exit_command == [word.encode() for word in command]
    assert settings.restart_command[-1] == b"again"
    assert settings.stdin_command[0] == b"in"
    assert settings.environment == {name.encode(): value.encode() for name, value in environment.items()}
    assert (settings.terminal, settings.stdin, settings.stdin_once) == (flag, not flag, flag)


def test_defaults_and_unknown_keys() -> None:
    settings = Settings(MonitorConfig().encode() + b"from_the_future=1\nno equals sign\n\n")
    assert settings.log_path == b""
    assert settings.exit_command == []
    assert not settings.terminal


def test_write(tmp_path: pathlib.Path) -> None:
    MonitorConfig(exit_command=("/bin/true", "a\nb\\n")).write(tmp_path)
    settings = read_settings(os.fsencode(tmp_path / protocol.CONFIG_NAME))
    assert settings.exit_command == [b"/bin/true", b"a\nb\\n"]
    assert [path.name for path in tmp_path.iterdir()] == [protocol.CONFIG_NAME]


class TestLauncher:
    def test_install_is_stable(self, tmp_path: pathlib.Path) -> None:
        path = launcher.install(tmp_path / "run")
        written = path.stat().st_mtime_ns
        assert launcher.install(tmp_path / "run") == path
        assert path.stat().st_mtime_ns == written
        assert path.stat().st_mode & 0o777 == 0o755
        assert list(path.parent.iterdir()) == [path]

    def test_it_names_the_base_interpreter(self) -> None:
        assert not pathlib.Path(launcher.base_python()).is_relative_to(sys.prefix) or sys.prefix == sys.base_prefix

    def test_an_interpreter_that_no_shebang_can_name(self, tmp_path: pathlib.Path) -> None:
        python = tmp_path / "it's a python"
        python.symlink_to(launcher.base_python())
        package = tmp_path / "lib"
        (package / "nrdctl" / "conmon").mkdir(parents=True)
        (package / "nrdctl" / "conmon" / "main.py").write_text("def main(arguments):\n    print(arguments)\n")
        program = tmp_path / "launcher"
        program.write_text(launcher.script(str(python), str(package)))
        program.chmod(0o755)
        done = subprocess.run([program, "dir", "/a b"], capture_output=True, text=True, env={})
        assert (done.stdout, done.stderr) == ("['dir', '/a b']\n", "")

    def test_uri(self) -> None:
        uri = launcher.log_uri(pathlib.Path("/a b/conmon"), pathlib.Path("/run/x+y&z=%"))
        assert uri == "binary:///a%20b/conmon?dir=/run/x%2By%26z%3D%25"


def test_the_process_imports_little(tmp_path: pathlib.Path) -> None:
    """What the shim waits for: nothing of Python's own library but built-in and frozen modules, and one C module."""
    program = launcher.install(tmp_path).read_text().replace("main(sys.argv[1:])", "print(*sys.modules)")
    python = shutil.which(launcher.base_python()) or sys.executable
    bare = subprocess.run([python, "-IS", "-c", "import sys; print(*sys.modules)"], capture_output=True, text=True)
    full = subprocess.run([python, "-IS", "-c", program], capture_output=True, text=True)
    assert full.stderr == ""
    added = {name for name in set(full.stdout.split()) - set(bare.stdout.split()) if not name.startswith("nrdctl")}
    assert added <= {"_json", "_socket", "_signal", "_collections", "select", "time", "posix", "errno", "itertools"}
