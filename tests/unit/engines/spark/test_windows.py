"""Values that tasks over stories pass on: counts, and references to the stories of feeds."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from feeds.engines.spark.windows import (
    CountKey,
    StoryRef,
    WindowLimits,
    merge_refs,
    month_name,
    story_requests,
    total,
    window_of,
)
from feeds.models import FeedKey

ALL, ENERGY, WATER = FeedKey("all"), FeedKey("topic", "energy"), FeedKey("topic", "water")


@pytest.mark.parametrize(
    ("key", "values", "expected"),
    [
        (("topic", "Energy"), [30, 10, 20], 10),
        (("provider", "a.example", "Alpha"), [1, 1, 3], 5),
        (
            ("same", "https://a.example/"),
            [(("/archive", "a.md"), ("/archive", "b.md"))],
            (("/archive", "a.md"), ("/archive", "b.md")),
        ),
        (("month", "all", "", "2026-05"), [(1, 5), (2, 7), (1, (1 << 128) - 1)], (4, 11)),
    ],
    ids=["oldest story", "number of stories", "articles", "stories of a month"],
)
def test_counts_are_combined_in_any_order_and_in_steps(key: CountKey, values: list[Any], expected: object) -> None:
    for order in permutations(values):
        assert total(key, order) == expected
        if len(order) > 1:
            assert total(key, [total(key, order[:2]), total(key, order[2:])]) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, "1970-01"), (-1, "1969-12"), (1_780_271_999, "2026-05"), (1_780_272_000, "2026-06")]
)
def test_the_month_of_a_story_is_that_of_its_time_in_utc(seconds: int, expected: str) -> None:
    assert month_name(seconds) == expected


@pytest.mark.parametrize(("feed", "expected"), [(ENERGY, 2), (WATER, 50), (ALL, 0)], ids=["its own", "kind", "none"])
def test_the_limit_of_a_feed_is_its_own_else_that_of_its_kind(feed: FeedKey, expected: int) -> None:
    assert WindowLimits({ENERGY: 2}, {"topic": 50}, {}).limit(feed) == expected


def ref(rank: int, published: int, id_: str, bucket: int = 0) -> StoryRef:
    return rank, -published, id_, id_.encode(), bucket


def test_the_first_stories_of_a_feed_are_selected_from_those_of_all_buckets() -> None:
    limits = WindowLimits({ENERGY: 3}, {}, {})
    lists = [[ref(0, 9, "b"), ref(0, 5, "e"), ref(1, 9, "f")], [ref(0, 9, "a", 1), ref(0, 7, "d", 1)], []]
    for order in permutations(lists):
        assert [one[2] for one in merge_refs(limits, ENERGY, order)] == ["a", "b", "d"]


def test_the_digest_of_a_window_changes_with_its_stories_and_their_order() -> None:
    a, b = ref(0, 9, "a"), ref(0, 8, "b")
    windows = [window_of(refs) for refs in ([], [a], [b], [a, b], [b, a])]
    assert [count for count, _ in windows] == [0, 1, 1, 2, 2]
    assert len({digest for _, digest in windows}) == len(windows)
    assert window_of([a]) == window_of([(5, 5, "other", b"a", 7)])  # only the content counts


def test_a_task_requests_the_stories_that_it_shows_from_their_buckets() -> None:
    refs = [ref(0, 9, "a", 3), ref(0, 8, "b", 1), ref(0, 7, "c", 2)]
    assert list(story_requests(refs, (5, 2))) == [(3, ("a", b"a", 5, 0)), (1, ("b", b"b", 5, 1))]
