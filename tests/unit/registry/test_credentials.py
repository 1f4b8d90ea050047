import base64
import json
from pathlib import Path

import pytest

from nrdctl.errors import InvalidArgument, RegistryError
from nrdctl.registry.credentials import DOCKER_HUB_KEY, Credential, CredentialStore, host_of

AUTH = base64.b64encode(b"me:pa:ss").decode()
ME = Credential(username="me", password="pa:ss")


@pytest.mark.parametrize(
    ("key", "registry"),
    [
        ("registry.example", "registry.example"),
        ("https://registry.example", "registry.example"),
        ("https://registry.example/v1/", "registry.example"),
        ("http://registry.example:5000/v2/", "registry.example:5000"),
        (DOCKER_HUB_KEY, "docker.io"),
        ("index.docker.io", "docker.io"),
        (DOCKER_HUB_KEY, "registry-1.docker.io"),
    ],
)
def test_a_registrys_key_is_found_however_it_is_spelled(key: str, registry: str) -> None:
    assert CredentialStore({"auths": {key: {"auth": AUTH}}}).find(registry) == ME


def test_only_that_registrys() -> None:
    store = CredentialStore(
        {"auths": {"registry.example:5000": {"auth": AUTH}, "evil-registry.example": {"auth": AUTH}}}
    )
    assert store.find("registry.example") is None
    assert store.find("docker.io") is None
    assert CredentialStore({"auths": {"x.example": {}}}).find("x.example") is None


def test_the_exact_key_wins() -> None:
    other = base64.b64encode(b"a:b").decode()
    store = CredentialStore({"auths": {"https://x.example/v1/": {"auth": other}, "x.example": {"auth": AUTH}}})
    assert store.find("x.example") == ME


def test_other_forms() -> None:
    store = CredentialStore({"auths": {"a": {"username": "me", "password": "pa:ss"}, "b": {"identitytoken": "t"}}})
    assert store.find("a") == ME
    assert store.find("b") == Credential(identity_token="t")


@pytest.mark.parametrize("auth", ["%%%", base64.b64encode(b"nocolon").decode()])
def test_a_broken_entry_says_where_and_not_what(auth: str) -> None:
    with pytest.raises(InvalidArgument) as error:
        CredentialStore({"auths": {"a": {"auth": auth}}}, source="/x/config.json").find("a")
    assert "/x/config.json" in str(error.value)
    assert auth not in str(error.value)


def test_secrets_are_not_in_representations() -> None:
    assert "pa:ss" not in repr(ME)
    assert "tok" not in repr(Credential(identity_token="tok", registry_token="tok"))


def test_the_file(tmp_path: Path) -> None:
    assert CredentialStore.load({"HOME": str(tmp_path)}).find("a") is None
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker/config.json").write_text(json.dumps({"auths": {"a": {"auth": AUTH}}}))
    assert CredentialStore.load({"HOME": str(tmp_path)}).find("a") == ME
    assert CredentialStore.load({"HOME": "/none", "DOCKER_CONFIG": str(tmp_path / ".docker")}).find("a") == ME
    for broken in ("{", "[]"):
        (tmp_path / ".docker/config.json").write_text(broken)
        with pytest.raises(InvalidArgument, match=r"config\.json"):
            CredentialStore.load({"HOME": str(tmp_path)})


def helper(folder: Path, name: str, script: str) -> None:
    program = folder / f"docker-credential-{name}"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def test_helpers(programs: Path) -> None:
    helper(programs, "good", 'read server; echo "{\\"Username\\": \\"$1\\", \\"Secret\\": \\"$server\\"}"')
    helper(programs, "token", """echo '{"Username": "<token>", "Secret": "refresh"}'""")
    store = CredentialStore({"credsStore": "good", "credHelpers": {"t.example": "token"}})
    assert store.find("r.example:5000") == Credential(username="get", password="r.example:5000")
    assert store.find("docker.io") == Credential(username="get", password=DOCKER_HUB_KEY)
    assert store.find("t.example") == Credential(identity_token="refresh")


def test_a_helper_that_knows_nothing_leaves_it_to_the_file(programs: Path) -> None:
    helper(programs, "none", "echo credentials not found in native keychain; exit 1")
    assert CredentialStore({"credsStore": "none", "auths": {"a": {"auth": AUTH}}}).find("a") == ME
    assert CredentialStore({"credsStore": "none"}).find("a") is None


@pytest.mark.parametrize(
    ("script", "text"),
    [("echo the keychain is locked; exit 1", "the keychain is locked"), ("echo s3cret", "not understood")],
)
def test_helpers_that_fail(programs: Path, script: str, text: str) -> None:
    helper(programs, "bad", script)
    with pytest.raises(RegistryError, match=text) as error:
        CredentialStore({"credsStore": "bad"}).find("a")
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("name", ["missing", "../../bin/sh", "a b"])
def test_helpers_that_are_not_there(programs: Path, name: str) -> None:
    with pytest.raises(RegistryError, match="credential"):
        CredentialStore({"credsStore": name}).find("a")


def test_hosts_of_keys() -> None:
    assert host_of(DOCKER_HUB_KEY) == "index.docker.io"
    assert host_of("a:5000") == "a:5000"
