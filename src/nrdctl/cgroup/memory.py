"""Memory arithmetic: page rounding, swap in the OCI's sense, what is used and what could be given back."""

from __future__ import annotations

LEAST_MEMORY = 1024 * 1024


def align(size: int, page_size: int) -> int:
    """Return the size that the kernel will keep: rounded down to whole pages, as page_counter_memparse does.

    >>> align(4097, 4096)
    4096
    """
    return size // page_size * page_size


def working_set(current: int, inactive_file: int) -> int:
    """Return the memory that counts as used: everything but the file cache that nobody touched for long.

    The definition of docker stats, kubelet and the CRI: memory.current − inactive_file, not below 0.

    >>> working_set(100, 30)
    70
    """
    return max(0, current - inactive_file)


def unreclaimable(
    current: int, *, file_cache: int, slab_reclaimable: int, swap_room: int | None, swappable: int
) -> int:
    """Return what would still be there after the kernel took back all it can, in bytes.

    `file_cache` is inactive_file + active_file, `swappable` is anon + shmem, `swap_room` how much of it may still go to
    swap (None: as much as there is). A limit below the result makes v2 kill and v1 refuse.

    >>> unreclaimable(100, file_cache=30, slab_reclaimable=10, swap_room=0, swappable=50)
    60
    """
    to_swap = swappable if swap_room is None else min(swappable, swap_room)
    return max(0, current - file_cache - slab_reclaimable - to_swap)


def oci_swap(memory: int | None, swap: int | None) -> int:
    """Return OCI's `memory.swap`, which is memory *and* swap, from the two separate limits; -1 is unlimited.

    >>> oci_swap(64, 0), oci_swap(64, None), oci_swap(None, 10)
    (64, -1, -1)
    """
    return -1 if memory is None or swap is None else memory + swap


def swap_of_oci(memory: int | None, swap: int | None) -> int | None:
    """Return the swap limit alone from OCI's `memory.limit` and `memory.swap`; None is unlimited.

    >>> swap_of_oci(64, 128), swap_of_oci(64, -1)
    (64, None)
    """
    if memory is None or memory <= 0 or swap is None or swap <= 0:
        return None
    return max(0, swap - memory)
