"""The labels and extensions that nrdctl keeps on containerd's container objects.

Labels are the small, listable facts (containerd limits a key and its value to 4096 bytes together); the whole request
is an extension, which has no such limit.
"""

from __future__ import annotations

from collections.abc import Mapping

PREFIX = "nrdctl/"

NAME = "nrdctl/name"
STARTED_AT = "nrdctl/started-at"
EXIT_CODE = "nrdctl/exit-code"
EXITED_AT = "nrdctl/exited-at"
ERROR = "nrdctl/error"
# "true" from an explicit stop until the next start: restart policies must not act.
STOPPED_BY_USER = "nrdctl/stopped-by-user"
RESTARTS = "nrdctl/restarts"
# Set while a restart is due: `ps` says "Restarting".
RESTARTING = "nrdctl/restarting"
OOM_KILLED = "nrdctl/oom-killed"

REQUEST = "nrdctl/request"

# On leases and snapshots: the process that works under them, as "pid:starttime", so that prune can tell orphans.
OWNER = "nrdctl/owner"

MAX_LABEL_BYTES = 4096

_NAME_KEYS = (NAME, "nerdctl/name")
_POD_NAMESPACE = "io.kubernetes.pod.namespace"
_POD_NAME = "io.kubernetes.pod.name"
_POD_CONTAINER = "io.kubernetes.container.name"
_INTERNAL = (PREFIX, "nerdctl/", "containerd.io/", "io.containerd.", "io.cri-containerd.")


def display_name(labels: Mapping[str, str]) -> str:
    """Return the name that a container's labels give it, whoever made it; empty when they give none."""
    for key in _NAME_KEYS:
        if labels.get(key):
            return labels[key]
    if _POD_NAME in labels:
        parts = [labels.get(_POD_NAMESPACE, ""), labels[_POD_NAME], labels.get(_POD_CONTAINER, "")]
        return "k8s://" + "/".join(filter(None, parts))
    return ""


def user_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels that people set, without those of the tools."""
    return {key: value for key, value in labels.items() if not key.startswith(_INTERNAL)}


def fits(key: str, value: str) -> bool:
    """Say whether containerd accepts this label."""
    return len(key.encode()) + len(value.encode()) <= MAX_LABEL_BYTES
