"""Log entries: the splitter against a plain model of docker's, the encoder against json."""

from __future__ import annotations

import itertools
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from nrdctl.conmon.jsonlines import MAX_PARTIAL, LineSplitter, encode, timestamp

NOW = timestamp(1_767_323_045_123_456_789)

# Bytes around what matters: newlines, escapes, multi-byte characters whole and broken.
PIECES = st.one_of(
    st.sampled_from([b"\n", b"\\", b"\\n", b'"', b"\0", b"\x1b[1m", "ü".encode(), "漢".encode(), "🚢".encode()]),
    st.sampled_from([b"\xff", b"\xe6\xbc", b"\xed\xa0\x80", "\ufffd".encode(), b"\x7f", b"\t", b"\r\n"]),
    st.binary(max_size=8),
    st.text(max_size=8).map(str.encode),
)
TEXTS = st.lists(PIECES, max_size=40).map(b"".join)
LONG = st.lists(st.one_of(PIECES, st.integers(1, 2 * MAX_PARTIAL).map(lambda n: b"x" * n)), max_size=8).map(b"".join)


def entries(block: bytes) -> list[dict[str, str]]:
    lines = encode(block, b"stdout", NOW).split(b"\n")
    assert lines.pop() == b""
    return [json.loads(line) for line in lines]


def split(chunks: list[bytes]) -> list[bytes]:
    splitter = LineSplitter()
    blocks = [block for chunk in chunks for block in splitter.feed(chunk)]
    return [*blocks, splitter.flush()]


def newline_split(block: bytes) -> list[bytes]:
    *whole, rest = block.split(b"\n")
    return [line + b"\n" for line in whole] + ([rest] if rest else [])


def test_timestamp() -> None:
    assert NOW == b"2026-01-02T03:04:05.123456789Z"
    assert timestamp(1) == b"1970-01-01T00:00:00.000000001Z"


def test_the_very_bytes() -> None:
    expected = b'{"log":"a \\"b\\" \xc3\xbc\\n","stream":"stdout","time":"2026-01-02T03:04:05.123456789Z"}\n'
    assert encode('a "b" ü\n'.encode(), b"stdout", NOW) == expected


@settings(deadline=None, max_examples=50)
@given(TEXTS.filter(bool))
def test_encode_is_json_of_each_line(block: bytes) -> None:
    expected = [line.decode("utf-8", "replace") for line in newline_split(block)]
    assert [entry["log"] for entry in entries(block)] == expected
    assert all(entry["stream"] == "stdout" and entry["time"] == NOW.decode() for entry in entries(block))


@settings(deadline=None, max_examples=50)
@given(st.lists(LONG, max_size=5))
def test_splitting_loses_nothing_and_keeps_to_the_limit(chunks: list[bytes]) -> None:
    blocks = split(chunks)
    assert b"".join(blocks) == b"".join(chunks)
    assert all(len(block) <= MAX_PARTIAL for block in blocks)
    # Every block but the last ends a line, or is a piece without any line's end.
    assert all(block.endswith(b"\n") or (b"\n" not in block and len(block) > MAX_PARTIAL - 4) for block in blocks[:-1])


@settings(deadline=None, max_examples=50)
@given(LONG, st.lists(st.integers(0, 6 * MAX_PARTIAL), max_size=6))
def test_splitting_does_not_depend_on_the_reads(data: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[a:b] for a, b in itertools.pairwise(edges)]
    pieces = [line for block in split(chunks) for line in newline_split(block)]
    assert pieces == [line for block in split([data]) for line in newline_split(block)]


def test_a_line_as_long_as_the_limit_is_split_as_docker_splits_it() -> None:
    assert split([b"x" * MAX_PARTIAL + b"\n"]) == [b"x" * MAX_PARTIAL, b"\n", b""]
    assert split([b"x" * (MAX_PARTIAL - 1) + b"\n"]) == [b"x" * (MAX_PARTIAL - 1) + b"\n", b""]


def test_a_character_is_not_cut() -> None:
    for pad in range(5):
        data = b"x" * pad + "漢".encode() * MAX_PARTIAL
        assert all(b"\xef\xbf\xbd" not in encode(block, b"stdout", NOW) for block in split([data]) if block)


def test_a_prompt_waits_for_its_end() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b"login: ") == []
    assert splitter.feed(b"root\npassword: ") == [b"login: root\n"]
    assert splitter.flush() == b"password: "
    assert splitter.flush() == b""
