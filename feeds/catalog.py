"""The catalog: what was read of each file, the stories that came of it, and which feed holds which story (SQLite).

It is a cache. Deleting it changes no byte of output, and what it holds is built anew when its version or the settings
that articles are read by change. Only this module speaks SQL.

A *story* is all that has one id: the entries of one or several files, of which `merge_entries` makes one. It is in the
catalog while any of them is due.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec

from feeds._version import __version__
from feeds.entries import merge_entries
from feeds.errors import CatalogError, Mistake
from feeds.model import Entry
from feeds.selection import FeedKey, as_of, memberships

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from feeds.selection import Rules

_SCHEMA = """
CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;

-- a file as it was read; fingerprint: size and mtime in nanoseconds
CREATE TABLE file (
    key INTEGER PRIMARY KEY, root TEXT, path TEXT, size INTEGER, mtime INTEGER, digest BLOB, left_out TEXT,
    mistakes BLOB, UNIQUE (root, path)
);

-- an entry of a file; times are seconds since 1970; latest: the last time at which it changes by itself
CREATE TABLE entry (
    id TEXT, file INTEGER, is_article INTEGER, published INTEGER, latest INTEGER, value BLOB
);
CREATE INDEX entry_id ON entry (id);
CREATE INDEX entry_file ON entry (file);
CREATE INDEX entry_latest ON entry (latest);
CREATE INDEX entry_article ON entry (id, file) WHERE is_article;

-- what is due of the entries with one id; digest: of their values; topics: keys; members: keys of feeds, and ranks
CREATE TABLE story (
    key INTEGER PRIMARY KEY, id TEXT UNIQUE, digest BLOB, published INTEGER, domain TEXT, name TEXT, topics BLOB,
    members BLOB
);

-- what feeds there may be, and the stories of each, in the order of (rank, published descending, id)
CREATE TABLE feed (key INTEGER PRIMARY KEY, kind TEXT, name TEXT, UNIQUE (kind, name));
CREATE TABLE member (feed INTEGER, rank INTEGER, published INTEGER, story INTEGER);
CREATE INDEX member_order ON member (feed, rank, published DESC, story);

-- how topics are called and in which stories; how providers are called and in how many stories
CREATE TABLE topic (key INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE story_topic (topic INTEGER, published INTEGER, story INTEGER, PRIMARY KEY (topic, published, story))
    WITHOUT ROWID;
CREATE TABLE provider (domain TEXT, name TEXT, stories INTEGER, PRIMARY KEY (domain, name)) WITHOUT ROWID;

-- what was published where: the window that a document shows, and the file's mtime
CREATE TABLE document (output TEXT, path TEXT, window BLOB, mtime INTEGER, PRIMARY KEY (output, path)) WITHOUT ROWID;
"""
_PRAGMAS = ("journal_mode = WAL", "synchronous = OFF", "cache_size = -65536")

#: Seconds to wait for another run to end.
_PATIENCE = 5
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECOND = dt.timedelta(seconds=1)


class FileFacts(msgspec.Struct, frozen=True, array_like=True):
    """What tells that a file has changed: size in bytes, mtime in nanoseconds, and a digest of what was read."""

    key: int
    size: int
    mtime: int
    digest: bytes


class EncodedEntry(msgspec.Struct, frozen=True, array_like=True):
    """An entry as the catalog keeps it; times are seconds since 1970, `latest` is when it last changes by itself."""

    id: str
    is_article: bool
    published: int
    latest: int
    value: bytes


class FileOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a file: its entries encoded, why its article has none, and what is wrong with it."""

    root: str
    path: str
    size: int
    mtime: int
    digest: bytes
    entries: tuple[EncodedEntry, ...] = ()
    left_out: str | None = None
    mistakes: tuple[Mistake, ...] = ()


class Window(msgspec.Struct, frozen=True):
    """The stories that a feed shows, in their order: their keys, and a digest of all that they hold."""

    stories: tuple[int, ...]
    digest: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Entry)
_members_decoder = msgspec.msgpack.Decoder(list[tuple[int, int]])
_keys_decoder = msgspec.msgpack.Decoder(list[int])
_mistakes_decoder = msgspec.msgpack.Decoder(list[Mistake])


def versions(packages: Sequence[str]) -> str:
    """The versions of packages, and when our own code last changed: it may be that of a checkout."""
    own = max(path.stat().st_mtime_ns for path in Path(__file__).parent.rglob("*.py"))
    return " ".join([__version__, str(own), *map(version, packages)])


def encode_entry(entry: Entry) -> EncodedEntry:
    """The entry as the catalog keeps it."""
    times = (entry.published, entry.updated, *(link.published for link in entry.related))
    return EncodedEntry(
        entry.id, entry.is_article, _seconds(entry.published), _seconds(max(times)), _encoder.encode(entry)
    )


