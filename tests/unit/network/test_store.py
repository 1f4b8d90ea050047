"""Conflists on disk."""

import dataclasses
import json

import pytest

from nrdctl.errors import AlreadyExists, Conflict, InvalidArgument, NotFound, PermissionDenied
from nrdctl.network import record
from nrdctl.network.conflist import DEFAULT_NETWORK, NetworkSpec, Subnet, network_id
from nrdctl.network.record import Attachment, NetworkState
from nrdctl.network.store import Store

FOREIGN = {"name": "k8s", "cniVersion": "0.3.1", "plugins": [{"type": "ptp"}]}


def test_the_default_network_is_made_once(host):
    first = Store(host).default()
    assert first.path == host.networks / "bridge.conflist"
    assert first.id == network_id("bridge")
    assert first.predefined
    assert first.ours
    inode = first.path.stat().st_ino
    assert Store(host).get("bridge") == first
    assert first.path.stat().st_ino == inode
    assert ("bridge", False) in host.lock.taken


def test_the_setting_for_the_bridge_is_used(host):
    network = Store(dataclasses.replace(host, bridge_ip="10.99.0.7/16")).default()
    assert network.subnets == (Subnet(subnet="10.99.0.0/16", gateway="10.99.0.7"),)


def test_all_networks_are_listed_with_the_predefined(host):
    host.netconf.mkdir()
    (host.netconf / "10-k8s.conflist").write_text(json.dumps(FOREIGN))
    (host.netconf / "20-bad.conflist").write_text("{")
    (host.netconf / "bridge.conflist").write_text(json.dumps({**FOREIGN, "name": "bridge"}))
    store = Store(host)
    store.create(NetworkSpec(name="web"))
    assert [(n.name, n.driver, n.ours) for n in store.list_all()] == [
        ("bridge", "bridge", True),
        ("host", "host", False),
        ("k8s", "ptp", False),
        ("none", "null", False),
        ("web", "bridge", True),
    ]
    assert [warning for warning in store.warnings if "20-bad.conflist" in warning]


def test_a_network_is_found_by_name_and_id(host):
    store = Store(host)
    made = store.create(NetworkSpec(name="web", labels={"a": "b"}))
    assert made.labels == {"a": "b"}
    assert store.get("web") == store.get(made.id) == store.get(made.id[:12]) == made
    assert store.get("host").driver == "host"
    for name in ("absent", "", "../../etc/passwd"):
        with pytest.raises(NotFound, match=r"network .* not found"):
            store.get(name)


def test_an_ambiguous_id_is_refused(host):
    store = Store(host)
    heads = {}
    for number in range(40):
        name = f"n{number}"
        store.create(NetworkSpec(name=name))
        heads.setdefault(network_id(name)[0], []).append(name)
    head = next(head for head, names in heads.items() if len(names) > 1)
    with pytest.raises(Conflict, match="ambiguous"):
        store.get(head)


def test_networks_get_different_subnets(host):
    store = Store(host)
    subnets = [store.default().subnets, *(store.create(NetworkSpec(name=f"n{i}")).subnets for i in range(5))]
    assert len({subnet[0].subnet for subnet in subnets}) == 6


def test_creating_twice_and_predefined_names(host):
    store = Store(host)
    store.create(NetworkSpec(name="web"))
    for name in ("web", "bridge", "host", "none"):
        with pytest.raises(AlreadyExists, match=f"network with name {name} already exists"):
            store.create(NetworkSpec(name=name))
    with pytest.raises(InvalidArgument, match="invalid network name"):
        store.create(NetworkSpec(name="a/b"))
    taken = store.get("web").subnets
    with pytest.raises(Conflict, match="Pool overlaps"):
        store.create(NetworkSpec(name="other", subnets=taken))


def test_a_network_in_use_is_not_removed(host):
    store = Store(host)
    network = store.create(NetworkSpec(name="web"))
    folder = host.containers / "default" / "1"
    item = Attachment(network="web", network_id=network.id, interface="eth0", conflist=network.document)
    state = NetworkState(container_id="default-1", netns=folder / "netns", names=("c1",), attachments=(item,))
    record.save(folder, state, host.write_atomic)
    with pytest.raises(Conflict, match=r"has active endpoints \(c1\)"):
        store.remove(network)
    (folder / record.FILE).unlink()
    store.remove(network)
    assert list(host.networks.glob("web*")) == []
    with pytest.raises(NotFound):
        store.get("web")


def test_what_is_not_ours_is_not_removed(host):
    host.netconf.mkdir()
    (host.netconf / "10-k8s.conflist").write_text(json.dumps(FOREIGN))
    store = Store(host)
    for name in ("k8s", "host", DEFAULT_NETWORK):
        with pytest.raises(PermissionDenied):
            store.remove(store.get(name))
    assert (host.netconf / "10-k8s.conflist").exists()


def test_a_damaged_file_of_ours_is_named(host):
    host.write_atomic(host.networks / "web.conflist", "{")
    with pytest.raises(InvalidArgument, match=r"web\.conflist"):
        Store(host).get("web")
