"""Rows and values of a catalog, which may be damaged."""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from feeds.catalog.merging import decode_entry
from feeds.catalog.schema import DamagedCatalogError, catalog_label
from feeds.text.characters import remove_controls

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from feeds.catalog.merging import StoredEntry

#: More files, and more stories, than there can be.
MAX_COUNT = 1 << 48


@contextmanager
def decoding_errors(path: Path | None) -> Iterator[None]:
    """Convert the errors of code that does nothing but read rows and decode their values.

    Code that works with decoded values must be outside: its errors are faults of ours.
    """
    try:
        yield
    except sqlite3.Error:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedCatalogError(f"{catalog_label(path)}: the cache cannot be used: {error}") from error
    except (LookupError, ValueError, TypeError, ArithmeticError, AttributeError) as error:
        message = f"{catalog_label(path)}: the cache cannot be used: its values do not fit each other ({error!r})"
        raise DamagedCatalogError(message) from error


def checked_entry(value: bytes, latest: int, checksum: int) -> StoredEntry:
    """Decode an entry; raises msgspec.DecodeError, or ValueError if it is not what was stored."""
    if zlib.crc32(value) != checksum:
        raise ValueError("an entry is not what it was")
    return decode_entry(value, latest)


def checked_name(name: str) -> str:
    """A name of a topic or a provider; raises ValueError if it has characters that no name has."""
    if remove_controls(name) != name:
        raise ValueError(f"{name!r} has control characters")
    return name


def checked_count(count: int) -> int:
    """A count, or a key that counts up; raises ValueError if it is out of range: sums of it must fit into 64 bits."""
    if 0 <= count < MAX_COUNT:
        return count
    raise ValueError(f"{count} is out of range")


def typed_rows(path: Path | None, rows: Iterable[tuple[Any, ...]], types: Sequence[type]) -> list[tuple[Any, ...]]:
    """The rows of a query whose columns have these types.

    SQLite reports only some of the damage. It may also give a value of another type than its column, or NULL.
    """
    with decoding_errors(path):
        found = list(rows)
        for column, type_ in zip(zip(*found, strict=True), types, strict=False):  # no columns without rows
            if {*map(type, column)} != {type_}:
                raise TypeError(f"expected {type_.__name__}")
        return found
