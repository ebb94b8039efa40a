"""The tables of the catalog, and its file: opened, locked, and made anew where it is none."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any

from feeds.errors import CatalogError

if TYPE_CHECKING:
    from pathlib import Path


_SCHEMA = """
CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;

-- a folder with files; listing: a digest of their names and facts, empty where some are to be read again
CREATE TABLE folder (key INTEGER PRIMARY KEY, root TEXT, path TEXT, listing BLOB, UNIQUE (root, path));

-- a file as it was read; mtime and ctime in nanoseconds
CREATE TABLE file (
    key INTEGER PRIMARY KEY, folder INTEGER, root TEXT, path TEXT, size INTEGER, mtime INTEGER, ctime INTEGER,
    digest BLOB, left_out TEXT, mistakes BLOB
);
CREATE INDEX file_folder ON file (folder);
CREATE INDEX file_left_out ON file (left_out) WHERE left_out IS NOT NULL;
CREATE INDEX file_mistakes ON file (root, path) WHERE mistakes IS NOT NULL;

-- an entry of a file; hash: of its id; times are seconds since 1970; latest: the last at which it changes by itself
CREATE TABLE entry (
    hash INTEGER, id TEXT, file INTEGER, is_article INTEGER, published INTEGER, latest INTEGER, value BLOB
);
CREATE INDEX entry_hash ON entry (hash);
CREATE INDEX entry_file ON entry (file);
CREATE INDEX entry_latest ON entry (latest);

-- what is due of the entries with one id; digest: of their values; articles: how many of them are articles' own;
-- images: their addresses, and whether their sizes are known; topics: keys; members: keys of feeds, and ranks
CREATE TABLE story (
    key INTEGER PRIMARY KEY, hash INTEGER, id TEXT, digest BLOB, articles INTEGER, published INTEGER, domain TEXT,
    name TEXT, images BLOB, topics BLOB, members BLOB
);
CREATE INDEX story_hash ON story (hash);
CREATE INDEX story_articles ON story (id) WHERE articles > 1;

-- what feeds there may be, and the stories of each, in the order of (rank, published descending, id)
CREATE TABLE feed (key INTEGER PRIMARY KEY, kind TEXT, name TEXT, UNIQUE (kind, name));
CREATE TABLE member (
    feed INTEGER, rank INTEGER, published INTEGER, story INTEGER, PRIMARY KEY (feed, rank, published DESC, story)
) WITHOUT ROWID;

-- what months of feeds hold, from `first` until before `after`; of those that were asked for since they changed
CREATE TABLE month (
    feed INTEGER, first INTEGER, after INTEGER, stories INTEGER, digest BLOB, PRIMARY KEY (feed, first)
) WITHOUT ROWID;

