"""What a site has beside its feeds: pages and lists, made when the feeds are, and only then."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import pytest

from feeds.errors import PublishError
from feeds.model import ASSETS

if TYPE_CHECKING:
    from tests.conftest import Site

CONFIGURATION = """\
site: {title: Test Wire, url: https://feeds.example.com/}
source: {articles: [../articles]}
"""
LISTS = {"index.html", "feeds.opml", *ASSETS}


def article(site: Site, name: str, topic: str, title: str = "A title") -> None:
    site.article(
        f"{name}.md",
        f"""\
        title: {title}
        webUrl: https://{name}.example/story
        publishedDateTime: 2026-01-02T03:04:05Z
        topics: [{topic}]
        """,
    )


@pytest.fixture
def published(site: Site) -> Site:
    """A site with two topics and their pages."""
    site.configure(CONFIGURATION)
    article(site, "a", "Robots")
    article(site, "b", "Energy")
    site.regenerate()
    return site


def test_every_feed_has_a_page_and_all_have_one(published: Site) -> None:
    documents = published.documents()
    feeds = {path.removesuffix(".rss") for path in documents if path.endswith(".rss")}
    assert {path for path in documents if path.endswith(".html")} == {"index.html", *(f"{f}/index.html" for f in feeds)}
    assert documents.keys() >= LISTS
    assert b'href="topics/robots/"' in documents["index.html"]
    assert b"https://feeds.example.com/topics/robots.rss" in documents["feeds.opml"]


def test_the_style_sheets_and_the_script_are_those_of_the_package(published: Site) -> None:
    documents = published.documents()
    for path in ASSETS:
        assert documents[path] == resources.files("feeds.render.templates").joinpath(path).read_bytes()


def test_the_manifest_lists_pages_and_lists(published: Site) -> None:
    manifest = published.documents()["feeds.json"].decode()
    assert '"path": "topics/robots/index.html"' in manifest
    assert '"path": "feeds.opml"' in manifest


def test_a_feed_leads_to_its_page_and_to_the_style_sheet(published: Site) -> None:
    documents = published.documents()
    for format_, link in (("rss", b"<link>%s</link>"), ("atom", b'<link href="%s" rel="alternate" type="text/html"/>')):
        document = documents[f"topics/robots.{format_}"]
        assert link % b"https://feeds.example.com/topics/robots/" in document
        assert b'<?xml-stylesheet type="text/css" href="https://feeds.example.com/assets/feed.css"?>' in document
    assert b'"home_page_url": "https://feeds.example.com/topics/robots/"' in documents["topics/robots.json"]


def test_a_changed_title_changes_its_pages_and_no_list(published: Site) -> None:
    article(published, "a", "Robots", title="Another title")
    report = published.regenerate()
    changed = {path.partition(".")[0].removesuffix("/index") for path in report.written_paths}
    assert changed == {"all", "topics/robots"}
    assert len(report.written_paths) == 2 * 4


def test_a_new_topic_is_listed(published: Site) -> None:
    article(published, "c", "Tides")
    report = published.regenerate()
    assert {"index.html", "feeds.opml", "topics/tides/index.html"} <= {*report.written_paths}
    assert not {*ASSETS, "topics/robots/index.html"} & {*report.written_paths}


def test_a_second_run_writes_nothing(published: Site) -> None:
    assert published.regenerate().written == 0


@pytest.mark.parametrize("path", ["index.html", "feeds.opml", "assets/page.css", "topics/robots/index.html"])
def test_what_somebody_changed_or_removed_is_made_again(published: Site, path: str) -> None:
    before = published.documents()
    (published.output / path).write_bytes(b"changed")
    assert published.regenerate().written_paths == (path,)
    (published.output / path).unlink()
    assert published.regenerate().written_paths == (path,)
    assert published.documents() == before


def test_an_empty_feed_keeps_its_page_and_leaves_the_opml(published: Site) -> None:
    (published.folder / "articles" / "a.md").unlink()
    published.regenerate()
    documents = published.documents()
    assert b"None yet" in documents["topics/robots/index.html"]
    assert b"no entries" in documents["index.html"]
    assert b"topics/robots" not in documents["feeds.opml"]


def test_without_pages_there_is_the_opml(published: Site) -> None:
    published.configure(f"{CONFIGURATION}pages: off\n")
    report = published.regenerate()
    documents = published.documents()
    assert [path for path in documents if path.endswith((".html", ".css", ".js"))] == []
    assert "feeds.opml" in documents
    assert report.removed == len(LISTS) - 1 + 3
    assert b"xml-stylesheet" not in documents["all.rss"]
    assert b"<link>https://feeds.example.com/</link>" in documents["all.rss"]
    assert not (published.output / "assets").exists()


def test_a_page_of_somebody_else_is_not_written_over(site: Site) -> None:
    site.configure(CONFIGURATION)
    article(site, "a", "Robots")
    site.output.mkdir()
    (site.output / "index.html").write_text("mine", encoding="utf-8")
    with pytest.raises(PublishError, match="is not ours"):
        site.regenerate()
    assert site.documents() == {"index.html": b"mine"}


def test_pages_can_be_published_into_a_folder_that_has_feeds_only(site: Site) -> None:
    article(site, "a", "Robots")
    site.regenerate()
    site.configure(CONFIGURATION)
    assert site.regenerate().removed == 0
    assert site.documents().keys() >= LISTS
