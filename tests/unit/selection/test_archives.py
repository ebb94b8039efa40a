"""Months of a feed with archive documents, and the links between these."""

from __future__ import annotations

import datetime as dt

import pytest

from feeds.models import Month, Segment
from feeds.selection.archives import min_shown, split_history


def months(**stories: int) -> list[Month]:
    """Months such as m2026_03, newest first, with their numbers of entries."""
    found = []
    for name, count in stories.items():
        first = dt.datetime.strptime(name, "m%Y_%m").replace(tzinfo=dt.UTC)
        found.append(Month(first, first + dt.timedelta(days=28), count, b""))
    return found


@pytest.mark.parametrize(
    ("history", "limit", "expected"),
    [
        pytest.param(months(), 5, [Segment()], id="no entries"),
        pytest.param(months(m2026_03=5), 5, [Segment(is_complete=True)], id="all fit"),
        pytest.param(months(m2026_03=2, m2026_01=3), 5, [Segment(is_complete=True)], id="two months fit"),
        pytest.param(
            months(m2026_03=2, m2026_01=2, m2025_12=2),
            5,
            [
                Segment(previous="2026-01"),
                Segment(month="2026-01", previous="2025-12"),
                Segment(month="2025-12", next="2026-01"),
            ],
            id="an entry does not fit",
        ),
        pytest.param(
            months(m2026_03=1, m2026_01=1, m2025_12=1, m2020_06=9),
            2,
            [
                Segment(previous="2026-01"),
                Segment(month="2026-01", previous="2025-12"),
                Segment(month="2025-12", previous="2020-06", next="2026-01"),
                Segment(month="2020-06", next="2025-12"),
            ],
            id="months without entries are passed over",
        ),
    ],
)
def test_segments(history: list[Month], limit: int, expected: list[Segment]) -> None:
    newest, archives = split_history(history, limit)
    assert [newest, *(segment for segment, _ in archives)] == expected
    assert [month for _, month in archives] == history[1 : len(expected)]


def test_the_newest_month_is_shown_as_a_whole() -> None:
    assert min_shown(months(m2026_03=7, m2026_02=9, m2026_01=1)) == 7
    assert min_shown([]) == 0


def test_two_months_are_shown_as_a_whole() -> None:
    """A single archive document could not link to another one."""
    history = months(m2026_03=7, m2026_02=9)
    assert min_shown(history) == 16
    assert split_history(history, 16) == (Segment(is_complete=True), [])
