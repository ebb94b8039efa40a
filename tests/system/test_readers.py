"""The sample archive as subscribers see it: in feedparser, in lemon24's reader and in newsboat."""

from __future__ import annotations

import calendar
import datetime as dt
import html
import json
import os
import shutil
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import feedparser
import pytest
from reader import UpdatedFeed, make_reader

import feeds
from feeds.models import document_path
from feeds.overview import survey
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from time import struct_time

    from reader import Reader

    from feeds.models import Entry, Feed, Format
    from tests.support.site import Site

    Syntax = Literal["rss", "atom"]
    EntryFields = dict[str, tuple[Callable[[Entry], object], Callable[[Any], object]]]

#: After every date in the sample archive.
LATER = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)

SYNTAXES = pytest.mark.parametrize("syntax", ["rss", "atom"])
needs_newsboat = pytest.mark.skipif(
    shutil.which("newsboat") is None, reason="newsboat is not installed (Debian: apt-get install newsboat)"
)


@dataclass(frozen=True)
class Sample:
    """The published sample archive: the feeds of the model, and the folder of their documents."""

    feeds: tuple[Feed, ...]
    output: Path

    def document(self, feed: Feed, format_: Format) -> Path:
        return self.output / document_path(feed.path, format_)

    def documents(self, *formats: Format) -> dict[Path, Feed]:
        return {self.document(feed, format_): feed for feed in self.feeds for format_ in formats}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp("sample")
    for name in ("articles", "config"):
        shutil.copytree(ROOT / name, folder / name)
    config = feeds.load_config(folder / "config" / "feeds.yaml")
    feeds.regenerate(config, now=LATER)
    return Sample(survey(config, now=LATER).feeds, folder / "output")


def test_the_sample_has_every_kind_of_feed_with_entries(sample: Sample) -> None:
    assert {feed.kind for feed in sample.feeds if feed.entries} == {"all", "topic", "provider", "custom"}


def test_the_sample_is_published_in_every_format(sample: Sample) -> None:
    documents = sample.documents("rss", "atom", "json")
    assert len(documents) == 3 * len(sample.feeds)
    assert [path for path in documents if not path.is_file()] == []


# feedparser


@pytest.fixture(scope="module")
def parsed(sample: Sample) -> dict[Path, Any]:
    return {path: feedparser.parse(path.read_bytes()) for path in sample.documents("rss", "atom")}


def as_time(time: struct_time) -> dt.datetime:
    return dt.datetime.fromtimestamp(calendar.timegm(time), dt.UTC)


@pytest.mark.parametrize(
    ("syntax", "version"), [pytest.param("rss", "rss20", id="rss"), pytest.param("atom", "atom10", id="atom")]
)
def test_feedparser_reads_every_document(sample: Sample, parsed: dict[Path, Any], syntax: Syntax, version: str) -> None:
    found = [(parsed[path].bozo, parsed[path].version) for path in sample.documents(syntax)]
    assert found == [(False, version)] * len(sample.feeds)


FEED_FIELDS: dict[str, tuple[Callable[[Feed], object], Callable[[Any], object]]] = {
    "title": (lambda feed: feed.title, lambda found: found.title),
    "subtitle": (lambda feed: feed.description, lambda found: found.subtitle),
    "link": (lambda feed: feed.link, lambda found: found.link),
    "language": (lambda feed: feed.language, lambda found: found.language),
    "updated": (lambda feed: feed.updated, lambda found: as_time(found.updated_parsed)),
    "rights": (lambda feed: feed.rights, lambda found: found.rights),
}


@SYNTAXES
@pytest.mark.parametrize("field", FEED_FIELDS)
def test_feedparser_reads_the_fields_of_a_feed(
    sample: Sample, parsed: dict[Path, Any], syntax: Syntax, field: str
) -> None:
    in_model, in_feedparser = FEED_FIELDS[field]
    documents = sample.documents(syntax)
    expected = {path: in_model(feed) for path, feed in documents.items()}
    assert {path: in_feedparser(parsed[path].feed) for path in documents} == expected


