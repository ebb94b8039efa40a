"""The catalog brought up to date with the archive: which files are read again."""

from __future__ import annotations

import json
import os
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest

import feeds
from feeds.catalog import stories
from feeds.catalog.sqlite import SqliteCatalog
from feeds.content.articles import ParsedArticle, parse_article
from feeds.storage.sources import LocalSource
from tests.support.site import NOW, Site

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from feeds.catalog.records import FolderKey, KnownFile
    from feeds.storage.sources import FoundFile, TooLargeError

STORY = "title: Story {0}\nwebUrl: https://a.example/{0}\npublishedDateTime: 2026-05-01\ntopics: [Energy]"


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of the files that were parsed."""
    paths: list[str] = []
    parse = parse_article

    def note(content: bytes, *, path: str, **options: Any) -> ParsedArticle:
        paths.append(path)
        return parse(content, path=path, **options)

    monkeypatch.setattr("feeds.pipeline.ingest.parse_article", note)
    return paths


def age(file: Path, seconds: int = 100) -> None:
    """Set the mtime back, so that the file has not just changed."""
    found = file.stat()
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns - seconds * 10**9))


def write(site: Site, *names: str) -> None:
    for name in names:
        age(site.article(f"{name}.md", STORY.format(name)))


def test_only_what_changed_is_parsed(site: Site, parsed: list[str]) -> None:
    write(site, "a", "b", "c")
    site.regenerate()
    site.article("b.md", STORY.format("changed"))
    write(site, "d")
    site.regenerate()
    assert parsed == ["a.md", "b.md", "c.md", "b.md", "d.md"]


def test_only_folders_with_a_change_are_compared(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    write(site, "a", "one/b", "one/c", "two/d")
    time.sleep(0.05)
    site.regenerate()
    compared: list[str] = []
    files = SqliteCatalog.files

    def note(catalog: SqliteCatalog, folder: FolderKey) -> dict[str, KnownFile]:
        compared.append(folder[1])
        return files(catalog, folder)

    monkeypatch.setattr(SqliteCatalog, "files", note)
    site.regenerate()
    assert compared == []
    age(site.article("one/c.md", STORY.format("changed")))
    (site.folder / "articles" / "two" / "d.md").unlink()
    time.sleep(0.05)
    assert site.regenerate().changed == 2
    assert sorted(compared) == ["one", "two"]
    assert site.regenerate().entries == 3
    assert sorted(compared) == ["one", "two"]


@pytest.mark.parametrize("seconds", [0, 0.05])
def test_the_articles_of_a_removed_folder_are_removed(site: Site, seconds: float) -> None:
    write(site, "a", "one/b", "one/two/c")
    time.sleep(seconds)
    site.regenerate()
    shutil.rmtree(site.folder / "articles" / "one")
    report = site.regenerate()
    assert (report.changed, report.entries) == (2, 1)
    write(site, "one/b")
    assert site.regenerate().entries == 2


def test_stories_may_be_built_one_at_a_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stories, "BATCH", 1)
    write(site, "a", "b")
    assert site.regenerate().entries == 2
    site.article("a.md", STORY.format("c"))
    (site.folder / "articles" / "b.md").unlink()
    assert site.regenerate().entries == 1


def test_ids_with_the_same_hash_are_different_stories(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
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
    age(site.folder / "articles" / "b.md")
    (site.folder / "articles" / "c.md").unlink()
    write(site, "d", "e")
    assert site.regenerate().changed == 4


def test_a_file_with_a_new_time_and_the_same_bytes_is_not_parsed(site: Site, parsed: list[str]) -> None:
    write(site, "a")
    site.regenerate()
    age(site.folder / "articles" / "a.md")
    assert site.regenerate().written == 0
    assert parsed == ["a.md"]


def test_a_file_with_a_new_time_is_parsed_if_that_may_date_an_entry(site: Site, parsed: list[str]) -> None:
    site.configure(site.config_path.read_text(encoding="utf-8").replace("articles]", "articles], undated: file"))
    age(site.article("a.md", "title: A\nwebUrl: https://a.example/"), 10**8)
    site.regenerate()
    age(site.folder / "articles" / "a.md", 3600)
    assert site.regenerate().written == 3
    assert parsed == ["a.md", "a.md"]


def test_a_file_replaced_by_another_of_the_same_size_and_time_is_read(site: Site) -> None:
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


def test_a_change_of_the_source_settings_parses_everything(site: Site, parsed: list[str]) -> None:
    write(site, "a", "b")
    site.regenerate()
    site.configure(site.config_path.read_text(encoding="utf-8").replace("articles]", "articles], link: amp"))
    site.regenerate()
    assert parsed == ["a.md", "b.md", "a.md", "b.md"]


def test_a_full_run_parses_everything(site: Site, parsed: list[str]) -> None:
    write(site, "a")
    site.regenerate()
    feeds.regenerate(feeds.load_config(site.config_path), now=NOW, full=True)
    assert parsed == ["a.md", "a.md"]


def test_a_run_that_publishes_nothing_keeps_what_it_read(site: Site, parsed: list[str]) -> None:
    write(site, "a", "b")
    age(site.article("c.md", "webUrl: https://a.example/c\npublishedDateTime: 2026-05-01"))
    for _ in range(2):
        time.sleep(0.05)
        with pytest.raises(feeds.StrictError):
            site.regenerate(strict=True)
    (site.output / "feeds.opml").mkdir(parents=True)
    with pytest.raises(feeds.PublishError):
        site.regenerate()
    (site.output / "feeds.opml").rmdir()
    assert site.regenerate().written == 10
    assert parsed == ["a.md", "b.md", "c.md"]


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The paths of files that cannot be read, which a test may change."""
    paths: set[str] = set()
    read = LocalSource.read

    def refuse(
        source: LocalSource, files: Sequence[tuple[str, FoundFile]], max_bytes: int
    ) -> Iterator[tuple[bytes, FoundFile] | OSError | TooLargeError]:
        for path, file in files:
            if path in paths:
                yield PermissionError(13, "Permission denied", path)
            else:
                yield from read(source, [(path, file)], max_bytes)

    monkeypatch.setattr(LocalSource, "read", refuse)
    return paths


