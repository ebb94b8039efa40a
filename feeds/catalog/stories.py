"""Stories built from files, in batches: one query reads what is known of a batch, one statement writes the result."""

from __future__ import annotations

import zlib
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from feeds.catalog.decoding import checked_count, checked_entry, decoding_errors, typed_rows
from feeds.catalog.merging import decode_entry, due_by_key, merge_story, story_digest
from feeds.catalog.records import folder_of
from feeds.catalog.schema import hash_of
from feeds.catalog.times import seconds
from feeds.models import FeedKey

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from feeds.catalog.merging import DueEntry, MergedStory
    from feeds.catalog.records import EncodedEntry, FileRecord, FolderKey
    from feeds.selection.membership import MembershipRules

#: Stories in a batch.
BATCH = 1_000

_DELETE_MEMBERS = "DELETE FROM member WHERE feed = ? AND rank = ? AND published = ? AND story = ?"
_DELETE_TOPICS = "DELETE FROM story_topic WHERE topic = ? AND published = ? AND story = ?"
_DELETE_STORY = "DELETE FROM story WHERE key = ?"
_DELETE_MONTH = (
    "DELETE FROM month WHERE feed = ?1 AND after > ?2 "
    "AND first = (SELECT max(first) FROM month WHERE feed = ?1 AND first <= ?2)"
)
_LAST_FILE = "SELECT coalesce(max(key), 0) FROM file"
_LAST_STORY = "SELECT coalesce(max(key), 0) FROM story"
_INSERT_FILES = "INSERT INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_ENTRIES = "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_STORIES = "INSERT INTO story VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_MEMBERS = "INSERT INTO member VALUES (?, ?, ?, ?)"
_INSERT_TOPICS = "INSERT INTO story_topic VALUES (?, ?, ?)"
_COUNT_PROVIDERS = (
    "INSERT INTO provider VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET stories = stories + excluded.stories"
)

_encoder = msgspec.msgpack.Encoder()
_members_decoder = msgspec.msgpack.Decoder(list[tuple[int, int]])
_keys_decoder = msgspec.msgpack.Decoder(list[int])


@dataclass
class Touched:
    """The feeds whose stories changed, and how many stories did."""

    feeds: set[FeedKey] = field(default_factory=set)
    stories: int = 0


class _StoryRow(NamedTuple):
    """A row of the table `story`. Images are encoded, topics are keys, members are keys of feeds and ranks."""

    key: int
    hash: int
    id: str
    digest: bytes
    articles: int
    published: int
    domain: str
    name: str
    images: bytes
    topics: list[int]
    members: list[tuple[int, int]]


_STORY_TYPES = (int, int, str, bytes, int, int, str, str, bytes, bytes, bytes)


