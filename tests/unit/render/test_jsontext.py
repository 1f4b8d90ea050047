"""JSON as Go writes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nrdctl.errors import InvalidArgument
from nrdctl.render.jsontext import encode, inspect_document, row_line
from nrdctl.render.values import MISSING, NilList, NilMap, Row, Shape, StringMap

GOLDENS = json.loads((Path(__file__).parents[2] / "data" / "template_goldens.json").read_text())


def test_strings_as_go() -> None:
    assert [encode(text) for text, _, _ in GOLDENS["quote"]] == [written for _, _, written in GOLDENS["quote"]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [1.0, 1e21, 1e-7, -0.5]}, '{"b":1,"a":[1,1e+21,1e-7,-0.5]}'),
        (StringMap(b="1", a="2"), '{"a":"2","b":"1"}'),
        ([NilMap(), NilList(), {}, [], (), None, MISSING], "[null,null,{},[],[],null,null]"),
        ([True, False, 0, ""], '[true,false,0,""]'),
        ("a\udcffb", '"a\\ufffdb"'),
        ("<&>", '"<&>"'),
    ],
)
def test_values(value: object, text: str) -> None:
    assert encode(value) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {1, 2}])
def test_what_json_cannot_say(value: object) -> None:
    with pytest.raises(InvalidArgument, match="json: unsupported"):
        encode(value)


def test_a_row_is_sorted_and_escaped_as_docker_does() -> None:
    row = Row(Shape("thing", {"Ports": lambda it: it["ports"], "ID": lambda it: "1"}), {"ports": "80->80 <&"})
    assert row_line(row) == '{"ID":"1","Ports":"80-\\u003e80 \\u003c\\u0026"}'
    assert encode([row]) == f"[{row_line(row)}]"


def test_inspect_prints_an_indented_list() -> None:
    document = {"Id": "4f66", "Args": [], "Labels": {}, "Mounts": [{"Source": "a<b"}], "Nil": NilList()}
    assert inspect_document([document]) == (
        '[\n    {\n        "Id": "4f66",\n        "Args": [],\n        "Labels": {},\n        "Mounts": [\n'
        '            {\n                "Source": "a<b"\n            }\n        ],\n        "Nil": null\n    }\n]\n'
    )
    assert inspect_document([]) == "[]\n"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(-1e15, 1e15),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.sampled_from(["", "  ", "    "]))
def test_every_reader_gets_the_same_back(value: object, indent: str) -> None:
    assert json.loads(encode(value, indent=indent)) == value


WITHOUT_FLOATS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(max_codepoint=0x2000, exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc"), inner, max_size=4),
    max_leaves=12,
)


@given(WITHOUT_FLOATS)
def test_layout_of_compact_and_indented_text(value: object) -> None:
    assert encode(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert encode(value, indent="    ") == json.dumps(value, ensure_ascii=False, indent=4)