@dataclass
class Touched:
    """What a change of files or of time touched: the feeds whose stories changed, and whether any story did."""

    feeds: set[FeedKey]
    stories: int = 0


class Catalog:
    """The catalog in a folder, made where there is none. Changes are kept when `commit` is called."""

    def __init__(self, path: Path | None, reading: str = "", *, anew: bool = False) -> None:
        """The catalog in a file, made where there is none; in memory without one.

        `reading` stands for all that decides what a file's entries are: what was read with another is forgotten, and
        `anew` forgets all. Raises CatalogError where another run uses it.
        """
        self.path = path
        try:
            self._database = _connect(path)
            if anew or self.state("reading") != reading:
                _clear(self._database)
                self.set_state("reading", reading)
        except (sqlite3.OperationalError, OSError) as error:
            raise CatalogError(f"{path}: the cache cannot be used: {error}") from error

    @classmethod
    def to_look_at(cls, path: Path, reading: str) -> Self:
        """The catalog in a file if there is one that can be used, else an empty one in memory."""
        try:
            return cls(path if path.exists() else None, reading)
        except CatalogError:
            return cls(None, reading)

    @classmethod
    def reader(cls, path: Path) -> Self:
        """A catalog to read from, as it was committed, while another process may write."""
        catalog = cls.__new__(cls)
        catalog.path = path
        catalog._database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)  # noqa: SLF001  # our own
        return catalog

    def close(self) -> None:
        self._database.close()

    def commit(self) -> None:
        self._database.execute("COMMIT")
        self._database.execute("BEGIN IMMEDIATE")

    def state(self, key: str) -> Any:
        """What `set_state` kept under `key`, or None."""
        if not self._database.execute("SELECT 1 FROM sqlite_schema WHERE name = 'state'").fetchone():
            return None  # the file is new
        row = self._database.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        return msgspec.msgpack.decode(row[0]) if row else None

    def set_state(self, key: str, value: Any) -> None:
        self._database.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (key, _encoder.encode(value)))

    def labels_version(self, labels: Mapping[str, str]) -> int:
        """A number that grows when one of the labels is not what it was when it was last there."""
        kept = self.state("labels")
        known, number = kept or (dict[str, str](), 0)
        number += any(known.get(key, label) != label for key, label in labels.items())
        if not labels.items() <= known.items():
            self.set_state("labels", ({**known, **labels}, number))
        return int(number)

    # Files

    def files(self) -> dict[tuple[str, str], FileFacts]:
        """What is known of each file, by root and path."""
        rows = self._database.execute("SELECT root, path, key, size, mtime, digest FROM file")
        return {(root, path): FileFacts(*facts) for root, path, *facts in rows}

    def note_touched_file(self, key: int, size: int, mtime: int) -> None:
        """A file whose bytes are what they were."""
        self._database.execute("UPDATE file SET size = ?, mtime = ? WHERE key = ?", (size, mtime, key))

    def remove_file(self, key: int) -> set[str]:
        """Forget a file and its entries; the ids that these had."""
        ids = {id_ for (id_,) in self._database.execute("SELECT id FROM entry WHERE file = ?", (key,))}
        self._database.execute("DELETE FROM entry WHERE file = ?", (key,))
        self._database.execute("DELETE FROM file WHERE key = ?", (key,))
        return ids

    def add_file(self, outcome: FileOutcome) -> set[str]:
        """Keep what came of a file that is not known; the ids of its entries."""
        mistakes = _encoder.encode(outcome.mistakes) if outcome.mistakes else None
        cursor = self._database.execute(
            "INSERT INTO file (root, path, size, mtime, digest, left_out, mistakes) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (outcome.root, outcome.path, outcome.size, outcome.mtime, outcome.digest, outcome.left_out, mistakes),
        )
        rows = [
            (entry.id, cursor.lastrowid, entry.is_article, entry.published, entry.latest, entry.value)
            for entry in outcome.entries
        ]
        self._database.executemany("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)", rows)
        return {entry.id for entry in outcome.entries}

    def left_out(self) -> dict[str, int]:
        """How many files have no entry of their own, by reason."""
        return dict(
            self._database.execute(
                "SELECT left_out, count(*) FROM file WHERE left_out IS NOT NULL GROUP BY left_out ORDER BY left_out"
            )
        )

    def mistakes(self) -> list[Mistake]:
        """What is wrong with files, in their order."""
        rows = self._database.execute("SELECT mistakes FROM file WHERE mistakes IS NOT NULL ORDER BY root, path")
        return [mistake for (value,) in rows for mistake in _mistakes_decoder.decode(value)]

    def same_articles(self) -> list[tuple[str, str, str, str, str]]:
        """The articles with the id of an earlier one: root and path of both, the id."""
        ids = "SELECT id FROM entry WHERE is_article GROUP BY id HAVING count(*) > 1"
        rows = self._database.execute(
            f"SELECT id, root, path FROM entry JOIN file ON file.key = entry.file WHERE is_article AND id IN ({ids}) "  # noqa: S608
            "ORDER BY id, root, path"
        )
        found = []
        for id_, same in groupby(rows, key=lambda row: str(row[0])):
            (_, root, path), *others = same
            found += [(other_root, other_path, root, path, id_) for _, other_root, other_path in others]
        return sorted(found)

    # Stories

    def all_ids(self) -> set[str]:
        return {id_ for (id_,) in self._database.execute("SELECT id FROM entry UNION SELECT id FROM story")}

    def changing_ids(self, since: dt.datetime) -> set[str]:
        """The ids of the entries that change by themselves after `since`."""
        rows = self._database.execute("SELECT id FROM entry WHERE latest > ?", (_seconds(since),))
        return {id_ for (id_,) in rows}

    def tell(self, ids: Collection[str], rules: Rules, now: dt.datetime, *, anew: bool = False) -> Touched:
        """Make one story of what is due of each id. `anew`: work out memberships although nothing changed."""
        touched = Touched(set())
        names = _Names(self._database)
        for id_ in sorted(ids):
            self._tell(id_, rules, now, touched, names, anew=anew)
        names.write_providers()
        return touched

    def _tell(self, id_: str, rules: Rules, now: dt.datetime, touched: Touched, names: _Names, *, anew: bool) -> None:
        due = self._due(id_, now)
        old = self._database.execute(
            "SELECT key, digest, published, domain, name, topics, members FROM story WHERE id = ?", (id_,)
        ).fetchone()
        digest = _digest(value for _, value in due)
        if not (old or due) or (old and due and old[1] == digest and not anew):
            return
        touched.stories += 1
        if old:
            key, _, published, domain, name, topics, members = old
            held = _members_decoder.decode(members)
            touched.feeds |= {names.feed_of(feed) for feed, _ in held}
            self._database.executemany(
                "DELETE FROM member WHERE feed = ? AND rank = ? AND published = ? AND story = ?",
                [(feed, rank, published, key) for feed, rank in held],
            )
            self._database.executemany(
                "DELETE FROM story_topic WHERE topic = ? AND published = ? AND story = ?",
                [(topic, published, key) for topic in _keys_decoder.decode(topics)],
            )
            names.providers[domain, name] -= 1
            self._database.execute("DELETE FROM story WHERE key = ?", (key,))
        if due:
            entry = merge_entries([entry for entry, _ in due])
            found = list(memberships(entry, rules))
            touched.feeds |= {feed for feed, _ in found}
            members = [(names.feed(feed), rank) for feed, rank in found]
            topics = [names.topic(topic) for topic in entry.topics]
            published = _seconds(entry.published)
            cursor = self._database.execute(
                "INSERT INTO story (id, digest, published, domain, name, topics, members) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    id_,
                    digest,
                    published,
                    entry.provider.domain,
                    entry.provider.name,
                    _encoder.encode(topics),
                    _encoder.encode(members),
                ),
            )
            self._database.executemany(
                "INSERT INTO member VALUES (?, ?, ?, ?)",
                [(feed, rank, published, cursor.lastrowid) for feed, rank in members],
            )
            self._database.executemany(
                "INSERT INTO story_topic VALUES (?, ?, ?)",
                [(topic, published, cursor.lastrowid) for topic in topics],
            )
            names.providers[entry.provider.domain, entry.provider.name] += 1

    def _due(self, id_: str, now: dt.datetime) -> list[tuple[Entry, bytes]]:
        """What is due of an id: the entries, and their values as of now."""
        rows = self._database.execute(
            "SELECT value, latest FROM entry WHERE id = ? AND published <= ?", (id_, _seconds(now))
        )
        found = []
        for value, latest in rows:
            entry = _decoder.decode(value)
            if latest > _seconds(now):
                entry = as_of(entry, now)
                value = _encoder.encode(entry)  # noqa: PLW2901
            found.append((entry, value))
        return sorted(found, key=lambda pair: pair[1])

    def stories(self) -> int:
        """How many stories are due."""
        return int(self._database.execute("SELECT count(*) FROM story").fetchone()[0])

    def waiting(self, now: dt.datetime) -> int:
        """How many ids have nothing that is due."""
        rows = self._database.execute(
            "SELECT count(DISTINCT id) FROM entry WHERE latest > ? AND NOT EXISTS "
            "(SELECT 1 FROM story WHERE story.id = entry.id)",
            (_seconds(now),),
        )
        return int(rows.fetchone()[0])

    def next_due(self, now: dt.datetime) -> dt.datetime | None:
        """When the first entry is due that is not yet."""
        rows = self._database.execute(
            "SELECT min(published) FROM entry WHERE latest > ? AND published > ?", (_seconds(now), _seconds(now))
        )
        (first,) = rows.fetchone()
        return None if first is None else _EPOCH + first * _SECOND

    def topic_names(self) -> list[tuple[str, dt.datetime]]:
        """How topics are called, and when the oldest story of each name was published."""
        rows = self._database.execute(
            "SELECT name, (SELECT min(published) FROM story_topic WHERE topic = key) AS first FROM topic "
            "WHERE first IS NOT NULL ORDER BY name"
        )
        return [(name, _EPOCH + first * _SECOND) for name, first in rows]

    def provider_names(self) -> list[tuple[str, str, int]]:
        """The domains of providers, how they are called, and in how many stories."""
        return list(self._database.execute("SELECT domain, name, stories FROM provider ORDER BY domain, name"))

    # Feeds

    def window(self, feed: FeedKey, limit: int, oldest: dt.datetime | None) -> Window:
        """The first `limit` stories of a feed, none of them published before `oldest`."""
        rows = self._database.execute(
            "SELECT story.key, story.digest FROM member JOIN story ON story.key = member.story "
            "WHERE member.feed = (SELECT key FROM feed WHERE kind = ? AND name = ?) AND member.published >= ? "
            "ORDER BY member.rank, member.published DESC, story.id LIMIT ?",
            (*feed, _seconds(oldest) if oldest else -(2**62), limit),
        ).fetchall()
        return Window(tuple(key for key, _ in rows), _digest(digest for _, digest in rows))

    def entries(self, stories: Sequence[int], now: dt.datetime) -> list[Entry]:
        """The entries of these stories, as of now, in their order."""
        found = []
        for key in stories:
            (id_,) = self._database.execute("SELECT id FROM story WHERE key = ?", (key,)).fetchone()
            found.append(merge_entries([entry for entry, _ in self._due(id_, now)]))
        return found

    def documents(self, output: str) -> dict[str, tuple[bytes, int]]:
        """The window and the mtime of each document that was published into `output`, by path."""
        rows = self._database.execute("SELECT path, window, mtime FROM document WHERE output = ?", (output,))
        return {path: (window, mtime) for path, window, mtime in rows}

    def set_documents(self, output: str, rows: Iterable[tuple[str, bytes, int]], gone: Iterable[str]) -> None:
        """Keep the window and the mtime of documents by path, and forget those that are gone."""
        self._database.executemany(
            "INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?)", [(output, *row) for row in rows]
        )
        self._database.executemany(
            "DELETE FROM document WHERE output = ? AND path = ?", [(output, path) for path in gone]
        )


