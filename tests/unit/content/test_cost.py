"""What the size of an article pays for: its entries, their topics, and the lists of its own entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from feeds.content.cost import bound_entries
from feeds.content.entries import merge_entries
from feeds.models import Enclosure, Link, Person
from tests.support.samples import ENTRY

if TYPE_CHECKING:
    from feeds.models import Entry


def entry(topics: int, first: int = 0, **fields: Any) -> Entry:
    names = tuple(f"t{number}" for number in range(first, first + topics))
    return msgspec.structs.replace(
        ENTRY, **{"topics": names, "body": "", "summary": None, "related": (), "enclosures": (), **fields}
    )


def counts(*entries: Entry, size: int = 0, max_topics: int = 200) -> list[int]:
    """The number of topics that each entry keeps."""
    bounded, _ = bound_entries(entries, size, max_topics)
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
        pytest.param([entry(100)] * 3, 0, 200, [100, 100, 57], id="no budget"),
        pytest.param([entry(100)] * 12, 40_000, 200, [100] * 8 + [82, 1, 1, 0], id="a larger file"),
    ],
)
def test_the_first_entries_keep_their_topics(
    entries: list[Entry], size: int, max_topics: int, expected: list[int]
) -> None:
    assert counts(*entries, size=size, max_topics=max_topics) == expected


def test_entries_within_the_bounds_are_the_same_objects() -> None:
    one = entry(3)
    assert bound_entries([one], 0, 200) == ((one,), ())
    assert bound_entries([one], 0, 200)[0][0] is one


@pytest.mark.parametrize(
    "fields",
    [{"body": "x" * 2_000_000}, {"body": "&" * 400_000}, {"summary": "<" * 120_000}, {"title": ">" * 120_000}],
    ids=["body", "ampersands", "summary", "title"],
)
def test_a_large_entry_has_few_topics(fields: dict[str, Any]) -> None:
    large = msgspec.structs.replace(entry(10), **fields)
    assert counts(large) == [0]
    assert 0 < counts(large, size=60_000)[0] < 10


def test_related_links_that_cost_too_much_are_left_out() -> None:
    link = entry(1, title='"' * 2000, is_article=False)
    bounded, (diagnostic,) = bound_entries([entry(1), *[link] * 60], 1000, 200)
    assert bounded[0] == entry(1)
    assert 5 < len(bounded) < 60
    assert f"ignored: {61 - len(bounded)} related links" in diagnostic.message


@pytest.mark.parametrize(
    ("name", "item", "label"),
    [
        ("authors", Person(name="A", uri=f"https://a.example/{'a' * 9000}"), "authors"),
        ("enclosures", Enclosure(href="https://a.example/a.png", type="image/png", title="&" * 2000), "images"),
        ("related", Link(href="https://a.example/", title="<" * 2000, provider="A"), "links in the content"),
    ],
    ids=["authors", "images", "links"],
)
def test_the_entry_of_an_article_loses_items_that_cost_too_much(name: str, item: object, label: str) -> None:
    large = msgspec.structs.replace(entry(0), **{name: (item,) * 500})
    (short,), (diagnostic,) = bound_entries([large], 0, 200)
    kept = len(getattr(short, name))
    assert 0 < kept < 450
    assert msgspec.structs.replace(short, **{name: (item,) * 500}) == large
    assert f"ignored: {500 - kept} {label};" in diagnostic.message


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([entry(3), entry(5, first=3)], 8),
        ([entry(0, body="x" * 100_000), entry(40)], 16),
        ([entry(0, body="&amp;" * 100_000), entry(100)], 5),
    ],
    ids=["usual", "a long body", "a long body of references"],
)
def test_a_merged_entry_has_the_topics_that_its_entries_pay_for(entries: list[Entry], expected: int) -> None:
    merged = merge_entries(entries)
    assert merged.body == max((one.body for one in entries), key=len)
    assert len(merged.topics) == expected


def test_the_diagnostics_count_what_is_ignored() -> None:
    _, diagnostics = bound_entries([entry(8), entry(8, first=4)], 0, 10)
    assert [one.message for one in diagnostics] == [
        (
            "the article and its related links have more than 10 different topics; 2 are ignored "
            "(source.limits.article_topics)"
        )
    ]
    _, diagnostics = bound_entries([entry(100)] * 3, 1234, 200)
    message = (
        "a file of 1,234 bytes cannot have entries that take so much in all their feeds; ignored: 27 topics; "
        "expected shorter texts, fewer related links, or fewer topics of them"
    )
    assert [one.message for one in diagnostics] == [message]
    assert {one.rule for one in diagnostics} == {"beyond-limit"}
