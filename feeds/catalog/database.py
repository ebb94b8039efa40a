"""The tables of the catalog, and its file: opened, locked, and made anew where it is none."""

from __future__ import annotations

import datetime as dt
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SCHEMA = """
CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;

-- a file as it was read; mtime and ctime in nanoseconds
CREATE TABLE file (
    key INTEGER PRIMARY KEY, root TEXT, path TEXT, size INTEGER, mtime INTEGER, ctime INTEGER, digest BLOB,
    left_out TEXT, mistakes BLOB, UNIQUE (root, path)
);
CREATE INDEX file_left_out ON file (left_out) WHERE left_out IS NOT NULL;
CREATE INDEX file_mistakes ON file (root, path) WHERE mistakes IS NOT NULL;

-- an entry of a file; times are seconds since 1970; latest: the last time at which it changes by itself
CREATE TABLE entry (
    id TEXT, file INTEGER, is_article INTEGER, published INTEGER, latest INTEGER, value BLOB
);
CREATE INDEX entry_id ON entry (id);
CREATE INDEX entry_file ON entry (file);
CREATE INDEX entry_latest ON entry (latest);

-- what is due of the entries with one id; digest: of their values; articles: how many of them are articles' own;
-- topics: keys; members: keys of feeds, and ranks
CREATE TABLE story (
    key INTEGER PRIMARY KEY, id TEXT UNIQUE, digest BLOB, articles INTEGER, published INTEGER, domain TEXT, name TEXT,
    topics BLOB, members BLOB
);
CREATE INDEX story_articles ON story (id) WHERE articles > 1;

-- what feeds there may be, and the stories of each, in the order of (rank, published descending, id)
CREATE TABLE feed (key INTEGER PRIMARY KEY, kind TEXT, name TEXT, UNIQUE (kind, name));
CREATE TABLE member (
    feed INTEGER, rank INTEGER, published INTEGER, story INTEGER, PRIMARY KEY (feed, rank, published DESC, story)
) WITHOUT ROWID;

-- how topics are called and in which stories; how providers are called and in how many stories
CREATE TABLE topic (key INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE story_topic (topic INTEGER, published INTEGER, story INTEGER, PRIMARY KEY (topic, published, story))
    WITHOUT ROWID;
CREATE TABLE provider (domain TEXT, name TEXT, stories INTEGER, PRIMARY KEY (domain, name)) WITHOUT ROWID;

-- what was published where: the window that a document shows, and the file's mtime
CREATE TABLE document (output TEXT, path TEXT, window BLOB, mtime INTEGER, PRIMARY KEY (output, path)) WITHOUT ROWID;
"""
#: With a rollback journal, what is new is written once; a write-ahead log would write it twice.
_PRAGMAS = ("page_size = 8192", "journal_mode = TRUNCATE", "synchronous = OFF", "cache_size = -65536")

#: Seconds to wait for another run to end.
_PATIENCE = 5
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECOND = dt.timedelta(seconds=1)


def connect(path: Path | None) -> sqlite3.Connection:
    """The database, locked for others that would write, in memory without a path.

    A file that is not a database is made anew. Raises OperationalError where another run uses it.
    """
    if path is None:
        return _opened(":memory:")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _opened(path)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
        return _opened(path)


def connect_to_read(path: Path) -> sqlite3.Connection:
    """The database as it was committed, while another process may write."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def clear(database: sqlite3.Connection) -> None:
    """Make all tables anew."""
    for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        database.execute(f"DROP TABLE {name}")
    for statement in _SCHEMA.split(";\n"):
        database.execute(statement)


def seconds(time: dt.datetime) -> int:
    """Whole seconds since 1970, rounded down: times in articles have no fraction."""
    return (time - _EPOCH) // _SECOND


def time_of(seconds: int) -> dt.datetime:
    return _EPOCH + seconds * _SECOND


def _opened(path: Path | str) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    try:
        for pragma in _PRAGMAS:
            database.execute(f"PRAGMA {pragma}")
        database.execute("BEGIN IMMEDIATE")
        database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database
