"""The connection to containerd, and the one place through which every call goes.

It adds the namespace and the lease, sets the deadline, counts, and translates errors. grpc is imported when the first
call is made: that import costs more than all else a short command does.
"""

from __future__ import annotations

import collections
import dataclasses
import enum
import os
import socket
import threading
from typing import TYPE_CHECKING, Any

from nrdctl import errors
from nrdctl.containerd import rpcerrors

if TYPE_CHECKING:
    from collections.abc import Iterable

# containerd's records (a hundred containers: 0.3 MB) and blobs pass grpc's default of 4 MiB; containerd sends up to 16.
_MAX_MESSAGE = 64 << 20


class Limit(enum.Enum):
    """How long a call may take, in seconds."""

    READ = None  # the client's own `call_timeout`
    SHORT = 5.0  # there is another way to the answer
    CHANGE = 60.0  # waits for other writers of containerd's database
    LONG = 1800.0  # unpacks, copies or removes files; may wait for the garbage collector
    TASK = 600.0  # a call that gives up half-way leaks a shim, so this is a last resort, and Ctrl-C waits too
    ENDLESS = -1.0  # streams, and waiting for an exit


class Channel:
    """One connection, opened at the first call, shared by the clients of all namespaces and by threads."""

    def __init__(self, address: str, *, connect_timeout: float) -> None:
        self.path = address.removeprefix("unix://").removeprefix("unix:")
        self.calls: collections.Counter[str] = collections.Counter()
        self._connect_timeout = connect_timeout
        self._lock = threading.Lock()
        self._channel: Any = None

    def open(self) -> Any:
        """Return the grpc channel. Raises Unavailable, at once, when nobody listens."""
        with self._lock:
            if self._channel is None:
                self.probe()
                self._channel = _connect(self.path)
            return self._channel

    def probe(self) -> None:
        """Raise Unavailable when nobody listens at the address, PermissionDenied when it may not be opened."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as probe:
                probe.settimeout(self._connect_timeout)
                probe.connect(self.path)
        except PermissionError as error:
            hint = "run it as a user who may open containerd's socket, such as root"
            raise errors.PermissionDenied(self._cannot_connect("permission denied"), hint=hint) from error
        except OSError as error:
            why = os.strerror(error.errno).lower() if error.errno else str(error)
            raise errors.Unavailable(self._cannot_connect(why), hint=rpcerrors.CONNECTION_HINT) from error

    def _cannot_connect(self, why: str) -> str:
        return f"cannot connect to containerd at {self.path}: {why}"

    def count(self, name: str) -> None:
        """Count a call."""
        with self._lock:
            self.calls[name] += 1

    def close(self) -> None:
        """Close the connection; calls under way are cancelled."""
        with self._lock:
            if self._channel is not None:
                self._channel.close()
                self._channel = None


def _connect(path: str) -> Any:
    # A forked child never uses the channel. With fork support on, grpc stops its threads around each fork and warns
    # when it can't; it must be off before grpc starts.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
    # What matters of grpc's log arrives as an error of a call; the rest would end up between a command's output.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    import pathlib  # import cost
    import urllib.parse  # import cost

    import grpc  # import cost

    options = (
        ("grpc.default_authority", "localhost"),
        ("grpc.enable_http_proxy", 0),
        ("grpc.max_receive_message_length", _MAX_MESSAGE),
        ("grpc.max_send_message_length", _MAX_MESSAGE),
    )
    # A target is a URI.
    return grpc.insecure_channel("unix:" + urllib.parse.quote(str(pathlib.Path(path).absolute())), options=options)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Under which namespace, and lease if any, calls are made; `call_timeout` in seconds for what only reads."""

    channel: Channel
    namespace: str
    lease: str = ""
    call_timeout: float = 10.0

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        """The headers of a call."""
        headers = (("containerd-namespace", self.namespace),)
        return (*headers, ("containerd-lease", self.lease)) if self.lease else headers


class Rpc:
    """The methods of one service, by their names in the service's descriptor, called in a scope."""

    def __init__(self, scope: Scope, service: Any) -> None:
        self._scope = scope
        self._service = service
        self._callables: dict[str, Any] = {}

    def unary(self, method: str, request: Any, limit: Limit = Limit.READ) -> Any:
        """Call and return the answer. With `Limit.TASK` an interrupt (Ctrl-C) is raised after the call has ended."""
        with self.translated(method):
            if limit is Limit.TASK:
                return _finish(self._prepare(method).future(request, **self._options(limit)))
            return self._prepare(method)(request, **self._options(limit))

    def future(self, method: str, request: Any, limit: Limit) -> Any:
        """Call without waiting; the caller reads the future under `translated`."""
        return self._prepare(method).future(request, **self._options(limit))

    def stream(self, method: str, request: Any, limit: Limit = Limit.READ) -> Any:
        """Call a method that streams its answer; the caller iterates under `translated`."""
        return self._prepare(method)(request, **self._options(limit))

    def duplex(self, method: str, requests: Iterable[Any]) -> Any:
        """Call a method that streams both ways; the caller iterates under `translated`."""
        return self._prepare(method)(iter(requests), **self._options(Limit.ENDLESS))

    def translated(self, method: str) -> rpcerrors.Translated:
        """Return a context in which grpc's errors become ours."""
        return rpcerrors.Translated(self._scope.channel.probe, f"{self._service.name}.{method}")

    def _options(self, limit: Limit) -> dict[str, Any]:
        timeouts = {Limit.READ: self._scope.call_timeout, Limit.ENDLESS: None}
        return {"timeout": timeouts.get(limit, limit.value), "metadata": self._scope.metadata}

    def _prepare(self, method: str) -> Any:
        channel = self._scope.channel.open()
        self._scope.channel.count(f"{self._service.name}.{method}")
        if method not in self._callables:
            self._callables[method] = _callable(channel, self._service, method)
        return self._callables[method]


def _callable(channel: Any, service: Any, method: str) -> Any:
    from google.protobuf.message_factory import GetMessageClass  # import cost

    descriptor = service.methods_by_name[method]
    sides = (descriptor.client_streaming, descriptor.server_streaming)
    make = getattr(channel, "_".join("stream" if side else "unary" for side in sides))
    return make(
        f"/{service.full_name}/{method}",
        request_serializer=GetMessageClass(descriptor.input_type).SerializeToString,
        response_deserializer=GetMessageClass(descriptor.output_type).FromString,
    )


def _finish(future: Any) -> Any:
    try:
        return future.result()
    finally:
        # Not done: a signal's handler raised (KeyboardInterrupt). A second signal does get through.
        if not future.done():
            future.exception()
