"""The topics of entries that an article's size pays for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from feeds.content.cost import bound_topics
from tests.support.samples import ENTRY

if TYPE_CHECKING:
    from feeds.models import Entry


def entry(topics: int, first: int = 0, **fields: Any) -> Entry:
    names = tuple(f"t{number}" for number in range(first, first + topics))
    return msgspec.structs.replace(ENTRY, topics=names, body="", summary=None, related=(), enclosures=(), **fields)


def counts(*entries: Entry, size: int = 0, max_topics: int = 200) -> list[int]:
    """The number of topics that each entry keeps."""
    bounded, _ = bound_topics(entries, size, max_topics)
    assert [one.title for one in bounded] == [one.title for one in entries]
    assert all(new.topics == old.topics[: len(new.topics)] for new, old in zip(bounded, entries, strict=True))
    return [len(one.topics) for one in bounded]


@pytest.mark.parametrize(
    ("entries", "size", "max_topics", "expected"),
    [
        pytest.param([entry(10)] * 21, 0, 200, [10] * 21, id="usual"),
        pytest.param([entry(100)], 0, 200, [100], id="many topics of one story"),
        pytest.param([entry(8), entry(8, first=4)], 0, 10, [8, 6], id="different topics"),
        pytest.param([entry(8), entry(8)], 0, 8, [8, 8], id="the same topics"),
        pytest.param([entry(100)] * 3, 0, 200, [100, 28, 0], id="no budget"),
        pytest.param([entry(100)] * 12, 40_000, 200, [100] * 8 + [15, 0, 0, 0], id="a larger file"),
    ],
)
def test_the_first_entries_keep_their_topics(
    entries: list[Entry], size: int, max_topics: int, expected: list[int]
) -> None:
    assert counts(*entries, size=size, max_topics=max_topics) == expected


def test_entries_within_the_bounds_are_the_same_objects() -> None:
    one = entry(3)
    assert bound_topics([one], 0, 200) == ((one,), ())
    assert bound_topics([one], 0, 200)[0][0] is one


@pytest.mark.parametrize(
    "fields",
    [{"body": "x" * 1_000_000}, {"body": "&" * 200_000}, {"summary": "<" * 250_000}, {"title": ">" * 250_000}],
    ids=["body", "ampersands", "summary", "title"],
)
def test_a_large_entry_has_few_topics(fields: dict[str, Any]) -> None:
    large = msgspec.structs.replace(entry(10), **fields)
    assert counts(large) == [0]
    assert 0 < counts(large, size=30_000)[0] <= 8


def test_the_diagnostics_count_what_is_ignored() -> None:
    _, diagnostics = bound_topics([entry(8), entry(8, first=4)], 0, 10)
    assert [one.message for one in diagnostics] == [
        (
            "the article and its related links have more than 10 different topics; 2 are ignored "
            "(source.limits.article_topics)"
        )
    ]
    _, diagnostics = bound_topics([entry(100)] * 3, 1234, 200)
    assert [one.message[:76] for one in diagnostics] == [
        "a file of 1,234 bytes cannot have that many topics of entries; 151 are ignor"
    ]
    assert {one.rule for one in diagnostics} == {"beyond-limit"}
