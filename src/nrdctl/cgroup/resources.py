"""The OCI runtime specification's `linux.resources`: read it, change it, and build the document for a running task.

cgroup v2's own files, where the specification has no field for them, go through its `unified` map.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from nrdctl.cgroup import files
from nrdctl.cgroup.cpu import DEFAULT_SHARES, runtime_weight, shares_of_weight, weight_of_shares
from nrdctl.cgroup.memory import oci_swap, swap_of_oci
from nrdctl.cgroup.own import CPUS, MEMS, Own
from nrdctl.model import limit
from nrdctl.model.cpuset import CpuSet

Resources = dict[str, Any]
# key → the entries of `unified` that say the same; they would win over the fields.
_UNIFIED = {
    limit.CPU: files.CPU_MAX,
    limit.CPU_WEIGHT: files.CPU_WEIGHT,
    limit.MEMORY: files.MEMORY_MAX,
    limit.MEMORY_HIGH: files.MEMORY_HIGH,
    limit.MEMORY_LOW: files.MEMORY_LOW,
    limit.SWAP: files.MEMORY_SWAP_MAX,
    limit.PIDS: files.PIDS_MAX,
    CPUS: files.CPUSET_CPUS,
    MEMS: files.CPUSET_MEMS,
}


def own_of_resources(resources: Mapping[str, Any], *, version: int) -> Own:
    """Return what a cgroup made from these resources will ask for."""
    cpu, memory = resources.get("cpu") or {}, resources.get("memory") or {}
    unified = resources.get("unified") or {}
    quota, period = cpu.get("quota"), cpu.get("period") or limit.DEFAULT_PERIOD
    if files.CPU_MAX in unified:
        quota, period = files.parse_cpu_max(unified[files.CPU_MAX])
    shares = cpu.get("shares") or None
    size = _from_unified(unified, files.MEMORY_MAX, _positive(memory.get("limit")))
    pids = _positive((resources.get("pids") or {}).get("limit"))
    return Own(
        cpu_quota=_positive(quota),
        cpu_period=period,
        cpu_burst=cpu.get("burst") or 0,
        cpu_weight=_weight(unified, shares, version),
        cpu_shares=shares if version == 1 else None,
        cpus=CpuSet.from_file(unified.get(files.CPUSET_CPUS) or cpu.get("cpus") or ""),
        mems=CpuSet.from_file(unified.get(files.CPUSET_MEMS) or cpu.get("mems") or ""),
        memory_max=size,
        memory_high=_from_unified(unified, files.MEMORY_HIGH, None),
        memory_low=files.parse_low(str(unified.get(files.MEMORY_LOW, _positive(memory.get("reservation")) or 0))),
        swap_max=_from_unified(unified, files.MEMORY_SWAP_MAX, swap_of_oci(size, memory.get("swap"))),
        pids_max=_from_unified(unified, files.PIDS_MAX, pids),
    )


def merge(resources: Mapping[str, Any], keys: Iterable[str], own: Own, *, version: int) -> Resources:
    """Return the container's resources with the changed keys as `own` has them. What isn't limited is left out."""
    result: Resources = copy.deepcopy(dict(resources))
    keys = set(keys)
    for section in ("cpu", "memory", "pids", "unified"):
        if not isinstance(result.get(section), dict):
            result[section] = {}
    for key in keys:
        result["unified"].pop(_UNIFIED[key], None)
    _merge_cpu(result, keys, own, version)
    if keys & {limit.MEMORY, limit.SWAP}:
        result["unified"].pop(files.MEMORY_SWAP_MAX, None)
        _put(result["memory"], "limit", own.memory_max)
        had_swap = "swap" in result["memory"]
        _put(result["memory"], "swap", _swap(own) if own.swap_max is not None or had_swap else None)
        if own.memory_max is None:
            result["memory"].pop("swap", None)
            _put(result["unified"], files.MEMORY_SWAP_MAX, _text(own.swap_max) if version == 2 else None)
    if limit.MEMORY_LOW in keys:
        _put(result["memory"], "reservation", own.memory_low or None)
    if limit.MEMORY_HIGH in keys:
        _put(result["unified"], files.MEMORY_HIGH, _text(own.memory_high))
    if limit.PIDS in keys:
        _put(result["pids"], "limit", own.pids_max)
    for section in ("cpu", "memory", "pids", "unified"):
        if not result[section]:
            del result[section]
    return result


def runtime_document(own: Own, supported: frozenset[str], *, version: int) -> Resources:
    """Return the complete set for `Tasks.Update`: no limit is said aloud, as -1.

    Complete, because runc ≥ 1.2 writes memory and weight from its own record at *every* update, named or not.
    """
    cpu: Resources = {}
    if limit.CPU in supported:
        cpu.update(quota=-1 if own.cpu_quota is None else own.cpu_quota, period=own.cpu_period)
    if version == 1 and limit.CPU_WEIGHT in supported:
        cpu["shares"] = own.cpu_shares or shares_of_weight(own.cpu_weight)
    if own.cpus and CPUS in supported:
        cpu["cpus"] = own.cpus.format()
    if own.mems and MEMS in supported:
        cpu["mems"] = own.mems.format()
    memory: Resources = {}
    if limit.MEMORY in supported:
        memory["limit"] = -1 if own.memory_max is None else own.memory_max
        if limit.SWAP in supported:
            memory["swap"] = _swap(own)
    document: Resources = {"cpu": cpu, "memory": memory}
    if limit.PIDS in supported:
        document["pids"] = {"limit": -1 if own.pids_max is None else own.pids_max}
    if version == 2:
        document["unified"] = _runtime_unified(own, supported)
    elif limit.MEMORY_LOW in supported:
        memory["reservation"] = own.memory_low or -1
    return {section: fields for section, fields in document.items() if fields}


def _runtime_unified(own: Own, supported: frozenset[str]) -> dict[str, str]:
    unified = {}
    if limit.CPU_WEIGHT in supported:
        unified[files.CPU_WEIGHT] = str(own.cpu_weight)
    if limit.MEMORY_HIGH in supported:
        unified[files.MEMORY_HIGH] = files.format_max(own.memory_high)
    if limit.MEMORY_LOW in supported:
        unified[files.MEMORY_LOW] = files.format_low(own.memory_low)
    if limit.SWAP in supported and own.memory_max is None and own.swap_max is not None:
        unified[files.MEMORY_SWAP_MAX] = str(own.swap_max)
    return unified


def _merge_cpu(result: Resources, keys: set[str], own: Own, version: int) -> None:
    cpu = result["cpu"]
    if limit.CPU in keys:
        _put(cpu, "quota", own.cpu_quota)
        _put(cpu, "period", None if own.cpu_quota is None else own.cpu_period)
        if "burst" in cpu:
            _put(cpu, "burst", own.cpu_burst or None)
    if limit.CPU_WEIGHT in keys:
        shares, weight = own.cpu_shares or shares_of_weight(own.cpu_weight), own.cpu_weight
        _put(cpu, "shares", shares if version == 1 and shares != DEFAULT_SHARES else None)
        _put(
            result["unified"],
            files.CPU_WEIGHT,
            str(weight) if version == 2 and weight != limit.DEFAULT_WEIGHT else None,
        )
    if CPUS in keys:
        _put(cpu, "cpus", own.cpus.format() or None)
    if MEMS in keys:
        _put(cpu, "mems", own.mems.format() or None)


def _swap(own: Own) -> int:
    return oci_swap(own.memory_max, own.swap_max)


def _put(section: Resources, name: str, value: object) -> None:
    if value is None:
        section.pop(name, None)
    else:
        section[name] = value


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


def _positive(value: int | None) -> int | None:
    return value if value is not None and value > 0 else None


def _from_unified(unified: Mapping[str, str], name: str, otherwise: int | None) -> int | None:
    return files.parse_max(unified[name]) if name in unified else otherwise


def _weight(unified: Mapping[str, str], shares: int | None, version: int) -> int:
    if files.CPU_WEIGHT in unified:
        return int(unified[files.CPU_WEIGHT])
    if shares is None:
        return limit.DEFAULT_WEIGHT
    return weight_of_shares(shares) if version == 1 else runtime_weight(shares)
