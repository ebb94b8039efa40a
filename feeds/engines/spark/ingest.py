"""Tasks that list and read the files of the archive, and pass on what changed for entries.

A task may run twice if a machine is lost or slow, and find files that were edited in between: what it passes on names
the reading that it belongs to.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from feeds.catalog.records import KnownFile, folder_of
from feeds.content.discovery import find_below
from feeds.content.files import ArticleFile
from feeds.digests import digest_of
from feeds.engines.spark.consistency import NOT_EVERYWHERE, Consistency
from feeds.engines.spark.partitions import EntryRow, FileRow, bucket_of, read_rows, write_rows
from feeds.errors import LocatedDiagnostic, ProcessError
from feeds.pipeline.ingest import change_of, is_in_unreadable, is_unchanged, read_records
from feeds.storage.names import is_utf8

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from feeds.catalog.records import FileRecord
    from feeds.config.schema import SourceSettings
    from feeds.content.discovery import Discovery
    from feeds.pipeline.ingest import ChangedFile
    from feeds.storage.folder import Folder
    from feeds.storage.sources import Source

#: Files read at a time.
_CHUNK = 64
#: Files in one listing.
_FILES_PER_LISTING = 5_000

_encoder = msgspec.msgpack.Encoder()


class ListedFile(msgspec.Struct, frozen=True, array_like=True):
    """A file in a listing: the number of its source, its path and its state (storage.sources.FoundFile)."""

    source: int
    path: str
    size: int
    mtime: int
    ctime: int


class Listing(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Files that were found, and reports about folders.

    `sources` are the numbers of those that hold articles or cannot be read, `unreadable` the folders that cannot.
    """

    files: list[ListedFile]
    sources: list[int]
    unreadable: list[tuple[int, str]]
    diagnostics: list[LocatedDiagnostic]


class ListingShare(msgspec.Struct, frozen=True, array_like=True):
    """A bucket's share of a listing, with all unreadable folders: what they held must not be taken for removed."""

    files: list[ListedFile]
    unreadable: list[tuple[int, str]]


class BucketChanges(msgspec.Struct, frozen=True, array_like=True):
    """The changes of a bucket of entries: files whose entries are removed, and entries that are added.

    `version` is that of the FilesSummary of the bucket of files `origin`.
    """

    origin: int
    version: bytes
    removed: list[tuple[str, str]]
    entries: list[EntryRow]


