"""`linux.resources`: from docker's flags, checked with docker's words, and merged for a change."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nrdctl.errors import InvalidArgument

if TYPE_CHECKING:
    from nrdctl.model.container import Resources
    from nrdctl.oci.specrequest import Host

CPU_PERIOD = 100_000
"""µs; the period that `--cpus` is a share of, the kernel's default."""
LEAST_MEMORY = 6 * 1024 * 1024
"""docker's own bound: below it a container hardly starts."""
_LEAST_CPUS = 0.01
_NANO = 10**9


def resource_document(resources: Resources, host: Host) -> dict[str, Any]:
    """Return the cpu, memory and pids of a new container. Without a swap limit it may use twice its memory."""
    document = _document(resources)
    memory = document["memory"]
    if memory["limit"] and not memory["swap"]:
        memory["swap"] = 2 * memory["limit"]
    # What is unlimited needs no word at creation, and any word is refused where swap is not accounted for.
    if memory["swap"] == -1 or not host.swap_limit:
        memory["swap"] = None
    return _pruned(document)


def update_document(resources: Resources, host: Host) -> dict[str, Any]:
    """Return the change that the given flags mean for a container that exists; what is None stays as it is."""
    document = _document(resources)
    if not host.swap_limit:
        document["memory"]["swap"] = None
    return _pruned(document)


