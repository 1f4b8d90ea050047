"""Signal names and numbers as Linux has them on x86, ARM and RISC-V (`man 7 signal`)."""

from __future__ import annotations

# In the order of their numbers, from 1.
_WORDS = (
    "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG "
    "XCPU XFSZ VTALRM PROF WINCH IO PWR SYS"
)
_NAMES = _WORDS.split()
_NUMBERS = {name: number for number, name in enumerate(_NAMES, start=1)} | {"IOT": 6, "CLD": 17, "POLL": 29}

RTMIN = 34
"""The first real-time signal that programs get from the C library; the kernel's 32 and 33 are the library's own."""
RTMAX = 64


def parse_signal(text: str) -> int:
    """Return the number of `SIGTERM`, `term`, `15`, `RTMIN+3` or `SIGRTMAX-1`. Raises ValueError with docker's text."""
    name = text.upper().removeprefix("SIG")
    number = int(name) if name.isascii() and name.isdigit() else _NUMBERS.get(name, 0) or _realtime(name)
    if not 1 <= number <= RTMAX:
        raise ValueError(f"Invalid signal: {text}")
    return number


def _realtime(name: str) -> int:
    """Return the number of `RTMIN`, `RTMIN+N`, `RTMAX` or `RTMAX-N`; 0 when it is none of these."""
    for base, start, sign in (("RTMIN", RTMIN, "+"), ("RTMAX", RTMAX, "-")):
        if name == base:
            return start
        offset = name.removeprefix(base + sign)
        if offset != name and offset.isascii() and offset.isdigit():
            number = start + int(sign + offset)
            return number if RTMIN <= number <= RTMAX else 0
    return 0


def signal_name(number: int) -> str:
    """Return `SIGTERM` for 15; real-time signals count from the nearer end, as `kill -l` does. Raises ValueError."""
    if 1 <= number <= len(_NAMES):
        return f"SIG{_NAMES[number - 1]}"
    if not RTMIN <= number <= RTMAX:
        raise ValueError(f"Invalid signal: {number}")
    above, below = number - RTMIN, RTMAX - number
    if above <= below:
        return f"SIGRTMIN+{above}" if above else "SIGRTMIN"
    return f"SIGRTMAX-{below}" if below else "SIGRTMAX"
