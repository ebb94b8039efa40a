"""Redirects of moved feeds."""

from __future__ import annotations

import pytest

from feeds.serving.redirects import MovedFeed

MOVED = MovedFeed("news", "topics/ai", ("rss", "json"))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("news.rss", "topics/ai.rss"),
        ("news.json", "topics/ai.json"),
        ("news.atom", None),  # the feed has no Atom
        ("news/", "topics/ai/"),
        ("news", "topics/ai/"),
        ("news/archive/2026-05.rss", "topics/ai/archive/2026-05.rss"),
        ("news/archive/2026-05", None),
        ("news/archive/../all.rss", None),
        ("news/today.rss", None),  # that is another feed
        ("newsroom.rss", None),
        ("topics/ai.rss", None),
        ("", None),
    ],
)
def test_what_moved_is_what_belonged_to_the_feed_and_nothing_else(path: str, expected: str | None) -> None:
    assert MOVED.location(path) == expected


def test_without_pages_none_has_moved() -> None:
    assert MovedFeed("a", "b", ("rss",), has_page=False).location("a/") is None
    assert MovedFeed("a", "b", ("rss",), has_page=False).location("a.rss") == "b.rss"
