"""All views, by the names of their commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nrdctl.monitor.cpuview import CPU
from nrdctl.monitor.memoryview import MEMORY
from nrdctl.monitor.networkview import NETWORK

if TYPE_CHECKING:
    from nrdctl.monitor.view import View

VIEWS: dict[str, View] = {view.kind: view for view in (CPU, MEMORY, NETWORK)}