@SYNTAXES
def test_feedparser_reads_every_entry_in_order(sample: Sample, parsed: dict[Path, Any], syntax: Syntax) -> None:
    documents = sample.documents(syntax)
    expected = {path: [entry.id for entry in feed.entries] for path, feed in documents.items()}
    assert {path: [found.id for found in parsed[path].entries] for path in documents} == expected


def enclosures_of(entry: Entry) -> list[tuple[str, str, str]]:
    return [(file.href, file.type, str(file.length or 0)) for file in entry.enclosures]


def found_enclosures(found: Any) -> list[tuple[str, str, str]]:
    return [(file.href, file.type, file.get("length", "0")) for file in found.enclosures]


IN_BOTH: EntryFields = {
    "title": (lambda entry: entry.title, lambda found: found.title),
    "link": (lambda entry: entry.link, lambda found: found.link),
    "published": (lambda entry: entry.published, lambda found: as_time(found.published_parsed)),
    "updated": (lambda entry: entry.updated, lambda found: as_time(found.updated_parsed)),
    "media": (
        lambda entry: [(file.href, file.type) for file in entry.enclosures],
        lambda found: [(media["url"], media["type"]) for media in found.get("media_content", [])],
    ),
    "thumbnail": (
        lambda entry: [file.href for file in entry.enclosures[:1]],
        lambda found: [thumbnail["url"] for thumbnail in found.get("media_thumbnail", [])],
    ),
}
IN_RSS: EntryFields = {
    "tags": (
        lambda entry: [(category.label, category.scheme) for category in entry.categories],
        lambda found: [(tag.term, tag.scheme) for tag in found.get("tags", [])],
    ),
    "enclosure": (lambda entry: enclosures_of(entry)[:1], found_enclosures),
    "summary": (lambda entry: entry.summary, lambda found: html.unescape(found.summary)),
    "authors": (
        lambda entry: [person.name for person in entry.authors],
        lambda found: [person.name for person in found.authors],
    ),
}
IN_ATOM: EntryFields = {
    "tags": (
        lambda entry: [(category.term, category.scheme, category.label) for category in entry.categories],
        lambda found: [(tag.term, tag.scheme, tag.label) for tag in found.get("tags", [])],
    ),
    "enclosures": (enclosures_of, found_enclosures),
    "summary": (lambda entry: entry.summary, lambda found: found.summary),
    "authors": (
        lambda entry: [(person.name, person.uri) for person in entry.authors],
        lambda found: [(person.name, person.get("href")) for person in found.authors],
    ),
}
ENTRY_FIELDS = {("rss", name): pair for name, pair in (IN_BOTH | IN_RSS).items()} | {
    ("atom", name): pair for name, pair in (IN_BOTH | IN_ATOM).items()
}


@pytest.mark.parametrize(("syntax", "field"), ENTRY_FIELDS)
def test_feedparser_reads_the_fields_of_an_entry(
    sample: Sample, parsed: dict[Path, Any], syntax: Syntax, field: str
) -> None:
    in_model, in_feedparser = ENTRY_FIELDS[syntax, field]
    (path, feed), *_ = sample.documents(syntax).items()
    assert feed.kind == "all"
    expected = {entry.id: in_model(entry) for entry in feed.entries}
    assert {found.id: in_feedparser(found) for found in parsed[path].entries} == expected


# lemon24's reader


@pytest.fixture(scope="module")
def subscriber(sample: Sample) -> Iterator[Reader]:
    """A reader that has subscribed to every document and updated once."""
    with make_reader(":memory:", feed_root="") as reader:
        for path in sample.documents("rss", "atom", "json"):
            reader.add_feed(str(path))
        reader.update_feeds()
        yield reader


def test_reader_accepts_every_document(subscriber: Reader, sample: Sample) -> None:
    found = {feed.url: (feed.last_exception, feed.title, feed.subtitle) for feed in subscriber.get_feeds()}
    documents = sample.documents("rss", "atom", "json")
    assert found == {str(path): (None, feed.title, feed.description) for path, feed in documents.items()}


