"""The files of a cluster's catalog: their rows, damage, and how many there are."""

from __future__ import annotations

import zlib
from contextlib import nullcontext
from typing import TYPE_CHECKING

import msgspec
import pytest

from feeds.catalog.protocol import ReadingFingerprint
from feeds.catalog.records import EncodedEntry
from feeds.catalog.schema import DamagedCatalogError
from feeds.engines.spark.partitions import (
    INDEX,
    VERSION,
    BucketSummary,
    CatalogIndex,
    EntryRow,
    bucket_count,
    bucket_of,
    read_index,
    read_rows,
    write_index,
    write_rows,
)
from feeds.storage.local import LocalFolder

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [
    EntryRow("/archive", f"{number}.md", EncodedEntry(f"https://a.example/{number}", True, number, number, b"entry"))
    for number in range(3)
]


def index(*, buckets: int = 8, articles: int = 0, version: int = VERSION) -> CatalogIndex:
    return CatalogIndex(
        version=version,
        reading=ReadingFingerprint("code", "settings"),
        buckets=buckets,
        articles=articles,
        files=["files/0-a", ""],
        stories=[BucketSummary(entries="entries/0-b", stories="stories/0-c")],
        documents="documents/all-d",
        state={"rules": b"digest"},
    )


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (0, 8),
        (16_001, 9),
        (100_000, 50),
        (1_000_000, 500),
        (2_000_000, 1_000),
        (20_000_000, 1_000),
        (100_000_000, 5_000),
    ],
)
def test_large_archives_have_many_buckets_and_very_large_ones_larger_buckets(files: int, expected: int) -> None:
    assert bucket_count(files) == expected


@pytest.mark.parametrize(
    ("buckets", "articles", "expected"),
    [(8, 0, False), (8, 64_000, False), (8, 64_001, True), (0, 100_000, False)],
    ids=["new", "full", "outgrown", "without buckets yet"],
)
def test_an_archive_outgrows_its_buckets_when_it_needs_four_times_as_many(
    buckets: int, articles: int, expected: bool
) -> None:
    assert index(buckets=buckets, articles=articles).is_outgrown is expected


def test_a_text_is_always_in_the_same_bucket() -> None:
    assert bucket_of("123456789", 1 << 32) == 0xCBF43926  # the check value of CRC-32/ISO-HDLC
    assert {bucket_of(f"https://a.example/{number}", 8) for number in range(100)} == set(range(8))


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path)
    name = write_rows(folder, "entries/0", ROWS)
    assert name.startswith("entries/0-")
    assert read_rows(folder, name, EntryRow) == ROWS
    assert folder.paths() == [name]


def test_a_file_with_other_rows_has_another_name(tmp_path: Path) -> None:
    """A task that runs twice writes the same file, and no file is ever overwritten with other rows."""
    folder = LocalFolder(tmp_path)
    names = [write_rows(folder, "entries/0", rows) for rows in (ROWS, ROWS, ROWS[1:], ROWS[::-1])]
    assert [names.index(name) for name in names] == [0, 0, 2, 3]


def test_no_rows_need_no_file(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path)
    assert write_rows(folder, "entries/0", []) == ""
    assert read_rows(folder, "", EntryRow) == []
    assert folder.paths() == []


def damages(content: bytes) -> dict[str, bytes | None]:
    """Contents that a damaged file may have; None if it is missing."""
    flipped = {
        f"bit {position}": content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]
        for position in range(len(content))
    }
    return {"missing": None, "empty": b"", "cut": content[:-1], "longer": content + b"\0", **flipped}


def damage(file: Path, content: bytes | None) -> None:
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)


def test_every_damage_of_rows_is_noticed(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path)
    name = write_rows(folder, "entries/0", ROWS)
    for content in damages((tmp_path / name).read_bytes()).values():
        damage(tmp_path / name, content)
        with pytest.raises(
            DamagedCatalogError, match=r"entries/0-\w+: the cache cannot be used: it is not what it was"
        ):
            read_rows(folder, name, EntryRow)


def test_rows_of_another_type_are_damage(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path)
    with pytest.raises(DamagedCatalogError):
        read_rows(folder, write_rows(folder, "entries/0", [["/archive", 5]]), EntryRow)


def test_the_index_is_read_as_it_was_written(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path)
    assert read_index(folder) is None
    write_index(folder, index())
    assert read_index(folder) == index()
    assert index().names == {INDEX, "documents/all-d", "files/0-a", "", "entries/0-b", "stories/0-c"}


def test_an_index_of_another_version_is_ignored(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path)
    write_index(folder, index(version=VERSION + 1))
    assert read_index(folder) is None


def test_every_damage_of_the_index_is_noticed(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path)
    write_index(folder, index())
    for name, content in damages((tmp_path / INDEX).read_bytes()).items():
        damage(tmp_path / INDEX, content)
        if name == "missing":
            assert read_index(folder) is None
            continue
        with pytest.raises(DamagedCatalogError, match=INDEX):
            read_index(folder)


@pytest.mark.parametrize(
    ("value", "is_damage"),
    [([], True), (5, True), ({"version": VERSION}, True), ({}, False), ({"version": "2"}, False)],
)
def test_an_index_of_another_form_is_damage_or_another_version(tmp_path: Path, value: object, is_damage: bool) -> None:
    body = msgspec.msgpack.encode(value)
    (tmp_path / INDEX).write_bytes(zlib.crc32(body).to_bytes(4) + body)
    with pytest.raises(DamagedCatalogError) if is_damage else nullcontext():
        assert read_index(LocalFolder(tmp_path)) is None
