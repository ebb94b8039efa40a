"""Stories merged from entries that are due."""

from __future__ import annotations

import datetime as dt
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest

from feeds.catalog.merging import DueEntry, StoredEntry, decode_entry, due_by_key, merge_due, merge_story, story_digest
from feeds.catalog.records import encode_entry
from feeds.catalog.times import seconds
from feeds.config.schema import Config, CustomFeed, FeedKinds, SiteSettings, SourceSettings
from feeds.models import Enclosure, Entry, FeedKey, Link
from feeds.selection.membership import MembershipRules
from tests.support.samples import ENTRY
from tests.support.site import NOW

HOUR = dt.timedelta(hours=1)
LATER = Link(href="https://b.example/later", title="Later", provider="B", published=NOW + HOUR)
EARLIER = Link(href="https://b.example/earlier", title="Earlier", provider="B", published=NOW - HOUR)


def entry(**changes: Any) -> Entry:
    return msgspec.structs.replace(ENTRY, **changes)


def stored(*entries: Entry) -> list[StoredEntry]:
    encoded = map(encode_entry, entries)
    return [decode_entry(one.value, one.latest) for one in encoded]


def due(*entries: Entry) -> list[DueEntry]:
    return due_by_key(((0, one) for one in stored(*entries)), NOW).get(0, [])


def rules(*custom: CustomFeed) -> MembershipRules:
    site = SiteSettings(title="Test Wire", url="https://feeds.example.com/")
    source = SourceSettings(articles=("articles",))
    path = Path("/site/config/feeds.yaml")
    return MembershipRules(Config(site=site, source=source, feeds=FeedKinds(custom=custom), path=path, articles=()))


@pytest.mark.parametrize(
    "value", [b"", b"\xc1", b"\x80", encode_entry(ENTRY).value[:-1]], ids=["empty", "no type", "no field", "cut"]
)
def test_a_value_that_is_no_entry_cannot_be_decoded(value: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_entry(value, 0)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({"updated": NOW}, {"updated": NOW}),
        ({"updated": NOW + HOUR}, {"updated": ENTRY.published}),
        ({"related": (EARLIER, LATER)}, {"related": (EARLIER,)}),
        ({"related": (LATER,), "updated": NOW + HOUR}, {"related": (), "updated": ENTRY.published}),
    ],
    ids=["settled", "updated now", "updated later", "link later", "both"],
)
def test_an_entry_is_due_without_what_is_dated_later(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    (found,) = due(entry(**changes))
    assert found.entry == entry(**expected)
    assert found.value == encode_entry(found.entry).value


def test_due_entries_are_grouped_by_key_and_ordered_by_their_encoded_form() -> None:
    one, two, other = entry(path="1.md"), entry(path="2.md"), entry(id="https://b.example/", path="3.md")
    encoded = dict(zip("ab", stored(one, two), strict=True)) | {"c": stored(other)[0]}
    for order in permutations([("x", encoded["a"]), ("x", encoded["b"]), ("y", encoded["c"])]):
        found = due_by_key(order, NOW)
        assert {key: [one.entry for one in entries] for key, entries in found.items()} == {
            "x": [one, two],
            "y": [other],
        }


def test_the_digest_of_a_story_changes_with_each_of_its_entries() -> None:
    one, two = entry(path="1.md"), entry(path="2.md")
    groups = [(one,), (two,), (one, two), (one, one), (one, entry(path="2.md", title="Other"))]
    assert len({story_digest(due(*group)) for group in groups}) == len(groups)
    assert story_digest(due(two, one)) == story_digest(due(one, two))


def test_the_entry_of_a_story_is_that_of_the_article() -> None:
    article, link = entry(title="Article"), entry(title="Link", is_article=False, topics=("Energy",))
    for group in permutations([article, link]):
        merged = merge_due(due(*group))
        assert (merged.title, merged.is_article, merged.topics) == ("Article", True, ("Energy",))


def test_a_story_has_what_the_catalog_counts_and_selects_by() -> None:
    enclosures = (
        Enclosure(href="https://i.example/1.png", type="image/png", width=3, height=2),
        Enclosure(href="https://i.example/2.png", type="image/png", width=3),
    )
    article = entry(enclosures=enclosures, topics=("AI",), quality=7)
    group = due(article, entry(path="b.md"), entry(path="c.md", is_article=False))
    story = merge_story(group, story_digest(group), rules(CustomFeed(path="best", sort="quality")))
    assert story.id == ENTRY.id
    assert story.digest == story_digest(group)
    assert story.published == seconds(ENTRY.published)
    assert (story.domain, story.provider) == ("story.example", "The Story")
    assert story.images == [("https://i.example/1.png", True), ("https://i.example/2.png", False)]
    assert story.topics == ("AI",)
    assert story.articles == 2
    assert story.members == [
        (FeedKey("all"), 0),
        (FeedKey("provider", "story.example"), 0),
        (FeedKey("topic", "ai"), 0),
        (FeedKey("custom", "best"), -7),
    ]
