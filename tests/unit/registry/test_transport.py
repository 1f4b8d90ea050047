import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nrdctl.errors import RegistryError
from nrdctl.registry.transport import RetryPolicy, Transport, is_transient, redirected
from nrdctl.registry.wire import Request, Tls, redacted
from tests.support.scripted import Answer, Asked, ScriptedServer

QUICK = RetryPolicy(attempts=3, first=0.01, longest=0.05)
AUTHORIZED = {"Authorization": "Bearer s3cret", "Accept": "x/y"}


class Transports:
    """Makes transports, and closes them after the test."""

    def __init__(self) -> None:
        self.made: list[Transport] = []

    def __call__(self, retry: RetryPolicy = QUICK) -> Transport:
        self.made.append(Transport(retry=retry))
        return self.made[-1]


@pytest.fixture
def transports() -> Iterator[Transports]:
    made = Transports()
    yield made
    for transport in made.made:
        transport.close()


def get(url: str, **more: object) -> Request:
    return Request(method="GET", url=url, **more)  # type: ignore[arg-type]


def test_a_connection_is_used_again(transports: Transports) -> None:
    def answer(asked: Asked) -> Answer:
        return Answer(body=b"x" * 3_000_000)

    with ScriptedServer(answer) as server:
        transport = transports()
        for _ in range(3):
            with transport.send(get(server.url)) as response:
                assert sum(map(len, response.chunks())) == 3_000_000
        assert len({asked.client for asked in server.asked}) == 1


def test_a_stale_connection_is_replaced_without_counting_as_a_failure(transports: Transports) -> None:
    # All of the body is sent, and then the server hangs up without a word.
    with ScriptedServer(lambda _: Answer(body=b"1", cut=1)) as server:
        transport = transports(retry=RetryPolicy(attempts=1))
        for _ in range(3):
            assert transport.send(get(server.url)).read() == b"1"
            time.sleep(0.05)


@pytest.mark.parametrize("failure", [Answer(503), Answer(429, headers={"Retry-After": "0"}), Answer(cut=-1)])
def test_passing_failures_are_retried(failure: Answer, transports: Transports) -> None:
    with ScriptedServer(lambda _: failure if len(server.asked) < 3 else Answer(body=b"ok")) as server:
        assert transports().send(get(server.url)).read() == b"ok"
        assert len(server.asked) == 3


def test_lasting_failures_are_returned_or_raised(transports: Transports) -> None:
    with ScriptedServer(lambda _: Answer(503)) as server:
        with transports().send(get(server.url)) as response:
            assert response.status == 503
        assert len(server.asked) == 3
    with ScriptedServer(lambda _: Answer(cut=-1)) as server:
        with pytest.raises(RegistryError, match=r"^GET http://127.0.0.1:\d+/x: "):
            transports().send(get(server.url + "/x"))
        assert len(server.asked) == 3


def test_refusals_are_not_retried(transports: Transports) -> None:
    with ScriptedServer(lambda _: Answer(404)) as server:
        transports().send(get(server.url)).close()
        assert len(server.asked) == 1
    with pytest.raises(RegistryError, match="Connection refused"):
        transports(retry=RetryPolicy(attempts=100, first=10)).send(get(server.url))


def test_cancelling_ends_the_wait(transports: Transports) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with ScriptedServer(lambda _: Answer(503)) as server, pytest.raises(RegistryError, match="canceled"):
        transports(retry=RetryPolicy(first=60, longest=60)).send(get(server.url, cancelled=cancelled))


def test_delays_grow_and_have_limits() -> None:
    policy = RetryPolicy(first=1, longest=8)
    assert 0.75 <= policy.delay(1) <= 1
    assert 3 <= policy.delay(3) <= 4
    assert policy.delay(50) <= 8
    assert policy.delay(1, "5") == 5
    assert policy.delay(1, "86400") == 8
    assert policy.delay(1, "Fri, 31 Dec 1999 23:59:59 GMT") <= 1


