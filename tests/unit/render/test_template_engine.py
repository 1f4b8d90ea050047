"""Templates: byte for byte what Go's text/template prints, and what is ours on top of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nrdctl.errors import InvalidArgument
from nrdctl.render.gotemplate.functions import HEADER_FUNCTIONS
from nrdctl.render.template import Template
from nrdctl.render.values import NilList, NilMap, Row, Shape, StringMap

if TYPE_CHECKING:
    from nrdctl.render.gotemplate.expressions import MissingKey

# The goldens were printed by the reference implementation (Go's text/template with docker's functions).
GOLDENS = json.loads((Path(__file__).parents[2] / "data" / "template_goldens.json").read_text())
PREFIX = "template parsing error: "


def run(source: str, data: object, missing_key: MissingKey = "default") -> tuple[str, str]:
    """The output, or what is wrong."""
    try:
        return Template(source).execute(data, missing_key=missing_key), ""
    except InvalidArgument as error:
        return "", error.message.removeprefix(PREFIX) if error.message.startswith(PREFIX) else f"? {error.message}"


def test_prints_and_complains_as_go() -> None:
    results = [(source, *run(source, GOLDENS["data"][data], mode)) for source, data, mode, _, _ in GOLDENS["templates"]]
    assert results == [(source, output, error) for source, _, _, output, error in GOLDENS["templates"]]
    assert len(results) > 500


CONTAINER = {
    "Name": "/web",
    "State": {"Status": "running", "Health": None},
    "Config": {"Labels": StringMap(tier="1", role="front"), "Cmd": ["nginx", "-g"], "Entrypoint": NilList()},
    "HostConfig": {"Binds": NilList(), "Sysctls": NilMap(), "Memory": 0},
    "NetworkSettings": {"Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}], "443/tcp": None}},
}


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("{{.State.Health}}", "<nil>"),
        ("{{.State.Nope}}", "<no value>"),
        ("{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}", "none"),
        ("{{with .State.Health}}{{.Status}}{{end}}", ""),
        ("{{range .State.Health}}x{{else}}empty{{end}}", "empty"),
        ("{{html .State.Nope .State.Health}}", "&lt;no value&gt;&lt;nil&gt;"),
        ("{{.Config.Labels}}", "map[role:front tier:1]"),
        ("{{json .Config.Labels}}", '{"role":"front","tier":"1"}'),
        ('{{index .Config.Labels "tier"}}', "1"),
        ('{{index .Config.Labels "nope"}}|', "|"),
        ('{{if index .Config.Labels "nope"}}y{{else}}n{{end}}', "n"),
        ("{{.Config.Entrypoint}} {{len .Config.Entrypoint}} {{json .Config.Entrypoint}}", "[] 0 null"),
        ("{{.HostConfig.Sysctls}} {{len .HostConfig.Sysctls}} {{json .HostConfig.Sysctls}}", "map[] 0 null"),
        ('{{index .HostConfig.Sysctls "net.ipv4.ip_forward"}}|', "|"),
        ("{{range .HostConfig.Binds}}x{{end}}", ""),
        ('{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', "8080"),
        ("{{range $p, $b := .NetworkSettings.Ports}}{{$p}}{{with $b}}->{{(index . 0).HostPort}}{{end}} {{end}}",
         "443/tcp 80/tcp->8080 "),
        ('{{join .Config.Cmd " "}}', "nginx -g"),
        ("{{.HostConfig.Memory}}", "0"),
    ],
)  # fmt: skip
def test_inspect_scripts_get_what_docker_prints(source: str, output: str) -> None:
    assert run(source, CONTAINER) == (output, "")


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("{{.State.Health.Status}}", "<.State.Health.Status>: nil pointer evaluating interface {}.Status"),
        ("{{index .State.Health 0}}", "<index .State.Health 0>: error calling index: index of untyped nil"),
        ("{{len .State.Health}}", "<len .State.Health>: error calling len: len of nil pointer"),
        ("{{eq .Config.Labels 1}}", "incompatible types for comparison: map[string]string and int"),
        ("{{call .Name}}", "error calling call: non-function of type string"),
        ("{{call .State.Health}}", "error calling call: call of nil"),
        ("{{join .Name 1}}", "wrong type for value; expected []string; got string"),
        ("{{json (slice .Name 9)}}", "error calling slice: index out of range: 9"),
        ("{{truncate .Name -1}}", "slice bounds out of range"),
        ("{{pad .Name -1 0}}", "negative Repeat count"),
    ],
)
def test_errors_that_differ_from_go_only_in_types(source: str, error: str) -> None:
    assert error in run(source, CONTAINER)[1]


def test_missing_keys_can_be_errors_but_never_of_a_string_map() -> None:
    assert run("{{.State.Nope}}", CONTAINER, "error")[1].endswith('map has no entry for key "Nope"')
    assert run("{{.Config.Labels.nope}}", CONTAINER, "error") == ("<no value>", "")


SHAPE = Shape(
    "thing",
    {"ID": lambda it: it["id"], "Size": lambda it: 1 / 0, "Tags": lambda it: it["tags"]},
    {"Label": lambda it, name: it["labels"].get(name, "")},
)
ROW = Row(SHAPE, {"id": "4f66", "labels": {"a": "1"}, "tags": ["x", "y"]})


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("{{.ID}}", "4f66"),
        ("{{$.ID}} {{$x := .}}{{$x.ID}}", "4f66 4f66"),
        ('{{.Label "a"}}|{{.Label "b"}}|', "1||"),
        ('{{"a" | .Label}}', "1"),
        ("{{range $i, $t := .Tags}}{{$i}}{{$t}}{{end}}", "0x1y"),
        ('{{if .Label "b"}}y{{else}}n{{end}}', "n"),
        ("{{if .}}row{{end}}", "row"),
    ],
)
def test_rows_compute_only_what_is_used(source: str, output: str) -> None:
    assert run(source, ROW) == (output, "")


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("{{.Foo}}", 'template: :1:2: executing "" at <.Foo>: can\'t evaluate field Foo in type thing'),
        ("{{.Label}}", 'template: :1:2: executing "" at <.Label>: wrong number of args for Label: want 1 got 0'),
        ("{{.ID 1}}", 'template: :1:2: executing "" at <.ID>: wrong number of args for ID: want 0 got 1'),
        ("{{.Label 1}}", 'template: :1:9: executing "" at <1>: expected string; found 1'),
    ],
)
def test_rows_have_no_other_fields(source: str, error: str) -> None:
    assert run(source, ROW) == ("", error)


@pytest.mark.parametrize(
    ("source", "fields", "whole"),
    [
        ("plain", set(), False),
        ("{{.A}} {{.B.C}} {{$.D}}", {"A", "B", "D"}, False),
        ("{{json .}}", set(), True),
        ("{{json .A}}", {"A"}, False),
        ("{{.}}", set(), True),
        ("{{$}}", set(), True),
        ("{{printf \"%s\" (print .A (len $.B))}}", {"A", "B"}, False),
        ("{{range .A}}{{.Inner}}{{$.B}}{{else}}{{.C}}{{end}}", {"A", "B", "C"}, False),
        ("{{with .A}}{{.Inner}}{{end}}", {"A"}, False),
        ("{{with $x := .A}}{{$x.Inner}}{{end}}", {"A"}, False),
        ("{{if .A}}{{.B}}{{else if .C}}{{.D}}{{end}}", {"A", "B", "C", "D"}, False),
        ("{{$x := .}}{{$x.A}}", set(), True),
        ('{{.Label "x"}}', {"Label"}, False),
        ('{{(index .A 0).B}}', {"A"}, False),
        ('{{define "t"}}{{.A}}{{$.B}}{{end}}{{template "t" .}}', {"A", "B"}, False),
        ('{{define "t"}}{{.A}}{{end}}{{template "t" .B}}', {"B"}, False),
        ('{{define "t"}}{{template "t" .}}{{.A}}{{end}}{{template "t" $}}', {"A"}, False),
        ('{{define "unused"}}{{.A}}{{end}}{{template "nope"}}', set(), False),
    ],
)  # fmt: skip
def test_fields_in_use(source: str, fields: set[str], whole: bool) -> None:
    template = Template(source)
    assert (set(template.fields()), template.uses_whole) == (fields, whole)


def test_unknown_fields_are_refused_without_data() -> None:
    template = Template("x {{.ID}}\n{{.Foo}}")
    template.require_fields({"ID", "Foo"}, "thing")
    with pytest.raises(InvalidArgument) as refused:
        template.require_fields({"ID"}, "thing", hint="fields: ID")
    assert (
        refused.value.message
        == f'{PREFIX}template: :2:2: executing "" at <.Foo>: can\'t evaluate field Foo in type thing'
    )
    assert refused.value.hint == "fields: ID"


def test_a_header_keeps_its_words_and_ends_where_an_error_is() -> None:
    data = {"ID": "CONTAINER ID", "Names": "NAMES"}
    source = '{{truncate .ID 2}}|{{lower .Names}}|{{join (split .Names "M") "-"}}|{{pad .Names 1 1}}|{{json .ID}}'
    assert Template(source).execute_partly(data, HEADER_FUNCTIONS) == "CONTAINER ID|NAMES|NAMES| NAMES |CONTAINER ID"
    assert Template("{{.ID}}{{range .Names}}{{end}}x").execute_partly(data, HEADER_FUNCTIONS) == "CONTAINER ID"


def test_nothing_nests_without_end() -> None:
    assert "max expression depth exceeded" in run("{{" + "(" * 200 + "1" + ")" * 200 + "}}", {})[1]
    assert "maximum template depth" in run('{{define "t"}}{{template "t"}}{{end}}{{template "t"}}', {})[1]
    assert "nested too deeply" in run("{{if 1}}" * 5000 + "{{end}}" * 5000, {})[1]


def test_names_and_lines_in_errors_of_a_named_template() -> None:
    with pytest.raises(InvalidArgument, match=r"template: fmt:2: unclosed action"):
        Template("\n{{.ID", name="fmt")


PIECES = st.sampled_from(
    ["{{", "}}", "{{- ", " -}}", "(", ")", "|", ".", "$", "$x", ":=", "=", ",", " ", "\n", '"', "'", "`", "\\", "text",
     "if", "else", "end", "range", "with", "define", "template", "block", "break", "continue", "nil", "true", "len",
     "é", "index", "printf",
     "slice", "and", "or", "eq", "lt", "json", "split", "title", "1", "-2", "0x1f", "1.5", "1e9",
     "'a'", '"s"', "`r`", ".A", ".B", ".L", ".M.K", "/*", "*/",
     "{{end}}", "{{if .A}}", "{{range .L}}", "{{.A}}", "{{else}}"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=25))
def test_no_text_makes_it_fail_in_any_other_way(pieces: list[str]) -> None:
    run("".join(pieces), {"A": "a", "B": 2, "L": [1, "b", None], "M": {"K": {}}})


@given(st.text(alphabet=st.characters(exclude_characters="{", exclude_categories=["Cs"])))
def test_text_without_actions_stays(text: str) -> None:
    assert run(text, {}) == (text, "")


@given(st.dictionaries(st.text("abcXYZ_09", min_size=1).filter(lambda key: not key[0].isdigit()), st.text()))
def test_every_key_can_be_asked_for(data: dict[str, str]) -> None:
    source = "".join(f"{{{{.{key}}}}}" for key in data)
    assert run(source, data) == ("".join(data.values()), "")
