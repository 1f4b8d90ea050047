"""What the monitor reads from `conmon.conf`; `config.MonitorConfig` writes it."""

import posix

from nrdctl.conmon.conffile import decode

_LARGEST = 1 << 20


class Settings:
    """The content of `conmon.conf`. Unknown keys are ignored: a newer nrdctl may have written it."""

    def __init__(self, content: bytes) -> None:
        values = decode(content)
        self.log_path = _last(values, "log_path")
        self.log_max_size = int(_last(values, "log_max_size") or b"0")
        self.log_max_files = int(_last(values, "log_max_files") or b"1")
        self.exit_command = values.get("exit_command", [])
        self.restart_command = values.get("restart_command", [])
        self.stdin_command = values.get("stdin_command", [])
        self.environment = _environment(values.get("environment", []))
        self.terminal = _last(values, "terminal") == b"yes"
        self.stdin = _last(values, "stdin") == b"yes"
        self.stdin_once = _last(values, "stdin_once") == b"yes"


def read_settings(path: bytes) -> Settings:
    """Read the file at `path`. Raises OSError; ValueError where a number isn't one."""
    fd = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    try:
        content = b""
        while chunk := posix.read(fd, _LARGEST):
            content += chunk
        return Settings(content)
    finally:
        posix.close(fd)


def _last(values: dict[str, list[bytes]], key: str) -> bytes:
    return values.get(key, [b""])[-1]


def _environment(items: list[bytes]) -> dict[bytes, bytes]:
    environment = {}
    for item in items:
        name, _, value = item.partition(b"=")
        environment[name] = value
    return environment