class FilesSummary(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A bucket of files: the name of its file, and reports.

    `version` is a digest of what was read, `touched` are the buckets of entries with changes.
    """

    bucket: int
    name: str
    version: bytes
    touched: list[int]
    articles: int
    changed: int
    skipped: dict[str, int]
    diagnostics: list[LocatedDiagnostic]


_listing_decoder = msgspec.msgpack.Decoder(Listing)
_share_decoder = msgspec.msgpack.Decoder(ListingShare)


def list_below(sources: Sequence[Source], source: Source, path: str) -> Iterator[bytes]:
    """List a folder and all below it, as encoded Listings."""
    return encode_listings(find_below(source, path), sources)


def encode_listings(found: Discovery, sources: Sequence[Source]) -> Iterator[bytes]:
    """Encode what was found as Listings."""
    numbers = {source: number for number, source in enumerate(sources)}
    files = (file for folder in found.folders for file in map(folder.file, folder.files))
    rows = (ListedFile(numbers[file.source], file.path, file.size, file.mtime, file.ctime) for file in files)
    with_articles = sorted({numbers[folder.source] for folder in found.folders})
    # Nothing was ever read from a folder whose path is not UTF-8.
    unreadable = [(numbers[one.source], one.path) for one in found.folders if one.is_unreadable and is_utf8(one.path)]
    first = list(islice(rows, _FILES_PER_LISTING))
    yield _encoder.encode(Listing(first, with_articles, unreadable, found.diagnostics))
    while some := list(islice(rows, _FILES_PER_LISTING)):
        yield _encoder.encode(Listing(some, [], [], []))


def count_files(packed: bytes) -> int:
    """The number of files in an encoded Listing."""
    return len(_listing_decoder.decode(packed).files)


def spread(sources: Sequence[Source], buckets: int, packed: bytes) -> Iterator[tuple[int, bytes]]:
    """Split an encoded Listing into ListingShares by bucket; the number after the last bucket gets the reports."""
    listing = _listing_decoder.decode(packed)
    found: dict[int, list[ListedFile]] = defaultdict(list)
    for file in listing.files:
        found[bucket_of(f"{sources[file.source]}/{file.path}", buckets)].append(file)
    for bucket in range(buckets) if listing.unreadable else found:
        yield bucket, _encoder.encode(ListingShare(found.get(bucket, []), listing.unreadable))
    if listing.sources or listing.diagnostics:
        yield buckets, _encoder.encode(msgspec.structs.replace(listing, files=[]))


@dataclass(frozen=True)
class ReadContext:
    """The context of tasks that read files: the catalog and the names of its files, and the archive."""

    catalog: Folder
    names: Sequence[str]
    sources: Sequence[Source]
    buckets: int
    settings: SourceSettings
    consistency: Consistency


def read_bucket(context: ReadContext, bucket: int, packed: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Read the changed files of a bucket, given its ListingShares; yield BucketChanges by bucket of entries.

    The number after the last bucket gets reports. What an unreadable folder held stays. Raises ProcessError on a
    machine that has other code or folders than the driver.
    """
    if bucket == context.buckets:
        yield from ((bucket, one) for one in packed)
        return
    context.consistency.check(context.catalog)
    shares = [_share_decoder.decode(one) for one in packed]
    old = {(row.source, row.path): row for row in read_rows(context.catalog, context.names[bucket], FileRow)}
    unreadable = {(str(context.sources[number]), path) for share in shares for number, path in share.unreadable}
    rows = {key: row for key, row in old.items() if is_in_unreadable(folder_of(*key), unreadable)}
    todo: list[ChangedFile] = []
    for listed in (listed for share in shares for listed in share.files):
        source = context.sources[listed.source]
        file = ArticleFile(source, listed.path, listed.size, listed.mtime, listed.ctime)
        known = old.get((str(file.source), file.path))
        if known and is_unchanged(known, file):
            rows[known.source, known.path] = known
        else:
            known_file = KnownFile(0, known.size, known.mtime, known.ctime, known.digest) if known else None
            todo.append((file, known_file))
    changes = _Changes(context.buckets)
    _check_reachable(file.source for file, _ in todo)
    for record in _read(todo, context.settings):
        key = record.source, record.path
        rows[key] = changes.add(record, old.get(key))
    for key, row in old.items():
        if key not in rows:
            changes.remove(row)
    kept = [rows[key] for key in sorted(rows)]
    name = context.names[bucket]
    if kept != list(old.values()):
        name = write_rows(context.catalog, f"files/{bucket}", kept)
    version = digest_of([(row.source, row.path, row.digest, row.buckets) for row in kept])
    yield from changes.encode(bucket, version)
    yield context.buckets, _encoder.encode(_summary(bucket, name, version, kept, changes))


def _summary(bucket: int, name: str, version: bytes, rows: Sequence[FileRow], changes: _Changes) -> FilesSummary:
    skipped = Counter(row.skip_reason for row in rows if row.skip_reason)
    diagnostics = [diagnostic for row in rows for diagnostic in row.diagnostics]
    return FilesSummary(bucket, name, version, changes.touched, len(rows), changes.changed, dict(skipped), diagnostics)


def _check_reachable(sources: Iterable[Source]) -> None:
    """Raise ProcessError if a source, whose files another machine found, does not exist on this one."""
    for source in set(sources):
        if not source.is_reachable():
            raise ProcessError(f"{source}: {NOT_EVERYWHERE}")


def _read(todo: Iterable[ChangedFile], settings: SourceSettings) -> Iterator[FileRecord]:
    remaining = iter(todo)
    while chunk := list(islice(remaining, _CHUNK)):
        yield from read_records(chunk, settings, may_be_removed=False)


class _Changes:
    """Changes of files by the buckets of entries that they touch."""

    def __init__(self, buckets: int) -> None:
        self.changed = 0
        self._buckets = buckets
        self._removed: dict[int, list[tuple[str, str]]] = defaultdict(list)
        self._entries: dict[int, list[EntryRow]] = defaultdict(list)

    def add(self, record: FileRecord, known: FileRow | None) -> FileRow:
        """Add the record of a file; return the file's new row."""
        if known is not None:
            change = change_of(record, known.digest)
            if change == "unreadable":
                return msgspec.structs.replace(
                    known, mtime=record.mtime, digest=record.digest, diagnostics=record.diagnostics
                )
            if change == "unchanged":
                return msgspec.structs.replace(known, size=record.size, mtime=record.mtime, ctime=record.ctime)
            self.remove(known)
        else:
            self.changed += 1
        buckets = set()
        for entry in record.entries:
            bucket = bucket_of(entry.id, self._buckets)
            buckets.add(bucket)
            self._entries[bucket].append(EntryRow(record.source, record.path, entry))
        return FileRow(
            record.source,
            record.path,
            record.size,
            record.mtime,
            record.ctime,
            record.digest,
            record.skip_reason,
            record.diagnostics,
            tuple(sorted(buckets)),
        )

    def remove(self, row: FileRow) -> None:
        """Remove a file that is gone, or was replaced."""
        self.changed += 1
        for bucket in row.buckets:
            self._removed[bucket].append((row.source, row.path))

    @property
    def touched(self) -> list[int]:
        """The buckets of entries with changes."""
        return sorted(self._removed.keys() | self._entries.keys())

    def encode(self, origin: int, version: bytes) -> Iterator[tuple[int, bytes]]:
        for bucket in self.touched:
            removed, entries = self._removed.get(bucket, []), self._entries.get(bucket, [])
            yield bucket, _encoder.encode(BucketChanges(origin, version, removed, entries))
