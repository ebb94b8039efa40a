"""The archive brought into the catalog: what is read again, and what is not."""

from __future__ import annotations

import json
import os
import shutil
import time
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

import feeds
from feeds.catalog import stories
from feeds.catalog.sqlite import KnownFile, SqliteCatalog
from feeds.config.schema import Source
from feeds.content.articles import ParsedArticle, parse_article
from feeds.content.discovery import find_articles
from feeds.content.files import ArticleFile, read_file
from feeds.pipeline.ingest import read_record
from tests.support.site import NOW, Site

if TYPE_CHECKING:
    from pathlib import Path

    from feeds.catalog.records import Folder

T = TypeVar("T")

STORY = "title: Story {0}\nwebUrl: https://a.example/{0}\npublishedDateTime: 2026-05-01\ntopics: [Energy]"


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the files that were parsed."""
    paths: list[str] = []
    parse = parse_article

    def noting(content: bytes, *, path: str, **facts: Any) -> ParsedArticle:
        paths.append(path)
        return parse(content, path=path, **facts)

    monkeypatch.setattr("feeds.pipeline.ingest.parse_article", noting)
    return paths


def aged(file: Path, seconds: int = 100) -> None:
    """Set the mtime back, so that the file is not one that has just changed."""
    facts = file.stat()
    os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns - seconds * 10**9))


def write(site: Site, *names: str) -> None:
    for name in names:
        aged(site.article(f"{name}.md", STORY.format(name)))


def test_only_what_changed_is_parsed(site: Site, parsed: list[str]) -> None:
    write(site, "a", "b", "c")
    site.regenerate()
    site.article("b.md", STORY.format("changed"))
    write(site, "d")
    site.regenerate()
    assert parsed == ["a.md", "b.md", "c.md", "b.md", "d.md"]


def test_only_folders_with_a_change_are_looked_into(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    write(site, "a", "one/b", "one/c", "two/d")
    time.sleep(0.05)
    site.regenerate()
    looked_into: list[str] = []
    files = SqliteCatalog.files

    def noting(catalog: SqliteCatalog, folder: Folder) -> dict[str, KnownFile]:
        looked_into.append(folder[1])
        return files(catalog, folder)

    monkeypatch.setattr(SqliteCatalog, "files", noting)
    site.regenerate()
    assert looked_into == []
    aged(site.article("one/c.md", STORY.format("changed")))
    (site.folder / "articles" / "two" / "d.md").unlink()
    time.sleep(0.05)
    assert site.regenerate().changed == 2
    assert sorted(looked_into) == ["one", "two"]
    assert site.regenerate().entries == 3
    assert sorted(looked_into) == ["one", "two"]


@pytest.mark.parametrize("seconds", [0, 0.05])
def test_the_articles_of_a_folder_that_is_gone_are_gone(site: Site, seconds: float) -> None:
    write(site, "a", "one/b", "one/two/c")
    time.sleep(seconds)
    site.regenerate()
    shutil.rmtree(site.folder / "articles" / "one")
    report = site.regenerate()
    assert (report.changed, report.entries) == (2, 1)
    write(site, "one/b")
    assert site.regenerate().entries == 2


def test_stories_may_be_told_one_at_a_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stories, "BATCH", 1)
    write(site, "a", "b")
    assert site.regenerate().entries == 2
    site.article("a.md", STORY.format("c"))
    (site.folder / "articles" / "b.md").unlink()
    assert site.regenerate().entries == 1


def test_ids_that_share_a_hash_are_told_apart(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    write(site, "a", "b", "c")
    site.regenerate()
    documents = site.documents()
    shutil.rmtree(site.folder / ".feeds")
    shutil.rmtree(site.output)
    monkeypatch.setattr(stories, "hash_of", lambda _: 5)
    write(site, "d")
    site.article("a.md", STORY.format("changed"))
    assert site.regenerate().entries == 4
    (site.folder / "articles" / "d.md").unlink()
    write(site, "a")
    assert site.regenerate().entries == 3
    assert site.documents() == documents
    site.configure(f"{site.config_path.read_text(encoding='utf-8')}topics: {{Energy: {{parent: Physics}}}}\n")
    site.regenerate()
    assert len(json.loads(site.documents()["topics/physics.json"])["items"]) == 3


def test_the_report_counts_the_articles_that_were_added_edited_or_removed(site: Site) -> None:
    write(site, "a", "b", "c")
    assert site.regenerate().changed == 3
    assert site.regenerate().changed == 0
    site.article("a.md", STORY.format("changed"))
    aged(site.folder / "articles" / "b.md")
    (site.folder / "articles" / "c.md").unlink()
    write(site, "d", "e")
    assert site.regenerate().changed == 4


def test_a_file_with_a_new_time_and_the_same_bytes_is_not_parsed(site: Site, parsed: list[str]) -> None:
    write(site, "a")
    site.regenerate()
    aged(site.folder / "articles" / "a.md")
    assert site.regenerate().written == 0
    assert parsed == ["a.md"]


def test_the_time_of_a_file_counts_where_it_dates_an_entry(site: Site, parsed: list[str]) -> None:
    site.configure(site.config_path.read_text(encoding="utf-8").replace("articles]", "articles], undated: file"))
    aged(site.article("a.md", "title: A\nwebUrl: https://a.example/"), 10**8)
    site.regenerate()
    aged(site.folder / "articles" / "a.md", 3600)
    assert site.regenerate().written == 3
    assert parsed == ["a.md", "a.md"]


def test_a_file_that_has_just_changed_is_read_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next change may come within the same tick of the clock, and keep the size."""
    file = site.article("a.md", STORY.format("a"))
    for seconds, later, is_remembered in ((100, 50_000_000, True), (100, 0, False), (-900, 50_000_000, False)):
        aged(file, seconds)
        changed = file.stat().st_ctime_ns | 1  # no whole second
        monkeypatch.setattr(time, "time_ns", lambda now=changed + later: now)
        outcome = read_record(ArticleFile(file.parent, "a.md"), None, Source(articles=("articles",)))
        assert (outcome.mtime == file.stat().st_mtime_ns) is is_remembered


