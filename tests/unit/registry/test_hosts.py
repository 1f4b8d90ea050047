from pathlib import Path

import pytest

from nrdctl.errors import InvalidArgument
from nrdctl.registry.connections import is_loopback
from nrdctl.registry.hosts import HostsConfig
from nrdctl.registry.wire import Tls


def write(folder: Path, domain: str, text: str) -> HostsConfig:
    (folder / domain).mkdir(parents=True)
    (folder / domain / "hosts.toml").write_text(text)
    return HostsConfig(directories=(folder,))


@pytest.mark.parametrize(
    ("domain", "base"),
    [
        ("docker.io", "https://registry-1.docker.io/v2"),
        ("ghcr.io", "https://ghcr.io/v2"),
        ("r.example:5000", "https://r.example:5000/v2"),
    ],
)
def test_without_configuration(domain: str, base: str) -> None:
    (host,) = HostsConfig(directories=()).hosts_for(domain)
    assert (host.base, host.registry, host.namespace, host.insecure) == (base, domain, "", False)


@pytest.mark.parametrize("domain", ["localhost", "localhost:5000", "127.0.0.1:5000", "127.9.9.9", "[::1]:5000"])
def test_this_machine_may_be_insecure(domain: str) -> None:
    (host,) = HostsConfig(directories=()).hosts_for(domain)
    assert host.plain_http
    assert host.tls == Tls(skip_verify=True)


def test_all_may_be_on_demand() -> None:
    (host,) = HostsConfig(directories=(), insecure=True).hosts_for("r.example")
    assert host.plain_http
    assert host.insecure


def test_a_name_that_only_looks_local() -> None:
    for name in ("localhost.example", "127.example", "10.0.0.1", "128.0.0.1", "1270.0.0.1"):
        assert not is_loopback(name), name


def test_mirrors_come_in_order_and_the_registry_last(tmp_path: Path) -> None:
    config = write(
        tmp_path,
        "docker.io",
        """
        server = "https://registry-1.docker.io"
        [host."https://one.example"]
          capabilities = ["pull", "resolve"]
          ca = "one.pem"
          client = [["/abs/cert", "key"], ["both"]]
          [host."https://one.example".header]
            X-A = ["1", "2"]
            X-B = "3"
        [host."http://two.example:8080/prefix"]
          skip_verify = true
        [host."https://three.example/other/path"]
          override_path = true
        """,
    )
    one, two, three, last = config.hosts_for("docker.io")
    assert one.base == "https://one.example/v2"
    assert (one.capabilities, one.namespace, one.registry) == ({"pull", "resolve"}, "docker.io", "one.example")
    folder = f"{tmp_path}/docker.io"
    assert one.tls == Tls(ca=(f"{folder}/one.pem",), client=(("/abs/cert", f"{folder}/key"), (f"{folder}/both", "")))
    assert one.headers == (("X-A", "1, 2"), ("X-B", "3"))
    assert (two.base, two.tls.skip_verify) == ("http://two.example:8080/prefix/v2", True)
    assert three.base == "https://three.example/other/path"
    assert (last.base, last.registry, last.namespace) == ("https://registry-1.docker.io/v2", "docker.io", "")


def test_settings_of_the_registry_itself(tmp_path: Path) -> None:
    config = write(tmp_path, "r.example:5000", 'ca = ["/a", "/b"]\nskip_verify = true\n')
    (host,) = config.hosts_for("r.example:5000")
    assert host.base == "https://r.example:5000/v2"
    assert host.tls == Tls(ca=("/a", "/b"), skip_verify=True)
    assert not host.plain_http


def test_a_server_elsewhere(tmp_path: Path) -> None:
    (host,) = write(tmp_path, "r.example", 'server = "http://10.0.0.1:5000"').hosts_for("r.example")
    assert (host.base, host.registry, host.namespace) == ("http://10.0.0.1:5000/v2", "10.0.0.1:5000", "r.example")


@pytest.mark.parametrize("name", ["r.example_5000_", "r.example:5000", "_default"])
def test_the_folders_that_containerd_looks_in(tmp_path: Path, name: str) -> None:
    config = write(tmp_path, name, '[host."https://m.example"]')
    assert [host.base for host in config.hosts_for("r.example:5000")] == [
        "https://m.example/v2",
        "https://r.example:5000/v2",
    ]


def test_dockers_certificates(tmp_path: Path) -> None:
    folder = tmp_path / "r.example"
    folder.mkdir()
    for name in ("ca.crt", "client.cert", "client.key"):
        (folder / name).touch()
    (host,) = HostsConfig(directories=(tmp_path,)).hosts_for("r.example")
    assert host.tls == Tls(ca=(f"{folder}/ca.crt",), client=((f"{folder}/client.cert", f"{folder}/client.key"),))


@pytest.mark.parametrize(
    "text",
    [
        "server = [",
        'host = "x"',
        '[host."ftp://x"]',
        '[host]\n"https://x" = 1',
        '[host."https://x"]\ncapabilities = ["fly"]',
        '[host."https://x"]\ncapabilities = "pull"',
        'server = "https://"',
    ],
)
def test_bad_files_are_refused_with_their_path(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidArgument, match=r"hosts\.toml"):
        write(tmp_path, "r.example", text).hosts_for("r.example")
