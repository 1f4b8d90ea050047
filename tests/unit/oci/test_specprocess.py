import json

import pytest

from nrdctl.errors import InvalidArgument
from nrdctl.model.container import Process, Security
from nrdctl.oci.imageconfig import ImageConfig
from nrdctl.oci.spec import ExecRequest, build_spec, exec_process
from nrdctl.oci.specprocess import DEFAULT_PATH, command, environment, working_directory
from nrdctl.oci.user import User
from tests.support.specs import make_host, make_request

IMAGE = ImageConfig(entrypoint=("/entry", "-e"), cmd=("one", "two"))


@pytest.mark.parametrize(
    ("entrypoint", "args", "image", "expected"),
    [
        (None, (), IMAGE, ["/entry", "-e", "one", "two"]),
        (None, ("x",), IMAGE, ["/entry", "-e", "x"]),
        ("/mine", (), IMAGE, ["/mine"]),
        ("/mine", ("x",), IMAGE, ["/mine", "x"]),
        ("", ("x",), IMAGE, ["x"]),
        (None, (), ImageConfig(cmd=("sh",)), ["sh"]),
        (None, ("x",), ImageConfig(cmd=("sh",)), ["x"]),
        (None, (), ImageConfig(entrypoint=("",), cmd=("sh",)), ["sh"]),
        (None, ("",), ImageConfig(), [""]),
    ],
)
def test_entrypoint_and_command(
    entrypoint: str | None, args: tuple[str, ...], image: ImageConfig, expected: list[str]
) -> None:
    config = make_request(process=Process(entrypoint=entrypoint)).config

    assert command(type(config)(image="i", args=args, process=config.process), image) == expected


@pytest.mark.parametrize(("entrypoint", "image"), [(None, ImageConfig()), ("", IMAGE)])
def test_no_command(entrypoint: str | None, image: ImageConfig) -> None:
    config = make_request().config
    config = type(config)(image="i", process=Process(entrypoint=entrypoint))
    with pytest.raises(InvalidArgument, match=r"^no command specified$"):
        command(config, image)


def test_the_order_of_the_environment() -> None:
    image = ImageConfig(env=("PATH=/bin", "A=image", "B=image", "EMPTY="))
    request = make_request(process=Process(tty=True), image=image, environment=("C=user", "A=user", "HOSTNAME=other"))

    assert environment(request) == [
        "PATH=/bin",
        "HOSTNAME=other",
        "TERM=xterm",
        "C=user",
        "A=user",
        "B=image",
        "EMPTY=",
    ]


def test_the_least_environment() -> None:
    assert environment(make_request()) == [f"PATH={DEFAULT_PATH}", "HOSTNAME=box"]
    assert environment(make_request(hostname="")) == [f"PATH={DEFAULT_PATH}"]
    # A bare name takes a variable of the image away.
    assert environment(make_request(image=ImageConfig(env=("A=1",)), environment=("A", "HOSTNAME"))) == [
        f"PATH={DEFAULT_PATH}"
    ]


def test_working_directory() -> None:
    image = ImageConfig(working_dir="/image")
    assert working_directory(make_request().config, ImageConfig()) == "/"
    assert working_directory(make_request().config, image) == "/image"
    assert working_directory(make_request(process=Process(workdir="/w")).config, image) == "/w"
    with pytest.raises(InvalidArgument, match="the working directory 'w' is invalid, it needs to be an absolute path"):
        working_directory(make_request(process=Process(workdir="w")).config, image)


def test_users_and_capability_sets() -> None:
    root = build_spec(make_request())["process"]
    assert root["user"] == {"uid": 0, "gid": 0, "additionalGids": [0]}
    assert set(root["capabilities"]) == {"bounding", "effective", "permitted"}
    assert root["noNewPrivileges"] is False
    assert root["oomScoreAdj"] == 0
    assert "rlimits" not in root
    bob = build_spec(make_request(user=User(uid=1, gid=2, additional_gids=(2, 3))))["process"]
    assert bob["user"] == {"uid": 1, "gid": 2, "additionalGids": [2, 3]}
    assert set(bob["capabilities"]) == {"bounding"}


@pytest.mark.parametrize(
    ("apparmor", "security", "profile"),
    [
        (False, Security(security_opt=("apparmor=mine",)), None),
        (True, Security(), "default-profile"),
        (True, Security(security_opt=("apparmor=mine",)), "mine"),
        (True, Security(privileged=True), "unconfined"),
        (True, Security(privileged=True, security_opt=("apparmor=mine",)), "mine"),
    ],
)
def test_apparmor(apparmor: bool, security: Security, profile: str | None) -> None:
    host = make_host(apparmor=apparmor, apparmor_profile="default-profile")

    assert build_spec(make_request(security=security, host=host))["process"].get("apparmorProfile") == profile


def test_exec_is_like_the_container() -> None:
    security = Security(cap_add=("SYS_ADMIN",), security_opt=("no-new-privileges",))
    spec = build_spec(make_request(environment=("A=1",), security=security, process=Process(workdir="/w")))
    before = json.dumps(spec)

    process = exec_process(spec, ExecRequest(args=("ls", "-l")))

    assert process == spec["process"] | {"args": ["ls", "-l"]}
    assert json.dumps(spec) == before
    assert process["env"] is not spec["process"]["env"]


def test_exec_with_everything_of_its_own() -> None:
    spec = build_spec(make_request(environment=("A=1", "B=1")))
    user = User(uid=5, gid=6, additional_gids=(6,))

    request = ExecRequest(
        args=("sh",),
        environment=("B=2", "C=3", "A"),
        workdir="/x",
        user=user,
        tty=True,
        privileged=True,
        capabilities=("CAP_BPF",),
    )
    process = exec_process(spec, request)

    assert process["env"] == [f"PATH={DEFAULT_PATH}", "HOSTNAME=box", "B=2", "TERM=xterm", "C=3"]
    assert process["cwd"] == "/x"
    assert process["user"] == {"uid": 5, "gid": 6, "additionalGids": [6]}
    assert process["terminal"] is True
    assert process["capabilities"] == {key: ["CAP_BPF"] for key in ("bounding", "effective", "permitted")}


def test_the_terminal_of_an_exec_is_its_own() -> None:
    spec = build_spec(make_request(process=Process(tty=True)))
    assert "TERM=xterm" in exec_process(spec, ExecRequest(args=("sh",), tty=True))["env"]
    plain = exec_process(spec, ExecRequest(args=("sh",)))
    assert plain["terminal"] is False
    assert "TERM=xterm" not in plain["env"]


def test_an_exec_without_sense() -> None:
    spec = build_spec(make_request())
    with pytest.raises(InvalidArgument, match="no exec command specified"):
        exec_process(spec, ExecRequest(args=()))
    with pytest.raises(InvalidArgument, match="needs to be an absolute path"):
        exec_process(spec, ExecRequest(args=("ls",), workdir="tmp"))