@pytest.mark.parametrize(("changed", "is_remembered"), [(1_999_000_000, True), (2_000_000_000, False)])
def test_where_times_are_whole_seconds_a_file_is_young_for_longer(
    site: Site, monkeypatch: pytest.MonkeyPatch, changed: int, is_remembered: bool
) -> None:
    file = ArticleFile(site.folder / "articles", "a.md", size=9, mtime=changed, ctime=changed)
    with monkeypatch.context() as patch:
        patch.setattr("feeds.pipeline.ingest.read_file", lambda file, _: (b"---\ntitle: A\n---\n", file))
        patch.setattr(time, "time_ns", lambda: 4_000_000_000)
        outcome = read_record(file, None, Source(articles=("articles",)))
    assert (outcome.mtime != -1) is is_remembered


def test_a_file_moved_over_another_of_the_same_size_and_time_is_read(site: Site) -> None:
    write(site, "a")
    site.regenerate()
    file = site.folder / "articles" / "a.md"
    other = site.folder / "b.md"
    other.write_bytes(file.read_bytes().replace(b"Story a", b"Story b"))
    shutil.copystat(file, other)
    other.replace(file)
    assert site.regenerate().written


@pytest.mark.parametrize(
    "change",
    [
        "feeds: {topics: {limit: 3}}",
        "topics: {Energy: {parent: Physics, title: Power}}",
        "entries: {related: links, content: summary}",
        "formats: [rss]",
    ],
)
def test_a_change_of_the_configuration_parses_nothing(site: Site, parsed: list[str], change: str) -> None:
    write(site, "a", "b")
    site.regenerate()
    site.configure(f"{site.config_path.read_text(encoding='utf-8')}{change}\n")
    site.regenerate()
    assert parsed == ["a.md", "b.md"]


def test_a_change_of_how_articles_are_read_parses_them_all(site: Site, parsed: list[str]) -> None:
    write(site, "a", "b")
    site.regenerate()
    site.configure(site.config_path.read_text(encoding="utf-8").replace("articles]", "articles], link: amp"))
    site.regenerate()
    assert parsed == ["a.md", "b.md", "a.md", "b.md"]


