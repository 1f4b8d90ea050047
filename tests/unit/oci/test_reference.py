import pytest
from hypothesis import given
from hypothesis import strategies as st

from nrdctl.errors import InvalidArgument
from nrdctl.oci.reference import Reference, parse_tag

SHA = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "canonical", "familiar"),
    [
        ("alpine", "docker.io/library/alpine:latest", "alpine:latest"),
        ("alpine:3.19", "docker.io/library/alpine:3.19", "alpine:3.19"),
        ("docker.io/alpine", "docker.io/library/alpine:latest", "alpine:latest"),
        ("docker.io/library/alpine", "docker.io/library/alpine:latest", "alpine:latest"),
        ("index.docker.io/alpine", "docker.io/library/alpine:latest", "alpine:latest"),
        ("index.docker.io/user/app:1", "docker.io/user/app:1", "user/app:1"),
        ("user/app", "docker.io/user/app:latest", "user/app:latest"),
        ("library/user/app", "docker.io/library/user/app:latest", "library/user/app:latest"),
        ("localhost/app", "localhost/app:latest", "localhost/app:latest"),
        ("localhost:5000/app", "localhost:5000/app:latest", "localhost:5000/app:latest"),
        ("127.0.0.1:5000/a/b:v1", "127.0.0.1:5000/a/b:v1", "127.0.0.1:5000/a/b:v1"),
        ("[::1]:5000/app", "[::1]:5000/app:latest", "[::1]:5000/app:latest"),
        ("ghcr.io/a/b/c/d", "ghcr.io/a/b/c/d:latest", "ghcr.io/a/b/c/d:latest"),
        # No path may have capital letters, so this can only be a host.
        ("Registry/app", "Registry/app:latest", "Registry/app:latest"),
        ("a__b/c-d.e--f", "docker.io/a__b/c-d.e--f:latest", "a__b/c-d.e--f:latest"),
        ("alpine@" + SHA, "docker.io/library/alpine@" + SHA, "alpine@" + SHA),
        ("quay.io/x/y:1@" + SHA, "quay.io/x/y:1@" + SHA, "quay.io/x/y:1@" + SHA),
        ("alpine:" + "t" * 128, "docker.io/library/alpine:" + "t" * 128, "alpine:" + "t" * 128),
    ],
)
def test_names_are_spelled_out_and_shortened_again(text: str, canonical: str, familiar: str) -> None:
    reference = Reference.parse(text)
    assert reference.canonical == canonical
    assert reference.familiar == familiar
    assert Reference.parse(canonical) == Reference.parse(familiar) == reference


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "invalid reference format"),
        (":1", "invalid reference format"),
        ("a b", "invalid reference format"),
        ("alpine\n", "invalid reference format"),
        ("a:b:c", "invalid reference format"),
        ("-a", "invalid reference format"),
        ("a///b", "invalid reference format"),
        ("a___b", "invalid reference format"),
        ("alpine:-tag", "invalid reference format"),
        ("alpine:" + "t" * 129, "invalid reference format"),
        ("alpine@sha256:abc", "invalid reference format"),
        ("alpine:", "invalid reference format"),
        ("localhost:port/x", "invalid reference format"),
        ("Alpine", "invalid reference format: repository name must be lowercase"),
        ("user/App:1", "invalid reference format: repository name must be lowercase"),
        ("a" * 64, f"invalid repository name ({'a' * 64}), cannot specify 64-byte hexadecimal strings"),
        ("a/" * 130 + "b", "repository name must not be more than 255 characters"),
        ("alpine@sha256:" + "a" * 63, f"invalid checksum digest length: 'sha256:{'a' * 63}'"),
        ("alpine@sha256:" + "A" * 64, f"invalid checksum digest format: 'sha256:{'A' * 64}'"),
        ("alpine@md5:" + "a" * 32, f"unsupported digest algorithm: 'md5:{'a' * 32}'"),
    ],
)
def test_wrong_names_are_refused_in_dockers_words(text: str, message: str) -> None:
    with pytest.raises(InvalidArgument) as error:
        Reference.parse(text)
    assert str(error.value) == message


def test_a_digest_is_asked_for_rather_than_a_tag() -> None:
    assert Reference.parse("alpine:3").target == "3"
    assert Reference.parse("alpine").target == "latest"
    assert Reference.parse("alpine:3@" + SHA).target == SHA
    assert Reference.parse("alpine:3").with_digest(SHA).familiar == "alpine@" + SHA


def test_tags() -> None:
    assert parse_tag("v1.2_3-x") == "v1.2_3-x"
    with pytest.raises(InvalidArgument):
        parse_tag("a/b")


@given(st.text(alphabet="aB0-_./:@[]", max_size=30))
def test_what_is_accepted_is_read_back_the_same(text: str) -> None:
    try:
        reference = Reference.parse(text)
    except InvalidArgument:
        return
    assert Reference.parse(reference.canonical) == reference
    assert Reference.parse(reference.familiar) == reference
