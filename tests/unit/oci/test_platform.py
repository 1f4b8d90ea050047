import pytest

from nrdctl.errors import InvalidArgument
from nrdctl.oci.platform import Platform, choose, host_platform, normalise, parse_platform

HOST = Platform(os="linux", architecture="amd64")


def platform(text: str) -> Platform:
    os, architecture, *variant = text.split("/")
    return Platform(os=os, architecture=architecture, variant=variant[0] if variant else "")


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        ("x86_64", "linux/amd64"),
        ("aarch64", "linux/arm64"),
        ("armv7l", "linux/arm/v7"),
        ("armv6l", "linux/arm/v6"),
        ("i686", "linux/386"),
        ("riscv64", "linux/riscv64"),
        ("s390x", "linux/s390x"),
        ("ppc64le", "linux/ppc64le"),
    ],
)
def test_the_kernels_names_become_gos(machine: str, expected: str) -> None:
    assert str(host_platform(machine)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("linux/amd64", "linux/amd64"),
        ("linux/x86_64", "linux/amd64"),
        ("linux/amd64/v1", "linux/amd64"),
        ("linux/amd64/3", "linux/amd64/v3"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm64/8", "linux/arm64"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/arm/6", "linux/arm/v6"),
        ("arm64", "linux/arm64"),
        ("amd64", "linux/amd64"),
        ("Linux/ARM64", "linux/arm64"),
        ("linux", "linux/amd64"),
        ("macos", "darwin/amd64"),
    ],
)
def test_what_people_write(text: str, expected: str) -> None:
    assert str(parse_platform(text, host=HOST)) == expected


@pytest.mark.parametrize("text", ["", "vax", "linux//arm", "linux/arm/v7/x", "linux/a b", "/"])
def test_what_is_no_platform(text: str) -> None:
    with pytest.raises(InvalidArgument):
        parse_platform(text, host=HOST)


@pytest.mark.parametrize(
    ("wanted", "candidates", "expected"),
    [
        ("linux/amd64", ["linux/arm64", "linux/amd64"], 1),
        ("linux/amd64", ["linux/386", "linux/amd64"], 1),
        ("linux/amd64", ["linux/arm64", "linux/386"], 1),
        ("linux/amd64", ["linux/amd64/v3"], None),
        ("linux/amd64/v3", ["linux/amd64", "linux/amd64/v2"], 1),
        ("linux/arm64", ["linux/arm/v6", "linux/arm64/v8"], 1),
        ("linux/arm64", ["linux/arm/v6", "linux/arm/v7"], 1),
        ("linux/arm/v7", ["linux/arm/v5", "linux/arm/v6"], 1),
        ("linux/arm/v6", ["linux/arm/v7"], None),
        ("linux/amd64", ["windows/amd64", "unknown/unknown"], None),
        ("linux/amd64", [], None),
    ],
)
def test_the_best_candidate_is_chosen(wanted: str, candidates: list[str], expected: int | None) -> None:
    assert choose([platform(text) for text in candidates], platform(wanted)) == expected


def test_a_lone_candidate_that_says_nothing_is_taken() -> None:
    assert choose([None], HOST) == 0
    assert choose([None, None], HOST) is None
    assert choose([None, HOST], HOST) == 1


def test_json() -> None:
    arm = normalise(platform("linux/arm"))
    assert arm.to_json() == {"architecture": "arm", "os": "linux", "variant": "v7"}
    assert Platform.from_json(arm.to_json()) == arm
    assert Platform.from_json({}) == Platform(os="", architecture="")
