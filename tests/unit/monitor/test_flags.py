"""The flags of the command, and text for terminals that can't show everything."""

from __future__ import annotations

import pytest

from nrdctl.cli.monitor import parse_count, parse_seconds
from nrdctl.cli.terminalscreen import encodable


@pytest.mark.parametrize(("text", "seconds"), [("1", 1.0), ("0.5", 0.5), ("2s", 2.0), ("0.1", 0.1), ("1e3", 1000.0)])
def test_seconds(text: str, seconds: float) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "x", "0", "-1", "0.01", "nan", "inf", "1m", "1 2"])
def test_bad_seconds(text: str) -> None:
    with pytest.raises(ValueError, match="seconds"):
        parse_seconds(text)


def test_counts() -> None:
    assert parse_count("3") == 3
    for text in ("", "0", "-1", "1.5", "x"):
        with pytest.raises(ValueError, match="from 1 on"):
            parse_count(text)


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        ("– ▁▄█ web…", "utf-8", "– ▁▄█ web…"),
        ("– ▁▄█ web…", "ascii", "- .:# web~"),
        ("é–", "latin-1", "é-"),
        ("é–", "ascii", "?-"),
    ],
)
def test_encodable(text: str, encoding: str, expected: str) -> None:
    assert encodable(text, encoding) == expected
