"""What the machines of a cluster do with the files of the archive: list them, read those that changed, and pass on what
that means for entries.

A task may be done twice, where a machine is lost or slow, and the second time find files that were edited meanwhile:
what is passed on tells which reading it is of.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from feeds.catalog.sqlite import KnownFile
from feeds.content.discovery import find_below
from feeds.content.files import ArticleFile, is_reached
from feeds.digests import digest_of
from feeds.engines.spark.consistency import NOT_EVERYWHERE, Consistency
from feeds.engines.spark.partitions import EntryRow, FileRow, bucket_of, read_rows, write_rows
from feeds.errors import LocatedDiagnostic, ProcessError
from feeds.pipeline.ingest import NOT_READ, UNSETTLED, read_records
from feeds.storage.names import is_utf8

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from feeds.catalog.records import FileRecord
    from feeds.config.schema import Source
    from feeds.content.discovery import Found
    from feeds.content.files import Root as ArticleRoot
    from feeds.storage.folder import Folder


#: Files read at a time.
_CHUNK = 64

#: Files that are listed in one piece.
_LISTED = 5_000

_encoder = msgspec.msgpack.Encoder()


class ListedFile(msgspec.Struct, frozen=True, array_like=True):
    """A file as it was found: the number of its root, and what a FoundFile has."""

    root: int
    path: str
    size: int
    mtime: int
    ctime: int


class Listing(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """What came of looking into folders: files, and what there is to report.

    `roots` are those that hold articles or cannot be read, by number; `closed` are the folders that cannot.
    """

    files: list[ListedFile]
    roots: list[int]
    closed: list[tuple[int, str]]
    mistakes: list[LocatedDiagnostic]


class ListingShare(msgspec.Struct, frozen=True, array_like=True):
    """A bucket's part of a Listing: all of `closed`, lest what is in such a folder be taken for gone."""

    files: list[ListedFile]
    closed: list[tuple[int, str]]


class BucketChanges(msgspec.Struct, frozen=True, array_like=True):
    """What files that changed mean for a bucket of entries: the files whose entries go, and entries that come.

    `version` is that of the FilesFacts of the bucket of files `source`.
    """

    source: int
    version: bytes
    gone: list[tuple[str, str]]
    entries: list[EntryRow]


