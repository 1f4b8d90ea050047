"""Paths."""

from pathlib import Path

from nrdctl.state.layout import Layout

SOCKET = "/run/containerd/containerd.sock"
ID = "f" * 64


def test_the_hash_of_the_default_socket_is_the_one_nerdctl_uses():
    layout = Layout(data_root=Path("/var/lib/nrdctl"), address=SOCKET)
    assert layout.data == Path("/var/lib/nrdctl/1935db59")
    assert Layout(data_root=Path("/d"), address=f"unix://{SOCKET}").data == Path("/d/1935db59")


def test_a_link_to_the_socket_is_the_same_installation(tmp_path):
    (tmp_path / "real.sock").touch()
    (tmp_path / "link.sock").symlink_to(tmp_path / "real.sock")
    real, link = (Layout(data_root=tmp_path, address=str(tmp_path / n)) for n in ("real.sock", "link.sock"))
    assert (real.data, real.run) == (link.data, link.run)


def test_run_folders_of_two_data_roots_differ():
    assert Layout(data_root=Path("/a"), address=SOCKET).run != Layout(data_root=Path("/b"), address=SOCKET).run


def test_paths_of_a_container():
    layout = Layout(data_root=Path("/var/lib/nrdctl"), address=SOCKET)
    assert layout.log_path("default", ID) == layout.data / "containers" / "default" / ID / f"{ID}-json.log"
    assert layout.netns_path(ID) == layout.run / ID / "netns"
    assert len(str(layout.attach_socket(ID)).encode()) < 108, "sun_path"


def test_lock_names_stay_inside_the_folder():
    layout = Layout(data_root=Path("/var/lib/nrdctl"), address=SOCKET)
    assert layout.lock_path("container", "web").name == "container-web.lock"
    for name in ("../../etc/x", "docker.io/library/alpine:latest", "", ".", "x" * 300):
        path = layout.lock_path("image", name)
        assert path.parent == layout.run / "locks"
        assert len(path.name) < 100
