"""Units and names for people; the durations and sizes are those that docker's go-units documents and tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nrdctl.render import human

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "Less than a second"), (0, "Less than a second"), (0.45, "Less than a second"), (1, "1 second"),
        (1.9, "1 second"), (5, "5 seconds"), (59, "59 seconds"), (60, "About a minute"), (119, "About a minute"),
        (120, "2 minutes"), (3 * MINUTE, "3 minutes"), (35 * MINUTE + 40, "35 minutes"),
        (59 * MINUTE + 59, "59 minutes"),
        (HOUR, "About an hour"), (HOUR + 29 * MINUTE, "About an hour"), (HOUR + 31 * MINUTE, "2 hours"),
        (3 * HOUR + 29 * MINUTE, "3 hours"), (3 * HOUR + 31 * MINUTE, "4 hours"), (36 * HOUR, "36 hours"),
        (47 * HOUR + 29 * MINUTE, "47 hours"), (2 * DAY, "2 days"), (7 * DAY, "7 days"),
        (13 * DAY + 5 * HOUR, "13 days"),
        (14 * DAY, "2 weeks"), (18 * DAY, "2 weeks"), (21 * DAY, "3 weeks"), (31 * DAY, "4 weeks"),
        (44 * DAY, "6 weeks"),
        (60 * DAY, "2 months"), (97 * DAY, "3 months"), (164 * DAY, "5 months"), (690 * DAY, "23 months"),
        (720 * DAY, "24 months"), (734 * DAY, "2 years"), (3 * 365 * DAY + 60 * DAY, "3 years"),
    ],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert human.duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0B"), (1, "1B"), (999, "999B"), (1000, "1kB"), (1024, "1.02kB"), (1234, "1.23kB"), (12_500_000, "12.5MB"),
        (187_654_321, "188MB"), (10**6, "1MB"), (3.42 * 10**9, "3.42GB"), (5.372 * 10**12, "5.37TB"),
        (999_999, "1e+03kB"), (10**27, "1e+03YB"), (-1, "-1B"),
    ],
)  # fmt: skip
def test_sizes(count: float, text: str) -> None:
    assert human.size(count) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0B"), (1023, "1023B"), (1024, "1KiB"), (64 * 1024**2, "64MiB"), (1.5 * 1024**3, "1.5GiB"),
        (7_654_321, "7.3MiB"), (16_770_000_000, "15.62GiB"), (1024**8 * 2, "2YiB"),
    ],
)  # fmt: skip
def test_binary_sizes(count: float, text: str) -> None:
    assert human.binary_size(count) == text


def test_sizes_with_four_digits() -> None:
    assert human.size(2746000, precision=4) == "2.746MB"


@given(st.integers(0, 10**26))
def test_a_size_is_right_within_its_digits(count: int) -> None:
    text = human.size(count)
    digits = text.rstrip("BkMGTPEZY")
    scale = 1000 ** ("B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB").index(text[len(digits) :])
    assert float(digits) * scale == pytest.approx(count, rel=0.0051)


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("sha256:" + "0123456789abcdef" * 4, "0123456789ab"),
        ("0123456789abcdef", "0123456789ab"),
        ("web", "web"),
        ("", ""),
    ],
)
def test_short_ids(full: str, short: str) -> None:
    assert human.short_id(full) == short


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [
        ("", 20, ""), ("sh", 20, "sh"), ("12345678901234567890", 20, "12345678901234567890"),
        ("/docker-entrypoint.sh nginx", 20, "/docker-entrypoint.…"), ("abc", 2, "a…"), ("abc", 1, "a"), ("abc", 0, ""),
        ("this-is-a-long-volume", 15, "this-is-a-long…"), ("日本語日本語", 7, "日本語…"), ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"), ("日本語", 4, "日…"), ("éééé", 4, "éééé"), ("ééééé", 4, "ééé…"), ("日", 1, "日"),
    ],
)  # fmt: skip
def test_ellipsis(text: str, width: int, cut: str) -> None:
    assert human.ellipsis(text, width) == cut


MOMENT = datetime(2024, 5, 1, 11, 37, 4, tzinfo=UTC)
BERLIN = timezone(timedelta(hours=2), "CEST")


@pytest.mark.parametrize(
    ("moment", "zone", "text"),
    [
        (MOMENT, UTC, "2024-05-01 11:37:04 +0000 UTC"),
        (MOMENT, BERLIN, "2024-05-01 13:37:04 +0200 CEST"),
        (MOMENT, timezone(timedelta(hours=-3, minutes=-30)), "2024-05-01 08:07:04 -0330 -0330"),
        (MOMENT.replace(microsecond=120_000), UTC, "2024-05-01 11:37:04.12 +0000 UTC"),
    ],
)
def test_timestamps_are_in_the_zone_of_now(moment: datetime, zone: timezone, text: str) -> None:
    assert human.timestamp(moment, MOMENT.astimezone(zone)) == text


def test_ago() -> None:
    assert human.ago(MOMENT, MOMENT + timedelta(minutes=3)) == "3 minutes ago"
    assert human.ago(MOMENT, (MOMENT + timedelta(hours=2)).astimezone(BERLIN)) == "2 hours ago"
    assert human.ago(MOMENT + timedelta(hours=2), MOMENT) == "Less than a second ago"


@pytest.mark.parametrize(
    ("reference", "familiar"),
    [
        ("docker.io/library/nginx:latest", "nginx:latest"), ("docker.io/grafana/loki:3", "grafana/loki:3"),
        ("ghcr.io/a/b:1", "ghcr.io/a/b:1"), ("nginx", "nginx"),
        ("localhost:5000/docker.io/library/x", "localhost:5000/docker.io/library/x"),
        ("index.docker.io/library/busybox", "busybox"),
    ],
)  # fmt: skip
def test_familiar_names(reference: str, familiar: str) -> None:
    assert human.familiar_image(reference) == familiar


def test_labels_are_sorted() -> None:
    assert human.join_labels({"b": "2", "a": "1=x"}) == "a=1=x,b=2"
    assert human.join_labels({}) == ""
