"""Times as catalogs keep them."""

from __future__ import annotations

import datetime as dt

import pytest

from feeds.catalog.times import FOREVER, month_of, seconds, time_of


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59Z", -1),
        ("2026-06-01T12:00:00Z", 1_780_315_200),
        ("2026-06-01T14:00:00+02:00", 1_780_315_200),
        ("0001-01-01T00:00:00Z", -62_135_596_800),
        ("9999-12-31T23:59:59Z", 253_402_300_799),
    ],
)
def test_times_are_whole_seconds_since_1970(time: str, expected: int) -> None:
    moment = dt.datetime.fromisoformat(time)
    assert seconds(moment) == expected
    assert time_of(expected) == moment
    assert -FOREVER < expected < FOREVER


def test_fractions_of_a_second_are_rounded_down() -> None:
    assert seconds(dt.datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=dt.UTC)) == -1


@pytest.mark.parametrize(
    ("time", "first", "after"),
    [
        ("2026-06-01T00:00:00Z", "2026-06-01", "2026-07-01"),
        ("2026-12-31T23:59:59Z", "2026-12-01", "2027-01-01"),
        ("2024-02-29T12:00:00Z", "2024-02-01", "2024-03-01"),
    ],
)
def test_a_month_begins_on_its_first_day_and_ends_where_the_next_begins(time: str, first: str, after: str) -> None:
    found = month_of(dt.datetime.fromisoformat(time))
    assert [moment.isoformat() for moment in found] == [f"{day}T00:00:00+00:00" for day in (first, after)]
