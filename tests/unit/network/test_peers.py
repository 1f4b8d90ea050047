"""Names of peers in hosts files."""

from pathlib import Path

from nrdctl.network import peers, record
from nrdctl.network.record import Attachment, NetworkState, Phase


def state(number, networks, *, phase=Phase.ADDED, aliases=()):
    items = tuple(
        Attachment(
            network=name,
            network_id=name,
            interface=f"eth{index}",
            conflist={},
            phase=phase,
            aliases=aliases,
            result={"ips": [{"address": f"10.{len(name)}.0.{number}/24"}]},
        )
        for index, name in enumerate(networks)
    )
    return NetworkState(
        container_id=f"default-{number}",
        netns=Path("/run/n"),
        hostname=f"h{number}",
        names=(f"c{number}",),
        attachments=items,
    )


def test_only_peers_on_a_common_network_are_named():
    one = state(1, ["aa", "bbb"])
    others = [one, state(2, ["aa"], aliases=("db", "c2")), state(3, ["bbb", "dddd"]), state(4, ["dddd"])]
    assert peers.lines_for(one, others) == [
        ("10.2.0.2", ("c2", "db", "h2", "c2.aa")),
        ("10.3.0.3", ("c3", "h3", "c3.bbb")),
    ]
    assert peers.lines_for(one, [state(5, ["aa"], phase=Phase.ADDING)]) == []


def test_files_of_all_concerned_are_rewritten_in_place(tmp_path, host):
    folder = host.containers / "default"
    for number, networks in ((1, ["aa"]), (2, ["aa"]), (3, ["bbb"])):
        record.save(folder / str(number), state(number, networks), host.write_atomic)
        (folder / str(number) / "hosts").write_text("127.0.0.1 localhost\n")
    (folder / "4").mkdir()
    inode = (folder / "1" / "hosts").stat().st_ino
    peers.refresh(folder, ["aa"], host)
    assert "10.2.0.2\tc2 h2 c2.aa\n" in (folder / "1" / "hosts").read_text()
    assert "10.2.0.1\tc1" in (folder / "2" / "hosts").read_text()
    assert (folder / "3" / "hosts").read_text() == "127.0.0.1 localhost\n"
    assert (folder / "1" / "hosts").stat().st_ino == inode
    (folder / "2" / record.FILE).unlink()
    peers.refresh(folder, ["aa"], host)
    assert (folder / "1" / "hosts").read_text() == "127.0.0.1 localhost\n"
    assert [user.container_id for user in peers.users(host.containers, "aa")] == ["default-1"]
    assert peers.users(tmp_path / "none", "aa") == []
