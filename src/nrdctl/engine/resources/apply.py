"""The steps of a change that touch something: the spec, the runtime, the files; and the same steps backwards."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nrdctl.cgroup.plan import Plan, mismatches
from nrdctl.cgroup.refusal import explain
from nrdctl.cgroup.resources import runtime_document
from nrdctl.cgroup.writes import burst_first, file_writes
from nrdctl.engine.resources.target import Found, resources_of, still_there
from nrdctl.errors import Conflict, NotFound, NrdctlError

if TYPE_CHECKING:
    from nrdctl.cgroup.driver import FileWrite, Location, Reading
    from nrdctl.cgroup.own import Own
    from nrdctl.containerd.records import ContainerRecord
    from nrdctl.engine.resources.target import Target


def save_spec(target: Target, record: ContainerRecord, resources: Mapping[str, Any]) -> None:
    """Keep the resources in the container's spec, from which a restart makes its cgroup."""
    if resources_of(record) == resources:
        return
    spec = copy.deepcopy(record.spec)
    linux = spec.get("linux")
    spec["linux"] = {**(linux if isinstance(linux, dict) else {}), "resources": dict(resources)}
    target.client.containers.update(dataclasses.replace(record, spec_json=json.dumps(spec).encode()), "spec")


@dataclasses.dataclass(slots=True)
class Progress:
    """How far `apply` came: once the runtime was told, its record has to be put back as well."""

    told_runtime: bool = False


def apply(target: Target, found: Found, plan: Plan, progress: Progress) -> Reading:
    """Change a running container and return what its files say then. Raises when that isn't what was planned."""
    location = _location(found)
    write_all(target, location, burst_first(plan.writes))
    if plan.needs_cpuset:
        target.host.driver.enable_cpuset(location)
    target.client.tasks.update(found.record.id, plan.runtime)
    progress.told_runtime = True
    write_rest(target, location, plan.wanted)
    reading = target.host.driver.read(location)
    different = mismatches(plan, reading, online=target.host.facts.online)
    if different:
        raise Conflict(f"the kernel has something else than what was written: {'; '.join(different)}")
    if not still_there(found):
        raise NotFound(f"{found.name} has just exited")
    asked = {
        key: getattr(plan.wanted, key) for key in ("cpus", "mems") if key in plan.keys and key not in plan.unpinned
    }
    return dataclasses.replace(
        reading,
        asked_cpus=asked.get("cpus", found.reading.asked_cpus),
        asked_mems=asked.get("mems", found.reading.asked_mems),
    )


def put_back(
    target: Target, found: Found, before: Own, *, spec_before: Mapping[str, Any] | None, progress: Progress
) -> list[str]:
    """Put the spec, the runtime's record and the files back; return what could not be, as texts.

    Without `spec_before` the spec is left alone.
    """
    failures = []
    if spec_before is not None:
        try:
            save_spec(target, target.client.containers.get(found.record.id), spec_before)
        except NotFound:
            return []  # the container is gone, and all that was changed with it
        except NrdctlError as error:
            failures.append(f"the container's spec: {error}")
    if found.location is not None and still_there(found):
        failures.extend(_put_files_back(target, found, before, progress))
    return failures


def write_rest(target: Target, location: Location, wanted: Own) -> None:
    """Write what the runtime has left different: it can't unpin, and not every runtime can remove a limit."""
    own = target.host.driver.read(location).own
    write_all(target, location, file_writes(own, wanted, target.host.facts))


def write_all(target: Target, location: Location, writes: tuple[FileWrite, ...]) -> None:
    """Write files one after the other. Raises the error that explains a refusal."""
    for write in writes:
        try:
            target.host.driver.write(location, write)
        except OSError as error:
            raise explain(error, write, target.host.facts) from error


def _put_files_back(target: Target, found: Found, before: Own, progress: Progress) -> list[str]:
    facts, location = target.host.facts, _location(found)
    try:
        own = target.host.driver.read(location).own
        write_all(target, location, burst_first(file_writes(own, before, facts)))
    except (NrdctlError, OSError) as error:
        return [str(error)]
    failure = ""
    try:
        document = runtime_document(before, found.reading.supported, version=facts.version)
        target.client.tasks.update(found.record.id, document)
    except NotFound:
        return []
    except NrdctlError as error:
        # A runtime that has refused the change keeps its old record anyway.
        failure = f"the runtime's record: {error}" if progress.told_runtime else ""
    try:
        write_rest(target, location, before)
    except (NrdctlError, OSError) as error:
        return [str(error)]
    return [failure] if failure else []


def _location(found: Found) -> Location:
    if found.location is None:
        raise Conflict(f"{found.name} is not running")
    return found.location