class StoryBuilder:
    """Adds and removes files, and merges the due entries of each id to a story, by some rules and as of some time.

    Changes wait until there is a batch of them: files are stored and stories built when `finish` was called.
    """

    def __init__(
        self, database: sqlite3.Connection, path: Path | None, rules: MembershipRules, now: dt.datetime
    ) -> None:
        self.touched = Touched()
        self._database = database
        self._path = path
        self._rules = rules
        self._now = now
        self._names = _Names(database, path)
        self._last_file = self._last_key(_LAST_FILE)
        self._last_story = self._last_key(_LAST_STORY)
        self._has_months = bool(database.execute("SELECT EXISTS (SELECT 1 FROM month)").fetchone()[0])
        self._files: list[FileRecord] = []
        self._waiting: dict[str, None] = {}

    def remove_file(self, key: int) -> None:
        """Remove a file and its entries."""
        rows = self._database.execute("SELECT id FROM entry WHERE file = ?", (key,))
        ids = [id_ for (id_,) in typed_rows(self._path, rows, (str,))]
        self._database.execute("DELETE FROM entry WHERE file = ?", (key,))
        self._database.execute("DELETE FROM file WHERE key = ?", (key,))
        self.queue(ids)

    def add_file(self, record: FileRecord) -> None:
        """Add a file that is not in the catalog, or was removed."""
        self._files.append(record)
        self.queue(entry.id for entry in record.entries)
        if len(self._files) >= BATCH:
            self.finish()

    def queue(self, ids: Iterable[str]) -> None:
        """Build the stories with these ids if their entries changed."""
        remaining = iter(ids)
        while batch := list(islice(remaining, BATCH)):
            self._waiting.update(dict.fromkeys(batch))
            if len(self._waiting) >= BATCH:
                self.finish()

    def finish(self) -> None:
        """Store the files, and build the stories, that wait."""
        added = [entry for record in self._files for entry in record.entries]
        self._build(list(self._waiting), added, rebuild=False)
        self._insert_files()
        self._files.clear()
        self._waiting.clear()

    def rebuild(self, ids: Iterable[str]) -> None:
        """Build the stories with these ids by other rules, even if their entries did not change."""
        remaining = iter(ids)
        while batch := list(islice(remaining, BATCH)):
            self._build(batch, (), rebuild=True)

    def _last_key(self, statement: str) -> int:
        """The largest key of a table."""
        (key,) = self._database.execute(statement).fetchone()
        with decoding_errors(self._path):
            return checked_count(key)

    def _build(self, ids: Sequence[str], added: Iterable[EncodedEntry], *, rebuild: bool) -> None:
        """Build stories of the entries in the catalog, and of `added` ones."""
        hashes = msgspec.json.encode({hash_of(id_) for id_ in ids}).decode()
        known = self._known_stories(hashes)
        due_entries = self._due_entries(hashes, added)
        old: list[_StoryRow] = []
        new: list[_StoryRow] = []
        for id_ in ids:
            row, due = known.get(id_), due_entries.get(id_)
            digest = story_digest(due) if due else b""
            if row is not None:
                if row.digest == digest and not rebuild:
                    continue
                old.append(row)
            if due:
                new.append(self._row(merge_story(due, digest, self._rules)))
        self._delete(old)
        self._insert(new)
        self.touched.stories += len({row.id for row in (*old, *new)})

    def _known_stories(self, hashes: str) -> dict[str, _StoryRow]:
        """The stories by id, including others with the same hashes."""
        rows = self._database.execute(
            "SELECT story.* FROM json_each(?) AS hashes JOIN story ON story.hash = hashes.value", (hashes,)
        )
        found = typed_rows(self._path, rows, _STORY_TYPES)
        with decoding_errors(self._path):
            stories = [
                _StoryRow._make((*columns, _keys_decoder.decode(topics), _members_decoder.decode(members)))
                for *columns, topics, members in found
            ]
        return {story.id: story for story in stories}

    def _due_entries(self, hashes: str, added: Iterable[EncodedEntry]) -> dict[str, list[DueEntry]]:
        """The due entries by id, including others with the same hashes."""
        now = seconds(self._now)
        rows = self._database.execute(
            "SELECT entry.id, entry.value, latest, checksum FROM json_each(?) AS hashes "
            "JOIN entry ON entry.hash = hashes.value WHERE published <= ?",
            (hashes, now),
        )
        found = typed_rows(self._path, rows, (str, bytes, int, int))
        with decoding_errors(self._path):
            stored = [(id_, checked_entry(value, latest, checksum)) for id_, value, latest, checksum in found]
        stored += [(entry.id, decode_entry(entry.value, entry.latest)) for entry in added if entry.published <= now]
        return due_by_key(stored, self._now)

    def _row(self, story: MergedStory) -> _StoryRow:
        self._last_story += 1
        return _StoryRow(
            self._last_story,
            hash_of(story.id),
            story.id,
            story.digest,
            story.articles,
            story.published,
            story.domain,
            story.provider,
            _encoder.encode(story.images),
            [self._names.topic(topic) for topic in story.topics],
            [(self._names.feed(feed), rank) for feed, rank in story.members],
        )

    def _delete(self, stories: Sequence[_StoryRow]) -> None:
        members = _members(stories)
        self._touch(members)
        self._database.executemany(_DELETE_MEMBERS, members)
        self._database.executemany(_DELETE_TOPICS, _topics(stories))
        self._database.executemany(_DELETE_STORY, [(story.key,) for story in stories])
        self._count_providers(stories, -1)

    def _insert(self, stories: Sequence[_StoryRow]) -> None:
        encode = _encoder.encode
        members = _members(stories)
        self._touch(members)
        rows = [(*story[:-2], encode(story.topics), encode(story.members)) for story in stories]
        self._database.executemany(_INSERT_STORIES, rows)
        self._database.executemany(_INSERT_MEMBERS, sorted(members))
        self._database.executemany(_INSERT_TOPICS, sorted(_topics(stories)))
        self._count_providers(stories, 1)

    def _insert_files(self) -> None:
        files, entries = [], []
        for key, record in enumerate(self._files, self._last_file + 1):
            diagnostics = _encoder.encode(record.diagnostics) if record.diagnostics else None
            folder = self._names.folder(folder_of(record.source, record.path))
            state = (record.source, record.path, record.size, record.mtime, record.ctime, record.digest)
            files.append((key, folder, *state, record.skip_reason, diagnostics))
            entries += [
                (
                    hash_of(entry.id),
                    entry.id,
                    key,
                    entry.is_article,
                    entry.published,
                    entry.latest,
                    entry.value,
                    zlib.crc32(entry.value),
                )
                for entry in record.entries
            ]
        self._last_file += len(files)
        self._database.executemany(_INSERT_FILES, files)
        self._database.executemany(_INSERT_ENTRIES, entries)

    def _touch(self, members: Sequence[tuple[int, int, int, int]]) -> None:
        """Note that the stories of feeds, and of months of them, changed."""
        with decoding_errors(self._path):
            self.touched.feeds.update(map(self._names.feed_of, set(map(itemgetter(0), members))))
        if self._has_months:
            self._database.executemany(_DELETE_MONTH, {(feed, published) for feed, _, published, _ in members})

    def _count_providers(self, stories: Sequence[_StoryRow], change: int) -> None:
        counts = Counter([(story.domain, story.name) for story in stories])
        self._database.executemany(_COUNT_PROVIDERS, [(*names, change * count) for names, count in counts.items()])
        self._database.execute("DELETE FROM provider WHERE stories = 0")
        # The name of a provider follows from all stories, even those that its feed does not hold.
        self.touched.feeds.update(FeedKey("provider", story.domain) for story in stories)