class _Names:
    """The keys of feeds and topics, and how many stories providers gain and lose under each name."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._feeds: dict[FeedKey, int] = {
            FeedKey(kind, name): key for key, kind, name in database.execute("SELECT * FROM feed")
        }
        self._feed_of = {key: feed for feed, key in self._feeds.items()}
        self._topics: dict[str, int] = {name: key for key, name in database.execute("SELECT * FROM topic")}
        self.providers: Counter[tuple[str, str]] = Counter()

    def feed(self, feed: FeedKey) -> int:
        if feed not in self._feeds:
            self._feeds[feed] = self._new("INSERT INTO feed (kind, name) VALUES (?, ?)", feed)
            self._feed_of[self._feeds[feed]] = feed
        return self._feeds[feed]

    def feed_of(self, key: int) -> FeedKey:
        return self._feed_of[key]

    def topic(self, name: str) -> int:
        if name not in self._topics:
            self._topics[name] = self._new("INSERT INTO topic (name) VALUES (?)", (name,))
        return self._topics[name]

    def write_providers(self) -> None:
        self._database.executemany(
            "INSERT INTO provider VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET stories = stories + excluded.stories",
            [(*names, count) for names, count in self.providers.items()],
        )
        self._database.execute("DELETE FROM provider WHERE stories = 0")

    def _new(self, statement: str, values: Sequence[str]) -> int:
        return self._database.execute(statement, values).lastrowid or 0


def _connect(path: Path | None) -> sqlite3.Connection:
    """The database, locked for others that would write. One that is not a database is made anew."""
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


def _clear(database: sqlite3.Connection) -> None:
    for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        database.execute(f"DROP TABLE {name}")
    for statement in _SCHEMA.split(";\n"):
        database.execute(statement)


def _seconds(time: dt.datetime) -> int:
    """Whole seconds since 1970, rounded down: times in articles have no fraction."""
    return (time - _EPOCH) // _SECOND


def _digest(values: Iterable[bytes]) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for value in values:
        digest.update(len(value).to_bytes(8, "little"))
        digest.update(value)
    return digest.digest()