def test_an_unreadable_file_is_reported_and_tried_again(site: Site, unreadable: set[str]) -> None:
    write(site, "a")
    unreadable.add("a.md")
    for changed in (1, 0):
        report = site.regenerate()
        assert [str(mistake) for mistake in report.mistakes] == ["articles/a.md: cannot be read: Permission denied"]
        assert (report.changed, report.left_out) == (changed, {"unreadable": 1})
    unreadable.clear()
    report = site.regenerate()
    assert (report.entries, report.mistakes, report.left_out) == (1, (), {})


def test_the_entries_of_an_unreadable_file_stay(site: Site, unreadable: set[str]) -> None:
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


def test_an_unreadable_file_that_is_removed_has_no_entries(site: Site, unreadable: set[str]) -> None:
    write(site, "a", "b")
    site.regenerate()
    site.article("a.md", STORY.format("changed"))
    unreadable.add("a.md")
    site.regenerate()
    (site.folder / "articles" / "a.md").unlink()
    report = site.regenerate()
    assert (report.articles, report.changed, report.entries, report.mistakes) == (1, 1, 1, ())


@pytest.mark.parametrize("closed", ["", "one", "one/two"])
def test_the_entries_of_an_unreadable_folder_stay(site: Site, monkeypatch: pytest.MonkeyPatch, closed: str) -> None:
    write(site, "a", "one/b", "one/two/c", "one-more/d")
    site.regenerate()
    documents = site.documents()
    place = site.folder / "articles" / closed
    scandir = os.scandir

    def refuse(path: int | str) -> object:
        if os.path.samestat(os.stat(path), place.stat()):  # noqa: PTH116  # it may be a descriptor
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        for _ in range(2):
            report = site.regenerate()
            label = f"articles/{closed}".rstrip("/")
            assert [str(mistake) for mistake in report.mistakes] == [
                f"{label}: the folder cannot be read: Permission denied"
            ]
            assert (report.articles, report.changed, report.written, report.entries) == (4, 0, 0, 4)
            assert site.documents() == documents
    shutil.rmtree(site.folder / "articles" / "one" / "two")
    report = site.regenerate()
    assert (report.articles, report.changed, report.entries, report.mistakes) == (3, 1, 3, ())


def test_a_changed_or_missing_document_is_published_again(site: Site) -> None:
    write(site, "a")
    site.regenerate()
    documents = site.documents()
    (site.output / "all.rss").write_bytes(b"<rss/>")
    (site.output / "all.json").unlink()
    assert site.regenerate().written == 2
    assert site.documents() == documents


def test_the_name_of_a_provider_follows_from_stories_outside_its_feed_too(site: Site) -> None:
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


def test_what_exceeds_a_limit_is_skipped_and_reported(site: Site) -> None:
    limits = "articles], limits: {bytes: 400, depth: 4, related: 2, topics: 1, images: 1}"
    site.configure(site.config_path.read_text(encoding="utf-8").replace("articles]", limits))
    write(site, "a")
    age(site.article("large.md", STORY.format("large"), body="x" * 400))
    age(site.article("deep.md", STORY.format("deep") + "\nx: [[[[1]]]]"))
    links = ", ".join(f"https://b.example/{number}" for number in range(3))
    age(site.article("many.md", STORY.format("many") + f"\nrelated: [{links}]"))
    images = "images: [https://b.example/1.png, https://b.example/2.png]"
    story = "title: L\nwebUrl: https://a.example/listed\npublishedDateTime: 2026-05-01"
    age(site.article("listed.md", f"{story}\ntopics: [a, b]\n{images}\nprovider:\n  {images}"))
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
