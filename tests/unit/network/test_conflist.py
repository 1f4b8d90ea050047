"""Conflists: what we write and what we read."""

from pathlib import Path

import pytest

from nrdctl.errors import InvalidArgument
from nrdctl.network.conflist import (
    NetworkSpec,
    Subnet,
    bridge_name,
    build,
    check_name,
    network_id,
    parse,
    preferred_subnet,
)

IPAM = Path("/run/nrdctl/0/ipam")
SUBNET = Subnet(subnet="10.4.0.0/24", gateway="10.4.0.1")


def test_the_document_of_a_bridge_network():
    spec = NetworkSpec(name="bridge", subnets=(SUBNET,), labels={"k": "v"})
    assert build(spec, bridge="nrdctl0", ipam_dir=IPAM) == {
        "cniVersion": "1.0.0",
        "name": "bridge",
        "nrdctlID": network_id("bridge"),
        "nrdctlLabels": {"k": "v"},
        "plugins": [
            {
                "type": "bridge",
                "bridge": "nrdctl0",
                "isGateway": True,
                "ipMasq": True,
                "hairpinMode": True,
                "capabilities": {"ips": True, "mac": True},
                "ipam": {
                    "type": "host-local",
                    "dataDir": str(IPAM),
                    "ranges": [[{"subnet": "10.4.0.0/24", "gateway": "10.4.0.1"}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
            {"type": "firewall", "ingressPolicy": "same-bridge"},
        ],
    }


def test_an_internal_network_has_no_way_out():
    document = build(NetworkSpec(name="n", internal=True, subnets=(SUBNET,), mtu=1400), bridge="b", ipam_dir=IPAM)
    first = document["plugins"][0]
    assert (first["isGateway"], first["ipMasq"], first["ipam"]["routes"], first["mtu"]) == (False, False, [], 1400)
    assert [plugin["type"] for plugin in document["plugins"]] == ["bridge", "firewall"]
    assert parse(document).internal


def test_a_dual_stack_network_routes_both():
    spec = NetworkSpec(name="n", subnets=(SUBNET, Subnet(subnet="fd00::/64")))
    ipam = build(spec, bridge="b", ipam_dir=IPAM)["plugins"][0]["ipam"]
    assert ipam["routes"] == [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]
    assert len(ipam["ranges"]) == 2


@pytest.mark.parametrize(
    ("part", "start", "end"),
    [
        ("10.4.0.0/25", "10.4.0.1", "10.4.0.127"),
        ("10.4.0.128/25", "10.4.0.128", "10.4.0.254"),
        ("10.4.0.64/26", "10.4.0.64", "10.4.0.127"),
        ("10.4.0.0/24", "10.4.0.1", "10.4.0.254"),
        ("10.4.0.9/32", "10.4.0.9", "10.4.0.9"),
    ],
)
def test_a_range_leaves_out_the_ends_of_the_subnet(part, start, end):
    spec = NetworkSpec(name="n", subnets=(Subnet(subnet="10.4.0.0/24", ip_range=part),))
    entry = build(spec, bridge="b", ipam_dir=IPAM)["plugins"][0]["ipam"]["ranges"][0][0]
    assert (entry["rangeStart"], entry["rangeEnd"]) == (start, end)


def test_macvlan_and_dhcp():
    spec = NetworkSpec(name="n", driver="macvlan", parent="eth0", mode="bridge", mtu=1400, ipam_driver="dhcp")
    plugins = build(spec, bridge="", ipam_dir=IPAM)["plugins"]
    assert plugins == [
        {
            "type": "macvlan",
            "capabilities": {"ips": True, "mac": True},
            "ipam": {"type": "dhcp"},
            "master": "eth0",
            "mode": "bridge",
            "mtu": 1400,
        }
    ]
    with pytest.raises(InvalidArgument, match="could not find plugin overlay"):
        build(NetworkSpec(name="n", driver="overlay"), bridge="", ipam_dir=IPAM)


def test_our_documents_are_read_back(tmp_path):
    spec = NetworkSpec(name="web", subnets=(SUBNET,), labels={"a": "b"})
    network = parse(build(spec, bridge="br-1", ipam_dir=IPAM), path=tmp_path / "web.conflist", ours=True)
    assert (network.name, network.id, network.driver, network.bridge) == ("web", network_id("web"), "bridge", "br-1")
    assert (network.subnets, network.labels, network.ours) == ((SUBNET,), {"a": "b"}, True)
    assert not network.predefined


def test_foreign_documents_are_read():
    nerdctl = {"name": "x", "nerdctlID": "abc", "nerdctlLabels": {"l": "1"}, "plugins": [{"type": "bridge"}]}
    assert (parse(nerdctl).id, parse(nerdctl).labels, parse(nerdctl).bridge) == ("abc", {"l": "1"}, "cni0")
    old = {"name": "y", "plugins": [{"type": "ptp", "ipam": {"type": "host-local", "subnet": "10.1.0.0/16"}}]}
    assert parse(old).subnets == (Subnet(subnet="10.1.0.0/16"),)
    assert parse(old).bridge == ""
    assert parse({"name": "c", "plugins": [{"type": "cilium-cni"}]}).subnets == ()


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"plugins": [{"type": "bridge"}]},
        {"name": "../x", "plugins": [{"type": "bridge"}]},
        {"name": "x"},
        {"name": "x", "plugins": []},
        {"name": "x", "plugins": [{"type": "../../bin/sh"}]},
        {"name": "x", "plugins": ["bridge"]},
        {"name": "x", "plugins": [{}]},
    ],
)
def test_wrong_documents_are_refused_by_file(document, tmp_path):
    with pytest.raises(InvalidArgument, match=r"bad\.conflist"):
        parse(document, path=tmp_path / "bad.conflist")


def test_bridges_of_two_installations_differ_and_fit():
    default, other = Path("/var/lib/nrdctl/1935db59"), Path("/srv/nrdctl/1935db59")
    assert bridge_name(default, "bridge") == "nrdctl0"
    assert bridge_name(other, "bridge").startswith("nrdctl-")
    assert bridge_name(default, "web") != bridge_name(other, "web")
    for name in (bridge_name(other, "bridge"), bridge_name(other, "n" * 100)):
        assert len(name) <= 15, "IFNAMSIZ less the final zero"
    assert preferred_subnet(default) == 0


@pytest.mark.parametrize("name", ["", "-a", "a/b", "a b", "x" * 129, "a\n"])
def test_bad_names(name):
    with pytest.raises(InvalidArgument, match="invalid network name"):
        check_name(name)
