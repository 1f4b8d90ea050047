"""Our own definitions of containerd's API: the stubs are fresh, and each thing we define is what the official ones say.

The official definitions are those of Debian's golang-github-containerd-containerd-dev (containerd 1.6.20), which is
installed for this test only.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import pathlib
import subprocess
import sys
from typing import Any

import pytest
from google.protobuf import descriptor_pb2

ROOT = pathlib.Path(__file__).resolve().parents[2]
GO_SOURCES = pathlib.Path("/usr/share/gocode/src")
OFFICIAL = ("github.com/containerd/containerd/api", "github.com/containerd/containerd/runtime/v2/runc/options")
INCLUDES = (".", "github.com/gogo/protobuf", "github.com/gogo/googleapis")

# Fields that came after 1.6.20, and with which version.
NEWER = {"containerd.services.introspection.v1.ServerResponse.pid": "1.7"}
# Messages that have a name of our own, and why is said where they are defined.
RENAMED = {"containerd.services.introspection.v1.InitError": "google.rpc.Status"}

Definitions = dict[str, tuple[Any, ...]]


def generator_is_missing() -> bool:
    try:
        return importlib.metadata.version("grpcio-tools") != "1.62.3"
    except importlib.metadata.PackageNotFoundError:
        return True


needs_generator = pytest.mark.skipif(generator_is_missing(), reason="needs grpcio-tools 1.62.3")
needs_official = pytest.mark.skipif(
    not (GO_SOURCES / OFFICIAL[0]).exists(), reason="needs golang-github-containerd-containerd-dev"
)


@needs_generator
def test_stubs_are_not_stale() -> None:
    script = ROOT / "scripts" / "generate_protos.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, f"run scripts/generate_protos.py\n{done.stderr}"


def test_only_messages_are_generated() -> None:
    assert not list((ROOT / "src/nrdctl/_pb").glob("*_grpc*"))


def our_files() -> list[descriptor_pb2.FileDescriptorProto]:
    files = []
    for path in sorted((ROOT / "src/nrdctl/_pb").glob("*_pb2.py")):
        module = importlib.import_module(f"nrdctl._pb.{path.stem}")
        file = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        if file.package.startswith("containerd."):
            files.append(file)
    return files


@pytest.fixture(scope="module")
def official_files(tmp_path_factory: pytest.TempPathFactory) -> list[descriptor_pb2.FileDescriptorProto]:
    grpc_tools = pytest.importorskip("grpc_tools")
    output = tmp_path_factory.mktemp("protos") / "official"
    includes = [f"-I{GO_SOURCES / each}" for each in INCLUDES]
    includes.append(f"-I{pathlib.Path(grpc_tools.__file__).parent / '_proto'}")
    sources = [str(path) for each in OFFICIAL for path in sorted((GO_SOURCES / each).rglob("*.proto"))]
    command = [sys.executable, "-m", "grpc_tools.protoc", *includes, f"--descriptor_set_out={output}"]
    subprocess.run([*command, "--include_imports", *sources], check=True, capture_output=True, cwd=GO_SOURCES)
    return list(descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes()).file)


def definitions(files: list[descriptor_pb2.FileDescriptorProto]) -> Definitions:
    """Return what files define, by full name: messages, fields, enum values, methods."""
    found: Definitions = {}
    for file in files:
        for message in file.message_type:
            found |= of_message(f"{file.package}.{message.name}", message)
        for enum in file.enum_type:
            found |= {f"{file.package}.{enum.name}.{value.name}": (value.number,) for value in enum.value}
        for service in file.service:
            for method in service.method:
                found[f"{file.package}.{service.name}/{method.name}"] = (
                    method.input_type,
                    method.output_type,
                    method.client_streaming,
                    method.server_streaming,
                )
    return found


def of_message(name: str, message: descriptor_pb2.DescriptorProto) -> Definitions:
    found: Definitions = {name: ()}
    for field in message.field:
        found[f"{name}.{field.name}"] = (field.number, field.type, field.label, field.type_name)
    for nested in message.nested_type:
        found |= of_message(f"{name}.{nested.name}", nested)
    return found


def official_name(name: str) -> str:
    for ours, theirs in RENAMED.items():
        name = name.replace(ours, theirs)
    return name


@needs_official
def test_everything_is_as_in_the_official_definitions(
    official_files: list[descriptor_pb2.FileDescriptorProto],
) -> None:
    official = definitions(official_files)
    ours = {
        official_name(name): tuple(official_name(part) if isinstance(part, str) else part for part in what)
        for name, what in definitions(our_files()).items()
        if name not in NEWER
    }
    assert len(ours) > 300
    assert {name: what for name, what in ours.items() if official.get(name) != what} == {}


@needs_official
def test_the_list_of_newer_fields_is_true(official_files: list[descriptor_pb2.FileDescriptorProto]) -> None:
    official, ours = definitions(official_files), definitions(our_files())
    assert not NEWER.keys() & official.keys()
    assert NEWER.keys() <= ours.keys()


def test_every_file_carries_our_prefix_into_the_descriptor_pool() -> None:
    assert all(file.name.startswith("nrdctl/_pb/") for file in our_files())
