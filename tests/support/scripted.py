"""An HTTP server on loopback that answers as a test tells it, and writes down what it was asked."""

from __future__ import annotations

import dataclasses
import http.server
import ssl
import subprocess
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclasses.dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""
    client: int = 0  # the port it came from

    @property
    def authorization(self) -> str:
        return self.headers.get("authorization", "")


@dataclasses.dataclass
class Answer:
    """`cut` breaks the connection after so many bytes of the body; -1 answers nothing at all.

    With `stall`, the connection is not broken there, but stays silent for so many seconds.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    cut: int | None = None
    stall: float = 0.0


class ScriptedServer:
    def __init__(self, answer: Callable[[Asked], Answer], *, certificate: tuple[Path, Path] | None = None) -> None:
        self.asked: list[Asked] = []
        self.stopping = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                asked = Asked(
                    self.command,
                    self.path,
                    {k.lower(): v for k, v in self.headers.items()},
                    body,
                    self.client_address[1],
                )
                outer.asked.append(asked)
                self.send_answer(answer(asked))

            do_GET = do_HEAD = do_POST = handle_any  # noqa: N815 - http.server's names

            def send_answer(self, reply: Answer) -> None:
                if reply.cut == -1:
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                headers = {"Content-Length": str(len(reply.body)), **reply.headers}
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(reply.body[: reply.cut])
                    self.wfile.flush()
                    outer.stopping.wait(reply.stall)
                self.close_connection = self.close_connection or reply.cut is not None

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # a client that hangs up, or speaks TLS to us

        self._server = Server(("127.0.0.1", 0), Handler)
        self.scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self.scheme = "https"
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.address}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def self_signed(folder: Path, host: str = "127.0.0.1") -> tuple[Path, Path]:
    """Make a certificate and its key with openssl."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    names = ["-subj", "/CN=test", "-addext", f"subjectAltName=IP:{host}"]
    subprocess.run([*command, *names, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key
