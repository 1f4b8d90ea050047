"""Debian's docker-registry on loopback, with its storage in a directory of the tests."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import pathlib

START_SECONDS = 20.0
STOP_SECONDS = 10.0


def missing() -> str:
    """Return why a registry can't run here; empty when it can."""
    return next((f"needs {name}" for name in ("docker-registry", "skopeo", "htpasswd") if not shutil.which(name)), "")


class Registry:
    """A registry under `directory`; with `user` and `password` it asks for them. Start it as a context manager."""

    def __init__(self, directory: pathlib.Path, *, user: str = "", password: str = "") -> None:
        self.directory = directory
        self.user, self.password = user, password
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT`, the domain of its images."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers. Raises RuntimeError with the end of its log."""
        self.directory.mkdir(parents=True, exist_ok=True)
        for _ in range(3):  # another process may take the free port first
            self.port = self.port or _free_port()
            self._spawn()
            if self._wait_until_it_answers():
                return
            self.stop()
            self.port = 0
        raise RuntimeError((self.directory / "log").read_text(errors="replace")[-2000:])

    def stop(self) -> None:
        """End it; what it stores stays, and so does the port for the next start."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def push(self, archive: pathlib.Path, name: str, *options: str) -> str:
        """Copy an archive (docker's) to `name`, e.g. `library/busybox:1`; return its full name here."""
        return self.copy(f"docker-archive:{archive}", name, *options)

    def copy(self, source: str, name: str, *options: str) -> str:
        """Copy any source that skopeo knows to `name`; return its full name here."""
        credentials = [f"--dest-creds={self.user}:{self.password}"] if self.user else []
        command = ["skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", *credentials, *options]
        destination = f"{self.address}/{name}"
        done = subprocess.run(
            [*command, source, f"docker://{destination}"], check=False, capture_output=True, timeout=120
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr.decode(errors="replace"))
        return destination

    def _spawn(self) -> None:
        config = self.directory / "config.yml"
        config.write_text(self._config())
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["docker-registry", "serve", str(config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def _config(self) -> str:
        text = (
            "version: 0.1\n"
            "log: {accesslog: {disabled: false}, level: warn}\n"
            f"storage: {{filesystem: {{rootdirectory: {self.directory}/storage}}, delete: {{enabled: true}}}}\n"
            f"http: {{addr: '{self.address}', relativeurls: true}}\n"
        )
        if not self.user:
            return text
        passwords = self.directory / "htpasswd"
        line = subprocess.run(["htpasswd", "-Bbn", self.user, self.password], check=True, capture_output=True).stdout
        passwords.write_bytes(line)
        return f"{text}auth: {{htpasswd: {{realm: test, path: {passwords}}}}}\n"

    def _wait_until_it_answers(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while self._process is not None and self._process.poll() is None and time.monotonic() < deadline:
            try:
                opener.open(f"http://{self.address}/v2/", timeout=2).close()
            except urllib.error.HTTPError as error:
                error.close()
                return error.code == 401
            except OSError:
                time.sleep(0.05)
            else:
                return True
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
