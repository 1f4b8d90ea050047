import pytest

from nrdctl.errors import InvalidArgument
from nrdctl.oci.user import ROOT, User, resolve

PASSWD = """\
# a comment
root:x:0:0:root:/root:/bin/sh

broken:x:not-a-number:0::/:/bin/sh
short:x
bob:x:1000:1001:Bob:/home/bob:/bin/sh
twin:x:1000:1002::/home/twin:/bin/sh
123:x:5:6::/:/bin/sh
"""
GROUP = """\
root:x:0:root
daemon:x:2:root,bob
bob:x:1001:
staff:x:50:bob,
none:x:
"""


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("", User(uid=0, gid=0, additional_gids=(0, 2))),
        ("root", User(uid=0, gid=0, additional_gids=(0, 2))),
        ("0", User(uid=0, gid=0, additional_gids=(0, 2))),
        ("bob", User(uid=1000, gid=1001, additional_gids=(1001, 2, 50))),
        ("1000", User(uid=1000, gid=1001, additional_gids=(1001, 2, 50))),
        ("bob:staff", User(uid=1000, gid=50, additional_gids=(50,))),
        ("bob:7", User(uid=1000, gid=7, additional_gids=(7,))),
        ("bob:", User(uid=1000, gid=1001, additional_gids=(1001, 2, 50))),
        ("77", User(uid=77, gid=0, additional_gids=(0,))),
        ("77:88", User(uid=77, gid=88, additional_gids=(88,))),
        ("77:staff", User(uid=77, gid=50, additional_gids=(50,))),
        (":staff", User(uid=0, gid=50, additional_gids=(50,))),
        # A number is an ID even where an account has that name.
        ("123", User(uid=123, gid=0, additional_gids=(0,))),
        ("2147483647", User(uid=2147483647, gid=0, additional_gids=(0,))),
    ],
)
def test_dockers_rules(text: str, user: User) -> None:
    assert resolve(text, PASSWD, GROUP) == user


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("eve", "unable to find user eve: no matching entries in passwd file"),
        ("broken", "unable to find user broken: no matching entries in passwd file"),
        ("short", "unable to find user short: no matching entries in passwd file"),
        ("eve:staff", "unable to find user eve: no matching entries in passwd file"),
        ("bob:eves", "unable to find group eves: no matching entries in group file"),
        ("bob:none", "unable to find group none: no matching entries in group file"),
        ("2147483648", "uids and gids must be in range 0-2147483647"),
        ("-1", "uids and gids must be in range 0-2147483647"),
        ("0:-1", "uids and gids must be in range 0-2147483647"),
    ],
)
def test_refusals_in_dockers_words(text: str, message: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        resolve(text, PASSWD, GROUP)
    assert caught.value.message == message


def test_an_image_without_the_files() -> None:
    assert resolve("", "", "") == ROOT
    assert resolve("7:8", "", "") == User(uid=7, gid=8, additional_gids=(8,))
    with pytest.raises(InvalidArgument, match="unable to find user root"):
        resolve("root", "", "")