-- how topics are called and in which stories; how providers are called and in how many stories
CREATE TABLE topic (key INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE story_topic (topic INTEGER, published INTEGER, story INTEGER, PRIMARY KEY (topic, published, story))
    WITHOUT ROWID;
CREATE TABLE provider (domain TEXT, name TEXT, stories INTEGER, PRIMARY KEY (domain, name)) WITHOUT ROWID;

-- what was published where: what tells whether a document shows what it did, and its file's stamp
CREATE TABLE document (output TEXT, path TEXT, signature BLOB, stamp INTEGER, PRIMARY KEY (output, path)) WITHOUT ROWID;
"""

#: With a rollback journal, what is new is written once; a write-ahead log would write it twice. A loss of power damages
#: nothing; that costs some milliseconds a run.
_PRAGMAS = ("page_size = 8192", "journal_mode = TRUNCATE", "synchronous = FULL", "cache_size = -32768")

#: What our files have at byte 68, where `file` and others look for what a database is for.
_APPLICATION = int.from_bytes(b"feed")

_SUFFIXES = ("", "-journal", "-wal", "-shm")

#: What SQLite says when the disk or another process refuses. Whatever else it says, the file is damaged.
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

#: How many values `hash_of` has. Ids may share one: what is found by it is to be compared.
HASHES = 1 << 32

#: More seconds, and more stories, than there are.
FOREVER = 1 << 62

#: Seconds to wait for another run to end.
_PATIENCE = 5

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

_SECOND = dt.timedelta(seconds=1)


class DamagedCatalogError(CatalogError):
    """The file of the catalog is damaged: without it, a run will make it anew."""


def connect(path: Path | None) -> sqlite3.Connection:
    """The database, locked for others that would write, in memory without a path. Raises sqlite3.Error, CatalogError"""
    if path is None:
        return _begun(_opened(":memory:"))
    path.parent.mkdir(parents=True, exist_ok=True)
    return _checked(_begun(_opened(path)), path)


def connect_to_copy(path: Path) -> sqlite3.Connection:
    """A copy of the database as it was committed, which goes when it is closed. Raises sqlite3.Error, CatalogError."""
    with closing(connect_to_read(path)) as source:
        copy = _opened("")  # a file of SQLite's own, without a name
        try:
            source.backup(copy)
        except sqlite3.DatabaseError:
            copy.close()
            raise
    return _checked(_begun(copy), path)


def identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from one that takes its place; None where there is none."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def is_empty(database: sqlite3.Connection) -> bool:
    """Whether there are no tables yet."""
    return not _value(database, "SELECT count(*) FROM sqlite_schema")


def share(database: sqlite3.Connection, path: Path | None) -> None:
    """Commit, and lock it again. Raises CatalogError where another process has written in between."""
    before = _value(database, "PRAGMA data_version")
    database.execute("COMMIT")
    database.execute("BEGIN IMMEDIATE")
    if _value(database, "PRAGMA data_version") != before:
        raise CatalogError(f"{path}: the cache cannot be used: another run came in between")


def discard(path: Path) -> None:
    """Remove the file, and those that SQLite keeps beside it."""
    for suffix in _SUFFIXES:
        path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)


def catalog_error(path: Path | None, error: BaseException) -> CatalogError:
    """What an error of the database means for a run."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    is_refusal = code in _REFUSALS or isinstance(error, OSError)
    if code == sqlite3.SQLITE_READONLY and path is not None and not _has_known_format(path):
        is_refusal = False
    return (CatalogError if is_refusal else DamagedCatalogError)(f"{path}: the cache cannot be used: {error}")


def connect_to_read(path: Path) -> sqlite3.Connection:
    """The database as it was committed, while another process may write."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def clear(database: sqlite3.Connection) -> None:
    """Make all tables anew."""
    for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        database.execute(f"DROP TABLE {name}")
    database.execute(f"PRAGMA application_id = {_APPLICATION}")
    for statement in _SCHEMA.split(";\n"):
        database.execute(statement)


def hash_of(id_: str) -> int:
    """What ids are looked up by, a number below `HASHES`: an index of them is a fifth of one of the ids."""
    return zlib.crc32(id_.encode())


def seconds(time: dt.datetime) -> int:
    """Whole seconds since 1970, rounded down: times in articles have no fraction."""
    return (time - _EPOCH) // _SECOND


def time_of(seconds: int) -> dt.datetime:
    return _EPOCH + seconds * _SECOND


def month_of(time: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """When the month of a time began, and when it was over."""
    first = dt.datetime(time.year, time.month, 1, tzinfo=dt.UTC)
    after = (first + dt.timedelta(days=31)).replace(day=1)
    return first, after


def _opened(path: Path | str) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)


def _begun(database: sqlite3.Connection) -> sqlite3.Connection:
    """The database, in a transaction."""
    try:
        for pragma in _PRAGMAS:
            database.execute(f"PRAGMA {pragma}")
        database.execute("BEGIN IMMEDIATE")
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database


def _checked(database: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """The database, if it is one of ours."""
    if is_empty(database) or _value(database, "PRAGMA application_id") == _APPLICATION:
        return database
    is_ours = _has_our_tables(database)
    database.close()
    if is_ours:
        raise DamagedCatalogError(f"{path}: the cache cannot be used: its header is damaged")
    raise CatalogError(f"{path}: is a database of something else; expected a cache of ours or no file")


def _has_our_tables(database: sqlite3.Connection) -> bool:
    names = {name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    return names >= set(re.findall(r"CREATE TABLE (\w+)", _SCHEMA))


def _has_known_format(path: Path) -> bool:
    """Whether the header names a format that SQLite writes; where it names another one, SQLite only reads.

    https://www.sqlite.org/fileformat.html#file_format_version_numbers
    """
    with path.open("rb") as file:
        return file.read(20)[18:] in {b"\1\1", b"\2\2"}


def _value(database: sqlite3.Connection, statement: str) -> Any:
    return database.execute(statement).fetchone()[0]
