"""Records are found in one place, whichever module makes them."""

from __future__ import annotations

import dataclasses
import enum

import pytest

from nrdctl.containerd import records


@pytest.mark.parametrize("name", records.__all__)
def test_every_record_is_found(name: str) -> None:
    record = getattr(records, name)
    assert record.__name__ == name
    assert dataclasses.is_dataclass(record) or issubclass(record, enum.StrEnum)


def test_what_is_none_is_not_found() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Pod'"):
        _ = records.Pod


def test_a_spec_is_decoded_once() -> None:
    record = records.ContainerRecord(id="web", spec_json=b'{"hostname": "x"}')
    assert record.spec["hostname"] == "x"
    assert record.spec is record.spec
    assert dataclasses.replace(record, spec_json=b"").spec == {}
