"""What a web server is to say of the documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from feeds import load_config
from feeds.http.headers import cache_control
from feeds.http.media_types import content_type, media_type
from feeds.output.manifest import read_manifest
from feeds.serving.redirects import Move, gone, moves
from feeds.storage.local import DiskFolder
from tests.support.samples import MONTHLY

if TYPE_CHECKING:
    from tests.support.site import Site

STORY = "title: Story\nwebUrl: https://a.example/{0}\npublishedDateTime: {1}\ntopics: [AI]"
MOVE = Move("news", "topics/ai", ("rss", "json"))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("all.rss", "application/rss+xml; charset=utf-8"),
        ("topics/ai.atom", "application/atom+xml; charset=utf-8"),
        ("topics/ai.json", "application/feed+json; charset=utf-8"),
        ("feeds.json", "application/json; charset=utf-8"),
        ("topics/feeds.json", "application/feed+json; charset=utf-8"),
        ("feeds.opml", "text/x-opml; charset=utf-8"),
        ("index.html", "text/html; charset=utf-8"),
        ("assets/page.js", "text/javascript; charset=utf-8"),
        ("assets/page.css", "text/css; charset=utf-8"),
        ("logo.svg", "image/svg+xml; charset=utf-8"),
        ("logo.PNG", "image/png"),
        ("favicon.ico", "image/vnd.microsoft.icon"),
        ("CNAME", "application/octet-stream"),
        ("v1.rss/file", "application/octet-stream"),
    ],
)
def test_a_file_has_the_type_that_its_name_says_and_texts_have_a_charset(path: str, expected: str) -> None:
    assert content_type(media_type(path)) == expected


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
    assert MOVE.target(path) == expected


def test_what_moved_and_what_is_gone_is_known_of_what_was_published(site: Site) -> None:
    site.configure(MONTHLY)
    site.article("a.md", STORY.format("one", "2026-05-01T08:30:00Z"))
    site.article("b.md", STORY.format("two", "2026-03-01T08:30:00Z"))
    site.article("c.md", STORY.format("three", "2026-01-01T08:30:00Z"))
    site.regenerate()
    site.configure(
        MONTHLY.replace("archives: month", "formats: [rss]\nmoved: {topics/ai: news/machines, old: not/there}").replace(
            "providers: off", "providers: off, topics: off, custom: [{path: news/machines, topics: {any: [AI]}}]"
        )
    )
    site.regenerate()
    manifest = read_manifest(DiskFolder(site.output))
    config = load_config(site.config_path)
    assert moves(config, manifest) == (Move("topics/ai", "news/machines", ("rss",), has_page=True),)
    assert list(gone(manifest, moves(config, manifest))) == [
        "all.atom",
        "all.json",
        "all/archive/2026-01.atom",
        "all/archive/2026-01.json",
        "all/archive/2026-01.rss",
        "all/archive/2026-03.atom",
        "all/archive/2026-03.json",
        "all/archive/2026-03.rss",
        "topics/ai.atom",
        "topics/ai.json",
    ]
    assert cache_control(config) == "max-age=300"


def test_a_page_that_is_gone_is_gone_at_its_folder(site: Site) -> None:
    site.configure(MONTHLY)
    site.article("a.md", STORY.format("one", "2026-05-01T08:30:00Z"))
    site.regenerate()
    site.configure(MONTHLY + "pages: off\n")
    site.regenerate()
    found = list(gone(read_manifest(DiskFolder(site.output)), ()))
    assert "topics/ai/" in found
    assert "topics/ai/index.html" not in found
    assert "index.html" in found


def test_a_feed_that_is_still_there_has_not_moved(site: Site) -> None:
    site.configure(MONTHLY + "moved: {topics/ai: all}\n")
    site.article("a.md", STORY.format("one", "2026-05-01T08:30:00Z"))
    assert site.regenerate().mistakes
    assert moves(load_config(site.config_path), read_manifest(DiskFolder(site.output))) == ()


def test_without_pages_none_has_moved() -> None:
    assert Move("a", "b", ("rss",), has_page=False).target("a/") is None
    assert Move("a", "b", ("rss",), has_page=False).target("a.rss") == "b.rss"
