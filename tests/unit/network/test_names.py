"""hosts and resolv.conf."""

import pytest

from nrdctl.network.names import Resolver, host_network_hosts, hostname_file, hosts, resolv_conf, with_peers

HEADER = (
    "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\n"
    "ff00::0\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"
)
HOST = (
    "# made by hand\nnameserver 127.0.0.1\nnameserver 192.0.2.53 # office\n"
    "search a.example b.example\noptions ndots:2\n"
)


def test_hosts_in_dockers_order():
    text = hosts(["10.4.0.2/24"], "web", "example.com", extra=[("db", "192.0.2.7")])
    assert text == HEADER + "192.0.2.7\tdb\n10.4.0.2\tweb.example.com web\n"
    assert hosts([], "web") == HEADER


def test_the_hosts_network_copies_the_hosts_file():
    assert host_network_hosts("127.0.0.1 localhost", extra=[("db", "::5")]) == "127.0.0.1 localhost\n::5\tdb\n"
    assert hostname_file("web") == "web\n"


def test_the_block_of_peers_is_replaced_and_the_rest_stays():
    base = "127.0.0.1 localhost\n"
    one = with_peers(base, [("10.4.0.3", ("db", "db.n"))])
    assert one == base + "# <nrdctl>\n10.4.0.3\tdb db.n\n# </nrdctl>\n"
    changed = with_peers(one + "192.0.2.1 mine\n", [("10.4.0.4", ("x",))])
    assert changed == base + "192.0.2.1 mine\n# <nrdctl>\n10.4.0.4\tx\n# </nrdctl>\n"
    assert with_peers(one, []) == base
    assert with_peers("no end of line", [("1.2.3.4", ("a",))]).splitlines()[:2] == ["no end of line", "# <nrdctl>"]


def test_resolv_conf_drops_what_cannot_be_reached():
    assert resolv_conf(HOST, Resolver()) == ("nameserver 192.0.2.53\nsearch a.example b.example\noptions ndots:2\n")


def test_the_stub_of_systemd_is_replaced_by_what_stands_behind_it():
    stub = "nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch .\n"
    behind = "nameserver 192.0.2.1\nnameserver 192.0.2.2\nsearch office\n"
    assert resolv_conf(stub, Resolver(), resolved_text=behind) == (
        "nameserver 192.0.2.1\nnameserver 192.0.2.2\nsearch office\n"
    )
    assert resolv_conf(stub, Resolver(), resolved_text=behind, host_network=True).startswith("nameserver 127.0.0.53\n")
    assert resolv_conf(stub, Resolver()) == "nameserver 8.8.8.8\nnameserver 8.8.4.4\noptions edns0 trust-ad\n"


@pytest.mark.parametrize("text", ["", "nameserver ::1\n", "nameserver 2001:db8::1\n", "nameserver rubbish\n"])
def test_without_a_server_the_public_ones_are_used(text):
    assert resolv_conf(text, Resolver()) == "nameserver 8.8.8.8\nnameserver 8.8.4.4\n"


def test_ipv6_servers_stay_on_an_ipv6_network():
    assert resolv_conf("nameserver 2001:db8::1\n", Resolver(), ipv6=True) == "nameserver 2001:db8::1\n"
    assert resolv_conf("nameserver fe80::1%eth0\n", Resolver(), ipv6=True).count("nameserver") == 4


def test_what_a_person_asks_for_wins():
    asked = Resolver(servers=("127.0.0.1", "fd00::53"), search=(".",), options=("timeout:1",))
    assert resolv_conf(HOST, asked) == "nameserver 127.0.0.1\nnameserver fd00::53\noptions timeout:1\n"


def test_the_last_search_line_counts():
    assert "search c\n" in resolv_conf("search a b\ndomain c\nnameserver 192.0.2.1", Resolver())
