"""Calling plugins: shell scripts in a folder stand where the plugins are and note how they were called."""

import json

import pytest

from nrdctl.errors import NetworkPluginError
from nrdctl.network import plugin
from nrdctl.network.plugin import Call

NOTE = """#!/bin/sh
input=$(cat)
printf '%s %s\\n' "${0##*/}" "$CNI_COMMAND $CNI_CONTAINERID $CNI_NETNS $CNI_IFNAME $CNI_ARGS" >> "$(dirname "$0")/log"
printf '%s' "$input" > "$(dirname "$0")/${0##*/}.$CNI_COMMAND.json"
"""
OK = 'if [ "$CNI_COMMAND" = ADD ]; then echo \'{"cniVersion": "1.0.0", "by": "%s"}\'; fi\n'
CONFLIST = {
    "cniVersion": "1.0.0",
    "name": "net",
    "plugins": [
        {"type": "first", "capabilities": {"ips": True}},
        {"type": "portmap", "capabilities": {"portMappings": True}},
        {"type": "last", "key": 1},
    ],
}


@pytest.fixture
def folder(tmp_path):
    for name in ("first", "portmap", "last"):
        install(tmp_path, name, OK % name)
    return tmp_path


def install(folder, name, body):
    path = folder / name
    path.write_text(NOTE + body)
    path.chmod(0o755)


def call(folder, **changes):
    values = {"container_id": "default-1", "interface": "eth0", "netns": "/run/n", "folders": (folder,)}
    return Call(**{**values, **changes})


def log(folder):
    return (folder / "log").read_text().splitlines()


def read(folder, name, command):
    return json.loads((folder / f"{name}.{command}.json").read_text())


def test_add_goes_forward_and_hands_results_on(folder):
    seen = []
    runtime = {"ips": ["10.4.0.9"], "mac": "02:00:00:00:00:01", "portMappings": [{"hostPort": 1}]}
    result = plugin.add(CONFLIST, call(folder, runtime=runtime), on_result=seen.append)
    assert [line.split()[0] for line in log(folder)] == ["first", "portmap", "last"]
    assert log(folder)[0] == "first ADD default-1 /run/n eth0 "
    assert result["by"] == "last"
    assert [r["by"] for r in seen] == ["first", "portmap", "last"]
    assert read(folder, "first", "ADD") == {
        "type": "first",
        "name": "net",
        "cniVersion": "1.0.0",
        "runtimeConfig": {"ips": ["10.4.0.9"]},
    }
    assert read(folder, "last", "ADD") == {
        "type": "last",
        "key": 1,
        "name": "net",
        "cniVersion": "1.0.0",
        "prevResult": {"cniVersion": "1.0.0", "by": "portmap"},
    }


def test_portmap_without_ports_is_left_out(folder):
    plugin.add(CONFLIST, call(folder))
    plugin.delete(CONFLIST, call(folder), None)
    assert [line.split()[0] for line in log(folder)] == ["first", "last", "last", "first"]


def test_delete_goes_backward_past_failures(folder):
    install(folder, "last", 'echo \'{"code": 100, "msg": "broken", "details": "very"}\'; exit 1\n')
    with pytest.raises(NetworkPluginError, match="network plugin last: DEL: broken: very") as caught:
        plugin.delete(CONFLIST, call(folder, netns=""), {"by": "x"})
    assert caught.value.plugin == "last"
    assert [line.split()[0] for line in log(folder)] == ["last", "first"]
    assert read(folder, "first", "DEL")["prevResult"] == {"by": "x"}


def test_check_and_its_switch(folder):
    plugin.check(CONFLIST, call(folder), {"by": "x"})
    assert [line.split()[:2] for line in log(folder)] == [["first", "CHECK"], ["last", "CHECK"]]
    plugin.check({**CONFLIST, "disableCheck": True}, call(folder), {"by": "x"})
    assert len(log(folder)) == 2


def test_arguments_and_environment(folder, monkeypatch):
    monkeypatch.setenv("SECRET", "x")
    monkeypatch.delenv("PATH")
    install(folder, "first", 'env > "$(dirname "$0")/env"\necho \'{}\'\n')
    plugin.add({**CONFLIST, "plugins": CONFLIST["plugins"][:1]}, call(folder, arguments=(("IP", "1.2.3.4"),)))
    environment = (folder / "env").read_text()
    assert "CNI_ARGS=IgnoreUnknown=1;IP=1.2.3.4\n" in environment
    assert "SECRET" not in environment
    assert "/usr/sbin" in environment
    assert f"CNI_PATH={folder}\n" in environment


def test_a_missing_plugin_says_what_to_install_and_where_it_looked(folder):
    with pytest.raises(NetworkPluginError, match="network plugin absent: the plugin is not installed") as caught:
        plugin.add({"name": "n", "plugins": [{"type": "absent"}]}, call(folder))
    assert "containernetworking-plugins" in caught.value.hint
    assert str(folder) in caught.value.hint


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("echo words >&2; exit 3", "first: ADD: words"),
        ("exit 3", "first: ADD: exit status 3"),
        ("echo not json", "not a JSON object"),
        ("echo '[]'", "not a JSON object"),
        ("echo '\"text\"'; exit 1", '"text"'),
    ],
)
def test_failures_are_explained(folder, body, message):
    install(folder, "first", body + "\n")
    with pytest.raises(NetworkPluginError, match=message):
        plugin.add(CONFLIST, call(folder))


def test_a_plugin_that_hangs_is_ended(folder, monkeypatch):
    monkeypatch.setattr(plugin, "TIMEOUT", 0.2)
    install(folder, "first", "exec sleep 60\n")
    with pytest.raises(NetworkPluginError, match="no end after"):
        plugin.add(CONFLIST, call(folder))


def test_versions(folder):
    install(folder, "first", 'echo \'{"cniVersion": "1.0.0", "supportedVersions": ["0.4.0", "1.0.0"]}\'\n')
    assert plugin.versions("first", (folder,)) == ("0.4.0", "1.0.0")


@pytest.mark.parametrize(
    ("text", "race"),
    [
        ("failed to set bridge addr: file exists", True),
        ("iptables: Chain already exists.", True),
        ("iptables v1.8.9 (nf_tables):  CHAIN_USER_ADD failed (File exists): chain CNI-FORWARD", True),
        ("iptables v1.8.7 (nf_tables): RULE_APPEND failed (No such file or directory)", False),
        ("no IP addresses available in range set", False),
    ],
)
def test_lost_races_are_told_from_failures(text, race):
    assert plugin.is_race(NetworkPluginError("x", text)) is race