class FilesSummary(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """What came of a bucket of files: the name of its file, and what there is to report.

    `version` is a digest of what was read, and `touched` are the buckets of entries that are told of changes.
    """

    bucket: int
    name: str
    version: bytes
    touched: list[int]
    articles: int
    changed: int
    left_out: dict[str, int]
    mistakes: list[LocatedDiagnostic]


_listing_decoder = msgspec.msgpack.Decoder(Listing)

_share_decoder = msgspec.msgpack.Decoder(ListingShare)


def list_below(roots: Sequence[ArticleRoot], root: ArticleRoot, path: str) -> Iterator[bytes]:
    """What is in a folder of the archive, and below it, as packed Listings."""
    return listings_of(find_below(root, path, roots), roots)


def listings_of(found: Found, roots: Sequence[ArticleRoot]) -> Iterator[bytes]:
    """What was found, as packed Listings."""
    numbers = {root: number for number, root in enumerate(roots)}
    files = (file for folder in found.folders for file in map(folder.file, folder.files))
    rows = (ListedFile(numbers[file.root], file.path, file.size, file.mtime, file.ctime) for file in files)
    there = sorted({numbers[folder.root] for folder in found.folders})
    # nothing was ever read of a folder whose path is no text
    closed = [(numbers[one.root], one.path) for one in found.folders if one.is_unreadable and is_utf8(one.path)]
    yield _encoder.encode(Listing(list(islice(rows, _LISTED)), there, closed, found.mistakes))
    while some := list(islice(rows, _LISTED)):
        yield _encoder.encode(Listing(some, [], [], []))


def files_in(packed: bytes) -> int:
    """How many files are in a packed Listing."""
    return len(_listing_decoder.decode(packed).files)


def spread(roots: Sequence[ArticleRoot], buckets: int, packed: bytes) -> Iterator[tuple[int, bytes]]:
    """The Shares of a packed Listing by bucket, and under the number after the last of these what is to be reported."""
    listing = _listing_decoder.decode(packed)
    found: dict[int, list[ListedFile]] = defaultdict(list)
    for file in listing.files:
        found[bucket_of(f"{roots[file.root]}/{file.path}", buckets)].append(file)
    for bucket in range(buckets) if listing.closed else found:
        yield bucket, _encoder.encode(ListingShare(found.get(bucket, []), listing.closed))
    if listing.roots or listing.mistakes:
        yield buckets, _encoder.encode(msgspec.structs.replace(listing, files=[]))


@dataclass(frozen=True)
class BucketReader:
    """What a task needs that reads files: where the catalog is, its files, and the folders of the archive."""

    catalog: Folder
    names: Sequence[str]
    roots: Sequence[ArticleRoot]
    buckets: int
    source: Source
    consistency: Consistency


def read_bucket(reader: BucketReader, bucket: int, packed: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Read the files of a bucket that changed, of those in its Shares: what that means for each bucket of entries, and,
    under the number after the last of these, what there is to report. That of folders is passed on.

    What was in a folder that cannot be read stays. Raises ProcessError on a machine that has not what the others have.
    """
    if bucket == reader.buckets:
        yield from ((bucket, one) for one in packed)
        return
    reader.consistency.check(reader.catalog)
    shares = [_share_decoder.decode(one) for one in packed]
    old = {(row.root, row.path): row for row in read_rows(reader.catalog, reader.names[bucket], FileRow)}
    closed = {(str(reader.roots[number]), path) for share in shares for number, path in share.closed}
    rows = {key: row for key, row in old.items() if _is_within(row, closed)}
    todo: list[tuple[ArticleFile, KnownFile | None]] = []
    for one in (file for share in shares for file in share.files):
        file = ArticleFile(reader.roots[one.root], one.path, one.size, one.mtime, one.ctime)
        known = old.get((str(file.root), file.path))
        if known and _is_the_same(known, one):
            rows[known.root, known.path] = known
        else:
            facts = KnownFile(0, known.size, known.mtime, known.ctime, known.digest) if known else None
            todo.append((file, facts))
    changes = _ChangesOf(reader.buckets)
    _check_roots(file.root for file, _ in todo)
    for outcome in _outcomes(todo, reader.source):
        known = old.get((outcome.root, outcome.path))
        rows[outcome.root, outcome.path] = changes.take(outcome, known)
    for key, row in old.items():
        if key not in rows:
            changes.drop(row)
    name = reader.names[bucket]
    kept = [rows[key] for key in sorted(rows)]
    if kept != list(old.values()):
        name = write_rows(reader.catalog, f"files/{bucket}", kept)
    version = digest_of([(row.root, row.path, row.digest, row.buckets) for row in kept])
    yield from changes.packed(bucket, version)
    yield reader.buckets, _encoder.encode(_facts_of(bucket, name, version, kept, changes))


def _facts_of(bucket: int, name: str, version: bytes, rows: Sequence[FileRow], changes: _ChangesOf) -> FilesSummary:
    left_out = Counter(row.left_out for row in rows if row.left_out)
    mistakes = [mistake for row in rows for mistake in row.mistakes]
    return FilesSummary(bucket, name, version, changes.touched, len(rows), changes.changed, dict(left_out), mistakes)


def _check_roots(roots: Iterable[ArticleRoot]) -> None:
    """What is to be read was found by another machine."""
    for root in set(roots):
        if not is_reached(root):
            raise ProcessError(f"{root}: {NOT_EVERYWHERE}")


def _outcomes(todo: Iterable[tuple[ArticleFile, KnownFile | None]], source: Source) -> Iterator[FileRecord]:
    left = iter(todo)
    while chunk := list(islice(left, _CHUNK)):
        yield from read_records(chunk, source, may_be_gone=False)


def _is_the_same(known: FileRow, found: ListedFile) -> bool:
    return known.mtime != UNSETTLED and (known.size, known.mtime, known.ctime) == (found.size, found.mtime, found.ctime)


def _is_within(row: FileRow, closed: Collection[tuple[str, str]]) -> bool:
    if not closed:
        return False
    parts = row.path.split("/")[:-1]
    return any((row.root, "/".join(parts[:length])) in closed for length in range(len(parts) + 1))


class _ChangesOf:
    """The changes of files, sorted by the buckets of entries that they touch."""

    def __init__(self, buckets: int) -> None:
        self.changed = 0
        self._buckets = buckets
        self._gone: dict[int, list[tuple[str, str]]] = defaultdict(list)
        self._entries: dict[int, list[EntryRow]] = defaultdict(list)

    def take(self, outcome: FileRecord, known: FileRow | None) -> FileRow:
        """Note what came of a file; its row from now on."""
        facts = {"size": outcome.size, "mtime": outcome.mtime, "ctime": outcome.ctime}
        if known is not None:
            if outcome.digest == NOT_READ:
                return msgspec.structs.replace(
                    known, mtime=outcome.mtime, digest=outcome.digest, mistakes=outcome.mistakes
                )
            if outcome.digest == known.digest:
                return msgspec.structs.replace(known, **facts)
            self.drop(known)
        else:
            self.changed += 1
        buckets = set()
        for entry in outcome.entries:
            bucket = bucket_of(entry.id, self._buckets)
            buckets.add(bucket)
            self._entries[bucket].append(EntryRow(outcome.root, outcome.path, entry))
        return FileRow(
            outcome.root,
            outcome.path,
            outcome.size,
            outcome.mtime,
            outcome.ctime,
            outcome.digest,
            outcome.left_out,
            outcome.mistakes,
            tuple(sorted(buckets)),
        )

    def drop(self, row: FileRow) -> None:
        """A file is gone, or is another."""
        self.changed += 1
        for bucket in row.buckets:
            self._gone[bucket].append((row.root, row.path))

    @property
    def touched(self) -> list[int]:
        """The buckets of entries that there are changes for."""
        return sorted(self._gone.keys() | self._entries.keys())

    def packed(self, source: int, version: bytes) -> Iterator[tuple[int, bytes]]:
        for bucket in self.touched:
            changes = BucketChanges(source, version, self._gone.get(bucket, []), self._entries.get(bucket, []))
            yield bucket, _encoder.encode(changes)
