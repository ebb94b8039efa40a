"""Records of files, as the process that reads them passes them to the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from feeds.catalog.times import seconds
from feeds.errors import LocatedDiagnostic

if TYPE_CHECKING:
    from feeds.models import Entry

_encoder = msgspec.msgpack.Encoder()

#: A folder with articles: its source, and its path in it.
FolderKey = tuple[str, str]

#: The mtime of a file that must be read again.
UNSETTLED = -1
#: The digest of a file that cannot be read now; its earlier entries are kept.
NOT_READ = b""


class KnownFile(msgspec.Struct, frozen=True, array_like=True):
    """The state of a file when it was read: size in bytes, times in nanoseconds, and a digest of what was read."""

    key: int
    size: int
    mtime: int
    ctime: int
    digest: bytes


class EncodedEntry(msgspec.Struct, frozen=True, array_like=True):
    """An entry as MessagePack. Times are seconds since 1970; `latest` is when it last changes by itself."""

    id: str
    is_article: bool
    published: int
    latest: int
    value: bytes


class FileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was read: its encoded entries, why its article has none, and diagnostics."""

    source: str
    path: str
    size: int
    mtime: int
    ctime: int
    digest: bytes
    entries: tuple[EncodedEntry, ...] = ()
    skip_reason: str | None = None
    diagnostics: tuple[LocatedDiagnostic, ...] = ()


def folder_of(source: str, path: str) -> FolderKey:
    """The folder of a file."""
    return source, path.rpartition("/")[0]


def encode_entry(entry: Entry) -> EncodedEntry:
    """Encode an entry. It changes by itself when it, its update or one of its related links is due."""
    times = (entry.published, entry.updated, *(link.published for link in entry.related))
    return EncodedEntry(
        entry.id, entry.is_article, seconds(entry.published), seconds(max(times)), _encoder.encode(entry)
    )
