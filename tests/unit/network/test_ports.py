"""Reserving ports on the loopback."""

import socket

import pytest

from nrdctl.errors import Conflict, InvalidArgument
from nrdctl.model.port import PortMapping
from nrdctl.network.ports import reserve


def mapping(port: int = 0, protocol: str = "tcp", host_ip: str = "127.0.0.1") -> PortMapping:
    return PortMapping(container_port=80, host_port=port, protocol=protocol, host_ip=host_ip)


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_free_port_is_chosen_held_and_given_back(protocol):
    with reserve([mapping(protocol=protocol)]) as held:
        port = held.mappings[0].host_port
        assert port >= 1024
        assert len(held.filenos()) == 1
        with pytest.raises(Conflict) as caught:
            reserve([mapping(port, protocol)])
        assert caught.value.message == (
            "driver failed programming external connectivity: "
            f"Bind for 127.0.0.1:{port} failed: port is already allocated"
        )
    reserve([mapping(port, protocol)]).close()


def test_all_addresses_conflict_with_each_one():
    with reserve([mapping(host_ip="")]) as held:
        port = held.mappings[0].host_port
        assert held.mappings[0].host_ip == ""
        with pytest.raises(Conflict, match=rf"127\.0\.0\.1:{port}"):
            reserve([mapping(port)])


def test_one_conflict_gives_all_back():
    with reserve([mapping()]) as held:
        taken = held.mappings[0].host_port
        free = reserve([mapping()])
        port = free.mappings[0].host_port
        free.close()
        with pytest.raises(Conflict):
            reserve([mapping(port), mapping(taken)])
        reserve([mapping(port)]).close()


def test_a_port_that_only_closed_connections_use_is_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = server.accept()
            accepted.close()  # the side that closes first keeps TIME_WAIT
            assert client.recv(1) == b""
    with reserve([mapping(port)]) as held:
        assert held.mappings[0].host_port == port
        with pytest.raises(Conflict):
            reserve([mapping(port)])


def test_a_listening_server_is_a_conflict():
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(Conflict):
        reserve([mapping(server.getsockname()[1])])


def test_an_ipv6_address():
    with reserve([mapping(host_ip="::1")]) as held, pytest.raises(Conflict, match=r"Bind for \[::1\]:\d+ failed"):
        reserve([mapping(held.mappings[0].host_port, host_ip="::1")])


def test_a_foreign_address_is_refused():
    with pytest.raises(InvalidArgument, match=r"listen tcp 203\.0\.113\.9:80: bind: cannot assign requested address"):
        reserve([mapping(80, host_ip="203.0.113.9")])


def test_a_duplicate_in_one_request_is_a_conflict():
    with reserve([mapping()]) as held:
        port = held.mappings[0].host_port
    with pytest.raises(Conflict):
        reserve([mapping(port), mapping(port)])
