"""Settings: precedence, the file's checks, the host's defaults."""

from pathlib import Path

import pytest

from nrdctl.errors import InvalidArgument
from nrdctl.state.settings import Settings, load


@pytest.fixture
def host(tmp_path):
    """Return an empty host's root."""
    return tmp_path / "root"


def config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "nrdctl.toml"
    path.write_text(text)
    return path


def test_the_defaults(host):
    settings = load({}, {}, host / "none.toml", root=host)
    assert settings == Settings()
    assert (settings.address, settings.namespace) == ("/run/containerd/containerd.sock", "default")
    assert settings.layout.data == Path("/var/lib/nrdctl/1935db59")


def test_flag_over_environment_over_file_over_default(tmp_path, host):
    file = config(tmp_path, 'namespace = "file"\nsnapshotter = "file"\naddress = "/file.sock"\ndebug = true')
    environ = {"CONTAINERD_NAMESPACE": "environ", "CONTAINERD_SNAPSHOTTER": "environ", "CONTAINERD_ADDRESS": ""}
    settings = load({"namespace": "flag", "snapshotter": None}, environ, file, root=host)
    assert (settings.namespace, settings.snapshotter, settings.address) == ("flag", "environ", "/file.sock")
    assert settings.debug


def test_the_file_may_be_named_by_the_environment(tmp_path, host):
    file = config(tmp_path, 'dns = ["9.9.9.9"]\nhosts_dir = []')
    settings = load({}, {"NRDCTL_TOML": str(file)}, host / "other", root=host)
    assert (settings.dns, settings.hosts_dir) == (("9.9.9.9",), ())
    with pytest.raises(InvalidArgument, match="NRDCTL_TOML: no such file: /nowhere"):
        load({}, {"NRDCTL_TOML": "/nowhere"}, file, root=host)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('adress = "/x"', "unknown key 'adress'"),
        ("namespace = 3", "key 'namespace': a string is needed, not 3"),
        ('debug = "yes"', "key 'debug': true or false is needed, not 'yes'"),
        ('dns = "1.1.1.1"', "key 'dns': a list of strings is needed, not '1.1.1.1'"),
        ("dns = [1]", "key 'dns': a list of strings is needed"),
        ('dns = ["one"]', "key 'dns': 'one' does not appear to be"),
        ('data_root = "relative"', "key 'data_root': an absolute path is needed, not 'relative'"),
        ("data_root = 1", "key 'data_root': an absolute path is needed"),
        ('address = "tcp://1.2.3.4:5"', "is not the path of a socket"),
        ('namespace = "../x"', "is not a containerd namespace"),
        ('namespace = "a..b"', "is not a containerd namespace"),
        ('cgroup_manager = "none"', "'none' is not one of systemd, cgroupfs"),
        ('bridge_ip = "10.4.0.1/31"', "no room"),
        ('bridge_ip = "10.4.0.300/24"', "key 'bridge_ip'"),
        ('snapshotter = ""', "key 'snapshotter': the value is empty"),
        ("selinux_enabled = true", "'selinux_enabled' is not supported"),
        ("[section]\nx = 1", "unknown key 'section'"),
        ("namespace =", "is not valid TOML"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path, host, text, message):
    file = config(tmp_path, text)
    with pytest.raises(InvalidArgument) as caught:
        load({}, {}, file, root=host)
    assert str(file) in caught.value.message
    assert message in caught.value.message


def test_keys_of_nerdctl_without_a_meaning_are_taken(tmp_path, host):
    file = config(tmp_path, "experimental = true\ndebug_full = false\nselinux_enabled = false\nuserns_remap = ''")
    assert load({}, {}, file, root=host) == Settings()


def test_messages_name_the_variable_or_the_flag(host):
    with pytest.raises(InvalidArgument, match="environment variable CONTAINERD_NAMESPACE"):
        load({}, {"CONTAINERD_NAMESPACE": "!"}, host, root=host)
    with pytest.raises(InvalidArgument, match="--data-root"):
        load({"data_root": "x"}, {}, host / "none", root=host)


def test_an_address_may_be_a_url(host):
    assert load({"address": "unix:///run/c.sock"}, {}, host / "none", root=host).address == "/run/c.sock"


def test_the_host_decides_on_plugin_folder_and_cgroup_manager(host):
    (host / "usr/lib/cni").mkdir(parents=True)
    (host / "run/systemd/system").mkdir(parents=True)
    settings = load({}, {}, host / "none", root=host)
    assert (settings.cni_path, settings.cgroup_manager) == ("/usr/lib/cni", "cgroupfs")
    (host / "usr/libexec/cni").mkdir(parents=True)
    (host / "sys/fs/cgroup").mkdir(parents=True)
    (host / "sys/fs/cgroup/cgroup.controllers").touch()
    settings = load({}, {}, host / "none", root=host)
    assert (settings.cni_path, settings.cgroup_manager) == ("/usr/libexec/cni", "systemd")


def test_several_plugin_folders(host):
    settings = load({}, {"CNI_PATH": "/a:/b"}, host / "none", root=host)
    assert settings.cni_folders == (Path("/a"), Path("/b"))
