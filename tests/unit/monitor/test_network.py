"""Reading the counters of a network namespace."""

from __future__ import annotations

import os
import pathlib
import subprocess

import pytest

from nrdctl.monitor.network import NetworkReader, host_namespace, parse_net_dev
from nrdctl.monitor.sample import Counters

HEAD = b"Inter-|   Receive    |  Transmit\n face |bytes    packets errs drop fifo frame |bytes    packets errs drop\n"
LO = b"    lo:    1296      16    0    0    0     0          0         0     1296      16    0    0    0  0   0   0\n"
ETH0 = b"  eth0: 5000 50 1 2 3 4 5 6 700 7 8 9 10 11 12 13\n"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (b"", {}),
        (LO, {}),
        (LO + ETH0, {"eth0": Counters(5000, 50, 1, 2, 700, 7, 8, 9)}),
        (
            b"eth0:12345678901234567890 1 0 0 0 0 0 0 2 1 0 0 0 0 0 0\n",
            {"eth0": Counters(12345678901234567890, 1, 0, 0, 2, 1)},
        ),
        (b"  eth0:1: 5 1 0 0 0 0 0 0 2 1 0 0 0 0 0 0\n", {"eth0:1": Counters(5, 1, 0, 0, 2, 1)}),
        (b"  torn: 5 1\n", {}),
    ],
)
def test_parse(lines: bytes, expected: dict[str, Counters]) -> None:
    assert parse_net_dev(HEAD + lines) == expected


def files(proc: pathlib.Path, pid: int) -> pathlib.Path:
    for process, namespace in (("1", "host"), (str(pid), "container")):
        folder = proc / process
        (folder / "ns").mkdir(parents=True)
        (folder / "ns/net").write_text(namespace)
        (folder / "net").mkdir()
        (folder / "net/dev").write_bytes(HEAD + LO + ETH0)
    return proc


def test_no_file_stays_open(tmp_path: pathlib.Path) -> None:
    proc = files(tmp_path, os.getpid())
    reader = NetworkReader(os.getpid(), proc=proc)
    before = len(os.listdir("/proc/self/fd"))
    sample = reader.read()
    assert sample is not None
    assert sample.total("rx_bytes") == 5000
    assert sample.total("rx_errors", "tx_errors") == 9
    assert not sample.host
    assert len(os.listdir("/proc/self/fd")) == before
    reader.close()
    reader.close()
    assert len(os.listdir("/proc/self/fd")) == before - 1


def test_the_hosts_namespace_is_told_and_not_counted(tmp_path: pathlib.Path) -> None:
    proc = files(tmp_path, os.getpid())
    (proc / "1/ns/net").unlink()
    (proc / "1/ns/net").hardlink_to(proc / f"{os.getpid()}/ns/net")
    reader = NetworkReader(os.getpid(), proc=proc)
    sample = reader.read()
    reader.close()
    assert sample is not None
    assert sample.host
    assert not sample.interfaces


def test_a_process_that_ends(tmp_path: pathlib.Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        proc = files(tmp_path, process.pid)
        reader = NetworkReader(process.pid, proc=proc)
        assert reader.read() is not None
        process.kill()
    # Even when another process has the pid by now: its counters are not the container's.
    assert reader.read() is None
    reader.close()
    with pytest.raises(ProcessLookupError):
        NetworkReader(process.pid, proc=proc)


def test_the_real_host() -> None:
    assert host_namespace() > 0
