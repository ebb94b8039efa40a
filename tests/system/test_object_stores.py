"""Whole sites whose articles and feeds are in an S3 server, which does not always work."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import time
from collections import defaultdict
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
import s3fs
from click.testing import CliRunner

import feeds
from feeds.cli.commands import main
from feeds.errors import EmptiedError, PublishError
from feeds.storage.addresses import stores
from feeds.storage.folder import open_folder
from feeds.storage.object_source import ObjectSource
from feeds.storage.objects import ObjectFolder
from feeds.storage.sources import FoundFile, TooLargeError
from feeds.watcher import Outcome, WatchTimings, watch
from tests.support.cases import CASE_NAMES
from tests.support.object_store import (
    SECRET,
    Fault,
    Request,
    Unreliable,
    forget_connections,
    s3_server,
    unreliable,
    use_server,
)
from tests.support.paths import CASES
from tests.support.site import NOW, Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = """\
site: {{title: Test Wire, url: https://feeds.example.com/, hub: "http://127.0.0.1:9/"}}
source: {{articles: ["{articles}"]}}
pages: off
compress: [gzip]
"""
CREDENTIALS = "has credentials in it; expected them where the other clients of the store find them"
STORY = "title: {0}\nwebUrl: https://a.example/{0}\npublishedDateTime: {1}\ntopics: [{2}]"
_number = count()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
def store(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Unreliable]:
    """The store behind a proxy, which forwards everything unless a test adds faults."""
    with unreliable(server) as proxy:
        use_server(proxy.address, monkeypatch)
        yield proxy
        proxy.faults.clear()
        forget_connections()


class Remote:
    """A site whose articles and feeds are in a bucket of its own; its configuration and cache are on this machine."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._bucket = f"site-{next(_number)}"
        self.files = s3fs.S3FileSystem(use_listings_cache=False)
        self.files.mkdir(self._bucket)
        self.articles, self.output = f"s3://{self._bucket}/articles", f"s3://{self._bucket}/feeds"
        site.configure(CONFIG.format(articles=self.articles))

    def article(self, path: str, title: str, topic: str = "Energy", date: str = "2026-05-01") -> None:
        text = f"---\n{STORY.format(title, date, topic)}\n---\n"
        self.files.pipe_file(f"{self.articles}/{path}", text.encode())

    def regenerate(self, **options: Any) -> feeds.Report:
        config = feeds.load_config(self.site.config_path)
        return feeds.regenerate(config, now=NOW, output=self.output, ping=False, **options)

    def documents(self) -> dict[str, bytes]:
        root = self.output.removeprefix("s3://")
        found = self.files.find(root)
        return {path.removeprefix(f"{root}/"): self.files.cat_file(path) for path in sorted(found)}

    def headers(self, path: str) -> dict[str, Any]:
        bucket, _, key = f"{self.output.removeprefix('s3://')}/{path}".partition("/")
        headers: dict[str, Any] = self.files.call_s3("head_object", Bucket=bucket, Key=key)
        return headers


@pytest.fixture
def remote(site: Site, store: Unreliable) -> Remote:  # noqa: ARG001  # the clients need it
    remote = Remote(site)
    remote.article("a.md", "One")
    remote.article("deep/er/b.md", "Two", "Water")
    return remote


def publish_locally(remote: Remote, folder: Path) -> dict[str, bytes]:
    """The documents of the same site with articles and feeds on this machine."""
    site = Site(folder)
    site.configure(CONFIG.format(articles="../articles"))
    remote.files.get(remote.articles, str(folder / "articles"), recursive=True)
    site.regenerate(ping=False)
    return site.documents()


def requests_below(folder: str, remote: Remote, store: Unreliable) -> list[tuple[str, str]]:
    """The methods and paths of the requests for objects below a folder of the output."""
    root = remote.output.removeprefix("s3:/") + "/"
    requests = [(request.method, request.path.removeprefix(root)) for request in store.requests]
    return [(method, path) for method, path in requests if path.startswith(folder)]


def test_the_bytes_are_the_same_as_on_this_machine(remote: Remote, tmp_path: Path) -> None:
    report = remote.regenerate()
    assert (report.articles, report.entries, report.output) == (2, 2, remote.output)
    assert remote.documents() == publish_locally(remote, tmp_path / "local")


def test_the_cases_publish_the_same_in_a_store(site: Site, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cases of tests/cases, with articles and feeds in the store."""
    use_server(server, monkeypatch)
    for case in map(CASES.joinpath, CASE_NAMES):
        remote = Remote(site)
        shutil.rmtree(site.folder / ".feeds", ignore_errors=True)
        text = (case / "config.yaml").read_text(encoding="utf-8")
        assert "[articles]" in text
        site.configure(text.replace("[articles]", f'["{remote.articles}"]'))
        remote.files.put(str(case / "articles"), remote.articles, recursive=True)
        now = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
        feeds.regenerate(feeds.load_config(site.config_path), now=now, output=remote.output, ping=False)
        documents = remote.documents()
        expected = {
            path.relative_to(case / "expected").as_posix(): path.read_bytes()
            for path in (case / "expected").rglob("*")
            if path.is_file()
        }
        assert {path: documents[path] for path in expected} == expected, case.name


def test_each_object_has_the_headers_of_its_media_type(remote: Remote) -> None:
    remote.regenerate()
    for path, type_, coding in (
        ("all.rss", "application/rss+xml; charset=utf-8", None),
        ("all.rss.gz", "application/rss+xml; charset=utf-8", "gzip"),
        ("topics/energy.json", "application/feed+json; charset=utf-8", None),
        ("feeds.opml", "text/x-opml; charset=utf-8", None),
        ("feeds.json", "application/json; charset=utf-8", None),
    ):
        headers = remote.headers(path)
        assert (headers["ContentType"], headers.get("ContentEncoding")) == (type_, coding)
        assert headers["CacheControl"] == "max-age=3600"


def test_only_what_changed_is_read_and_written(remote: Remote, store: Unreliable) -> None:
    remote.regenerate()
    store.requests.clear()
    assert remote.regenerate().written == 0
    assert store.written() == []
    assert not [request for request in store.requests if request.path.endswith(".md")]
    remote.article("deep/er/b.md", "Three", "Water")
    store.requests.clear()
    report = remote.regenerate()
    assert (report.changed, set(report.written_paths) & {"topics/energy.rss"}) == (1, set())
    assert [request.path.rpartition("/")[2] for request in store.requests if request.path.endswith(".md")] == ["b.md"]
    written = [path.partition("/feeds/")[2] for path in store.written()]
    assert set(written) == {*report.written_paths, ".feeds-journal", "feeds.json"}
    assert written.index("feeds.json") > max(map(written.index, report.written_paths))  # the manifest is the last
    assert written[-1] == ".feeds-journal"  # which is removed


def test_a_new_document_is_written_without_another_request(remote: Remote, store: Unreliable) -> None:
    remote.regenerate()
    remote.article("c.md", "Three", "Tides")
    store.requests.clear()
    report = remote.regenerate()
    tides = [path for path in report.written_paths if path.startswith("topics/tides")]
    assert len(tides) > 3
    assert sorted(requests_below("topics/", remote, store)) == sorted(("PUT", path) for path in tides)
    listings = [request for request in store.requests if request.path.count("/") == 1]
    assert len(listings) <= 5, listings


def test_documents_of_a_new_format_are_written_and_then_checked(remote: Remote, store: Unreliable) -> None:
    """They are written before documents that refer to them, and checked in their turn.

    New precompressed files of other documents are only written.
    """
    text = CONFIG.format(articles=remote.articles)
    remote.site.configure(text.replace("compress: [gzip]", "formats: [rss, json]"))
    remote.regenerate()
    remote.site.configure(text)
    store.requests.clear()
    remote.regenerate()
    methods: dict[str, list[str]] = defaultdict(list)
    for method, path in requests_below("topics/", remote, store):
        methods[path].append(method)
    for topic in ("topics/energy", "topics/water"):
        assert methods[f"{topic}.atom"] == methods[f"{topic}.atom.gz"] == ["PUT", "HEAD"]
        assert methods[f"{topic}.rss.gz"] == methods[f"{topic}.json.gz"] == ["PUT"]


@pytest.mark.parametrize("lost", ["manifest", "manifest and cache"])
def test_an_unlisted_document_is_checked_if_it_may_be_ours(remote: Remote, store: Unreliable, lost: str) -> None:
    """A stopped run may have written it, as the journal says; or the cache knows it."""
    remote.regenerate()
    before = remote.documents()
    remote.files.rm_file(f"{remote.output}/feeds.json")
    if lost == "manifest and cache":
        shutil.rmtree(remote.site.folder / ".feeds")
        journal = sorted(path for path in before if path != "feeds.json")
        remote.files.pipe_file(f"{remote.output}/.feeds-journal", json.dumps(journal).encode())
    store.requests.clear()
    assert remote.regenerate().written == 0
    assert {method for method, _ in requests_below("topics/", remote, store)} == {"HEAD"}
    assert remote.documents() == before


def test_an_article_is_read_with_one_request_up_to_the_limit(remote: Remote, store: Unreliable) -> None:
    """Even if the object has another size than when it was listed."""
    source = ObjectSource(ObjectFolder(remote.articles))
    for path, size in (("a.md", 1_000_000), ("b.md", 9), ("c.md", 10), ("d.md", 0), ("e.md", 0)):
        remote.files.pipe_file(f"{remote.articles}/{path}", b"x" * size)
    listed = [("a.md", 9), ("b.md", 9), ("c.md", 10), ("d.md", 3), ("e.md", 0)]
    store.requests.clear()
    results = list(source.read([(path, FoundFile(path, size, -1, -1)) for path, size in listed], 9))
    read = [result for result in results if isinstance(result, tuple)]
    assert [(found.name, content, found.size) for content, found in read] == [
        ("b.md", b"x" * 9, 9),
        ("d.md", b"", 0),
        ("e.md", b"", 0),
    ]
    requests = sorted((request.method, request.path.rpartition("/")[2]) for request in store.requests)
    assert requests == [("GET", "a.md"), ("GET", "b.md"), ("GET", "d.md")]
    larger, _, too_large, _, _ = results
    assert isinstance(larger, TooLargeError)
    assert larger.args == (10,)
    assert isinstance(too_large, TooLargeError)
    assert too_large.args == (10,)


def test_without_a_cache_no_document_is_written_again(remote: Remote, store: Unreliable) -> None:
    remote.regenerate()
    shutil.rmtree(remote.site.folder / ".feeds")
    store.requests.clear()
    assert remote.regenerate().written == 0
    assert [path for path in store.written() if not path.endswith(".feeds-journal")] == []


def test_documents_that_others_changed_or_removed_are_written_again(remote: Remote) -> None:
    remote.regenerate()
    before = remote.documents()
    remote.files.pipe_file(f"{remote.output}/all.rss", b"x" * len(before["all.rss"]))
    remote.files.rm_file(f"{remote.output}/topics/water.atom")
    assert set(remote.regenerate().written_paths) == {"all.rss", "topics/water.atom"}
    assert remote.documents() == before


def test_objects_of_others_are_not_touched(remote: Remote) -> None:
    remote.files.pipe_file(f"{remote.output}/robots.txt", b"mine")
    remote.files.pipe_file(f"{remote.output}/topics/water.rss", b"mine")
    (mistake,) = remote.regenerate().mistakes
    assert "topics/water.rss: is there already and feeds.json does not list it" in str(mistake)
    assert remote.documents()["topics/water.rss"] == b"mine"
    remote.files.rm_file(f"{remote.output}/topics/water.rss")
    remote.regenerate()
    remote.files.rm_file(f"{remote.articles}/deep/er/b.md")
    remote.regenerate(prune=True)
    documents = remote.documents()
    assert "topics/water.rss" not in documents
    assert documents["robots.txt"] == b"mine"


def test_a_source_without_its_articles_stops_the_run(remote: Remote) -> None:
    remote.regenerate()
    before = remote.documents()
    remote.files.rm(remote.articles, recursive=True)
    with pytest.raises(EmptiedError, match="articles: held articles and holds none now"):
        remote.regenerate()
    assert remote.documents() == before


# Stores that fail


def is_article(request: Request) -> bool:
    return request.method == "GET" and request.path.endswith(".md")


def is_put(request: Request) -> bool:
    return request.method == "PUT" and request.path.endswith((".rss", ".gz"))


@pytest.mark.parametrize(
    "fault",
    [
        Fault(matches=is_put, times=3, status=503),
        Fault(matches=is_article, times=3, status=503),
        Fault(matches=lambda request: request.method == "HEAD", times=1, status=503),
        Fault(matches=is_put, times=2, is_cut=True),
        Fault(matches=is_article, times=2, is_cut=True),
        Fault(matches=lambda request: request.number % 3 == 0, times=5, seconds=0.5),
    ],
    ids=["503 to PUT", "503 to GET", "503 to HEAD", "closed in PUT", "closed in GET", "slow"],
)
def test_a_request_that_fails_for_a_moment_is_repeated(
    remote: Remote, store: Unreliable, tmp_path: Path, fault: Fault
) -> None:
    store.faults.append(fault)
    assert remote.regenerate(jobs=1).mistakes == ()
    assert store.counts[0] >= min(fault.times, 2)
    store.faults.clear()
    assert remote.documents() == publish_locally(remote, tmp_path / "local")


def test_an_object_that_cannot_be_written_loses_nothing(remote: Remote, store: Unreliable, tmp_path: Path) -> None:
    remote.regenerate()
    before = remote.documents()
    remote.article("a.md", "Other")
    store.faults.append(Fault(matches=lambda request: is_put(request) and "/topics/" in request.path, status=403))
    with pytest.raises(PublishError, match=r"^s3://\S+/topics/energy\.\S+: cannot be written: ") as caught:
        remote.regenerate()
    assert SECRET not in str(caught.value)
    store.faults.clear()
    after = publish_locally(remote, tmp_path / "local")
    for path, body in remote.documents().items():
        assert path == ".feeds-journal" or body in (before.get(path), after.get(path)), path
    remote.regenerate()
    assert remote.documents() == after


def test_an_unreadable_article_keeps_its_entries(remote: Remote, store: Unreliable) -> None:
    remote.regenerate()
    before = remote.documents()
    remote.article("a.md", "Other")
    store.faults.append(Fault(matches=is_article, status=403))
    report = remote.regenerate()
    (diagnostic,) = report.mistakes
    assert str(diagnostic).startswith(f"{remote.articles}/a.md: cannot be read: ")
    assert str(diagnostic).endswith("; what it held before stays")
    assert remote.documents() == before
    store.faults.clear()
    assert remote.regenerate().changed == 1
    assert b"Other" in remote.documents()["all.rss"]


def test_an_unreadable_folder_keeps_its_articles(remote: Remote, store: Unreliable) -> None:
    remote.regenerate()
    before = remote.documents()
    listing = Fault(matches=lambda request: request.method == "GET" and request.path.count("/") == 1, status=403)
    store.faults.append(listing)
    config = feeds.load_config(remote.site.config_path)
    report = feeds.regenerate(config, now=NOW, output=remote.site.output, ping=False)
    assert [str(diagnostic).rpartition(": ")[0] for diagnostic in report.mistakes] == [
        f"{remote.articles}: the folder cannot be read"
    ]
    assert (report.articles, remote.site.documents()) == (2, before)


def test_a_missing_store_is_reported_in_one_line(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    use_server("http://127.0.0.1:9", monkeypatch)
    site.article("a.md", STORY.format("One", "2026-05-01", "Energy"))
    arguments = ["regenerate", "--config", str(site.config_path), "--output", "s3://bucket/feeds"]
    result = CliRunner().invoke(main, arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: s3://bucket/feeds/feeds.json: cannot be read: ")
    assert SECRET not in line


# The command line, and everything except publishing


def test_an_invalid_url_is_an_error_of_the_command_line(site: Site) -> None:
    arguments = ["regenerate", "--config", str(site.config_path), "--output", "ftp://host/feeds"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "'ftp://host/feeds' has the scheme ftp; expected one of" in result.stderr


def test_invalid_urls_in_the_configuration_are_reported(site: Site) -> None:
    site.configure(
        "site: {title: T, url: https://e.com/}\n"
        "source:\n  articles:\n    - s3://news/a\n    - s3://news/a/b\n    - s3://key:secret@news\n    - https://a/b\n"
    )
    with pytest.raises(feeds.ConfigError) as caught:
        feeds.load_config(site.config_path)
    assert [str(diagnostic).partition("config/feeds.yaml:")[2] for diagnostic in caught.value.mistakes] == [
        "5: source.articles.1: 's3://news/a/b' overlaps 's3://news/a'; expected folders apart from each other",
        f"6: source.articles.2: 's3://***@news' {CREDENTIALS}",
        f"7: source.articles.3: 'https://a/b' has the scheme https; expected one of {', '.join(sorted(stores()))}",
    ]


@pytest.mark.parametrize(
    "address", [f"s3://key:{SECRET}@news/feeds", f"S3://:{SECRET}@news", f"https://k:{SECRET[:12]}@x"]
)
@pytest.mark.parametrize(
    "command", ["regenerate", "regenerate --json", "list", "check", "check --json", "prune", "serve", "hosting nginx"]
)
def test_a_secret_in_a_url_of_the_command_line_is_not_printed(site: Site, command: str, address: str) -> None:
    site.article("a.md", STORY.format("One", "2026-05-01", "Energy"))
    arguments = [*command.split(), "--config", str(site.config_path), "--output", address]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == (1 if command.startswith("check") else 2)
    assert "://***@" in result.output
    assert SECRET[:12] not in result.output


@pytest.mark.parametrize("articles", ["[{0}]", "{0}"])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_secret_in_a_url_of_the_configuration_is_not_printed(site: Site, articles: str, options: list[str]) -> None:
    address = f"'s3://key:{SECRET}@news/articles'"
    site.configure(f"site: {{title: T, url: https://e.com/}}\nsource: {{articles: {articles.format(address)}}}\n")
    for command in ("regenerate", "check"):
        result = CliRunner().invoke(main, [command, "--config", str(site.config_path), *options])
        assert result.exit_code != 0
        assert SECRET[:12] not in result.output


def test_a_secret_in_a_url_is_in_no_error() -> None:
    with pytest.raises(PublishError) as caught:
        open_folder(f"s3://key:{SECRET}@news")
    assert str(caught.value) == f"s3://***@news: {CREDENTIALS}"


def test_the_hub_is_notified_of_feeds_in_a_store(remote: Remote) -> None:
    config = feeds.load_config(remote.site.config_path)
    report = feeds.regenerate(config, now=NOW, output=remote.output)
    assert report.hub is not None
    assert report.hub.waiting
    remembered = json.loads((remote.site.folder / ".feeds" / "feeds.hub.json").read_bytes())
    assert list(remembered["told"]) == [remote.output]


def test_a_store_is_read_again_every_minute(remote: Remote) -> None:
    """A store does not report changes."""
    timings = WatchTimings(minute=1, idle=0.05)
    reports: list[feeds.Report] = []
    started = time.monotonic()
    for event in watch(remote.site.config_path, timings=timings, output=remote.output, ping=False):
        assert time.monotonic() - started < 60
        if isinstance(event, Outcome) and isinstance(event.result, feeds.Report):
            reports.append(event.result)
            if len(reports) == 1:
                remote.article("c.md", "Later")
            elif event.result.changed:
                break
    assert reports[-1].entries == 3
    assert b"Later" in remote.documents()["all.rss"]