def test_full_parses_all(site: Site, parsed: list[str]) -> None:
    write(site, "a")
    site.regenerate()
    feeds.regenerate(feeds.load_config(site.config_path), now=NOW, full=True)
    assert parsed == ["a.md", "a.md"]


def test_a_run_that_publishes_nothing_keeps_what_it_has_read(site: Site, parsed: list[str]) -> None:
    write(site, "a", "b")
    aged(site.article("c.md", "webUrl: https://a.example/c\npublishedDateTime: 2026-05-01"))
    for _ in range(2):
        time.sleep(0.05)
        with pytest.raises(feeds.StrictError):
            site.regenerate(strict=True)
    (site.output / "all.rss").mkdir(parents=True)
    with pytest.raises(feeds.PublishError):
        site.regenerate()
    (site.output / "all.rss").rmdir()
    assert site.regenerate().written == 10
    assert parsed == ["a.md", "b.md", "c.md"]


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The paths of the files that are refused, which a test may fill."""
    paths: set[str] = set()
    read = read_file

    def refusing(file: ArticleFile, most: int) -> tuple[bytes, ArticleFile]:
        if file.path in paths:
            raise PermissionError(13, "Permission denied", file.path)
        return read(file, most)

    monkeypatch.setattr("feeds.pipeline.ingest.read_file", refusing)
    return paths


def test_a_file_that_cannot_be_read_is_a_mistake_and_tried_again(site: Site, unreadable: set[str]) -> None:
    write(site, "a")
    unreadable.add("a.md")
    for changed in (1, 0):
        report = site.regenerate()
        assert [str(mistake) for mistake in report.mistakes] == ["articles/a.md: cannot be read: Permission denied"]
        assert (report.changed, report.left_out) == (changed, {"unreadable": 1})
    unreadable.clear()
    report = site.regenerate()
    assert (report.entries, report.mistakes, report.left_out) == (1, (), {})


def test_what_was_read_of_a_file_stays_while_it_cannot_be_read(site: Site, unreadable: set[str]) -> None:
    write(site, "a", "b")
    site.regenerate()
    documents = site.documents()
    site.article("a.md", STORY.format("changed"))
    unreadable.add("a.md")
    for _ in range(2):
        report = site.regenerate()
        assert [str(mistake) for mistake in report.mistakes] == [
            "articles/a.md: cannot be read: Permission denied; what it held before stays"
        ]
        assert (report.articles, report.changed, report.left_out) == (2, 0, {})
        assert site.documents() == documents
    unreadable.clear()
    report = site.regenerate()
    assert (report.changed, report.mistakes) == (1, ())
    assert site.documents() != documents


def test_a_file_that_is_removed_while_it_cannot_be_read_is_gone(site: Site, unreadable: set[str]) -> None:
    write(site, "a", "b")
    site.regenerate()
    site.article("a.md", STORY.format("changed"))
    unreadable.add("a.md")
    site.regenerate()
    (site.folder / "articles" / "a.md").unlink()
    report = site.regenerate()
    assert (report.articles, report.changed, report.entries, report.mistakes) == (1, 1, 1, ())


@pytest.mark.parametrize("closed", ["", "one", "one/two"])
def test_what_was_in_a_folder_that_cannot_be_read_stays(
    site: Site, monkeypatch: pytest.MonkeyPatch, closed: str
) -> None:
    write(site, "a", "one/b", "one/two/c", "one-more/d")
    site.regenerate()
    documents = site.documents()
    place = str(site.folder / "articles" / closed).rstrip("/")
    scandir = os.scandir

    def refusing(path: Path | str) -> object:
        if str(path).rstrip("/") == place:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refusing)
        for _ in range(2):
            report = site.regenerate()
            label = f"articles/{closed}"
            assert [str(mistake) for mistake in report.mistakes] == [
                f"{label}: the folder cannot be read: Permission denied"
            ]
            assert (report.articles, report.changed, report.written, report.entries) == (4, 0, 0, 4)
            assert site.documents() == documents
    shutil.rmtree(site.folder / "articles" / "one" / "two")
    report = site.regenerate()
    assert (report.articles, report.changed, report.entries, report.mistakes) == (3, 1, 3, ())


def test_nothing_but_a_digest_comes_of_a_file_with_the_bytes_that_are_known(site: Site) -> None:
    write(site, "a")
    ((folder,), _) = find_articles([site.folder / "articles"])
    file = folder.file(folder.files[0])
    source = Source(articles=("articles",))
    first = read_record(file, None, source)
    assert len(first.entries) == 1
    again = read_record(file, KnownFile(key=1, size=0, mtime=0, ctime=0, digest=first.digest), source)
    assert (again.digest, again.entries) == (first.digest, ())


def test_a_document_that_somebody_changed_is_put_right(site: Site) -> None:
    write(site, "a")
    site.regenerate()
    documents = site.documents()
    (site.output / "all.rss").write_bytes(b"<rss/>")
    (site.output / "all.json").unlink()
    assert site.regenerate().written == 2
    assert site.documents() == documents


def test_a_provider_is_called_after_stories_that_its_feed_does_not_hold_too(site: Site) -> None:
    site.configure(site.config_path.read_text() + "\nentries: {related: links}\n")
    story = "title: {0}\nwebUrl: https://a.example/{0}\npublishedDateTime: 2026-05-01\nprovider: {{name: {1}}}"
    for name in ("one", "two"):
        site.article(f"{name}.md", story.format(name, "Alpha"))
    site.regenerate()
    links = [f"{{title: L, webUrl: https://a.example/{n}, provider: {{name: Beta}}}}" for n in range(5)]
    link = "title: Three\nwebUrl: https://b.example/3\npublishedDateTime: 2026-05-01\nrelated: [{}]"
    dated = ", ".join(each.replace("title: L", "title: L, publishedDateTime: 2026-05-01") for each in links)
    site.article("three.md", link.format(dated))
    site.regenerate()
    assert b"Beta" in (site.output / "providers" / "a.example.json").read_bytes().partition(b"items")[0]


def test_what_is_beyond_a_limit_is_left_out_and_reported(site: Site) -> None:
    limits = "articles], limits: {bytes: 400, depth: 4, related: 2, topics: 1, images: 1}"
    site.configure(site.config_path.read_text(encoding="utf-8").replace("articles]", limits))
    write(site, "a")
    aged(site.article("large.md", STORY.format("large"), body="x" * 400))
    aged(site.article("deep.md", STORY.format("deep") + "\nx: [[[[1]]]]"))
    links = ", ".join(f"https://b.example/{number}" for number in range(3))
    aged(site.article("many.md", STORY.format("many") + f"\nrelated: [{links}]"))
    images = "images: [https://b.example/1.png, https://b.example/2.png]"
    story = "title: L\nwebUrl: https://a.example/listed\npublishedDateTime: 2026-05-01"
    aged(site.article("listed.md", f"{story}\ntopics: [a, b]\n{images}\nprovider:\n  {images}"))
    report = site.regenerate()
    beyond = "expected {} at most (source.limits.{}); the others are passed over"
    assert [str(mistake) for mistake in report.mistakes if "title" not in mistake.message] == [
        "articles/deep.md:6: not valid YAML here: nested more than 4 levels deep",
        "articles/large.md: has 506 bytes; expected 400 at most (source.limits.bytes); it is left out",
        f"articles/listed.md:5: topics has 2 items; {beyond.format(1, 'topics')}",
        f"articles/listed.md:6: images has 2 items; {beyond.format(1, 'images')}",
        f"articles/listed.md:8: images has 2 items; {beyond.format(1, 'images')}",
        f"articles/many.md:6: related has 3 items; {beyond.format(2, 'related')}",
    ]
    assert (report.entries, report.left_out) == (3, {"unreadable": 2})
    assert site.regenerate().changed == 0
    site.configure(site.config_path.read_text(encoding="utf-8").replace("bytes: 400", "bytes: 600"))
    assert site.regenerate().entries == 4
