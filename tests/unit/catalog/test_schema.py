"""The catalog's file: shared with other runs, and replaced."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from feeds.catalog.schema import HASHES, connect, hash_of, identity, share
from feeds.catalog.sqlite import SqliteCatalog
from feeds.errors import CatalogError

if TYPE_CHECKING:
    from pathlib import Path


def test_sharing_fails_if_another_run_writes_in_between(tmp_path: Path) -> None:
    """A run that shares its changes gives up its lock for a moment."""
    path = tmp_path / "feeds.sqlite"

    def write_before(statement: str) -> None:
        if statement == "BEGIN IMMEDIATE":
            with closing(sqlite3.connect(path)) as other, other:
                other.execute("INSERT INTO state VALUES ('other', x'')")

    with SqliteCatalog(path) as catalog:
        catalog.commit()
    with closing(connect(path)) as database:
        share(database, path)
        database.set_trace_callback(write_before)
        with pytest.raises(CatalogError, match=r"feeds\.sqlite: the cache cannot be used: another run came in between"):
            share(database, path)


def test_a_damaged_file_is_removed_unless_another_run_has_replaced_it(tmp_path: Path) -> None:
    file = tmp_path / "feeds.sqlite"
    file.write_bytes(b"damaged")
    before = identity(file)
    (tmp_path / "new").write_bytes(b"new")
    (tmp_path / "new").replace(file)
    SqliteCatalog.discard(file, before)
    assert file.read_bytes() == b"new"
    SqliteCatalog.discard(file, identity(file))
    assert not file.exists()
    SqliteCatalog.discard(file, None)


def test_ids_are_found_by_their_crc_32() -> None:
    assert hash_of("123456789") == 0xCBF43926 < HASHES  # the check value of CRC-32/ISO-HDLC
