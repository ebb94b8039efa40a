"""The history of feeds in archive documents: complete, linked, and changed only where necessary."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import feedparser
import pytest
from lxml import etree

import feeds
from feeds.output.publisher import WrittenDocument, write_document
from tests.support.site import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from feeds.models import Document
    from feeds.storage.folder import Folder
    from tests.support.site import Site

BASE = "https://feeds.example.com/"
CONFIGURATION = f"""\
site: {{title: Test Wire, url: {BASE}}}
source: {{articles: [../articles]}}
feeds: {{all: {{limit: 2}}, topics: {{limit: 2}}, providers: off}}
pages: off
archives: month
"""
FH = "{http://purl.org/syndication/history/1.0}"
DATES = {
    "may-a": "2026-05-30",
    "may-b": "2026-05-20",
    "may-c": "2026-05-01",
    "march": "2026-03-31T23:59:59Z",
    "january-a": "2026-01-31",
    "january-b": "2026-01-01T00:00:00Z",
}


def article(site: Site, name: str, date: str, title: str = "A title") -> Path:
    return site.article(
        f"{name}.md",
        f"""\
        title: {title}
        webUrl: https://story.example/{name}
        publishedDateTime: {date}
        topics: [Robots]
        """,
    )


@pytest.fixture
def published(site: Site) -> Site:
    """A site whose feed of everything has entries of three months and a limit of two."""
    site.configure(CONFIGURATION)
    for name, date in DATES.items():
        article(site, name, date)
    site.regenerate()
    return site


def entries(document: bytes) -> list[str]:
    return [entry.id.rpartition("/")[2] for entry in feedparser.parse(document).entries]


def links(document: bytes) -> dict[str, str]:
    """The links of a feed by relation, except alternates, as paths below the site's URL."""
    found = feedparser.parse(document).feed.links
    return {link.rel: link.href.removeprefix(BASE) for link in found if link.rel != "alternate"}


def history(site: Site, path: str) -> list[str]:
    """The entries that a reader finds in a document and in the older ones that it links to."""
    found = []
    while path:
        document = (site.output / path).read_bytes()
        found += entries(document)
        path = links(document).get("prev-archive", "")
    return found


@pytest.mark.parametrize("format_", ["rss", "atom"])
@pytest.mark.parametrize("feed", ["all", "topics/robots"])
def test_a_reader_finds_the_whole_history(published: Site, feed: str, format_: str) -> None:
    assert history(published, f"{feed}.{format_}") == list(DATES)


def test_a_reader_of_json_finds_the_whole_history(published: Site) -> None:
    address, found = f"{BASE}all.json", []
    while address:
        document = json.loads((published.output / address.removeprefix(BASE)).read_bytes())
        assert document["feed_url"] == address
        found += [item["id"].rpartition("/")[2] for item in document["items"]]
        address = document.get("next_url")
    assert found == list(DATES)


@pytest.mark.parametrize("format_", ["rss", "atom"])
def test_documents_are_linked_to_each_other(published: Site, format_: str) -> None:
    documents = published.documents()
    archive = f"all/archive/{{}}.{format_}".format
    assert links(documents[f"all.{format_}"]) == {"self": f"all.{format_}", "prev-archive": archive("2026-03")}
    assert links(documents[archive("2026-03")]) == {
        "self": archive("2026-03"),
        "current": f"all.{format_}",
        "prev-archive": archive("2026-01"),
    }
    assert links(documents[archive("2026-01")]) == {
        "self": archive("2026-01"),
        "current": f"all.{format_}",
        "next-archive": archive("2026-03"),
    }


@pytest.mark.parametrize(("format_", "head"), [("rss", "channel/"), ("atom", "")])
def test_an_archive_is_marked_as_one(published: Site, format_: str, head: str) -> None:
    archive = etree.fromstring(published.documents()[f"all/archive/2026-03.{format_}"])
    newest = etree.fromstring(published.documents()[f"all.{format_}"])
    assert archive.find(f"{head}{FH}archive") is not None
    assert newest.find(f"{head}{FH}archive") is None
    assert newest.find(f"{head}{FH}complete") is None


def test_an_archive_has_the_id_of_its_feed(published: Site) -> None:
    documents = published.documents()
    ids = {feedparser.parse(documents[path]).feed.id for path in ("all.atom", "all/archive/2026-03.atom")}
    assert ids == {f"{BASE}all/"}


@pytest.mark.parametrize(("format_", "head"), [("rss", "channel/"), ("atom", "")])
def test_a_feed_that_shows_all_entries_is_marked_as_complete(site: Site, format_: str, head: str) -> None:
    site.configure(CONFIGURATION)
    article(site, "may", "2026-05-30")
    article(site, "march", "2026-03-31")
    site.regenerate()
    document = etree.fromstring(site.documents()[f"all.{format_}"])
    assert document.find(f"{head}{FH}complete") is not None
    assert not [path for path in site.documents() if "archive" in path]


def test_an_empty_feed_is_not_marked_as_complete(published: Site) -> None:
    for name in DATES:
        (published.folder / "articles" / f"{name}.md").unlink()
    published.regenerate(allow_empty=True)
    assert b"purl.org/syndication/history" not in published.documents()["topics/robots.atom"]


