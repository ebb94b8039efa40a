"""The SQLite file of a catalog: its tables, opening, locking and replacing it."""

from __future__ import annotations

import re
import sqlite3
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any

from feeds.errors import CatalogError
from feeds.storage.names import display_path

if TYPE_CHECKING:
    from pathlib import Path

_SCHEMA = """
CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;

-- a folder with files; listing: a digest of their names, sizes and times, empty if some must be read again
CREATE TABLE folder (key INTEGER PRIMARY KEY, root TEXT, path TEXT, listing BLOB, UNIQUE (root, path));

-- a file as it was read; mtime and ctime in nanoseconds
CREATE TABLE file (
    key INTEGER PRIMARY KEY, folder INTEGER, root TEXT, path TEXT, size INTEGER, mtime INTEGER, ctime INTEGER,
    digest BLOB, skip_reason TEXT, diagnostics BLOB
);
CREATE INDEX file_folder ON file (folder);
CREATE INDEX file_skip_reason ON file (skip_reason) WHERE skip_reason IS NOT NULL;
CREATE INDEX file_diagnostics ON file (root, path) WHERE diagnostics IS NOT NULL;

-- an entry of a file; hash: of its id; times are seconds since 1970; latest: when it last changes by itself;
-- checksum: of the value
CREATE TABLE entry (
    hash INTEGER, id TEXT, file INTEGER, is_article INTEGER, published INTEGER, latest INTEGER, value BLOB,
    checksum INTEGER
);
CREATE INDEX entry_hash ON entry (hash);
CREATE INDEX entry_file ON entry (file);
CREATE INDEX entry_latest ON entry (latest);

-- the due entries of one id; digest: of their values; articles: how many of them are articles;
-- images: their URLs, and whether their sizes are known; topics: keys; members: keys of feeds, and ranks
CREATE TABLE story (
    key INTEGER PRIMARY KEY, hash INTEGER, id TEXT, digest BLOB, articles INTEGER, published INTEGER, domain TEXT,
    name TEXT, images BLOB, topics BLOB, members BLOB
);
CREATE INDEX story_hash ON story (hash);
CREATE INDEX story_articles ON story (id) WHERE articles > 1;

-- feeds, and their stories in the order of (rank, published descending, id)
CREATE TABLE feed (key INTEGER PRIMARY KEY, kind TEXT, name TEXT, UNIQUE (kind, name));
CREATE TABLE member (
    feed INTEGER, rank INTEGER, published INTEGER, story INTEGER, PRIMARY KEY (feed, rank, published DESC, story)
) WITHOUT ROWID;

-- stories of a feed in a month, from `first` until before `after`; only months computed since they last changed
CREATE TABLE month (
    feed INTEGER, first INTEGER, after INTEGER, stories INTEGER, digest BLOB, PRIMARY KEY (feed, first)
) WITHOUT ROWID;

-- names of topics, and their stories; names of providers, and how many stories give them
CREATE TABLE topic (key INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE story_topic (topic INTEGER, published INTEGER, story INTEGER, PRIMARY KEY (topic, published, story))
    WITHOUT ROWID;
CREATE TABLE provider (domain TEXT, name TEXT, stories INTEGER, PRIMARY KEY (domain, name)) WITHOUT ROWID;

-- published documents; signature: a digest of what a document shows; version: of its file
CREATE TABLE document (output TEXT, path TEXT, signature BLOB, version INTEGER, PRIMARY KEY (output, path))
    WITHOUT ROWID;
"""
_STATEMENTS = [statement.strip() for statement in re.sub(r"^--.*\n", "", _SCHEMA, flags=re.MULTILINE).split(";\n")[:-1]]
#: A rollback journal writes new data once, a write-ahead log twice. A power failure damages nothing, at the price of a
#: few milliseconds a run.
_PRAGMAS = ("page_size = 8192", "journal_mode = TRUNCATE", "synchronous = FULL", "cache_size = -32768")

#: The application id at byte 68 of the file, by which `file` and others recognize a database.
_APPLICATION = int.from_bytes(b"feed")
_SUFFIXES = ("", "-journal", "-wal", "-shm")
#: Errors of SQLite that mean that the disk or another process refuses. All others mean that the file is damaged.
_REFUSALS = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    )
)

#: Errors of SQLite that end a run. Its messages may quote damaged text of the schema, which Python cannot decode.
DATABASE_ERRORS = (sqlite3.DatabaseError, UnicodeDecodeError)
#: The number of values of `hash_of`. Ids may share a hash: rows found by it must be compared by id.
HASHES = 1 << 32
#: Seconds to wait for another run to end.
LOCK_TIMEOUT = 5


