"""The published state: documents by part, and what the catalog knows of them."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from feeds.catalog.sqlite import SqliteCatalog
from feeds.models import EMPTY_UPDATED, MANIFEST, Document
from feeds.output.manifest import JOURNAL, DocumentRecord, Manifest, record_of
from feeds.pipeline.published import (
    SITE,
    PublishedState,
    by_part,
    digest_of_records,
    outlines_of,
    state_key,
)
from feeds.storage.local import LocalFolder

if TYPE_CHECKING:
    from pathlib import Path

SIGNATURE = b"s" * 16
BODY = b"<rss/>"


def record(path: str, feed: str = "", **changes: Any) -> DocumentRecord:
    document = Document(path=path, media_type="application/rss+xml", body=BODY, title="A title", feed=feed, name="name")
    return msgspec.structs.replace(record_of(document), kind="custom" if feed else "site", **changes)


#: A feed in two formats with an archive, another feed, and a document of the site, ordered by path.
RECORDS = (
    record("a.json", "a"),
    record("a.rss", "a"),
    record("a/archive/2026-05.rss", "a", month="2026-05"),
    record("b.rss", "b"),
    record("feeds.opml"),
)


def publish(folder: Path, *records: DocumentRecord, journal: list[str] | None = None) -> LocalFolder:
    """Write documents, their manifest and a journal."""
    output = LocalFolder(folder)
    for one in records:
        output.write(one.path, BODY)
    output.write(MANIFEST, msgspec.json.encode(Manifest(documents=records)))
    if journal is not None:
        output.write(JOURNAL, msgspec.json.encode(journal))
    return output


def catalog_of(output: LocalFolder, *records: DocumentRecord) -> SqliteCatalog:
    """A catalog that knows these documents as they are in the folder."""
    catalog = SqliteCatalog(None)
    rows = [(one.path, SIGNATURE, (output.stat(one.path) or (0, 0))[1]) for one in records]
    catalog.set_documents(output.key, rows, ())
    catalog.set_state(state_key(output), [7, b"rendering", b"images", digest_of_records(records)])
    return catalog


def state(folder: Path, **options: Any) -> PublishedState:
    output = publish(folder, *RECORDS, **options)
    return PublishedState(output, catalog_of(output, *RECORDS))


def test_documents_are_grouped_by_feed_and_month() -> None:
    assert by_part(RECORDS) == {
        ("a", ""): [RECORDS[0], RECORDS[1]],
        ("a", "2026-05"): [RECORDS[2]],
        ("b", ""): [RECORDS[3]],
        SITE: [RECORDS[4]],
    }


def test_the_outlines_are_those_of_feeds_in_order_of_paths() -> None:
    outlines = list(outlines_of(by_part(reversed(RECORDS))))
    assert [(one.path, one.formats) for one in outlines] == [("a", ("rss", "json")), ("b", ("rss",))]
    assert (outlines[0].kind, outlines[0].name, outlines[0].title) == ("custom", "name", "A title")
    assert (outlines[0].entries, outlines[0].updated) == (0, EMPTY_UPDATED)


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({}, True),
        ({"title": "Other"}, False),
        ({"entries": 7}, False),
        ({"updated": EMPTY_UPDATED + dt.timedelta(1)}, False),
        ({"path": "c.rss"}, False),
        ({"digest": "sha256:0"}, False),
    ],
)
def test_the_digest_of_documents_covers_everything_that_the_manifest_says(
    changes: dict[str, Any], is_same: bool
) -> None:
    changed = [msgspec.structs.replace(RECORDS[0], **changes), *RECORDS[1:]]
    assert (digest_of_records(changed) == digest_of_records(RECORDS)) is is_same


def test_nothing_is_published_into_a_new_folder(tmp_path: Path) -> None:
    published = PublishedState(LocalFolder(tmp_path / "new"), SqliteCatalog(None))
    assert (published.records, published.versions, published.feeds) == ({}, {}, frozenset())
    assert published.catalog_state is None
    assert published.absent(["a.rss"]) == ("a.rss",)
    assert published.kept(("a", "")) == published.kept_feed("a") == []
    assert not published.has_intact_assets()


def test_the_published_feeds_and_their_documents_are_known(tmp_path: Path) -> None:
    published = state(tmp_path)
    assert published.feeds == {"a", "b"}
    assert published.has_any(["x.rss", "b.rss"])
    assert not published.has_any(["x.rss", "b.json"])
    assert [one.record for one in published.kept(("a", ""))] == list(RECORDS[:2])
    assert [one.record for one in published.kept_feed("a")] == list(RECORDS[:3])
    assert not any(one.is_written for one in published.kept_feed("a"))


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a.rss", "a.json"], set()),
        (["a.rss", "a.json", "a.atom"], {"a.atom"}),
        (["a.rss", "a.rss.gz", "a.atom.br"], set()),
        (["c.rss", "c.json"], set()),
    ],
    ids=["none", "a format", "precompressed files", "a new feed"],
)
def test_documents_are_added_if_others_of_their_feed_were_published(
    tmp_path: Path, paths: list[str], expected: set[str]
) -> None:
    assert state(tmp_path).added(paths) == expected


@pytest.mark.parametrize(
    ("journal", "expected"), [(None, ("c.rss",)), ([], ()), (["c.rss"], ())], ids=["finished", "began", "stopped"]
)
def test_only_after_a_finished_run_is_it_known_what_cannot_exist(
    tmp_path: Path, journal: list[str] | None, expected: tuple[str, ...]
) -> None:
    assert state(tmp_path, journal=journal).absent(["a.rss", "c.rss"]) == expected


def test_a_document_whose_version_the_catalog_knows_may_exist(tmp_path: Path) -> None:
    """The manifest may have been lost."""
    output = publish(tmp_path, *RECORDS)
    catalog = catalog_of(output, *RECORDS)
    (tmp_path / MANIFEST).unlink()
    assert PublishedState(output, catalog).absent(["a.rss", "c.rss"]) == ("c.rss",)


PART = ("a", "")
PATHS = ["a.rss", "a.json"]


def test_unchanged_documents_are_current_if_they_have_the_signature(tmp_path: Path) -> None:
    published = state(tmp_path)
    assert published.is_intact(PART, PATHS)
    assert published.is_current(PART, PATHS, SIGNATURE)
    assert not published.is_current(PART, PATHS, b"other")


@pytest.mark.parametrize("paths", [["a.rss"], ["a.rss", "a.json", "a.atom"], ["a.rss", "b.rss"]])
def test_a_part_with_other_documents_is_not_intact(tmp_path: Path, paths: list[str]) -> None:
    assert not state(tmp_path).is_intact(PART, paths)


@pytest.mark.parametrize("change", ["bytes", "size", "removed"])
def test_a_part_with_a_changed_document_is_not_intact(tmp_path: Path, change: str) -> None:
    published = state(tmp_path)
    if change == "removed":
        (tmp_path / "a.json").unlink()
    else:
        (tmp_path / "a.json").write_bytes(BODY[::-1] if change == "bytes" else b"")
        os.utime(tmp_path / "a.json", ns=(0, 5))  # the clock may not have ticked since it was published
    assert not published.is_intact(PART, PATHS)
    assert published.is_intact(("b", ""), ["b.rss"])


def test_what_the_catalog_knows_counts_only_with_its_manifest(tmp_path: Path) -> None:
    """After a power failure, or if one of the two was restored, they may differ."""
    output = publish(tmp_path, *RECORDS)
    catalog = catalog_of(output, *RECORDS)
    other = (*RECORDS[:4], msgspec.structs.replace(RECORDS[4], digest="sha256:0"))
    published = PublishedState(publish(tmp_path, *other), catalog)
    assert not published.is_intact(PART, PATHS)
    assert published.versions.keys() == {one.path for one in RECORDS}
