"""What comes of files, as the process that reads them gives it to the one that keeps the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from feeds.catalog.schema import seconds
from feeds.errors import LocatedDiagnostic

if TYPE_CHECKING:
    from feeds.models import Entry


_encoder = msgspec.msgpack.Encoder()

#: A folder that holds articles: the folder of the archive, and the path in it.
Folder = tuple[str, str]


def folder_of(root: str, path: str) -> Folder:
    """The folder of the file at `path` below `root`."""
    return root, path.rpartition("/")[0]


class EncodedEntry(msgspec.Struct, frozen=True, array_like=True):
    """An entry as the catalog keeps it; times are seconds since 1970, `latest` is when it last changes by itself."""

    id: str
    is_article: bool
    published: int
    latest: int
    value: bytes


class FileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a file: its entries encoded, why its article has none, and what is wrong with it."""

    root: str
    path: str
    size: int
    mtime: int
    ctime: int
    digest: bytes
    entries: tuple[EncodedEntry, ...] = ()
    left_out: str | None = None
    mistakes: tuple[LocatedDiagnostic, ...] = ()


def encode_entry(entry: Entry) -> EncodedEntry:
    """The entry as the catalog keeps it."""
    times = (entry.published, entry.updated, *(link.published for link in entry.related))
    return EncodedEntry(
        entry.id, entry.is_article, seconds(entry.published), seconds(max(times)), _encoder.encode(entry)
    )