class DamagedCatalogError(CatalogError):
    """The catalog is damaged; a run without it builds a new one."""


def catalog_label(path: Path | None) -> str:
    """The name of a catalog in messages."""
    return display_path(str(path)) if path else "the cache"


def connect(path: Path | None) -> sqlite3.Connection:
    """Open the database, or one in memory, and lock it against other writers; raises sqlite3.Error, CatalogError."""
    if path is None:
        return _begin(_open(":memory:"))
    path.parent.mkdir(parents=True, exist_ok=True)
    return _check(_begin(_open(path)), path)


def connect_to_copy(path: Path) -> sqlite3.Connection:
    """Open a temporary copy of the committed database; raises sqlite3.Error, CatalogError."""
    with closing(connect_to_read(path)) as source:
        copy = _open("")  # a temporary file without a name
        try:
            source.backup(copy)
        except DATABASE_ERRORS:
            copy.close()
            raise
    return _check(_begin(copy), path)


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open the committed database for reading, while another process may write."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def identity(path: Path) -> tuple[int, int] | None:
    """The device and inode of a file, which differ for a file that replaces it; None if it does not exist."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def is_empty(database: sqlite3.Connection) -> bool:
    """Whether the database has no tables."""
    return not _value(database, "SELECT count(*) FROM sqlite_schema")


def share(database: sqlite3.Connection, path: Path | None) -> None:
    """Commit, and lock again; raises CatalogError if another process wrote in between."""
    before = _value(database, "PRAGMA data_version")
    database.execute("COMMIT")
    database.execute("BEGIN IMMEDIATE")
    if _value(database, "PRAGMA data_version") != before:
        raise CatalogError(f"{catalog_label(path)}: the cache cannot be used: another run came in between")


def discard(path: Path) -> None:
    """Remove the file, and the files that SQLite keeps beside it."""
    for suffix in _SUFFIXES:
        path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)


def catalog_error(path: Path | None, error: BaseException) -> CatalogError:
    """The error of ours for an error of the database."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    is_refusal = code in _REFUSALS or isinstance(error, OSError)
    if code == sqlite3.SQLITE_READONLY and path is not None and not _has_known_format(path):
        is_refusal = False
    reason = getattr(error, "strerror", None) or error  # the text of an OSError names its file again
    return (CatalogError if is_refusal else DamagedCatalogError)(
        f"{catalog_label(path)}: the cache cannot be used: {reason}"
    )


def clear(database: sqlite3.Connection) -> None:
    """Replace all tables by empty ones."""
    for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        database.execute(f"DROP TABLE {name}")
    database.execute(f"PRAGMA application_id = {_APPLICATION}")
    for statement in _STATEMENTS:
        database.execute(statement)


def check_schema(database: sqlite3.Connection, path: Path | None) -> None:
    """Raise DamagedCatalogError if the tables are not ours: a damaged name would fail in any statement."""
    if [sql for (sql,) in database.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")] != _STATEMENTS:
        raise DamagedCatalogError(f"{catalog_label(path)}: the cache cannot be used: its schema is damaged")


def hash_of(id_: str) -> int:
    """A hash below `HASHES` that ids are found by. Its index takes a fifth of the space of one of the ids."""
    return zlib.crc32(id_.encode())


def _open(path: Path | str) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=LOCK_TIMEOUT, isolation_level=None)


def _begin(database: sqlite3.Connection) -> sqlite3.Connection:
    """Begin a transaction."""
    try:
        for pragma in _PRAGMAS:
            database.execute(f"PRAGMA {pragma}")
        database.execute("BEGIN IMMEDIATE")
    except DATABASE_ERRORS:
        database.close()
        raise
    return database


def _check(database: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """Raise CatalogError if the database is not one of ours."""
    if is_empty(database) or _value(database, "PRAGMA application_id") == _APPLICATION:
        return database
    names = {name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    database.close()
    if names >= set(re.findall(r"CREATE TABLE (\w+)", _SCHEMA)):
        raise DamagedCatalogError(f"{catalog_label(path)}: the cache cannot be used: its header is damaged")
    raise CatalogError(f"{catalog_label(path)}: is a database of something else; expected a cache of ours or no file")


def _has_known_format(path: Path) -> bool:
    """Whether the header names a format that SQLite writes. A file with another format is opened read-only.

    https://www.sqlite.org/fileformat.html#file_format_version_numbers
    """
    with path.open("rb") as file:
        return file.read(20)[18:] in {b"\1\1", b"\2\2"}


def _value(database: sqlite3.Connection, statement: str) -> Any:
    return database.execute(statement).fetchone()[0]
