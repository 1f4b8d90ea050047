"""Which rules a sweep removes."""

from nrdctl.network.iptables import plan

LISTING = r"""
-P PREROUTING ACCEPT
-N CNI-466f1999d83aab93c0e89823
-N CNI-DN-466f1999d83aab93c0e89
-N CNI-HOSTPORT-DNAT
-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A POSTROUTING -s 10.4.77.50/32 -m comment --comment "name: \"x\" id: \"default-abc\"" -j CNI-466f1999d83aab93c0e89823
-A CNI-466f1999d83aab93c0e89823 -d 10.4.77.0/24 -m comment --comment "name: \"x\" id: \"default-abc\"" -j ACCEPT
-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \"x\" id: \"default-abc\"" -j CNI-DN-466f1999d83aab93c0e89
-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \"x\" id: \"default-abcd\"" -j CNI-DN-00000000000000000
"""


def test_rules_and_chains_of_one_container_only():
    rules, chains = plan(LISTING, lambda words: any(word.endswith('id: "default-abc"') for word in words))
    assert [rule[:2] for rule in rules] == [["-D", "POSTROUTING"], ["-D", "CNI-HOSTPORT-DNAT"]]
    assert 'name: "x" id: "default-abc"' in rules[0]
    assert chains == ["CNI-466f1999d83aab93c0e89823", "CNI-DN-466f1999d83aab93c0e89"]


def test_shared_chains_stay():
    listing = "-A CNI-ISOLATION-STAGE-1 -i br0 ! -o br0 -j CNI-ISOLATION-STAGE-2\n"
    assert plan(listing, lambda words: "br0" in words) == (
        [["-D", *listing.split()[1:]]],
        [],
    )
