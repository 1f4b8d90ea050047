"""Local volumes."""

import os

import pytest

from nrdctl.errors import AlreadyExists, InvalidArgument, NotFound
from nrdctl.state import volumes
from nrdctl.state.layout import Layout


@pytest.fixture
def layout(tmp_path):
    return Layout(data_root=tmp_path, address="/run/x.sock")


def test_ensure_makes_a_volume_once(layout):
    path = volumes.ensure(layout, "default", "data")
    (path / "file").write_text("kept")
    assert volumes.ensure(layout, "default", "data") == path
    assert (path / "file").read_text() == "kept"
    volume = volumes.get(layout, "default", "data")
    assert (volume.path, volume.labels, volume.anonymous) == (path, {}, False)


def test_create_lists_and_removes(layout):
    volumes.create(layout, "default", "b1", labels={"k": "v"})
    anonymous = volumes.create(layout, "default")
    assert anonymous.anonymous
    assert len(anonymous.name) == 64
    assert {v.name for v in volumes.list_volumes(layout, "default")} == {"b1", anonymous.name}
    assert volumes.list_volumes(layout, "other") == []
    with pytest.raises(AlreadyExists, match="volume b1 already exists"):
        volumes.create(layout, "default", "b1")
    volumes.remove(layout, "default", "b1")
    with pytest.raises(NotFound, match="no such volume: b1"):
        volumes.remove(layout, "default", "b1")
    with pytest.raises(NotFound):
        volumes.get(layout, "default", "b1")
    assert [p.name for p in layout.volumes_dir("default").iterdir()] == [anonymous.name]


@pytest.mark.parametrize("name", ["", "a", "../x", "a/b", ".hidden", "ä1", "x" * 201, "a\n"])
def test_bad_names_are_refused_in_dockers_words(layout, name):
    with pytest.raises(InvalidArgument, match="invalid characters for a local volume name"):
        volumes.ensure(layout, "default", name)


def test_what_a_crash_left_is_not_listed_and_can_be_cleared(layout):
    volumes.ensure(layout, "default", "v1")
    folder = layout.volumes_dir("default")
    for name in (".v2.0123abcd.tmp", ".v3.0123abcd.removed"):
        (folder / name / "_data").mkdir(parents=True)
    assert [v.name for v in volumes.list_volumes(layout, "default")] == ["v1"]
    assert volumes.clear_leftovers(layout, "default") == []
    os.utime(folder / ".v2.0123abcd.tmp", (0, 0))
    assert volumes.clear_leftovers(layout, "default") == [folder / ".v2.0123abcd.tmp"]


def test_a_volume_without_its_document_still_works(layout):
    (layout.volume_dir("default", "old") / "_data").mkdir(parents=True)
    assert volumes.get(layout, "default", "old").labels == {}
