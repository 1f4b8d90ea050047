import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nrdctl.errors import InvalidArgument
from nrdctl.model.container import Resources
from nrdctl.model.cpuset import CpuSet
from nrdctl.oci.specresources import (
    check_resources,
    check_update,
    merge_resources,
    resource_document,
    resource_warnings,
    task_resources,
    update_document,
)
from tests.support.specs import HOST, make_host

MIB = 1024 * 1024


def spec_with(**resources: Any) -> dict[str, Any]:
    return {"linux": {"resources": resources, "cgroupsPath": "/a/b"}, "root": {"path": "rootfs"}}


@pytest.mark.parametrize(
    ("resources", "document"),
    [
        (Resources(), {}),
        (Resources(cpus=1.5), {"cpu": {"quota": 150_000, "period": 100_000}}),
        (Resources(cpus=0.29), {"cpu": {"quota": 29_000, "period": 100_000}}),
        (Resources(cpus=0.123456789), {"cpu": {"quota": 12_345, "period": 100_000}}),
        (Resources(cpu_quota=5000, cpu_period=20_000), {"cpu": {"quota": 5000, "period": 20_000}}),
        (Resources(cpu_shares=512), {"cpu": {"shares": 512}}),
        (Resources(cpu_shares=0, memory=0), {}),
        (
            Resources(cpuset_cpus=CpuSet.parse("3,0-1"), cpuset_mems=CpuSet.parse("0")),
            {"cpu": {"cpus": "0-1,3", "mems": "0"}},
        ),
        (Resources(memory=64 * MIB), {"memory": {"limit": 64 * MIB, "swap": 128 * MIB}}),
        (Resources(memory=64 * MIB, memory_swap=0), {"memory": {"limit": 64 * MIB, "swap": 128 * MIB}}),
        (Resources(memory=64 * MIB, memory_swap=64 * MIB), {"memory": {"limit": 64 * MIB, "swap": 64 * MIB}}),
        (Resources(memory=64 * MIB, memory_swap=-1), {"memory": {"limit": 64 * MIB}}),
        (Resources(memory_swap=-1), {}),
        (Resources(memory_reservation=32 * MIB), {"memory": {"reservation": 32 * MIB}}),
        (Resources(pids_limit=10), {"pids": {"limit": 10}}),
        (Resources(pids_limit=0), {"pids": {"limit": -1}}),
        (Resources(pids_limit=-1), {"pids": {"limit": -1}}),
    ],
)
def test_documents(resources: Resources, document: dict[str, Any]) -> None:
    assert resource_document(resources, HOST) == document


def test_without_swap_accounting() -> None:
    host = make_host(swap_limit=False)
    limited = Resources(memory=64 * MIB)

    assert resource_document(limited, host) == {"memory": {"limit": 64 * MIB}}
    assert update_document(Resources(memory_swap=MIB), host) == {}
    (warning,) = resource_warnings(limited, host)
    assert warning.endswith("Memory limited without swap.")
    assert resource_warnings(limited, HOST) == ()
    assert resource_warnings(Resources(memory=64 * MIB, memory_swap=-1), host) == ()


