"""Formats: tables, JSON, raw, templates, and what is known of them before there is data."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nrdctl.errors import InvalidArgument
from nrdctl.render.column import Column, Columns
from nrdctl.render.templated import unescape


@dataclasses.dataclass(frozen=True)
class Volume:
    name: str
    driver: str = "local"
    bytes: int = 0


def _size(volume: Volume) -> str:
    return f"{volume.bytes}B"


VOLUMES: Columns[Volume] = Columns(
    noun="volume",
    columns=(
        Column("Name", "VOLUME NAME", lambda it: it.name),
        Column("Driver", "DRIVER", lambda it: it.driver),
        Column("Size", "SIZE", _size, costly=True),
        Column("Ready", "READY", lambda it: True),
    ),
    default=("Driver", "Name"),
    methods={"Label": lambda volume, name: f"{name} of {volume.name}"},
    quiet="Name",
)
ROWS = [Volume("data"), Volume("a-rather-long-name", "nfs", 5)]


@pytest.mark.parametrize("source", ["", "table", "wide"])
def test_the_default_table(source: str) -> None:
    formatter = VOLUMES.prepare(source)
    assert formatter.is_table
    assert formatter.fields == {"Driver", "Name"}
    assert formatter.render(ROWS) == "DRIVER    VOLUME NAME\nlocal     data\nnfs       a-rather-long-name\n"
    assert formatter.render([]) == "DRIVER    VOLUME NAME\n"


def test_wide_when_the_noun_has_it() -> None:
    wide = dataclasses.replace(VOLUMES, wide=("Name", "Size"))
    assert wide.prepare("wide").fields == {"Name", "Size"}
    assert wide.prepare("wide").render([]) == "VOLUME NAME   SIZE\n"


def test_json_has_all_columns_but_asks_for_no_costly_one() -> None:
    formatter = VOLUMES.prepare("json")
    assert formatter.fields == {"Name", "Driver", "Ready"}
    assert VOLUMES.prepare("{{json .}}").fields == {"Name", "Driver", "Ready", "Size"}
    first, second, end = formatter.render(ROWS).split("\n")
    assert first == '{"Driver":"local","Name":"data","Ready":true,"Size":"0B"}'
    assert json.loads(second)["Name"] == "a-rather-long-name"
    assert end == ""
    assert formatter.render([]) == ""


@pytest.mark.parametrize(
    ("source", "fields", "output"),
    [
        ("{{.Name}}", {"Name"}, "data\na-rather-long-name\n"),
        (r"{{.Name}}\t{{.Driver}}", {"Name", "Driver"}, "data\tlocal\na-rather-long-name\tnfs\n"),
        (r"  {{.Name}}\n  ", {"Name"}, "data\n\na-rather-long-name\n\n"),
        ("table {{.Name}}", {"Name"}, "VOLUME NAME\ndata\na-rather-long-name\n"),
        (r"table {{.Name}}\t{{upper .Driver}}", {"Name", "Driver"},
         "VOLUME NAME          DRIVER\ndata                 LOCAL\na-rather-long-name   NFS\n"),
        (r'table {{truncate .Name 2}}\t{{.Label "com.example.my-role"}}', {"Name", "Label"},
         "VOLUME NAME   my role\nda            com.example.my-role of data\n"
         "a-            com.example.my-role of a-rather-long-name\n"),
        ("table {{json .Name}} {{.Ready}}", {"Name", "Ready"},
         'VOLUME NAME READY\n"data" true\n"a-rather-long-name" true\n'),
        ("tableless", set(), "less\nless\nless\n"),
        ("{{if eq .Driver \"nfs\"}}{{.Name}}{{end}}", {"Driver", "Name"}, "\na-rather-long-name\n"),
        ('{{join (split .Name "-") "\\n"}}', {"Name"}, "data\na\nrather\nlong\nname\n"),
        ("raw", {"Driver", "Name"},
         "driver: local\nvolume_name: data\n\ndriver: nfs\nvolume_name: a-rather-long-name\n\n"),
    ],
)  # fmt: skip
def test_templates(source: str, fields: set[str], output: str) -> None:
    formatter = VOLUMES.prepare(source)
    assert (set(formatter.fields), formatter.render(ROWS)) == (fields, output)


def test_quiet_prints_names_unless_a_template_says_more() -> None:
    assert VOLUMES.prepare("", quiet=True).render(ROWS[:1]) == "data\n"
    assert VOLUMES.prepare("table", quiet=True).render(ROWS[:1]) == "data\n"
    assert VOLUMES.prepare("raw", quiet=True).render(ROWS[:1]) == "data\n"
    assert VOLUMES.prepare("{{.Driver}}", quiet=True).render(ROWS[:1]) == "local\n"
    assert dataclasses.replace(VOLUMES, quiet_wins=True).prepare("{{.Driver}}", quiet=True).render(ROWS[:1]) == "data\n"
    own = dataclasses.replace(VOLUMES, raw="n={{.Name}}\n", raw_quiet="n {{.Name}}")
    assert own.prepare("raw").render(ROWS[:1]) == "n=data\n\n"
    assert own.prepare("raw", quiet=True).render(ROWS[:1]) == "n data\n"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{.Foo}}", 'template: :1:2: executing "" at <.Foo>: can\'t evaluate field Foo in type volume'),
        (
            "table {{.Name}} {{$.Foo}}",
            'template: :1:13: executing "" at <$.Foo>: can\'t evaluate field Foo in type volume',
        ),
        ("{{.Name", "template: :1: unclosed action"),
        ("{{foo}}", 'template: :1: function "foo" not defined'),
    ],
)
def test_mistakes_are_found_before_any_data(source: str, message: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        VOLUMES.prepare(source)
    assert refused.value.message == f"template parsing error: {message}"
    assert refused.value.hint == ("fields: Name, Driver, Size, Ready, Label" if "Foo" in source else None)


def test_a_line_at_a_time_for_streams() -> None:
    assert VOLUMES.prepare(r"{{.Name}}\t{{.Size}}").line(ROWS[1]) == "a-rather-long-name\t5B"


def test_names_are_for_completion() -> None:
    assert VOLUMES.names == ("Name", "Driver", "Size", "Ready")


def test_nothing_else_is_computed() -> None:
    def boom(_: Volume) -> object:
        raise AssertionError("computed")

    columns = (*VOLUMES.columns[:2], Column("Size", "SIZE", boom, costly=True))
    assert dataclasses.replace(VOLUMES, columns=columns).prepare().render(ROWS).startswith("DRIVER")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"a\tb\nc", "a\tb\nc"),
        (r"a\\tb", "a\\\tb"),
        (r'\t{{print "\t" `\n`}}\n{{.A', '\t{{print "\\t" `\\n`}}\n{{.A'),
        (r"\x\r", r"\x\r"),
    ],
)
def test_escapes_count_outside_of_actions(source: str, text: str) -> None:
    assert unescape(source) == text


@given(st.text("{}\\tn x", max_size=20))
def test_unescape_keeps_what_is_no_escape(source: str) -> None:
    if "\\" not in source:
        assert unescape(source) == source
