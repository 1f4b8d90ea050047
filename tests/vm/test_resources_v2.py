"""Limits and pins on real cgroup v2: containers that `ctr` made, changed by nrdctl's resource layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.vm.guest import Guest

CASES = (
    "host_is_v2",
    "set_and_remove",
    "later_changes_keep_earlier_ones",
    "busy_loop_is_held_down",
    "pin_and_unpin",
    "pin_to_a_numa_node",
    "nonsense_changes_nothing",
    "burst_is_lowered_first",
    "an_offline_cpu",
    "outside_the_parents_set",
    "a_moved_init_process",
    "a_paused_container",
    "memory_in_use",
    "a_failure_half_way",
    "many_threads",
    "cpuset_is_held_back",
    "crun_too",
)


@pytest.mark.parametrize("case", CASES)
def test_in_the_guest(vm: Guest, case: str) -> None:
    script = f"import sys; sys.path.insert(0, '/mnt/w')\nfrom tests.vm.guestcases import resources\nresources.{case}()"
    result = vm.python(script, timeout=300)
    assert result.code == 0, result.text
