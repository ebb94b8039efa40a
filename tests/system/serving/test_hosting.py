"""The sample archive, read over HTTP from each web server: newsboat, lemon24/reader, feedparser."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import feedparser
import pytest
from reader import make_reader

import feeds
from feeds.output.manifest import read_manifest
from feeds.overview import survey
from feeds.serving.hosting.configs import parse_listen, render_hosting
from feeds.serving.server import serving
from feeds.serving.wsgi import Application
from feeds.storage.local import LocalFolder
from tests.support.hosting import EACH, STARTS, date_back
from tests.support.paths import ROOT
from tests.support.scripted_hub import always, running
from tests.support.servers import free_port, open_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from requests import Response

    from feeds.config.schema import Config
    from feeds.models import Feed

#: Later than every date in the sample archive.
LATER = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
#: feedparser and requests leave connections open for the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
#: Timeout in seconds, long enough for a slow machine.
PATIENCE = 120


@dataclass(frozen=True)
class Served:
    """The sample archive at a web server: the URL of the site, and its feeds with entries."""

    address: str
    feeds: tuple[Feed, ...]

    @property
    def addresses(self) -> list[str]:
        """The URLs of every feed in every format."""
        return [feed.address(format_) for feed in self.feeds for format_ in feed.formats]


@contextmanager
def started(kind: str, config: Config, port: int) -> Iterator[None]:
    """Run a web server with its configuration."""
    if kind == "feeds serve":
        with serving(Application(config, config.default_output), "127.0.0.1", port):
            yield
        return
    root, listen = config.default_output, parse_listen(f"127.0.0.1:{port}")
    _, text = render_hosting(kind, config, read_manifest(LocalFolder(root)), root=str(root), listen=listen)
    with STARTS[kind](config.path.parent.parent / kind, text, port):
        yield


@pytest.fixture(scope="module", params=["feeds serve", *EACH])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    with open_folder() as folder:
        port = free_port()
        address = f"http://127.0.0.1:{port}/"
        config = publish_sample(folder, address)
        assert config.base_url == address
        date_back(config.default_output)
        with started(request.param, config, port):
            yield Served(address, tuple(feed for feed in survey(config, now=LATER).feeds if feed.entries))


def publish_sample(folder: Path, address: str, hub: str = "https://hub.example/") -> Config:
    """Publish the sample archive in `folder`, with archives, precompressed files and a hub."""
    for name in ("articles", "config"):
        shutil.copytree(ROOT / name, folder / name)
    file = folder / "config" / "feeds.yaml"
    text = file.read_text(encoding="utf-8").replace("https://feeds.example.com/ ", f"{address}\n  hub: {hub} ")
    text = text.replace("all: {limit: 100}", "all: {limit: 5}")
    file.write_text(text + "archives: month\ncompress: [gzip, br]\n", encoding="utf-8")
    config = feeds.load_config(file)
    feeds.regenerate(config, now=LATER, ping=hub != "https://hub.example/")
    return config


# newsboat


@pytest.mark.skipif(shutil.which("newsboat") is None, reason="newsboat is not installed (Debian: newsboat)")
def test_newsboat_imports_the_list_and_reads_every_feed(served: Served, tmp_path: Path) -> None:
    with urlopen(f"{served.address}feeds.opml", timeout=PATIENCE) as response:  # noqa: S310  # on loopback
        (tmp_path / "feeds.opml").write_bytes(response.read())
    (tmp_path / "urls").touch()
    (tmp_path / "config").write_text("max-items 0\n", encoding="utf-8")
    newsboat(tmp_path, "-i", str(tmp_path / "feeds.opml"))
    newsboat(tmp_path, "-x", "reload")
    expected = {feed.address("rss"): feed.title for feed in served.feeds}
    with closing(sqlite3.connect(tmp_path / "cache.db")) as cache:
        titles = dict(cache.execute("SELECT rssurl, title FROM rss_feed"))
        ids = {id_ for (id_,) in cache.execute("SELECT guid FROM rss_item")}
    assert {address: title for address, title in titles.items() if title} == expected
    assert ids == {entry.id for feed in served.feeds for entry in feed.entries}


def newsboat(folder: Path, *arguments: str) -> None:
    """Run newsboat with its files in a folder and no other configuration."""
    files = ["-u", str(folder / "urls"), "-C", str(folder / "config"), "-c", str(folder / "cache.db")]
    subprocess.run(
        ["newsboat", *files, *arguments],
        env={"HOME": str(folder), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=True,
    )


# lemon24's reader


def test_reader_updates_every_feed_and_gets_304_the_second_time(served: Served) -> None:
    statuses: list[int] = []

    def note(_session: object, response: Response, *_: object, **__: object) -> None:
        statuses.append(response.status_code)

    with make_reader(":memory:") as reader:
        retriever: Any = reader._parser.get_retriever("http://")  # noqa: SLF001  # the only way to see responses
        retriever.response_hooks.append(note)
        for address in served.addresses:
            reader.add_feed(address)
        reader.update_feeds(scheduled=False)
        assert {feed.url: feed.last_exception for feed in reader.get_feeds()} == dict.fromkeys(served.addresses)
        counts = {address: reader.get_entry_counts(feed=address).total for address in served.addresses}
        assert counts == {feed.address(format_): len(feed.entries) for feed in served.feeds for format_ in feed.formats}
        assert statuses == [200] * len(served.addresses)
        statuses.clear()
        reader.update_feeds(scheduled=False)
        assert statuses == [304] * len(served.addresses)


# feedparser


def test_feedparser_reads_every_feed_and_gets_304_for_its_etag(served: Served) -> None:
    for feed in served.feeds:
        for format_ in ("rss", "atom"):
            address = feed.address(format_)
            found = feedparser.parse(address)
            assert (found.status, found.bozo, found.href) == (200, False, address)
            assert found.headers["content-type"] == f"application/{format_}+xml; charset=utf-8"
            assert len(found.entries) == len(feed.entries)
            again = feedparser.parse(address, etag=found.etag)
            assert (again.status, again.entries) == (304, [])
            again = feedparser.parse(address, modified=found.modified)
            assert again.status == 304


def test_feedparser_follows_the_history_to_its_begin(served: Served) -> None:
    everything = next(feed for feed in served.feeds if feed.kind == "all")
    ids: set[str] = set()
    address: str | None = everything.address("atom")
    while address:
        found = feedparser.parse(address)
        assert (found.status, found.bozo) == (200, False)
        ids.update(entry.id for entry in found.entries)
        address = next((link.href for link in found.feed.links if link.rel == "prev-archive"), None)
    assert ids == {entry.id for feed in served.feeds for entry in feed.entries}


# One changed article

CHANGED = "news/2026-01-08-library-sorting-arm.md"
TITLE = "County library hands the night shift to a sorting arm"
#: The feeds and the archive that contain the changed article.
SHOWING = ("providers/fenland-record.example", "topics/ai", "topics/robotics", "topics/vision")
ARCHIVE = "all/archive/2026-01"


def test_one_changed_article_changes_its_feeds_and_the_hub_hears_of_exactly_these(tmp_path: Path) -> None:
    with running(always(202)) as hub:
        config = publish_sample(tmp_path, "https://feeds.example.com/", hub.address)
        before = read(config.default_output)
        hub.forms.clear()
        article = tmp_path / "articles" / CHANGED
        article.write_text(article.read_text(encoding="utf-8").replace(TITLE, "Another title"), encoding="utf-8")
        report = feeds.regenerate(config, now=LATER)
    after = read(config.default_output)
    subscribed = {f"{path}.{format_}" for path in SHOWING for format_ in config.formats}
    plain = subscribed | {f"{path}/index.html" for path in SHOWING} | {f"{ARCHIVE}.{name}" for name in config.formats}
    expected = {path + suffix for path in plain for suffix in ("", ".gz", ".br")}
    assert set(report.written_paths) == expected
    assert {path for path in after.keys() | before.keys() if after.get(path) != before.get(path)} == expected | {
        "feeds.json"
    }
    assert all(b"Another title" in after[path] for path in plain)
    assert sorted(hub.told) == sorted(f"https://feeds.example.com/{path}" for path in subscribed)


def read(output: Path) -> dict[str, bytes]:
    """The bytes of every file, by path."""
    return {str(file.relative_to(output)): file.read_bytes() for file in output.rglob("*") if file.is_file()}
