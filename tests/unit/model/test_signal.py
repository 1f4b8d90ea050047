import signal

import pytest

from nrdctl.model.signal import parse_signal, signal_name


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("SIGTERM", 15),
        ("term", 15),
        ("15", 15),
        ("Kill", 9),
        ("SIGIOT", 6),
        ("CLD", 17),
        ("poll", 29),
        ("RTMIN", 34),
        ("SIGRTMIN+3", 37),
        ("rtmin+30", 64),
        ("RTMAX-14", 50),
        ("RTMAX", 64),
        ("64", 64),
    ],
)
def test_names_and_numbers(text: str, number: int) -> None:
    assert parse_signal(text) == number


@pytest.mark.parametrize(
    "text", ["", "FOO", "0", "65", "-1", "SIG", "RTMIN+31", "RTMIN-1", "RTMAX+1", "RTMIN+", "٩", "SIG9x", "TERM "]
)
def test_other_texts_are_refused_in_dockers_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"^Invalid signal: ") as caught:
        parse_signal(text)
    assert str(caught.value) == f"Invalid signal: {text}"


def test_the_numbers_are_the_systems() -> None:
    for name in ("SIGHUP", "SIGUSR1", "SIGCHLD", "SIGWINCH", "SIGIO", "SIGSYS", "SIGRTMIN", "SIGRTMAX"):
        assert parse_signal(name) == signal.Signals[name]


@pytest.mark.parametrize("number", [n for n in range(1, 65) if n not in (32, 33)])
def test_every_name_parses_back(number: int) -> None:
    assert parse_signal(signal_name(number)) == number


def test_names() -> None:
    assert [signal_name(n) for n in (1, 15, 29, 34, 37, 50, 64)] == [
        "SIGHUP",
        "SIGTERM",
        "SIGIO",
        "SIGRTMIN",
        "SIGRTMIN+3",
        "SIGRTMAX-14",
        "SIGRTMAX",
    ]


@pytest.mark.parametrize("number", [0, 32, 33, 65, -1])
def test_numbers_without_a_name(number: int) -> None:
    with pytest.raises(ValueError, match="Invalid signal"):
        signal_name(number)
