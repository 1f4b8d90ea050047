"""Names and IDs of containers: docker's rules for given names, and random ones for the rest."""

from __future__ import annotations

import re
import secrets
from collections.abc import Container

from nrdctl.errors import InvalidArgument

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")

_MOODS = """
    able agile amber ample apt astute awake bold brave brief bright brisk calm candid civil clear clever cosmic cozy
    crisp daring deft eager earnest elated fair famed fleet fluent fond frank free fresh gentle glad golden grand
    hardy hearty honest humble jolly jovial keen kind lively loyal lucid lucky mellow merry modest neat nimble noble
    patient placid polite prime proud quick quiet rapid ready serene sharp silent sleek smart snug sober solid spry
    stable steady stoic sunny swift tidy trusty upbeat vivid warm wise witty zesty
""".split()  # noqa: SIM905 - easier to read and to extend
_PEOPLE = """
    abel ada agnesi allen archimedes babbage bernoulli bohr boole borg bose cantor cerf church clarke cori curie
    darwin dijkstra dirac einstein elion engelbart erdos euclid euler faraday fermat fermi feynman franklin galileo
    galois gauss goldberg goodall hamilton hawking hellman hertz hopper hypatia johnson kahn keller kepler khorana
    kilby knuth kowalevski lamarr lamport leavitt liskov lovelace lumiere mayer mcclintock meitner mendel mirzakhani
    morse napier nash newton nobel noether pascal pasteur payne perlman planck ptolemy raman ride ritchie rosalind
    rubin sammet shannon shirley sinoussi snyder stallman tesla thompson torvalds turing vaughan volta wiles wing
    wozniak yalow yonath
""".split()  # noqa: SIM905


def new_id() -> str:
    """Return a container ID: 64 random hexadecimal digits."""
    return secrets.token_hex(32)


def check_name(name: str) -> str:
    """Return the name (without docker's leading slash) or raise InvalidArgument in docker's words."""
    name = name.removeprefix("/")
    if not _NAME.fullmatch(name):
        raise InvalidArgument(
            f"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
            hint="a name has at least two characters",
        )
    return name


def random_name(taken: Container[str]) -> str:
    """Return a free name such as `brave_hopper`."""
    for attempt in range(100):
        name = f"{secrets.choice(_MOODS)}_{secrets.choice(_PEOPLE)}"
        if attempt > 5:
            name += str(secrets.randbelow(10 ** (attempt // 10 + 1)))
        if name not in taken:
            return name
    return f"container_{secrets.token_hex(6)}"