def _members(stories: Iterable[_StoryRow]) -> list[tuple[int, int, int, int]]:
    """The rows of the table `member`."""
    return [(feed, rank, story.published, story.key) for story in stories for feed, rank in story.members]


def _topics(stories: Iterable[_StoryRow]) -> list[tuple[int, int, int]]:
    """The rows of the table `story_topic`."""
    return [(topic, story.published, story.key) for story in stories for topic in story.topics]


class _Names:
    """The keys of folders, feeds and topics, which get one when they are first used."""

    def __init__(self, database: sqlite3.Connection, path: Path | None) -> None:
        self._database = database
        feeds = typed_rows(path, database.execute("SELECT * FROM feed"), (int, str, str))
        folders = typed_rows(path, database.execute("SELECT key, root, path FROM folder"), (int, str, str))
        topics = typed_rows(path, database.execute("SELECT * FROM topic"), (int, str))
        self._feeds: dict[FeedKey, int] = {FeedKey(kind, name): key for key, kind, name in feeds}
        self._feed_of = {key: feed for feed, key in self._feeds.items()}
        self._folders: dict[FolderKey, int] = {(root, folder): key for key, root, folder in folders}
        self._topics: dict[str, int] = {name: key for key, name in topics}

    def feed(self, feed: FeedKey) -> int:
        key = self._feeds.get(feed)
        if key is None:
            key = self._feeds[feed] = self._insert("INSERT INTO feed (kind, name) VALUES (?, ?)", feed)
            self._feed_of[key] = feed
        return key

    def feed_of(self, key: int) -> FeedKey:
        """The feed with a key; raises KeyError."""
        return self._feed_of[key]

    def folder(self, folder: FolderKey) -> int:
        key = self._folders.get(folder)
        if key is None:
            statement = "INSERT INTO folder (root, path, listing) VALUES (?, ?, x'')"
            key = self._folders[folder] = self._insert(statement, folder)
        return key

    def topic(self, name: str) -> int:
        key = self._topics.get(name)
        if key is None:
            key = self._topics[name] = self._insert("INSERT INTO topic (name) VALUES (?)", (name,))
        return key

    def _insert(self, statement: str, values: Sequence[str]) -> int:
        return self._database.execute(statement, values).lastrowid or 0
