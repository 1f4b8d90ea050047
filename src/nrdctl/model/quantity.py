"""Sizes, numbers of CPUs and durations as people write them. Every parser raises `ValueError` with a reason."""

from __future__ import annotations

_POWERS = {"": 0, "b": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5, "e": 6}
_LARGEST = 2**63 - 1
_NANO_DIGITS = 9
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_bytes(text: str) -> int:
    """Return the bytes of `512m`, `64Mi`, `1.5G`, `512MB` or `1048576`.

    All units count by 1024, as in docker (go-units' RAMInBytes), the kernel and systemd: `512m` is 512 MiB. The
    Kubernetes spelling `Mi` means the same. A fraction of a byte is dropped.
    """
    number, unit = split_unit(text)
    digits, scale = _decimal(text, number, "size")
    suffix = unit.lower()
    letter = suffix[:1]
    if letter not in _POWERS or suffix[1:] not in ("", "i", "b", "ib") or (letter == "b" and len(suffix) > 1):
        raise ValueError(f"invalid size {text!r}: unknown unit {unit!r}; use b, k, m, g, t or p")
    size: int = digits * 1024 ** _POWERS[letter] // 10**scale
    if size > _LARGEST:
        raise ValueError(f"invalid size {text!r}: it is larger than any memory")
    return size


def parse_memory_swap(text: str) -> int:
    """Return the bytes of a `--memory-swap` value; -1 means unlimited swap."""
    return -1 if text == "-1" else parse_bytes(text)


def parse_cpus(text: str) -> float:
    """Return docker's `--cpus` value: a positive decimal with at most 9 decimals (it is kept in nano-CPUs there)."""
    digits, scale = _decimal(text, text, "number of CPUs")
    if scale > _NANO_DIGITS:
        raise ValueError(f"invalid number of CPUs {text!r}: at most {_NANO_DIGITS} decimals are possible")
    if digits == 0:
        raise ValueError(f"invalid number of CPUs {text!r}: it must be more than 0")
    cpus: float = digits / 10**scale
    return cpus


def parse_duration(text: str) -> float:
    """Return the seconds of a Go duration such as `1m30s`, `1.5h`, `300ms` or `0`."""
    if text == "0":
        return 0.0
    seconds, rest = 0.0, text
    while rest:
        number, tail = split_unit(rest)
        unit = ""
        for unit in ("ms", "us", "µs", "μs", "ns", "h", "m", "s"):  # "ms" before "m"
            if tail.startswith(unit):
                break
        else:
            raise ValueError(f"invalid duration {text!r}: use numbers with h, m, s or ms, for example 1m30s")
        digits, scale = _decimal(text, number, "duration")
        seconds += digits / 10**scale * _SECONDS[unit]
        rest = tail[len(unit) :]
    if not text:
        raise ValueError("invalid duration '': it is empty")
    return seconds


def format_bytes(size: int) -> str:
    """Return a size in the largest binary unit that keeps it short: `512 MiB`, `1.5 GiB`, `1000 bytes`.

    >>> format_bytes(536870912)
    '512 MiB'
    """
    for power, unit in ((5, "PiB"), (4, "TiB"), (3, "GiB"), (2, "MiB"), (1, "KiB")):
        factor: int = 1024**power
        if size >= factor:
            return f"{round(size / factor, 2):g} {unit}" if size < 1_000_000 * factor else f"{size // factor} {unit}"
    return f"{size} bytes"


def split_unit(text: str) -> tuple[str, str]:
    """Split a text after its leading digits and points: `1.5Gi` → (`1.5`, `Gi`)."""
    end = 0
    while end < len(text) and (text[end] in "0123456789."):
        end += 1
    return text[:end], text[end:]


def parse_decimal(text: str, kind: str) -> tuple[int, int]:
    """Return a decimal number exactly, as (digits, scale): `1.50` → (150, 2). `kind` names it in the error."""
    return _decimal(text, text, kind)


def _decimal(text: str, number: str, kind: str) -> tuple[int, int]:
    whole, _, fraction = number.partition(".")
    digits = whole + fraction
    if not digits or not digits.isascii() or not digits.isdecimal():
        raise ValueError(f"invalid {kind} {text!r}: it is not a number")
    if len(digits) > 40:
        raise ValueError(f"invalid {kind} {text!r}: too many digits")
    return int(digits), len(fraction)