def test_a_redirect_to_another_host_carries_no_secret(transports: Transports) -> None:
    with (
        ScriptedServer(lambda _: Answer(body=b"blob")) as storage,
        ScriptedServer(lambda _: Answer(307, headers={"Location": storage.url + "/b?sig=1"})) as server,
    ):
        assert transports().send(get(server.url, headers=AUTHORIZED)).read() == b"blob"
        assert server.asked[0].authorization == "Bearer s3cret"
        assert "authorization" not in storage.asked[0].headers
        assert storage.asked[0].headers["accept"] == "x/y"
        assert storage.asked[0].path == "/b?sig=1"


def test_a_redirect_on_the_same_host_keeps_it(transports: Transports) -> None:
    def answer(asked: Asked) -> Answer:
        return Answer(302, headers={"Location": "/there"}) if asked.path == "/here" else Answer(body=b"ok")

    with ScriptedServer(answer) as server:
        assert transports().send(get(server.url + "/here", headers=AUTHORIZED)).read() == b"ok"
        assert [asked.authorization for asked in server.asked] == ["Bearer s3cret"] * 2


def test_redirects_in_a_ring_end(transports: Transports) -> None:
    with (
        ScriptedServer(lambda _: Answer(302, headers={"Location": "/again"})) as server,
        pytest.raises(RegistryError, match="redirects"),
    ):
        transports().send(get(server.url))


@pytest.mark.parametrize(
    "location", ["http://other.example/x", "file:///etc/passwd", "ftp://other.example/", "http:///x"]
)
def test_redirects_out_of_encryption_or_http_are_refused(location: str) -> None:
    request = get("https://registry.example/v2/")
    with pytest.raises(RegistryError, match="refused"):
        redirected(request, request.url, location)


def test_client_certificates_stay_with_their_host() -> None:
    request = get("https://a.example/", tls=Tls(ca=("ca",), client=(("c", "k"),)))
    assert redirected(request, request.url, "/x").tls == request.tls
    assert redirected(request, request.url, "https://b.example/").tls == Tls(ca=("ca",))


def test_a_body_that_ends_early_is_noticed(transports: Transports) -> None:
    with ScriptedServer(lambda _: Answer(body=b"0123456789", cut=4)) as server:
        response = transports().send(get(server.url))
        with pytest.raises((http.client.HTTPException, OSError)):
            list(response.chunks())
        response.close()


def test_certificates(certificate: tuple[Path, Path], tmp_path: Path, transports: Transports) -> None:
    with ScriptedServer(lambda _: Answer(body=b"ok"), certificate=certificate) as server:
        transport = transports()
        with pytest.raises(RegistryError, match="certificate not trusted") as error:
            transport.send(get(server.url))
        assert "hosts.toml" in (error.value.hint or "")
        assert transport.send(get(server.url, tls=Tls(ca=(str(certificate[0]),)))).read() == b"ok"
        assert transport.send(get(server.url, tls=Tls(skip_verify=True))).read() == b"ok"
        assert transport.send(get(server.url, tls=Tls(skip_verify=True), plain_http=True)).read() == b"ok"
        with pytest.raises(RegistryError, match="cannot use the certificate"):
            transport.send(get(server.url, tls=Tls(ca=(str(tmp_path / "none"),))))


def test_plain_http_only_where_it_is_allowed(transports: Transports) -> None:
    with ScriptedServer(lambda _: Answer(body=b"ok")) as server:
        https = f"https://{server.address}/"
        transport = transports()
        assert transport.send(get(https, plain_http=True)).read() == b"ok"
        assert len(server.asked) == 1
        with pytest.raises(RegistryError):
            transport.send(get(https))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (http.client.IncompleteRead(b""), True),
        (ssl.SSLEOFError(), True),
        (socket.gaierror(socket.EAI_AGAIN, "x"), True),
        (socket.gaierror(socket.EAI_NONAME, "x"), False),
        (ConnectionRefusedError(), False),
        (ssl.SSLCertVerificationError(), False),
        (http.client.InvalidURL(), False),
        (FileNotFoundError(), False),
    ],
)
def test_what_passes(error: Exception, expected: bool) -> None:
    assert is_transient(error) is expected


def test_urls_are_printed_without_secrets() -> None:
    url = "https://user:password@host:5000/path?X-Amz-Signature=abc#frag"
    assert redacted(url) == "https://host:5000/path?…"
    assert redacted("http://host/path") == "http://host/path"
