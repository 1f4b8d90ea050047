"""One virtual machine for all the tests of a session that ask for `vm`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.vm.bed.settings import why_not
from tests.vm.guest import Guest, GuestDiedError, running

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses the machine."""
    for item in items:
        if "vm" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.vm)


@pytest.fixture(scope="session")
def vm() -> Iterator[Guest]:
    """A guest restored from its snapshot, which is built first where it is missing."""
    if reason := why_not():
        pytest.skip(reason)
    with running() as guest:
        yield guest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Give a test one more try in a restored guest when the machine itself died: the emulator does that now and then.

    What a test asserts is never tried again.
    """
    try:
        yield
    except GuestDiedError as error:
        guest = getattr(item, "funcargs", {}).get("vm")
        if guest is None:
            raise
        print(f"vm bed: the guest died ({str(error).splitlines()[0]}), so it is restored and the test starts again")
        guest.reset()
        item.runtest()
