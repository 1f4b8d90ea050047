"""Subnets: choice, checks, the kernel's route table."""

import dataclasses
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nrdctl.errors import Conflict, InvalidArgument
from nrdctl.network.conflist import Network, NetworkSpec, Subnet, network_id
from nrdctl.network.subnet import choose, complete, overlaps, parse_routes, subnets_of

ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
tun0\t0000040A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
"""


def network(name: str, *subnets: str) -> Network:
    return Network(
        name=name, id=network_id(name), driver="bridge", subnets=tuple(Subnet(subnet=text) for text in subnets)
    )


def test_the_kernels_routes_are_read():
    assert parse_routes(ROUTES) == [("eth0", ip_network("192.0.2.0/24")), ("tun0", ip_network("10.4.0.0/16"))]
    assert parse_routes("") == []


@pytest.mark.parametrize(
    ("used", "chosen"),
    [
        ([], "10.4.0.0/24"),
        (["10.4.0.0/24"], "10.4.1.0/24"),
        (["10.4.0.128/25", "10.4.1.7/32"], "10.4.2.0/24"),
        (["10.0.0.0/8"], "172.16.0.0/24"),
        (["10.0.0.0/8", "172.16.0.0/12"], "192.168.0.0/24"),
        (["fd00::/8"], "10.4.0.0/24"),
    ],
)
def test_the_first_free_subnet_is_chosen(used, chosen):
    assert choose([ip_network(text) for text in used]) == ip_network(chosen)


def test_no_free_subnet_is_a_conflict():
    with pytest.raises(Conflict, match="no private subnet"):
        choose([ip_network("0.0.0.0/0")])


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(4, 32)), max_size=20),
    st.integers(0, 2**32 - 1),
)
def test_the_choice_is_private_and_free(used, start):
    networks = [ip_network((address >> (32 - bits) << (32 - bits), bits)) for address, bits in used]
    try:
        chosen = choose(networks, start=start)
    except Conflict:
        return
    assert chosen.is_private
    assert not any(overlaps(chosen, other) for other in networks)


def test_a_request_is_completed():
    spec = NetworkSpec(name="n1")
    done = complete(spec, used=[ip_network("10.4.0.0/24")], networks=[])
    assert done.subnets == (Subnet(subnet="10.4.1.0/24", gateway="10.4.1.1"),)
    given_both = dataclasses.replace(spec, subnets=(Subnet(subnet="10.9.0.0/16"), Subnet(subnet="fd00:9::/64")))
    assert [s.gateway for s in complete(given_both, used=[], networks=[]).subnets] == ["10.9.0.1", "fd00:9::1"]
    dhcp = NetworkSpec(name="n1", driver="macvlan", ipam_driver="dhcp")
    assert complete(dhcp, used=[], networks=[]) is dhcp


@pytest.mark.parametrize(
    ("subnet", "message"),
    [
        (Subnet(subnet="10.9.0.1/16"), "host bits set"),
        (Subnet(subnet="rubbish"), "invalid subnet rubbish"),
        (Subnet(subnet="10.9.0.0/31"), "no room"),
        (Subnet(subnet="10.9.0.0/16", gateway="10.8.0.1"), "no matching subnet for gateway 10.8.0.1"),
        (Subnet(subnet="10.9.0.0/16", gateway="fd00::1"), "no matching subnet for gateway"),
        (Subnet(subnet="10.9.0.0/16", ip_range="10.8.0.0/24"), "no matching subnet for range"),
        (Subnet(subnet="10.9.0.0/16", ip_range="10.0.0.0/8"), "no matching subnet for range"),
    ],
)
def test_wrong_subnets_are_refused(subnet, message):
    with pytest.raises(InvalidArgument, match=message):
        complete(NetworkSpec(name="n1", subnets=(subnet,)), used=[], networks=[])


def test_a_subnet_of_another_network_is_a_conflict():
    spec = NetworkSpec(name="n1", subnets=(Subnet(subnet="10.9.0.0/16"),))
    with pytest.raises(Conflict, match=r"Pool overlaps .* 10\.9\.3\.0/24 of network other"):
        complete(spec, used=[], networks=[network("other", "10.9.3.0/24")])


def test_foreign_texts_that_are_no_subnets_are_left_out():
    assert subnets_of(network("x", "10.1.2.3/24", "usePodCidr", "fd00::/64")) == [
        ip_network("10.1.2.0/24"),
        ip_network("fd00::/64"),
    ]