def test_a_change_says_only_what_was_given() -> None:
    assert update_document(Resources(), HOST) == {}
    assert update_document(Resources(memory=64 * MIB), HOST) == {"memory": {"limit": 64 * MIB}}
    assert update_document(Resources(memory_swap=-1, pids_limit=-1), HOST) == {
        "memory": {"swap": -1},
        "pids": {"limit": -1},
    }


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        (Resources(memory=6 * MIB - 1), "Minimum memory limit allowed is 6MB"),
        (
            Resources(memory=64 * MIB, memory_swap=63 * MIB),
            "Minimum memoryswap limit should be larger than memory limit, see usage",
        ),
        (
            Resources(memory_swap=64 * MIB),
            "You should always set the Memory limit when using Memoryswap limit, see usage",
        ),
        (Resources(memory=64 * MIB, memory_swap=-2), "invalid memory-swap value -2: use -1 for unlimited swap"),
        (Resources(memory_reservation=MIB), "Minimum memory reservation allowed is 6MB"),
        (
            Resources(memory=64 * MIB, memory_reservation=65 * MIB),
            "Minimum memory limit can not be less than memory reservation limit, see usage",
        ),
        (Resources(cpus=1, cpu_period=1000), "Conflicting options: Nano CPUs and CPU Period cannot both be set"),
        (Resources(cpus=1, cpu_quota=1000), "Conflicting options: Nano CPUs and CPU Quota cannot both be set"),
        (Resources(cpus=4.1), "Range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available"),
        (Resources(cpus=0.009), "Range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available"),
        (
            Resources(cpu_period=999),
            "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
        ),
        (Resources(cpu_quota=999), "CPU cfs quota can not be less than 1ms (i.e. 1000)"),
        (Resources(cpu_shares=-1), "invalid CPU shares (-1): value must be a positive integer"),
        (Resources(cpu_shares=1), "The minimum allowed cpu-shares is 2"),
        (Resources(cpu_shares=262_145), "The maximum allowed cpu-shares is 262144"),
        (
            Resources(cpuset_cpus=CpuSet.parse("2-4")),
            "Requested CPUs are not available - requested 2-4, available: 0-3",
        ),
        (
            Resources(cpuset_mems=CpuSet.parse("1")),
            "Requested memory nodes are not available - requested 1, available: 0",
        ),
        (Resources(shm_size=-1), "SHM size can not be less than 0"),
    ],
)
def test_refusals_in_dockers_words(resources: Resources, message: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        check_resources(resources, HOST)
    assert caught.value.message == message


@pytest.mark.parametrize(
    "resources",
    [
        Resources(),
        Resources(cpus=4, cpuset_cpus=CpuSet.parse("0-3"), cpuset_mems=CpuSet.parse("0")),
        Resources(cpus=0.01, memory=6 * MIB, memory_swap=6 * MIB, memory_reservation=6 * MIB),
        Resources(cpu_quota=-1, cpu_shares=2, memory_swap=-1),
    ],
)
def test_what_is_accepted(resources: Resources) -> None:
    check_resources(resources, HOST)


def test_an_update_sees_what_the_container_has() -> None:
    spec = spec_with(memory={"limit": 64 * MIB, "swap": 128 * MIB, "reservation": 32 * MIB})

    check_update(spec, Resources(memory=128 * MIB), HOST)
    check_update(spec, Resources(memory=256 * MIB, memory_swap=-1), HOST)
    check_update(spec, Resources(memory_swap=64 * MIB), HOST)
    check_update(spec_with(), Resources(memory_swap=64 * MIB), HOST)
    with pytest.raises(InvalidArgument, match="Memory limit should be smaller than already set memoryswap limit"):
        check_update(spec, Resources(memory=129 * MIB), HOST)
    with pytest.raises(InvalidArgument, match="Minimum memoryswap limit should be larger"):
        check_update(spec, Resources(memory_swap=63 * MIB), HOST)
    with pytest.raises(InvalidArgument, match="can not be less than memory reservation"):
        check_update(spec, Resources(memory=31 * MIB), HOST)
    with pytest.raises(InvalidArgument, match="Requested CPUs are not available"):
        check_update(spec, Resources(cpuset_cpus=CpuSet.parse("9")), HOST)


def test_merging() -> None:
    spec = spec_with(cpu={"shares": 2, "cpus": "0"}, devices=[{"allow": False}], pids={"limit": 5})
    before = copy.deepcopy(spec)

    merged = merge_resources(
        spec, {"cpu": {"cpus": None, "quota": 1000}, "pids": {"limit": None}, "unified": {"memory.high": "1"}}
    )

    assert merged["linux"]["resources"] == {
        "cpu": {"shares": 2, "quota": 1000},
        "devices": [{"allow": False}],
        "unified": {"memory.high": "1"},
    }
    assert spec == before
    assert {key: value for key, value in merged.items() if key != "linux"} == {"root": {"path": "rootfs"}}
    assert merged["linux"]["cgroupsPath"] == "/a/b"


def test_merging_into_a_document_without_resources() -> None:
    assert merge_resources({}, {"cpu": {"shares": 2}}) == {"linux": {"resources": {"cpu": {"shares": 2}}}}
    assert merge_resources({}, {"cpu": {"cpus": None}}) == {"linux": {"resources": {}}}


def test_what_the_task_is_told() -> None:
    spec = spec_with(cpu={"shares": 2}, devices=[{"allow": False}])

    assert task_resources(spec) == {"cpu": {"shares": 2}}
    assert task_resources({}) == {}


@given(st.floats(min_value=0.01, max_value=4, allow_nan=False))
def test_a_quota_is_the_share_of_its_period(cpus: float) -> None:
    cpu = resource_document(Resources(cpus=cpus), HOST)["cpu"]

    assert cpu["period"] == 100_000
    assert cpu["quota"] >= 1000
    assert abs(cpu["quota"] - cpus * 100_000) <= 1