def merge_resources(spec: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with a change in the shape of `linux.resources` merged in; neither argument is touched.

    A value of None removes a key and an object that becomes empty goes too (RFC 7396, JSON merge patch):
    `{"cpu": {"cpus": None}}` unpins.
    """
    result = copy.deepcopy(dict(spec))
    linux = result.setdefault("linux", {})
    linux["resources"] = _patched(linux.get("resources") or {}, changes)
    return result


def task_resources(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Tasks.Update is to be told: the complete set, without device rules, which no update changes.

    Complete, because runc ≥ 1.2 re-applies stale memory and weight where they are not named.
    """
    resources = (spec.get("linux") or {}).get("resources") or {}
    return {key: copy.deepcopy(value) for key, value in resources.items() if key != "devices"}


def check_resources(resources: Resources, host: Host) -> None:
    """Refuse what the host can't give, before anything is created. Raises InvalidArgument in docker's words."""
    _check_memory(resources)
    if resources.memory_swap and resources.memory_swap > 0 and not resources.memory:
        raise InvalidArgument("You should always set the Memory limit when using Memoryswap limit, see usage")
    _check_cpu(resources, host)
    _check_cpuset(resources, host)
    if resources.shm_size is not None and resources.shm_size < 0:
        raise InvalidArgument("SHM size can not be less than 0")


def check_update(spec: Mapping[str, Any], changes: Resources, host: Host) -> None:
    """Refuse a change that the host, or what the container has already, does not allow. Raises InvalidArgument."""
    _check_memory(changes)
    _check_cpu(changes, host)
    _check_cpuset(changes, host)
    now = ((spec.get("linux") or {}).get("resources") or {}).get("memory") or {}
    memory, swap = changes.memory or now.get("limit") or 0, changes.memory_swap or now.get("swap") or 0
    reservation = changes.memory_reservation or now.get("reservation") or 0
    if 0 < swap < memory and not changes.memory_swap:
        raise InvalidArgument(
            "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time",
            hint="add --memory-swap (memory plus swap), or --memory-swap -1 for no limit of swap",
        )
    _check_swap(memory, swap)
    _check_reservation(memory, reservation)


def resource_warnings(resources: Resources, host: Host) -> tuple[str, ...]:
    """Say which wishes are dropped on this host, in docker's words."""
    if resources.memory and resources.memory_swap != -1 and not host.swap_limit:
        return (
            "Your kernel does not support swap limit capabilities or the cgroup is not mounted. "
            "Memory limited without swap.",
        )
    return ()


def _document(resources: Resources) -> dict[str, dict[str, Any]]:
    """Return all keys; None where nothing was asked for."""
    quota, period = resources.cpu_quota, resources.cpu_period
    if resources.cpus:
        # Through nano-CPUs, as docker: 0.29 * 100000 is 28999.999…
        quota, period = round(resources.cpus * _NANO) * CPU_PERIOD // _NANO, CPU_PERIOD
    pids = resources.pids_limit
    return {
        "cpu": {
            "shares": resources.cpu_shares or None,
            "quota": quota or None,
            "period": period or None,
            "cpus": str(resources.cpuset_cpus) if resources.cpuset_cpus else None,
            "mems": str(resources.cpuset_mems) if resources.cpuset_mems else None,
        },
        "memory": {
            "limit": resources.memory or None,
            "reservation": resources.memory_reservation or None,
            "swap": resources.memory_swap or None,
        },
        "pids": {"limit": None if pids is None else pids if pids > 0 else -1},
    }


def _check_memory(resources: Resources) -> None:
    memory, reservation = resources.memory or 0, resources.memory_reservation or 0
    if memory and memory < LEAST_MEMORY:
        raise InvalidArgument("Minimum memory limit allowed is 6MB")
    _check_swap(memory, resources.memory_swap or 0)
    if 0 < reservation < LEAST_MEMORY:
        raise InvalidArgument("Minimum memory reservation allowed is 6MB")
    _check_reservation(memory, reservation)


def _check_swap(memory: int, swap: int) -> None:
    if swap < -1:
        raise InvalidArgument(f"invalid memory-swap value {swap}: use -1 for unlimited swap")
    if 0 < swap < memory:
        raise InvalidArgument("Minimum memoryswap limit should be larger than memory limit, see usage")


def _check_reservation(memory: int, reservation: int) -> None:
    if 0 < memory < reservation:
        raise InvalidArgument("Minimum memory limit can not be less than memory reservation limit, see usage")


def _check_cpu(resources: Resources, host: Host) -> None:
    cpus, period, quota, shares = resources.cpus, resources.cpu_period, resources.cpu_quota, resources.cpu_shares
    if cpus and period:
        raise InvalidArgument("Conflicting options: Nano CPUs and CPU Period cannot both be set")
    if cpus and quota:
        raise InvalidArgument("Conflicting options: Nano CPUs and CPU Quota cannot both be set")
    count = len(host.cpus)
    if cpus and not _LEAST_CPUS <= cpus <= count:
        raise InvalidArgument(
            f"Range of CPUs is from 0.01 to {count}.00, as there are only {count} CPUs available",
        )
    if period and not 1000 <= period <= 1_000_000:
        raise InvalidArgument(
            "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
        )
    if quota and quota != -1 and quota < 1000:
        raise InvalidArgument("CPU cfs quota can not be less than 1ms (i.e. 1000)")
    if shares and shares < 0:
        raise InvalidArgument(f"invalid CPU shares ({shares}): value must be a positive integer")
    if shares == 1:
        raise InvalidArgument("The minimum allowed cpu-shares is 2")
    if shares and shares > 262_144:
        raise InvalidArgument("The maximum allowed cpu-shares is 262144")


def _check_cpuset(resources: Resources, host: Host) -> None:
    cpus, mems = resources.cpuset_cpus, resources.cpuset_mems
    if cpus and not cpus <= host.cpus:
        raise InvalidArgument(f"Requested CPUs are not available - requested {cpus}, available: {host.cpus}")
    if mems and not mems <= host.mems:
        raise InvalidArgument(f"Requested memory nodes are not available - requested {mems}, available: {host.mems}")


def _patched(document: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(document)
    for key, value in patch.items():
        if isinstance(value, Mapping):
            old = result.get(key)
            value = _patched(old if isinstance(old, Mapping) else {}, value) or None  # noqa: PLW2901
        if value is None:
            result.pop(key, None)
        else:
            result[key] = value
    return result


def _pruned(document: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    groups = {key: {k: v for k, v in group.items() if v is not None} for key, group in document.items()}
    return {key: group for key, group in groups.items() if group}
