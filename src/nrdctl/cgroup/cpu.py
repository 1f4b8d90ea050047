"""CPU arithmetic: CPUs ↔ quota and period, weight ↔ shares."""

from __future__ import annotations

import math

from nrdctl.model.limit import DEFAULT_PERIOD, DEFAULT_WEIGHT, MOST_WEIGHT

DEFAULT_SHARES = 1024
LEAST_SHARES = 2
MOST_SHARES = 262_144
# systemd keeps CPUQuota in whole percent of one CPU, rounded up: 20500 of 100000 became 21000 at a daemon-reload.
_SYSTEMD_STEP = DEFAULT_PERIOD // 100


def cpus_of(quota: int | None, period: int) -> float | None:
    """Return the CPUs of a quota, None for no limit.

    >>> cpus_of(20000, 100000)
    0.2
    """
    return None if quota is None else quota / period


def quota_of_cpus(cpus: float, period: int = DEFAULT_PERIOD) -> int:
    """Return the quota in µs of docker's `--cpus` (moby: NanoCPUs × period / 10⁹, period 100 ms).

    >>> quota_of_cpus(1.5)
    150000
    """
    return round(cpus * period)


def systemd_quota(quota: int, period: int) -> int:
    """Return the quota that systemd will make of this one: a whole percent of a CPU, rounded up.

    >>> systemd_quota(20500, 100000)
    21000
    """
    step = max(1, _SYSTEMD_STEP * period // DEFAULT_PERIOD)
    return -(-quota // step) * step


def weight_of_shares(shares: int) -> int:
    """Return the cpu.weight that schedules as these v1 shares do.

    The kernel itself keeps one number for both, with weight 100 = shares 1024 (kernel/sched/core.c,
    cpu_weight_read_u64). Runtimes convert differently: see `runtime_weight`.

    >>> weight_of_shares(1024), weight_of_shares(512)
    (100, 50)
    """
    weight = (shares * DEFAULT_WEIGHT + DEFAULT_SHARES // 2) // DEFAULT_SHARES
    return min(max(weight, 1), MOST_WEIGHT)


def shares_of_weight(weight: int) -> int:
    """Return the v1 shares that schedule as this cpu.weight does (kernel/sched/core.c, cpu_weight_write_u64).

    >>> shares_of_weight(100), shares_of_weight(300)
    (1024, 3072)
    """
    shares = (weight * DEFAULT_SHARES + DEFAULT_WEIGHT // 2) // DEFAULT_WEIGHT
    return min(max(shares, LEAST_SHARES), MOST_SHARES)


def runtime_weight(shares: int) -> int:
    """Return the cpu.weight that runc ≥ 1.3 makes of OCI shares on cgroup v2, to fit minimum, default and maximum.

    opencontainers/cgroups, ConvertCPUSharesToCgroupV2Value: 10^((l² + 125 l) / 612 − 7/34) with l = log2(shares).
    (Older runtimes use 1 + (shares − 2) × 9999 / 262142, which makes 39 of the default 1024.)

    >>> runtime_weight(1024), runtime_weight(512)
    (100, 59)
    """
    if shares <= LEAST_SHARES:
        return 1
    if shares >= MOST_SHARES:
        return MOST_WEIGHT
    log = math.log2(shares)
    return math.ceil(10 ** ((log * log + 125 * log) / 612 - 7 / 34))
