"""The catalog of a cluster: files in a folder that all its machines reach, each with a part of what is known.

Files of the archive and entries are spread over *buckets*, by a hash of their path and of their id: so all that has
one id is in one bucket, and a bucket is what a task holds in memory. `catalog.msgpack` names the files that are in
force and is written last, so a run that is stopped leaves the ones before in force. Files that it does not name are of
no use.
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

ROOT = "catalog.msgpack"

VERSION = 1

#: Files of the archive to a bucket, and the least number of buckets. What goes from one bucket to another is a piece
#: for each two of them: there are to be no more of these than a cluster can look after, so buckets grow first.
_FILES_TO_A_BUCKET = 2_000

_LEAST_BUCKETS = 8

_MANY_BUCKETS = 1_000

_MOST_FILES_TO_A_BUCKET = 20_000

_OUTGROWN = 4


class FileRow(msgspec.Struct, frozen=True, array_like=True):
    """A file of the archive as it was read (catalog.FileOutcome), and the buckets of its entries."""

    root: str
    path: str
    size: int
    mtime: int
    ctime: int
    digest: bytes
    left_out: str | None
    mistakes: tuple[LocatedDiagnostic, ...]
    buckets: tuple[int, ...]


class EntryRow(msgspec.Struct, frozen=True, array_like=True):
    """An entry, and the file that it is from."""

    root: str
    path: str
    entry: EncodedEntry


class StoryRow(msgspec.Struct, frozen=True, array_like=True):
    """A story: all that is due of one id. `members` are kinds and names of feeds, and the rank in each.

    `images` are their addresses, and whether the size of each is known; `articles` the root and path of those that have
    the id, where these are several.
    """

    id: str
    digest: bytes
    published: int
    domain: str
    name: str
    images: tuple[tuple[str, bool], ...]
    topics: tuple[str, ...]
    members: tuple[tuple[str, str, int], ...]
    articles: tuple[tuple[str, str], ...]


class BucketSummary(msgspec.Struct, frozen=True, array_like=True):
    """What is known of a bucket of entries: the names of its files, and numbers; times are seconds since 1970.

    `latest` is when the last of its entries changes by itself; `waiting` counts the ids that have nothing due.
    """

    entries: str = ""
    stories: str = ""
    latest: int = 0
    due: int = 0
    waiting: int = 0
    next_due: int | None = None


class CatalogRoot(msgspec.Struct, kw_only=True):
    """What is in force: the number of buckets, the names of the files of each, and what `set_state` kept.

    `articles` were there when they were last counted, in the folders `roots`.
    """

    version: int = VERSION
    reading: ReadingFingerprint
    buckets: int
    files: list[str] = []
    stories: list[BucketSummary] = []
    articles: int = 0
    roots: list[str] = []
    documents: str = ""
    state: dict[str, Any] = {}
    run: int = 0

    @property
    def is_outgrown(self) -> bool:
        """Whether there are many more articles by now than buckets are for, which tasks have at hand as a whole."""
        return buckets_for(self.articles) > _OUTGROWN * self.buckets > 0

    @property
    def names(self) -> frozenset[str]:
        """The files that are in force."""
        of_stories = (name for facts in self.stories for name in (facts.entries, facts.stories))
        return frozenset((ROOT, self.documents, *self.files, *of_stories))


def bucket_of(text: str, buckets: int) -> int:
    return zlib.crc32(text.encode()) % buckets


def buckets_for(files: int) -> int:
    """How many buckets an archive is spread over when it is first read."""
    some = min(-(-files // _FILES_TO_A_BUCKET), _MANY_BUCKETS)
    return max(some, -(-files // _MOST_FILES_TO_A_BUCKET), _LEAST_BUCKETS)


def read_root(folder: Folder) -> CatalogRoot | None:
    """What is in force, None where nothing of this version is; raises DamagedCatalogError."""
    body = _read(folder, ROOT)
    if body is None:
        return None
    try:
        version = msgspec.msgpack.decode(body).get("version")
        return msgspec.msgpack.decode(body, type=CatalogRoot) if version == VERSION else None
    except (ValueError, AttributeError) as error:
        raise damaged_error(folder, ROOT) from error


def write_root(folder: Folder, root: CatalogRoot) -> None:
    _write(folder, ROOT, _encoder.encode(root), is_vital=True)


def read_rows(folder: Folder, name: str, type_: type[T]) -> list[T]:
    """The rows of a file, none without a name; raises DamagedCatalogError where it is not what it was."""
    body = _read(folder, name) if name else _encoder.encode([])
    try:
        if body is None:
            raise damaged_error(folder, name)
        return msgspec.msgpack.decode(body, type=list[type_])  # type: ignore[valid-type]  # it is one
    except ValueError as error:
        raise damaged_error(folder, name) from error


def write_rows(folder: Folder, stem: str, rows: Sequence[object]) -> str:
    """Write rows; the name of the file, empty where there are none.

    It has a digest of them: whatever is done twice, late or by two runs at once, no file ever changes.
    """
    if not rows:
        return ""
    body = _encoder.encode(rows)
    name = f"{stem}-{digest_of(body).hex()}"
    _write(folder, name, body)
    return name


def _read(folder: Folder, name: str) -> bytes | None:
    body = folder.read(name)
    if body is not None and (len(body) < 4 or zlib.crc32(body[4:]) != int.from_bytes(body[:4])):
        raise damaged_error(folder, name)
    return None if body is None else body[4:]


def _write(folder: Folder, name: str, body: bytes, *, is_vital: bool = False) -> None:
    """Write bytes, and before them a checksum."""
    folder.write(name, zlib.crc32(body).to_bytes(4) + body, headers={}, is_vital=is_vital)


def damaged_error(folder: Folder, name: str) -> DamagedCatalogError:
    return DamagedCatalogError(f"{folder.place(name)}: the cache cannot be used: it is not what it was")
