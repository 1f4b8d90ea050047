import base64
import json
import time

import pytest

from nrdctl.errors import RegistryError
from nrdctl.oci import digest as digests
from nrdctl.oci.descriptor import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Descriptor
from nrdctl.oci.reference import Reference
from nrdctl.registry.auth import parse_challenges
from nrdctl.registry.client import RegistryClient
from nrdctl.registry.credentials import CredentialStore
from nrdctl.registry.hosts import HostsConfig
from nrdctl.registry.transport import RetryPolicy
from tests.support.scripted import Answer, Asked, ScriptedServer

BLOB = bytes(range(256)) * 10
LAYER = Descriptor(media_type=OCI_LAYER, digest=digests.of_bytes(BLOB), size=len(BLOB))
CONFIG = Descriptor(media_type=OCI_CONFIG, digest=digests.of_bytes(b"{}"), size=2)
MANIFEST = json.dumps(
    {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": CONFIG.to_json(), "layers": [LAYER.to_json()]}
).encode()
TARGET = Descriptor(media_type=OCI_MANIFEST, digest=digests.of_bytes(MANIFEST), size=len(MANIFEST))


def client(credentials: dict[str, object] | None = None) -> RegistryClient:
    return RegistryClient(
        hosts=HostsConfig(directories=()),
        credentials=CredentialStore(credentials or {}),
        retry=RetryPolicy(attempts=2, first=0.01),
    )


def reference(server: ScriptedServer, rest: str = "repo:tag") -> Reference:
    return Reference.parse(f"{server.address}/{rest}")


def manifest_answer(**headers: str) -> Answer:
    return Answer(
        body=MANIFEST, headers={"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": TARGET.digest, **headers}
    )


def test_resolve_asks_for_the_head_only() -> None:
    with ScriptedServer(lambda _: manifest_answer()) as server, client() as registry:
        assert registry.resolve(reference(server)) == TARGET
        assert [(asked.method, asked.path) for asked in server.asked] == [("HEAD", "/v2/repo/manifests/tag")]
        assert OCI_INDEX in server.asked[0].headers["accept"]


@pytest.mark.parametrize("headers", [{"Docker-Content-Digest": ""}, {"Content-Type": "text/plain"}])
def test_resolve_computes_what_the_head_does_not_say(headers: dict[str, str]) -> None:
    with ScriptedServer(lambda _: manifest_answer(**headers)) as server, client() as registry:
        assert registry.resolve(reference(server)) == TARGET
        assert [asked.method for asked in server.asked] == ["HEAD", "GET"]


@pytest.mark.parametrize("status", [400, 405, 501])
def test_resolve_from_a_server_without_head(status: int) -> None:
    def answer(asked: Asked) -> Answer:
        return manifest_answer() if asked.method == "GET" else Answer(status)

    with ScriptedServer(answer) as server, client() as registry:
        assert registry.resolve(reference(server)) == TARGET


def test_a_manifest_is_checked_against_its_digest() -> None:
    other = Descriptor(media_type=OCI_MANIFEST, digest=digests.of_bytes(b"other"), size=len(MANIFEST))
    with ScriptedServer(lambda _: manifest_answer()) as server, client() as registry:
        assert registry.fetch_manifest(reference(server), TARGET) == MANIFEST
        with pytest.raises(RegistryError, match="sent something else"):
            registry.fetch_manifest(reference(server), other)
        with pytest.raises(RegistryError, match="sent something else"):
            registry.resolve(reference(server, f"repo@{other.digest}"))


@pytest.mark.parametrize("ranges", [True, False])
def test_a_blob_from_the_middle(ranges: bool) -> None:
    def answer(asked: Asked) -> Answer:
        start = int(asked.headers["range"].removeprefix("bytes=").removesuffix("-"))
        if not ranges:
            return Answer(body=BLOB)
        return Answer(206, BLOB[start:], {"Content-Range": f"bytes {start}-{len(BLOB) - 1}/{len(BLOB)}"})

    with (
        ScriptedServer(answer) as server,
        client() as registry,
        registry.blob(reference(server), LAYER, offset=1000) as stream,
    ):
        assert b"".join(stream.chunks()) == BLOB[1000:]


def test_the_wrong_part_of_a_blob_is_refused() -> None:
    answer = Answer(206, BLOB[1:], {"Content-Range": f"bytes 1-{len(BLOB) - 1}/{len(BLOB)}"})
    with ScriptedServer(lambda _: answer) as server, client() as registry, pytest.raises(RegistryError, match="1000"):
        registry.blob(reference(server), LAYER, offset=1000)


def errors(code: str, message: str, status: int) -> Answer:
    return Answer(status, json.dumps({"errors": [{"code": code, "message": message}]}).encode())


@pytest.mark.parametrize(
    ("answer", "code", "text"),
    [
        (Answer(404), "MANIFEST_UNKNOWN", "manifest for {name} not found: manifest unknown: manifest unknown"),
        (Answer(403), "DENIED", "pull access denied for {repository}, repository does not exist or may require "),
        (Answer(418, b"<html>"), "", "{name}: unexpected status 418 I'm a Teapot from http://"),
    ],
)
def test_refusals_in_dockers_words(answer: Answer, code: str, text: str) -> None:
    with ScriptedServer(lambda _: answer) as server, client() as registry:
        name = reference(server)
        with pytest.raises(RegistryError) as error:
            registry.resolve(name)
    assert str(error.value).startswith(text.format(name=name.familiar, repository=name.familiar_repository))
    assert (error.value.status, error.value.code) == (answer.status, code)


def test_the_registrys_own_words_without_control_characters() -> None:
    answer = errors("NAME_UNKNOWN", "repository \x1b[31mname\nnot known", 404)
    with ScriptedServer(lambda _: answer) as server, client() as registry:
        with pytest.raises(RegistryError, match=r"name unknown: repository  \[31mname not known") as error:
            registry.fetch_manifest(reference(server), TARGET)
        assert error.value.code == "NAME_UNKNOWN"
        with pytest.raises(RegistryError, match=f"blob {LAYER.digest} of .* not found"):
            registry.blob(reference(server), LAYER)


class TokenRegistry:
    """A registry with a token server at /token."""

    def __init__(self, **token: object) -> None:
        self.token = {"token": "t0ken", **token}
        self.accepted = "t0ken"
        self.server = ScriptedServer(self.answer)

    def answer(self, asked: Asked) -> Answer:
        if asked.path.startswith("/token"):
            return Answer(body=json.dumps(self.token).encode())
        if asked.authorization == f"Bearer {self.accepted}":
            return manifest_answer()
        challenge = f'Bearer realm="{self.server.url}/token",service="svc",scope="repository:repo:pull"'
        return Answer(401, headers={"WWW-Authenticate": challenge})

    def paths(self) -> list[str]:
        return [asked.path for asked in self.server.asked]


def test_anonymous_token() -> None:
    world = TokenRegistry()
    with world.server as server, client() as registry:
        registry.resolve(reference(server))
        registry.fetch_manifest(reference(server), TARGET)
        assert world.paths() == [
            "/v2/repo/manifests/tag",
            "/token?service=svc&scope=repository%3Arepo%3Apull",
            "/v2/repo/manifests/tag",
            f"/v2/repo/manifests/{TARGET.digest}",
        ]
        assert server.asked[1].authorization == ""


def auths(server: ScriptedServer, **entry: str) -> dict[str, object]:
    return {"auths": {server.address: entry}}


def test_token_for_a_user() -> None:
    world = TokenRegistry()
    with world.server as server:
        with client(auths(server, auth=base64.b64encode(b"me:pass:word").decode())) as registry:
            registry.resolve(reference(server))
        asked = server.asked[1]
        assert asked.path.endswith("&account=me")
        assert asked.authorization == "Basic " + base64.b64encode(b"me:pass:word").decode()


def test_token_for_a_refresh_token() -> None:
    world = TokenRegistry(token=None, access_token="t0ken")
    with world.server as server:
        with client(auths(server, identitytoken="refresh")) as registry:
            registry.resolve(reference(server))
        asked = server.asked[1]
        assert (asked.method, asked.path) == ("POST", "/token")
        assert b"grant_type=refresh_token&refresh_token=refresh" in asked.body


def test_a_token_that_is_refused_is_replaced_once() -> None:
    world = TokenRegistry()
    with world.server as server, client() as registry:
        registry.resolve(reference(server))
        world.accepted = world.token["token"] = "newer"  # type: ignore[assignment]
        registry.resolve(reference(server))
        world.accepted = "never"
        with pytest.raises(RegistryError, match="pull access denied") as error:
            registry.resolve(reference(server))
        assert error.value.status == 401


def test_a_token_server_that_refuses() -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path.startswith("/token"):
            return Answer(401, b'{"details": "incorrect username or password"}')
        return Answer(401, headers={"WWW-Authenticate": f'Bearer realm="{server.url}/token"'})

    with ScriptedServer(answer) as server:
        with (
            client(auths(server, username="me", password="s3cret")) as registry,
            pytest.raises(RegistryError, match="incorrect username or password") as error,
        ):
            registry.resolve(reference(server))
        assert "s3cret" not in str(error.value)
        assert error.value.hint


@pytest.mark.parametrize("token", ["", "a\r\nX-Evil: 1", 7, None])
def test_a_token_that_is_none(token: object) -> None:
    world = TokenRegistry(token=token)
    with world.server as server, client() as registry, pytest.raises(RegistryError, match="holds no token"):
        registry.resolve(reference(server))


def test_basic_authentication_right_and_wrong() -> None:
    right = "Basic " + base64.b64encode(b"me:right").decode()

    def answer(asked: Asked) -> Answer:
        ok = asked.authorization == right
        return manifest_answer() if ok else Answer(401, headers={"WWW-Authenticate": 'Basic realm="x"'})

    with ScriptedServer(answer) as server:
        with client(auths(server, username="me", password="right")) as registry:
            assert registry.resolve(reference(server)) == TARGET
        for credentials in (auths(server, username="me", password="wr0ng"), {}):
            with client(credentials) as registry, pytest.raises(RegistryError, match="pull access denied") as error:
                registry.resolve(reference(server))
            assert "wr0ng" not in f"{error.value} {error.value.hint}"


def test_tokens_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    world = TokenRegistry(expires_in=300)
    with world.server as server, client() as registry:
        registry.resolve(reference(server))
        now = time.monotonic()
        monkeypatch.setattr("nrdctl.registry.auth.time.monotonic", lambda: now + 301)
        registry.resolve(reference(server))
    assert len([path for path in world.paths() if path.startswith("/token")]) == 2


def test_a_mirror_goes_first_and_may_fail(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("hosts")
    with (
        ScriptedServer(lambda _: Answer(404)) as mirror,
        ScriptedServer(lambda _: manifest_answer()) as origin,
    ):
        configured = folder / origin.address
        configured.mkdir()
        (configured / "hosts.toml").write_text(
            f'server = "{origin.url}"\n[host."{mirror.url}"]\ncapabilities = ["pull", "resolve"]\n'
            '[host."http://127.0.0.1:1"]\ncapabilities = ["push"]\n'
        )
        with RegistryClient(hosts=HostsConfig(directories=(folder,))) as registry:
            assert registry.resolve(reference(origin)) == TARGET
        assert mirror.asked[0].path == f"/v2/repo/manifests/tag?ns=127.0.0.1%3A{origin.port}"
        assert origin.asked[0].path == "/v2/repo/manifests/tag"


def test_challenges() -> None:
    headers = ['Bearer realm="https://a/t?x=1,2",service="s",scope="repository:a/b:pull,push"', "Basic realm=x", "?"]
    bearer, basic = parse_challenges(headers)
    assert bearer.parameters == {"realm": "https://a/t?x=1,2", "service": "s", "scope": "repository:a/b:pull,push"}
    assert (basic.scheme, basic.parameters) == ("basic", {"realm": "x"})
