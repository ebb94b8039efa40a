"""Files compared with what the catalog knows of them, and read into records."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from feeds.catalog.records import NOT_READ, UNSETTLED, FileRecord, KnownFile
from feeds.config.schema import SourceLimits, SourceSettings
from feeds.content.files import ArticleFile
from feeds.models import Entry
from feeds.pipeline.ingest import change_of, is_in_unreadable, is_unchanged, read_records
from feeds.storage.sources import FoundFile, LocalSource, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from feeds.pipeline.ingest import ChangedFile

SETTINGS = SourceSettings(articles=("articles",))
DATED_BY_FILE = SourceSettings(articles=("articles",), undated="file")
DIGEST, OTHER = b"d" * 16, b"o" * 16
SECOND = 1_000_000_000
ARTICLE = b"---\ntitle: A\nwebUrl: https://a.example/\npublishedDateTime: 2026-05-01\n---\nA body\n"


@dataclass(frozen=True)
class State:
    """The state of a file: size in bytes, times in nanoseconds."""

    size: int = 5
    mtime: int = 1
    ctime: int = 2


@pytest.mark.parametrize(
    ("known", "found", "expected"),
    [
        (None, State(), False),
        (State(), State(), True),
        (State(), State(size=6), False),
        (State(), State(mtime=2), False),
        (State(), State(ctime=3), False),
        (State(mtime=UNSETTLED), State(mtime=UNSETTLED), False),
        (State(mtime=0, ctime=-7), State(mtime=0, ctime=-7), True),
    ],
    ids=["new", "same", "other size", "other mtime", "other ctime", "read too early", "object"],
)
def test_a_file_with_the_known_state_is_unchanged(known: State | None, found: State, expected: bool) -> None:
    assert is_unchanged(known, found) is expected


@pytest.mark.parametrize(
    ("folder", "unreadable", "expected"),
    [
        (("a", "one/two"), [], False),
        (("a", "one/two"), [("a", "one/two")], True),
        (("a", "one/two"), [("a", "one")], True),
        (("a", "one/two"), [("a", "")], True),
        (("a", ""), [("a", "")], True),
        (("a", "one/two"), [("b", "one")], False),
        (("a", "one/two"), [("a", "one/two/three")], False),
        (("a", "one-more"), [("a", "one")], False),
        (("a", ""), [("a", "one")], False),
        (("a", "one/two"), [("b", ""), ("a", "one/two")], True),
    ],
    ids=repr,
)
def test_a_folder_below_an_unreadable_one_is_in_it(
    folder: tuple[str, str], unreadable: list[tuple[str, str]], expected: bool
) -> None:
    assert is_in_unreadable(folder, set(unreadable)) is expected


@pytest.mark.parametrize(
    ("read", "known", "expected"),
    [
        (DIGEST, None, "changed"),
        (DIGEST, OTHER, "changed"),
        (DIGEST, DIGEST, "unchanged"),
        (NOT_READ, DIGEST, "unreadable"),
        (NOT_READ, NOT_READ, "unreadable"),
        (NOT_READ, None, "changed"),
        (DIGEST, NOT_READ, "changed"),
    ],
    ids=["new", "edited", "same bytes", "unreadable now", "still unreadable", "new and unreadable", "readable again"],
)
def test_a_record_means_a_change_of_its_file(read: bytes, known: bytes | None, expected: str) -> None:
    record = FileRecord(source="a", path="a.md", size=0, mtime=0, ctime=0, digest=read)
    assert change_of(record, known) == expected


@dataclass(frozen=True, eq=False)
class MemorySource:
    """A source with files in memory: bytes, or the error of reading them."""

    files: dict[str, bytes | OSError]
    removed: frozenset[str] = frozenset()
    unsettled: frozenset[str] = frozenset()
    reads: list[list[str]] = field(default_factory=list)

    name = "memory"
    local_path = None

    def __str__(self) -> str:
        return "/memory"

    def overlaps(self, other: object) -> bool:
        return self is other

    def is_reachable(self) -> bool:
        return True

    def exists(self, path: str) -> bool:
        return path not in self.removed

    def list_folder(self, *_: Any) -> Any:
        raise NotImplementedError

    def list_tree(self, *_: Any) -> None:
        return None

    def read(
        self, files: Sequence[tuple[str, FoundFile]], max_bytes: int
    ) -> Iterator[tuple[bytes, FoundFile] | OSError | TooLargeError]:
        self.reads.append([path for path, _ in files])
        for path, found in files:
            content = self.files[path]
            if isinstance(content, OSError):
                yield content
            elif len(content) > max_bytes:
                yield TooLargeError(len(content))
            else:
                yield content, found._replace(size=len(content))

    def may_change_unseen(self, file: FoundFile, read_at: int) -> bool:
        assert abs(read_at - time.time_ns()) < 60 * SECOND
        return file.name in self.unsettled


def changed(source: MemorySource, path: str, known: KnownFile | None = None, size: int = 7) -> ChangedFile:
    return ArticleFile(source, path, size=size, mtime=1_700_000_000 * SECOND + 5, ctime=3), known


def read_one(
    content: bytes | OSError,
    known: KnownFile | None = None,
    settings: SourceSettings = SETTINGS,
    *,
    may_be_removed: bool = True,
    **source: Any,
) -> FileRecord:
    (record,) = read_records(
        [changed(MemorySource({"one/a.md": content}, **source), "one/a.md", known)],
        settings,
        may_be_removed=may_be_removed,
    )
    return record


def known_as(digest: bytes, size: int = 7) -> KnownFile:
    return KnownFile(key=1, size=size, mtime=1, ctime=1, digest=digest)


def test_a_file_is_read_into_its_entries_and_its_state() -> None:
    record = read_one(ARTICLE)
    assert (record.source, record.path) == ("/memory", "one/a.md")
    assert (record.size, record.mtime, record.ctime) == (len(ARTICLE), 1_700_000_000 * SECOND + 5, 3)
    assert (record.skip_reason, record.diagnostics) == (None, ())
    (encoded,) = record.entries
    entry = msgspec.msgpack.decode(encoded.value, type=Entry)
    assert (entry.id, entry.title, entry.path) == ("https://a.example/", "A", "one/a.md")


def test_a_file_with_the_known_bytes_is_not_parsed() -> None:
    first = read_one(ARTICLE)
    again = read_one(ARTICLE, known_as(first.digest))
    assert again == msgspec.structs.replace(first, entries=())


@pytest.mark.parametrize(("settings", "is_same"), [(SETTINGS, True), (DATED_BY_FILE, False)])
def test_the_mtime_belongs_to_what_was_read_if_it_may_be_a_date(settings: SourceSettings, is_same: bool) -> None:
    source = MemorySource({"a.md": ARTICLE})
    digests = [
        record.digest
        for mtime in (5 * SECOND, 5 * SECOND + 1, 6 * SECOND)
        for record in read_records([(ArticleFile(source, "a.md", size=7, mtime=mtime, ctime=3), None)], settings)
    ]
    assert digests[0] == digests[1]  # entries have whole seconds
    assert (digests[0] == digests[2]) is is_same


@pytest.mark.parametrize("known", [None, known_as(OTHER)])
def test_a_file_that_may_change_unseen_is_read_again_next_time(known: KnownFile | None) -> None:
    record = read_one(ARTICLE, known, unsettled=frozenset({"a.md"}))
    assert record.mtime == UNSETTLED
    assert len(record.entries) == 1


@pytest.mark.parametrize(
    ("age", "expected"),
    [(50_000_000, True), (19_000_000, False), (-900 * SECOND, False)],
    ids=["old", "young", "future"],
)
def test_a_local_file_that_has_just_changed_is_read_again_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age: int, expected: bool
) -> None:
    """The next change may come within the same tick of the clock, and keep the size."""
    file = tmp_path / "a.md"
    file.write_bytes(ARTICLE)
    os.utime(file, ns=(0, 1_700_000_000 * SECOND))
    changed_at = file.stat().st_ctime_ns | 1  # not a whole second
    monkeypatch.setattr(time, "time_ns", lambda: changed_at + age)
    (record,) = read_records([(ArticleFile(LocalSource(tmp_path), "a.md"), None)], SETTINGS)
    assert (record.mtime == file.stat().st_mtime_ns) is expected
    assert (record.mtime == UNSETTLED) is not expected


@pytest.mark.parametrize(
    ("content", "skip_reason", "messages"),
    [
        (b"---\ntitle: A\n---\n", "no link", ["the article has no link"]),
        (ARTICLE.replace(b"title: A", b"published: false"), "unpublished", []),
        (ARTICLE.replace(b"title: A", b"title: [A"), "unreadable", ["not valid YAML"]),
        (ARTICLE.replace(b"2026-05-01", b"soon"), "no date", ["publishedDateTime is 'soon'"]),  # reported once
        (b"\xff\xfe", "unreadable", ["not UTF-8"]),
    ],
    ids=["incomplete", "unpublished", "not parsed", "a wrong value", "not UTF-8"],
)
def test_an_article_without_an_entry_has_a_reason_and_diagnostics(
    content: bytes, skip_reason: str, messages: list[str]
) -> None:
    record = read_one(content)
    assert (record.entries, record.skip_reason) == ((), skip_reason)
    assert len(record.diagnostics) == len(messages)
    for diagnostic, message in zip(record.diagnostics, messages, strict=True):
        assert diagnostic.path == "/memory/one/a.md"
        assert message in diagnostic.message
    assert list(record.diagnostics) == sorted(record.diagnostics)


DENIED = PermissionError(13, "Permission denied")
UNREAD = "cannot be read: Permission denied"
UNREAD_BEFORE = "cannot be read: Permission denied; what it held before stays"


@pytest.mark.parametrize(
    ("known", "skip_reason", "message", "is_kept"),
    [
        (None, "unreadable", UNREAD, False),
        (known_as(DIGEST, size=-1), "unreadable", UNREAD, False),
        (known_as(DIGEST, size=0), None, UNREAD_BEFORE, True),
        (known_as(DIGEST), None, UNREAD_BEFORE, True),
    ],
    ids=["new", "never read", "empty before", "read before"],
)
def test_what_was_read_of_an_unreadable_file_stays(
    known: KnownFile | None, skip_reason: str | None, message: str, is_kept: bool
) -> None:
    record = read_one(DENIED, known)
    assert (record.digest == NOT_READ) is is_kept
    assert (record.skip_reason, record.mtime) == (skip_reason, UNSETTLED)
    assert [(one.message, one.rule) for one in record.diagnostics] == [(message, "article-unreadable")]


@pytest.mark.parametrize("may_be_removed", [True, False])
def test_a_removed_file_is_no_fault_where_it_was_found(may_be_removed: bool) -> None:
    """A file that another machine found may be out of reach here."""
    record = read_one(
        FileNotFoundError(2, "No such file"),
        known_as(DIGEST),
        removed=frozenset({"one/a.md"}),
        may_be_removed=may_be_removed,
    )
    assert (record.entries, record.mtime) == ((), UNSETTLED)
    assert bool(record.diagnostics) is not may_be_removed
    assert (record.digest == NOT_READ) is not may_be_removed
    assert record.skip_reason == ("unreadable" if may_be_removed else None)


@pytest.mark.parametrize(("size", "is_settled"), [(len(ARTICLE), True), (7, False)], ids=["as found", "grown since"])
def test_a_file_that_is_too_large_is_skipped_and_reported(size: int, is_settled: bool) -> None:
    limited = SourceSettings(articles=("articles",), limits=SourceLimits(bytes=40))
    (record,) = read_records([changed(MemorySource({"a.md": ARTICLE}), "a.md", size=size)], limited)
    assert (record.entries, record.skip_reason) == ((), "unreadable")
    assert [one.message for one in record.diagnostics] == [
        f"has {len(ARTICLE)} bytes; expected 40 at most (source.limits.bytes); it is left out"
    ]
    assert (record.mtime != UNSETTLED) is is_settled


def test_records_come_in_order_and_files_of_a_source_are_read_together() -> None:
    first = MemorySource({"a.md": ARTICLE, "b.md": DENIED})
    second = MemorySource({"c.md": ARTICLE, "d.md": ARTICLE})
    files = [
        changed(first, "a.md"),
        changed(first, "b.md"),
        changed(second, "d.md"),
        changed(second, "c.md"),
        changed(first, "a.md"),
    ]
    assert [record.path for record in read_records(files, SETTINGS)] == ["a.md", "b.md", "d.md", "c.md", "a.md"]
    assert (first.reads, second.reads) == ([["a.md", "b.md"], ["a.md"]], [["d.md", "c.md"]])


def test_a_file_that_cannot_be_examined_is_not_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise OSError(5, "Input/output error")

    def messages() -> list[str]:
        unlisted = ArticleFile(LocalSource(tmp_path), "a.md")
        (record,) = read_records([(unlisted, None)], SETTINGS)
        return [one.message for one in record.diagnostics]

    assert messages() == []
    (tmp_path / "a.md").symlink_to("nowhere")
    assert messages() == ["cannot be read: No such file or directory"]
    (tmp_path / "a.md").unlink()
    monkeypatch.setattr("pathlib.Path.lstat", refuse)
    assert messages() == ["cannot be read: No such file or directory"]
