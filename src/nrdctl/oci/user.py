"""Who a container's process runs as: docker's `--user` resolved against the texts of the image's passwd and group."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from nrdctl.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_ID = 2**31 - 1


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """A resolved user. `additional_gids` begins with the primary group, as docker's do."""

    uid: int = 0
    gid: int = 0
    additional_gids: tuple[int, ...] = (0,)


ROOT = User()


@dataclasses.dataclass(frozen=True, slots=True)
class _Account:
    name: str
    uid: int
    gid: int


@dataclasses.dataclass(frozen=True, slots=True)
class _Group:
    name: str
    gid: int
    members: tuple[str, ...]


def resolve(text: str, passwd: str, group: str) -> User:
    """Resolve `[user|uid][:group|gid]`; an empty text is root. `passwd` and `group` are file texts, empty if missing.

    A number always means an ID and needs no entry. Supplementary groups are looked up only when no group is given.
    Raises InvalidArgument in docker's words.
    """
    user_part, _, group_part = text.partition(":")
    account = _account(user_part, passwd)
    if group_part:
        gid = _group_id(group_part, group)
        return User(uid=account.uid, gid=gid, additional_gids=(gid,))
    found = [g.gid for g in _groups(group) if account.name and account.name in g.members]
    gids = tuple(dict.fromkeys([account.gid, *found]))
    return User(uid=account.uid, gid=account.gid, additional_gids=gids)


def _account(text: str, passwd: str) -> _Account:
    uid = _number(text or "0")
    matches: Callable[[_Account], bool] = (lambda a: a.name == text) if uid is None else (lambda a: a.uid == uid)
    for account in _accounts(passwd):
        if matches(account):
            return account
    if uid is None:
        raise InvalidArgument(
            f"unable to find user {text}: no matching entries in passwd file",
            hint="name a user of the image's /etc/passwd, or give a number",
        )
    return _Account(name="", uid=_in_range(uid), gid=0)


def _group_id(text: str, group: str) -> int:
    gid = _number(text)
    if gid is not None:
        return _in_range(gid)
    for entry in _groups(group):
        if entry.name == text:
            return entry.gid
    raise InvalidArgument(
        f"unable to find group {text}: no matching entries in group file",
        hint="name a group of the image's /etc/group, or give a number",
    )


def _number(text: str) -> int | None:
    digits = text[1:] if text[:1] in ("-", "+") else text
    return int(text) if digits.isascii() and digits.isdigit() else None


def _in_range(number: int) -> int:
    if not 0 <= number <= MAX_ID:
        raise InvalidArgument(f"uids and gids must be in range 0-{MAX_ID}")
    return number


def _accounts(text: str) -> Iterator[_Account]:
    for name, uid, gid in _fields(text, (0, 2, 3)):
        # A line with a broken number is skipped; it must never come to mean root.
        if uid.isdigit() and gid.isdigit():
            yield _Account(name, int(uid), int(gid))


def _groups(text: str) -> Iterator[_Group]:
    for name, gid, members in _fields(text, (0, 2, 3)):
        if gid.isdigit():
            yield _Group(name, int(gid), tuple(filter(None, members.split(","))))


def _fields(text: str, wanted: tuple[int, ...]) -> Iterator[list[str]]:
    for line in text.splitlines():
        entry = line.strip()
        if entry and not entry.startswith("#"):
            fields = entry.split(":")
            yield [fields[i].strip() if i < len(fields) else "" for i in wanted]