@pytest.mark.parametrize("format_", ["rss", "atom", "json"])
def test_reader_reads_every_entry(subscriber: Reader, sample: Sample, format_: Format) -> None:
    for path, feed in sample.documents(format_).items():
        found = {
            entry.id: (entry.title, entry.link, entry.published, entry.updated)
            for entry in subscriber.get_entries(feed=str(path))
        }
        assert found == {entry.id: (entry.title, entry.link, entry.published, entry.updated) for entry in feed.entries}


def test_reader_reads_the_same_entries_in_every_format(subscriber: Reader, sample: Sample) -> None:
    counts = {
        path: subscriber.get_entry_counts(feed=str(path)).total for path in sample.documents("rss", "atom", "json")
    }
    for feed in sample.feeds:
        formats: tuple[Format, ...] = ("rss", "atom", "json")
        assert [counts[sample.document(feed, format_)] for format_ in formats] == [len(feed.entries)] * 3


def test_reader_finds_nothing_new_after_the_same_is_published_again(subscriber: Reader, sample: Sample) -> None:
    for path in sample.documents("rss", "atom", "json"):
        path.unlink()
    feeds.regenerate(feeds.load_config(sample.output.parent / "config" / "feeds.yaml"), now=LATER)
    expected = {
        str(path): UpdatedFeed(str(path), new=0, modified=0, unmodified=len(feed.entries))
        for path, feed in sample.documents("rss", "atom", "json").items()
    }
    assert {result.url: result.value for result in subscriber.update_feeds_iter(scheduled=False)} == expected


# newsboat


def reload_newsboat(document: Path, folder: Path) -> dict[str, str]:
    """Subscribe to one document with a new newsboat in `folder`; return its titles by id.

    One document at a time: newsboat keeps an id only once, from the feed that had it first.
    """
    folder.mkdir()
    files = {name: folder / name for name in ("urls", "config", "cache.db")}
    files["urls"].write_text(f'"{document.as_uri()}"\n', encoding="utf-8")
    files["config"].write_text("max-items 0\n", encoding="utf-8")
    home = folder / "home"
    home.mkdir()
    subprocess.run(
        ["newsboat", "-u", files["urls"], "-C", files["config"], "-c", files["cache.db"], "-x", "reload"],
        env={"HOME": str(home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=True,
    )
    with closing(sqlite3.connect(files["cache.db"])) as cache:
        return dict(cache.execute("SELECT guid, title FROM rss_item"))


@needs_newsboat
@SYNTAXES
def test_newsboat_reads_every_entry_with_its_title(sample: Sample, tmp_path: Path, syntax: Syntax) -> None:
    documents = sample.documents(syntax)
    with ThreadPoolExecutor(4) as pool:
        folders = (tmp_path / str(number) for number in range(len(documents)))
        found = dict(zip(documents, pool.map(reload_newsboat, documents, folders), strict=True))
    assert found == {path: {entry.id: entry.title for entry in feed.entries} for path, feed in documents.items()}


TITLES = (
    "<b>bold</b> and <script>alert(1)</script>",
    "a < b && c > d",
    "&amp; is an ampersand &copy",
    "Größe – 大きさ 🦜",
)


@needs_newsboat
@SYNTAXES
def test_newsboat_shows_a_title_as_it_was_written(site: Site, tmp_path: Path, syntax: Syntax) -> None:
    ids = [f"https://story.example/{number}" for number in range(len(TITLES))]
    for number, (title, id_) in enumerate(zip(TITLES, ids, strict=True)):
        front_matter = {"title": html.escape(title), "webUrl": id_, "publishedDateTime": "2020-06-10"}
        site.article(f"{number}.md", json.dumps(front_matter, ensure_ascii=False))
    site.regenerate()
    titles = reload_newsboat(site.output / f"all.{syntax}", tmp_path / "newsboat")
    assert titles == dict(zip(ids, TITLES, strict=True))
