"""Moved feeds and gone paths of published sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from feeds import load_config
from feeds.http.headers import cache_control
from feeds.output.manifest import read_manifest
from feeds.serving.redirects import MovedFeed, gone_paths, moved_feeds
from feeds.storage.local import LocalFolder
from tests.support.samples import MONTHLY

if TYPE_CHECKING:
    from tests.support.site import Site

STORY = "title: Story\nwebUrl: https://a.example/{0}\npublishedDateTime: {1}\ntopics: [AI]"


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
    manifest = read_manifest(LocalFolder(site.output))
    config = load_config(site.config_path)
    assert moved_feeds(config, manifest) == (MovedFeed("topics/ai", "news/machines", ("rss",), has_page=True),)
    assert list(gone_paths(manifest, moved_feeds(config, manifest))) == [
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
    found = list(gone_paths(read_manifest(LocalFolder(site.output)), ()))
    assert "topics/ai/" in found
    assert "topics/ai/index.html" not in found
    assert "index.html" in found


def test_a_feed_that_is_still_there_has_not_moved(site: Site) -> None:
    site.configure(MONTHLY)
    site.article("a.md", STORY.format("one", "2026-05-01T08:30:00Z"))
    site.regenerate()
    site.configure(MONTHLY + "moved: {topics/ai: all}\n")
    assert site.regenerate().mistakes
    assert moved_feeds(load_config(site.config_path), read_manifest(LocalFolder(site.output))) == ()
