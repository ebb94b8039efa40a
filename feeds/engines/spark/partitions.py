"""The files of a cluster's catalog, in a folder that all machines reach.

Article files and entries are spread over *buckets* by a hash of their path or id, so all entries of one id are in one
bucket. A task holds one bucket in memory. `catalog.msgpack` lists the files in force and is written last: if a run is
stopped, the files of the run before stay in force. Files that it does not list are ignored.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from feeds.catalog.protocol import ReadingFingerprint
from feeds.catalog.records import EncodedEntry
from feeds.catalog.schema import DamagedCatalogError
from feeds.digests import digest_of
from feeds.errors import LocatedDiagnostic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from feeds.storage.folder import Folder

T = TypeVar("T")

_encoder = msgspec.msgpack.Encoder()

INDEX = "catalog.msgpack"
VERSION = 2
#: Article files per bucket, and the minimum number of buckets. Each pair of buckets exchanges a block, and a cluster
#: can manage only so many blocks: from _MANY_BUCKETS on, buckets grow before their number does.
FILES_PER_BUCKET = 2_000
_MIN_BUCKETS = 8
_MANY_BUCKETS = 1_000
_MAX_FILES_PER_BUCKET = 20_000
#: An archive has outgrown its buckets when it needs this many times their number.
OUTGROWN_FACTOR = 4


class FileRow(msgspec.Struct, frozen=True, array_like=True):
    """An article file as it was read (catalog.records.FileRecord), and the buckets of its entries."""

    source: str
    path: str
    size: int
    mtime: int
    ctime: int
    digest: bytes
    skip_reason: str | None
    diagnostics: tuple[LocatedDiagnostic, ...]
    buckets: tuple[int, ...]


class EntryRow(msgspec.Struct, frozen=True, array_like=True):
    """An entry, and the file that it comes from."""

    source: str
    path: str
    entry: EncodedEntry


class StoryRow(msgspec.Struct, frozen=True, array_like=True):
    """A story (catalog.merging.MergedStory). `members` are the kind and name of feeds, and the rank in each.

    `articles` has the source and path of the articles with its id if there are several.
    """

    id: str
    digest: bytes
    published: int
    domain: str
    provider: str
    images: tuple[tuple[str, bool], ...]
    topics: tuple[str, ...]
    members: tuple[tuple[str, str, int], ...]
    articles: tuple[tuple[str, str], ...]


class BucketSummary(msgspec.Struct, frozen=True, array_like=True):
    """A bucket of entries: the names of its files, and numbers. Times are seconds since 1970.

    `latest` is when the last of its entries changes by itself. `due` counts stories, `scheduled` ids without a due
    entry.
    """

    entries: str = ""
    stories: str = ""
    latest: int = 0
    due: int = 0
    scheduled: int = 0
    next_due: int | None = None


class CatalogIndex(msgspec.Struct, kw_only=True):
    """The files in force by bucket, and the values of `set_state`.

    `articles` counts the articles of the last run, `sources` has the sources that held some.
    """

    version: int = VERSION
    reading: ReadingFingerprint
    buckets: int
    files: list[str] = []
    stories: list[BucketSummary] = []
    articles: int = 0
    sources: list[str] = []
    documents: str = ""
    state: dict[str, Any] = {}
    run: int = 0

    @property
    def is_outgrown(self) -> bool:
        """Whether there are many more articles than the buckets are meant for."""
        return bucket_count(self.articles) > OUTGROWN_FACTOR * self.buckets > 0

    @property
    def names(self) -> frozenset[str]:
        """The names of the files in force."""
        story_files = (name for bucket in self.stories for name in (bucket.entries, bucket.stories))
        return frozenset((INDEX, self.documents, *self.files, *story_files))


def bucket_of(text: str, buckets: int) -> int:
    """The bucket of a path or an id."""
    return zlib.crc32(text.encode()) % buckets


def bucket_count(files: int) -> int:
    """The number of buckets for a new catalog of an archive with so many files."""
    buckets = min(-(-files // FILES_PER_BUCKET), _MANY_BUCKETS)
    return max(buckets, -(-files // _MAX_FILES_PER_BUCKET), _MIN_BUCKETS)


def read_index(folder: Folder) -> CatalogIndex | None:
    """The index, or None if there is none of this version; raises DamagedCatalogError."""
    body = _read(folder, INDEX)
    if body is None:
        return None
    try:
        version = msgspec.msgpack.decode(body).get("version")
        return msgspec.msgpack.decode(body, type=CatalogIndex) if version == VERSION else None
    except (msgspec.DecodeError, ValueError, AttributeError) as error:
        raise damaged_error(folder, INDEX) from error


def write_index(folder: Folder, index: CatalogIndex) -> None:
    _write(folder, INDEX, _encoder.encode(index), is_vital=True)


def read_rows(folder: Folder, name: str, type_: type[T]) -> list[T]:
    """The rows of a file, none without a name; raises DamagedCatalogError if it is missing or changed."""
    body = _read(folder, name) if name else _encoder.encode([])
    try:
        if body is None:
            raise damaged_error(folder, name)
        return msgspec.msgpack.decode(body, type=list[type_])  # type: ignore[valid-type]  # it is one
    except (msgspec.DecodeError, ValueError) as error:
        raise damaged_error(folder, name) from error


def write_rows(folder: Folder, stem: str, rows: Sequence[object]) -> str:
    """Write rows and return the name of the file, which is empty if there are no rows.

    The name has a digest of the rows: no file ever changes, even if a task runs twice, late or in two runs at once.
    """
    if not rows:
        return ""
    body = _encoder.encode(rows)
    name = f"{stem}-{digest_of(body).hex()}"
    _write(folder, name, body)
    return name


def damaged_error(folder: Folder, name: str) -> DamagedCatalogError:
    return DamagedCatalogError(f"{folder.label(name)}: the cache cannot be used: it is not what it was")


def _read(folder: Folder, name: str) -> bytes | None:
    body = folder.read(name)
    if body is not None and (len(body) < 4 or zlib.crc32(body[4:]) != int.from_bytes(body[:4])):
        raise damaged_error(folder, name)
    return None if body is None else body[4:]


def _write(folder: Folder, name: str, body: bytes, *, is_vital: bool = False) -> None:
    """Write bytes after a checksum of them."""
    folder.write(name, zlib.crc32(body).to_bytes(4) + body, is_vital=is_vital)
