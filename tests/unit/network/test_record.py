"""The record of a container's networks."""

import json
from pathlib import Path

import pytest

from nrdctl.errors import NrdctlError
from nrdctl.model.port import PortMapping
from nrdctl.network import record
from nrdctl.network.record import Attachment, NetworkState, Phase, Wanted

RESULT = {
    "cniVersion": "1.0.0",
    "interfaces": [
        {"name": "nrdctl0", "mac": "86:57:d5:96:1c:a0"},
        {"name": "eth0", "mac": "02:11:22:33:44:55", "sandbox": "/run/n"},
    ],
    "ips": [
        {"interface": 1, "address": "fd00::2/64", "gateway": "fd00::1"},
        {"interface": 1, "address": "10.4.0.2/24", "gateway": "10.4.0.1"},
    ],
}
PORT = PortMapping(container_port=80, host_port=8080)


def attachment(**changes):
    values = {"network": "bridge", "network_id": "1", "interface": "eth0", "conflist": {"name": "bridge"}}
    return Attachment(**{**values, **changes})


def test_addresses_are_read_from_results():
    item = attachment(result=RESULT)
    assert (item.address, item.gateway) == ("10.4.0.2/24", "10.4.0.1")
    assert (item.address6, item.gateway6) == ("fd00::2/64", "fd00::1")
    assert item.mac == "02:11:22:33:44:55"
    old = attachment(result={"ip4": {"ip": "10.1.0.2/16", "gateway": "10.1.0.1"}})
    assert (old.address, old.gateway, old.address6, old.mac) == ("10.1.0.2/16", "10.1.0.1", "", "")
    assert attachment().address == ""


def test_a_record_is_written_and_read_back(tmp_path, host):
    state = NetworkState(
        container_id="default-1",
        netns=Path("/run/n"),
        hostname="h",
        names=("web",),
        ports=(PORT,),
        attachments=(
            attachment(result=RESULT, phase=Phase.ADDED, ports=(PORT,), aliases=("a",), wanted=Wanted(mac="02::")),
            attachment(network="other", interface="eth1"),
        ),
    )
    record.save(tmp_path, state, host.write_atomic)
    assert record.load(tmp_path) == state
    assert state.networks == ("bridge", "other")
    assert state.addresses == ("10.4.0.2/24", "fd00::2/64")


def test_missing_and_damaged_records(tmp_path):
    assert record.load(tmp_path) is None
    for text in ("{", "{}", "[]", json.dumps({"container_id": "x", "netns": 3})):
        (tmp_path / record.FILE).write_text(text)
        with pytest.raises(NrdctlError, match=r"network\.json is damaged"):
            record.load(tmp_path)
