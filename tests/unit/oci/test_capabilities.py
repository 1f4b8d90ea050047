import pytest

from nrdctl.errors import InvalidArgument
from nrdctl.oci.capabilities import DEFAULT, KNOWN, choose, from_mask, to_mask


def test_the_numbers() -> None:
    assert len(KNOWN) == 41
    assert len(DEFAULT) == 14
    assert to_mask(DEFAULT) == 0xA80425FB
    assert to_mask(KNOWN) == 0x1FFFFFFFFFF
    assert from_mask(0x1FFFFFFFFFF) == KNOWN
    assert from_mask(1 << 21 | 1 << 63) == ("CAP_SYS_ADMIN",)


def test_the_default_and_privileged() -> None:
    assert choose() == DEFAULT
    assert choose(privileged=True) == KNOWN
    assert choose(privileged=True, available=DEFAULT) == DEFAULT


def test_add_and_drop() -> None:
    assert choose(add=["SYS_ADMIN", "cap_net_admin"]) == (*DEFAULT, "CAP_SYS_ADMIN", "CAP_NET_ADMIN")
    assert choose(add=["chown"]) == DEFAULT
    assert set(choose(drop=["NET_RAW"])) == set(DEFAULT) - {"CAP_NET_RAW"}
    assert choose(drop=["ALL"]) == ()
    assert choose(drop=["all"], add=["CHOWN"]) == ("CAP_CHOWN",)
    assert choose(add=["ALL"]) == KNOWN
    assert set(choose(add=["ALL"], drop=["SYS_ADMIN"])) == set(KNOWN) - {"CAP_SYS_ADMIN"}
    assert choose(add=["ALL"], drop=["ALL"]) == KNOWN
    assert "CAP_CHOWN" in choose(add=["CHOWN"], drop=["CHOWN"])


def test_only_what_the_daemon_has() -> None:
    assert choose(available=("CAP_CHOWN", "CAP_BPF")) == ("CAP_CHOWN",)
    assert choose(add=["ALL"], available=("CAP_CHOWN", "CAP_BPF")) == ("CAP_CHOWN", "CAP_BPF")
    assert choose(drop=["BPF"], available=("CAP_CHOWN",)) == ("CAP_CHOWN",)
    with pytest.raises(InvalidArgument, match='not available in the current environment: "CAP_BPF"'):
        choose(add=["BPF"], available=("CAP_CHOWN",))


@pytest.mark.parametrize("privileged", [False, True])
def test_unknown_names(privileged: bool) -> None:
    with pytest.raises(InvalidArgument, match=r'^invalid CapAdd: unknown capability: "CAP_FOO"$'):
        choose(add=["foo"], privileged=privileged)
    with pytest.raises(InvalidArgument, match=r'^invalid CapDrop: unknown capability: "CAP_CAP"$'):
        choose(drop=["cap"], privileged=privileged)