def changed(site: Site, feed: str = "all") -> set[str]:
    """The documents of a feed that a run writes or removes, without extensions."""
    report = site.regenerate()
    paths = {path.rpartition(".")[0] for path in (*report.written_paths, *report.removed_paths)}
    return {path for path in paths if path.split("/")[0] == feed}


def test_only_the_archive_of_the_month_changes(published: Site) -> None:
    article(published, "january-a", "2026-01-31", title="Another title")
    assert changed(published) == {"all/archive/2026-01"}
    article(published, "may-b", "2026-05-20", title="Another title")
    assert changed(published) == {"all"}
    assert changed(published) == set()


def test_a_late_entry_changes_the_archive_of_its_month(published: Site) -> None:
    article(published, "march-late", "2026-03-02")
    assert changed(published) == {"all/archive/2026-03"}
    assert entries(published.documents()["all/archive/2026-03.atom"]) == ["march", "march-late"]


def test_the_archives_beside_a_new_month_link_to_it(published: Site) -> None:
    article(published, "february", "2026-02-02")
    assert changed(published) == {f"all/archive/2026-{month}" for month in ("01", "02", "03")}


def test_a_month_that_loses_its_last_entry_is_removed(published: Site) -> None:
    (published.folder / "articles" / "march.md").unlink()
    assert changed(published) == {"all", "all/archive/2026-01", "all/archive/2026-03"}
    assert history(published, "all.atom") == [name for name in DATES if name != "march"]


def test_the_newest_month_is_archived_when_another_one_begins(published: Site) -> None:
    article(published, "june", "2026-06-01")
    assert changed(published) == {"all", "all/archive/2026-05", "all/archive/2026-03"}
    assert entries(published.documents()["all.atom"]) == ["june", "may-a"]
    assert history(published, "all.atom") == ["june", "may-a", *DATES]


def test_a_removed_archive_is_published_again(published: Site) -> None:
    before = published.documents()
    (published.output / "topics/robots/archive/2026-01.rss").unlink()
    assert published.regenerate().written_paths == ("topics/robots/archive/2026-01.rss",)
    assert published.documents() == before


def test_archives_are_removed_when_they_are_turned_off(published: Site) -> None:
    published.configure(CONFIGURATION.replace("archives: month", ""))
    published.regenerate()
    assert not [path for path in published.documents() if "archive" in path]
    assert entries(published.documents()["all.atom"]) == ["may-a", "may-b"]


def test_one_kind_of_feeds_can_have_archives(published: Site) -> None:
    published.configure(
        CONFIGURATION.replace("archives: month", "").replace("all: {limit: 2}", "all: {limit: 2, archives: month}")
    )
    published.regenerate()
    archives = {path.split("/archive/")[0] for path in published.documents() if "archive" in path}
    assert archives == {"all"}


@pytest.mark.parametrize("rule", ["newer_than: 90 days", "sort: quality"])
def test_a_feed_that_is_limited_in_time_or_in_another_order_has_no_archives(published: Site, rule: str) -> None:
    published.configure(CONFIGURATION.replace("all: {", f"custom: [{{path: mine, limit: 1, {rule}}}], all: {{"))
    published.regenerate()
    assert not [path for path in published.documents() if path.startswith("mine/")]
    assert "mine.rss" in published.documents()


def test_scheduled_entries_are_in_no_archive(published: Site) -> None:
    article(published, "march-late", "2026-03-02")
    article(published, "later", (NOW.replace(year=NOW.year + 1)).isoformat())
    published.regenerate()
    assert "later" not in history(published, "all.atom")


@pytest.mark.parametrize("jobs", [1, 2])
def test_no_feed_refers_to_a_page_or_an_archive_that_does_not_exist_yet(
    site: Site, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    site.configure(CONFIGURATION.replace("pages: off", "pages: on"))
    for name, date in DATES.items():
        article(site, name, date)
    for number in range(30):  # so many feeds that processes are started
        story = f"title: A\nwebUrl: https://a.example/{number}\npublishedDateTime: 2026-04-01\ntopics: [T{number}]"
        site.article(f"{number}.md", story)
    missing = site.folder / "missing"

    def check_and_write(output: Folder, document: Document) -> WrittenDocument:
        for path in references(document):
            if not output.stat(path):
                with missing.open("a") as file:
                    file.write(f"{document.path} refers to {path}\n")
        return write_document(output, document)

    monkeypatch.setattr("feeds.pipeline.publish.write_document", check_and_write)
    feeds.regenerate(feeds.load_config(site.config_path), now=NOW, jobs=jobs)
    assert (site.output / "all" / "archive" / "2026-01.rss").is_file()
    assert not missing.exists()


def references(document: Document) -> list[str]:
    """The page and the newest archive that an Atom document refers to."""
    if document.month or not document.path.endswith(".atom"):
        return []
    links = etree.fromstring(document.body).findall("{http://www.w3.org/2005/Atom}link")
    found = {link.get("rel"): str(link.get("href")).removeprefix(BASE) for link in links}
    return [f"{document.feed}/index.html", *([found["prev-archive"]] if "prev-archive" in found else [])]
