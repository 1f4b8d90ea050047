"""What lists show of an image, kept as a label of its configuration blob, so that a list reads no blobs.

The label can't go stale: a blob's content never changes.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from nrdctl.oci.imageconfig import ImageConfig, parse_time
from nrdctl.oci.platform import Platform

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

LABEL = "nrdctl/image"
# containerd's limit for a label's key and value together, in bytes.
_LIMIT = 4096


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ConfigSummary:
    """The part of an image's configuration that lists show."""

    created: datetime | None
    platform: Platform
    labels: Mapping[str, str]


def summarise(config: ImageConfig) -> ConfigSummary:
    """Return the summary of a configuration."""
    return ConfigSummary(created=config.created, platform=config.platform, labels=config.labels)


def encode(config: ImageConfig) -> dict[str, str]:
    """Return the label; none when it would be too long for containerd."""
    document = {
        "created": config.created.isoformat() if config.created else "",
        "platform": config.platform.to_json(),
        "labels": dict(config.labels),
    }
    text = json.dumps(document, separators=(",", ":"))
    return {LABEL: text} if len(LABEL) + len(text) <= _LIMIT else {}


def decode(labels: Mapping[str, str]) -> ConfigSummary | None:
    """Read the label; None when there is none."""
    try:
        document = json.loads(labels.get(LABEL, ""))
        return ConfigSummary(
            created=parse_time(document["created"]),
            platform=Platform.from_json(document["platform"]),
            labels={str(key): str(value) for key, value in document["labels"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
