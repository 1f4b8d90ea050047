"""The columns of containers, images, networks and namespaces, as docker prints them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from nrdctl.model.summary import ContainerSummary, ImageSummary, NamespaceSummary, NetworkSummary
from nrdctl.render.containers import container_columns
from nrdctl.render.images import image_columns
from nrdctl.render.namespaces import namespace_columns
from nrdctl.render.networks import network_columns

NOW = datetime(2024, 5, 1, 12, 0, 0, tzinfo=UTC)
ID = "4f66ad9a0b2e" + "0" * 52

WEB = ContainerSummary(
    id=ID,
    names="web",
    image="docker.io/library/nginx:1.25",
    command="/docker-entrypoint.sh nginx -g 'daemon off;'",
    created_at=NOW - timedelta(minutes=3, microseconds=5),
    state="running",
    status="Up 3 minutes (healthy)",
    ports="0.0.0.0:8080->80/tcp",
    labels={"tier": "1", "com.example.role": "front"},
    networks=("bridge", "app"),
    mounts=("webdata", "/srv/some/where/deep", "cache"),
    platform="linux/amd64",
    runtime="io.containerd.runc.v2",
    namespace="default",
)
JOB = ContainerSummary(
    id="deadbeef" * 8,
    names="job",
    image=f"ghcr.io/acme/job:2@sha256:{'a' * 64}",
    command='sh -c "exit 3"',
    created_at=NOW - timedelta(days=3),
    state="exited",
    status="Exited (3) 2 days ago",
)


def test_ps() -> None:
    assert container_columns(NOW).prepare().render([WEB, JOB]) == (
        "CONTAINER ID   IMAGE                COMMAND                  CREATED         STATUS                   "
        "PORTS                  NAMES\n"
        '4f66ad9a0b2e   nginx:1.25           "/docker-entrypoint.…"   3 minutes ago   Up 3 minutes (healthy)   '
        "0.0.0.0:8080->80/tcp   web\n"
        'deadbeefdead   ghcr.io/acme/job:2   "sh -c \\"exit 3\\""       3 days ago      Exited (3) 2 days ago    '
        "                       job\n"
    )


def test_ps_with_sizes() -> None:
    formatter = container_columns(NOW, with_size=True).prepare()
    assert "Size" in formatter.fields
    assert formatter.render([]).endswith("NAMES     SIZE\n")


def test_ps_json() -> None:
    line = container_columns(NOW).prepare("json").line(WEB)
    assert "0.0.0.0:8080-\\u003e80/tcp" in line
    assert json.loads(line) == {
        "Command": '"/docker-entrypoint.…"',
        "CreatedAt": "2024-05-01 11:56:59 +0000 UTC",
        "HealthStatus": "healthy",
        "ID": "4f66ad9a0b2e",
        "Image": "nginx:1.25",
        "Labels": "com.example.role=front,tier=1",
        "LocalVolumes": "2",
        "Mounts": "webdata,/srv/some/wher…,cache",
        "Names": "web",
        "Namespace": "default",
        "Networks": "bridge,app",
        "Platform": "linux/amd64",
        "Ports": "0.0.0.0:8080->80/tcp",
        "RunningFor": "3 minutes ago",
        "Runtime": "io.containerd.runc.v2",
        "Size": "0B",
        "State": "running",
        "Status": "Up 3 minutes (healthy)",
    }


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("{{.ID}}", ID),
        ("{{.Image}}", "nginx:1.25"),
        ("{{.Command}}", "\"/docker-entrypoint.sh nginx -g 'daemon off;'\""),
        ("{{.Mounts}}", "webdata,/srv/some/where/deep,cache"),
        ('{{.Label "com.example.role"}}{{.Label "nope"}}', "front"),
    ],
)
def test_ps_without_truncation(source: str, output: str) -> None:
    assert container_columns(NOW, no_trunc=True).prepare(source).line(WEB) == output


@pytest.mark.parametrize(
    ("image", "short", "full"),
    [
        ("", "<no image>", "<no image>"),
        (f"sha256:{ID}", "4f66ad9a0b2e", f"sha256:{ID}"),
        (f"docker.io/library/nginx:1@sha256:{ID}", "nginx:1", f"nginx:1@sha256:{ID}"),
        ("docker.io/grafana/loki:3", "grafana/loki:3", "grafana/loki:3"),
    ],
)
def test_names_of_images_in_ps(image: str, short: str, full: str) -> None:
    container = ContainerSummary(id="1", names="", image=image, command="", created_at=NOW, state="", status="")
    assert container_columns(NOW).prepare("{{.Image}}").line(container) == short
    assert container_columns(NOW, no_trunc=True).prepare("{{.Image}}").line(container) == full


@pytest.mark.parametrize(
    ("written", "all_layers", "output"),
    [(None, None, "0B"), (10, None, "10B"), (10, 20, "10B (virtual 20B)"), (0, 62_400_000, "0B (virtual 62.4MB)")],
)
def test_sizes_in_ps(written: int | None, all_layers: int | None, output: str) -> None:
    container = ContainerSummary(
        id="1",
        names="",
        image="x",
        command="",
        created_at=NOW,
        state="",
        status="",
        size_rw=written,
        size_root=all_layers,
    )
    assert container_columns(NOW).prepare("{{.Size}}").line(container) == output


@pytest.mark.parametrize(
    ("status", "health"),
    [
        ("Up 2 minutes (health: starting)", "starting"),
        ("Up 2 minutes (unhealthy)", "unhealthy"),
        ("Up 2 minutes (Paused)", ""),
        ("Exited (0) 2 days ago", ""),
        ("Up 5 seconds", ""),
    ],
)
def test_health_in_ps(status: str, health: str) -> None:
    container = ContainerSummary(id="1", names="", image="x", command="", created_at=NOW, state="", status=status)
    assert container_columns(NOW).prepare("{{.HealthStatus}}").line(container) == health


def test_ps_raw_and_quiet() -> None:
    raw = container_columns(NOW, with_size=True).prepare("raw").render([JOB])
    assert raw == (
        "container_id: deadbeefdead\nimage: ghcr.io/acme/job:2\n"
        'command: "sh -c \\"exit 3\\""\ncreated_at: 2024-04-28 12:00:00 +0000 UTC\nstate: exited\n'
        "status: Exited (3) 2 days ago\nnames: job\nlabels:\nports:\nsize: 0B\n\n"
    )
    for source in ("", "table", "{{.Names}}", "json"):
        assert container_columns(NOW).prepare(source, quiet=True).render([JOB]) == "deadbeefdead\n"
    assert container_columns(NOW).prepare("raw", quiet=True).render([JOB]) == "container_id: deadbeefdead\n"


def test_times_follow_the_zone_of_now() -> None:
    berlin = NOW.astimezone(timezone(timedelta(hours=2), "CEST"))
    assert container_columns(berlin).prepare("{{.CreatedAt}}").line(JOB) == "2024-04-28 14:00:00 +0200 CEST"


NGINX = ImageSummary(
    id="sha256:" + "605c77e624dd" * 5 + "abcd",
    repository="docker.io/library/nginx",
    tag="latest",
    digest="sha256:" + "0d17b565c37b" * 5 + "abcd",
    created_at=NOW - timedelta(days=21),
    size=187_654_321,
    blob_size=70_000_000,
    platform="linux/amd64",
    containers=2,
)
DANGLING = ImageSummary(id="sha256:" + "b" * 64, repository="", tag="", digest="", created_at=None, size=0)


def test_images() -> None:
    assert image_columns(NOW).prepare().render([NGINX, DANGLING]) == (
        "REPOSITORY   TAG       IMAGE ID       CREATED       SIZE\n"
        "nginx        latest    605c77e624dd   3 weeks ago   188MB\n"
        "<none>       <none>    bbbbbbbbbbbb   N/A           0B\n"
    )
    assert image_columns(NOW, digests=True).prepare().render([]) == (
        "REPOSITORY   TAG       DIGEST    IMAGE ID   CREATED   SIZE\n"
    )
    assert image_columns(NOW, no_trunc=True).prepare(quiet=True).render([NGINX]) == NGINX.id + "\n"


def test_images_json() -> None:
    assert json.loads(image_columns(NOW).prepare("json").line(NGINX)) == {
        "BlobSize": "70MB",
        "Containers": "2",
        "CreatedAt": "2024-04-10 12:00:00 +0000 UTC",
        "CreatedSince": "3 weeks ago",
        "Digest": NGINX.digest,
        "ID": "605c77e624dd",
        "Platform": "linux/amd64",
        "Repository": "nginx",
        "SharedSize": "N/A",
        "Size": "188MB",
        "Tag": "latest",
        "UniqueSize": "N/A",
        "VirtualSize": "187.7MB",
    }


def test_images_raw_and_quiet() -> None:
    assert image_columns(NOW).prepare("raw").render([NGINX]) == (
        "repository: nginx\ntag: latest\nimage_id: 605c77e624dd\n"
        "created_at: 2024-04-10 12:00:00 +0000 UTC\nvirtual_size: 188MB\n\n"
    )
    assert "digest: <none>\n" in image_columns(NOW, digests=True).prepare("raw").render([DANGLING])
    assert image_columns(NOW).prepare("{{.Tag}}", quiet=True).render([NGINX]) == "latest\n"
    assert image_columns(NOW).prepare("{{.Containers}} {{.CreatedAt}}").line(DANGLING) == "N/A N/A"


BRIDGE = NetworkSummary(
    id="17cc61328fef" + "0" * 52, name="bridge", driver="bridge", labels={"b": "2", "a": "1"}, created_at=NOW, ipv6=True
)


def test_network_ls() -> None:
    assert network_columns(NOW).prepare().render([BRIDGE]) == (
        "NETWORK ID     NAME      DRIVER    SCOPE\n17cc61328fef   bridge    bridge    local\n"
    )
    assert json.loads(network_columns(NOW).prepare("json").line(BRIDGE)) == {
        "CreatedAt": "2024-05-01 12:00:00 +0000 UTC",
        "Driver": "bridge",
        "ID": "17cc61328fef",
        "IPv6": "true",
        "Internal": "false",
        "Labels": "a=1,b=2",
        "Name": "bridge",
        "Scope": "local",
    }
    assert network_columns(NOW).prepare("raw").render([BRIDGE]) == (
        "network_id: 17cc61328fef\nname: bridge\ndriver: bridge\nscope: local\n\n"
    )
    assert network_columns(NOW, no_trunc=True).prepare('{{.ID}} {{.Label "a"}}').line(BRIDGE) == f"{BRIDGE.id} 1"
    assert network_columns(NOW).prepare("{{.CreatedAt}}|").line(NetworkSummary(id="1", name="n", driver="host")) == "|"


def test_namespace_ls() -> None:
    rows = [NamespaceSummary(name="default", containers=2, images=10, volumes=0, labels={"a": "1"})]
    assert namespace_columns().prepare().render(rows) == (
        "NAME      CONTAINERS   IMAGES    VOLUMES   LABELS\ndefault   2            10        0         a=1\n"
    )
    assert namespace_columns().prepare(quiet=True).render(rows) == "default\n"
    assert namespace_columns().prepare('{{.Label "a"}}').render(rows) == "1\n"
