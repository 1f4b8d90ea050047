"""A monitor process, with the test in the shim's place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.conmon.shim import Shim

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterator


@pytest.fixture
def shim(tmp_path: pathlib.Path) -> Iterator[Shim]:
    """A task whose monitor is not started yet."""
    shim = Shim(tmp_path)
    yield shim
    shim.finish()
