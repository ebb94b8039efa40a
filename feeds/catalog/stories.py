"""Stories told: of all that has one id what is due, which feeds hold it, and what it says of topics and providers.

Many are told at a time: what is known of them is asked in one go, and so is written what became of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from feeds.catalog.records import folder_of
from feeds.catalog.schema import hash_of, seconds
from feeds.content.entries import as_of, merge_entries
from feeds.digests import digest_of
from feeds.models import Entry
from feeds.selection.membership import FeedKey, memberships

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from collections.abc import Iterable, Sequence

    from feeds.catalog.records import EncodedEntry, FileRecord, Folder
    from feeds.selection.membership import MembershipRules


#: How many stories are told at a time.
BATCH = 1_000

_FORGET_MEMBERS = "DELETE FROM member WHERE feed = ? AND rank = ? AND published = ? AND story = ?"

_FORGET_TOPICS = "DELETE FROM story_topic WHERE topic = ? AND published = ? AND story = ?"

_FORGET_STORY = "DELETE FROM story WHERE key = ?"

_FORGET_MONTH = (
    "DELETE FROM month WHERE feed = ?1 AND after > ?2 "
    "AND first = (SELECT max(first) FROM month WHERE feed = ?1 AND first <= ?2)"
)

_LAST_FILE = "SELECT coalesce(max(key), 0) FROM file"

_LAST_STORY = "SELECT coalesce(max(key), 0) FROM story"

_KEEP_FILES = "INSERT INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

_KEEP_ENTRIES = "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)"

_KEEP_STORY = "INSERT INTO story VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

_KEEP_MEMBERS = "INSERT INTO member VALUES (?, ?, ?, ?)"

_KEEP_TOPICS = "INSERT INTO story_topic VALUES (?, ?, ?)"

_COUNT_PROVIDERS = (
    "INSERT INTO provider VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET stories = stories + excluded.stories"
)

_encoder = msgspec.msgpack.Encoder()

_entry_decoder = msgspec.msgpack.Decoder(Entry)

_members_decoder = msgspec.msgpack.Decoder(list[tuple[int, int]])

_keys_decoder = msgspec.msgpack.Decoder(list[int])


@dataclass
class Touched:
    """What a change of files or of time touched: the feeds whose stories changed, and how many stories did."""

    feeds: set[FeedKey] = field(default_factory=set)
    stories: int = 0


class Due(NamedTuple):
    """An entry as of now, and its value as the catalog keeps it."""

    value: bytes
    entry: Entry


class _StoryRow(NamedTuple):
    """A story as its table has it; images encoded, topics are keys, members are keys of feeds and the ranks in them."""

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


class StoryBuilder:
    """Takes in files, and makes one story of what is due of each id, by the rules and the time that it was given.

    What is new waits until it is many: a file is in the catalog, and its stories are told, when `finish` was called.
    """

    def __init__(self, database: sqlite3.Connection, rules: MembershipRules, now: dt.datetime) -> None:
        self.touched = Touched()
        self._database = database
        self._rules = rules
        self._now = now
        self._names = _Names(database)
        self._last_file = int(database.execute(_LAST_FILE).fetchone()[0])
        self._last_story = int(database.execute(_LAST_STORY).fetchone()[0])
        self._has_months = bool(database.execute("SELECT EXISTS (SELECT 1 FROM month)").fetchone()[0])
        self._files: list[FileRecord] = []
        self._waiting: dict[str, None] = {}

    def remove_file(self, key: int) -> None:
        """Forget a file and its entries."""
        ids = [id_ for (id_,) in self._database.execute("SELECT id FROM entry WHERE file = ?", (key,))]
        self._database.execute("DELETE FROM entry WHERE file = ?", (key,))
        self._database.execute("DELETE FROM file WHERE key = ?", (key,))
        self.queue(ids)

    def add_file(self, outcome: FileRecord) -> None:
        """Keep what came of a file that is not known, or was removed."""
        self._files.append(outcome)
        self.queue(entry.id for entry in outcome.entries)
        if len(self._files) >= BATCH:
            self.finish()

    def queue(self, ids: Iterable[str]) -> None:
        """Tell the stories with these ids, if they are not what they were."""
        left = iter(ids)
        while batch := list(islice(left, BATCH)):
            self._waiting.update(dict.fromkeys(batch))
            if len(self._waiting) >= BATCH:
                self.finish()

    def finish(self) -> None:
        """Tell the stories that wait."""
        added = [entry for outcome in self._files for entry in outcome.entries]
        self._build(list(self._waiting), added, anew=False)
        self._keep_files()
        self._files.clear()
        self._waiting.clear()

    def rebuild(self, ids: Iterable[str]) -> None:
        """Tell the stories with these ids by other rules."""
        waiting = iter(ids)
        while batch := list(islice(waiting, BATCH)):
            self._build(batch, (), anew=True)

    def _build(self, ids: Sequence[str], added: Iterable[EncodedEntry], *, anew: bool) -> None:
        """Tell stories of what the catalog has of them, and of the entries that are added to it."""
        asked = msgspec.json.encode({hash_of(id_) for id_ in ids}).decode()
        known = self._known(asked)
        due = self._due(asked, added)
        forgotten: list[_StoryRow] = []
        new: list[_StoryRow] = []
        for id_ in ids:
            old, found = known.get(id_), due.get(id_)
            digest = digest_of([value for value, _ in found]) if found else b""
            if old is not None:
                if old.digest == digest and not anew:
                    continue
                forgotten.append(old)
            if found:
                new.append(self._build_story(id_, digest, [entry for _, entry in found]))
        self._forget(forgotten)
        self._keep(new)
        self.touched.stories += len({told.id for told in (*forgotten, *new)})

    def _known(self, asked: str) -> dict[str, _StoryRow]:
        """The stories that were told of each id, and others with a hash that is asked for."""
        rows = self._database.execute(
            "SELECT story.* FROM json_each(?) AS hashes JOIN story ON story.hash = hashes.value", (asked,)
        )
        stories = (
            _StoryRow._make((*columns, _keys_decoder.decode(topics), _members_decoder.decode(members)))
            for *columns, topics, members in rows
        )
        return {story.id: story for story in stories}

    def _due(self, asked: str, added: Iterable[EncodedEntry]) -> dict[str, list[Due]]:
        """What is due of each id, ordered by value, and of others with a hash that is asked for."""
        now = seconds(self._now)
        rows = self._database.execute(
            "SELECT entry.id, entry.value, latest FROM json_each(?) AS hashes "
            "JOIN entry ON entry.hash = hashes.value WHERE published <= ?",
            (asked, now),
        )
        new = ((entry.id, entry.value, entry.latest) for entry in added if entry.published <= now)
        return group_due(chain(rows, new), self._now)

    def _build_story(self, id_: str, digest: bytes, entries: Sequence[Entry]) -> _StoryRow:
        self._last_story += 1
        entry = merge_entries(entries)
        return _StoryRow(
            self._last_story,
            hash_of(id_),
            id_,
            digest,
            sum([one.is_article for one in entries]),
            seconds(entry.published),
            entry.provider.domain,
            entry.provider.name,
            _encoder.encode([(one.href, bool(one.width and one.height)) for one in entry.enclosures]),
            [self._names.topic(topic) for topic in entry.topics],
            [(self._names.feed(feed), rank) for feed, rank in memberships(entry, self._rules)],
        )

    def _forget(self, stories: Sequence[_StoryRow]) -> None:
        members = _members(stories)
        self._touch(members)
        self._database.executemany(_FORGET_MEMBERS, members)
        self._database.executemany(_FORGET_TOPICS, _topics(stories))
        self._database.executemany(_FORGET_STORY, [(story.key,) for story in stories])
        self._count_providers(stories, -1)

    def _keep(self, stories: Sequence[_StoryRow]) -> None:
        encode = _encoder.encode
        members = _members(stories)
        self._touch(members)
        rows = [(*story[:-2], encode(story.topics), encode(story.members)) for story in stories]
        self._database.executemany(_KEEP_STORY, rows)
        self._database.executemany(_KEEP_MEMBERS, sorted(members))
        self._database.executemany(_KEEP_TOPICS, sorted(_topics(stories)))
        self._count_providers(stories, 1)

    def _keep_files(self) -> None:
        files, entries = [], []
        for key, outcome in enumerate(self._files, self._last_file + 1):
            mistakes = _encoder.encode(outcome.mistakes) if outcome.mistakes else None
            folder = self._names.folder(folder_of(outcome.root, outcome.path))
            facts = (outcome.root, outcome.path, outcome.size, outcome.mtime, outcome.ctime, outcome.digest)
            files.append((key, folder, *facts, outcome.left_out, mistakes))
            entries += [
                (hash_of(entry.id), entry.id, key, entry.is_article, entry.published, entry.latest, entry.value)
                for entry in outcome.entries
            ]
        self._last_file += len(files)
        self._database.executemany(_KEEP_FILES, files)
        self._database.executemany(_KEEP_ENTRIES, entries)

    def _touch(self, members: Sequence[tuple[int, int, int, int]]) -> None:
        """Feeds have got other stories, and so have months of them."""
        self.touched.feeds.update(map(self._names.feed_of, set(map(itemgetter(0), members))))
        if self._has_months:
            self._database.executemany(_FORGET_MONTH, {(feed, published) for feed, _, published, _ in members})

    def _count_providers(self, stories: Sequence[_StoryRow], one: int) -> None:
        counts = Counter([(story.domain, story.name) for story in stories])
        self._database.executemany(_COUNT_PROVIDERS, [(*names, one * count) for names, count in counts.items()])
        self._database.execute("DELETE FROM provider WHERE stories = 0")
        # what a provider is called follows from all stories, also from those that its feed does not hold
        self.touched.feeds.update(FeedKey("provider", story.domain) for story in stories)


def group_due(rows: Iterable[tuple[Any, bytes, int]], now: dt.datetime) -> dict[Any, list[Due]]:
    """The entries of rows of (key, value, latest) as of now, by key; those of one key ordered by value."""
    found: dict[Any, list[Due]] = defaultdict(list)
    settled = seconds(now)
    for key, value, latest in rows:
        entry = _entry_decoder.decode(value)
        if latest <= settled:
            found[key].append(Due(value, entry))
        else:
            changed = as_of(entry, now)
            found[key].append(Due(_encoder.encode(changed), changed))
    for due in found.values():
        if len(due) > 1:
            due.sort(key=lambda one: one.value)
    return found


def _members(stories: Iterable[_StoryRow]) -> list[tuple[int, int, int, int]]:
    """The rows of the table `member`."""
    return [(feed, rank, story.published, story.key) for story in stories for feed, rank in story.members]


def _topics(stories: Iterable[_StoryRow]) -> list[tuple[int, int, int]]:
    """The rows of the table `story_topic`."""
    return [(topic, story.published, story.key) for story in stories for topic in story.topics]


class _Names:
    """The keys of folders, feeds and topics, made when they are first needed."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._feeds: dict[FeedKey, int] = {
            FeedKey(kind, name): key for key, kind, name in database.execute("SELECT * FROM feed")
        }
        self._feed_of = {key: feed for feed, key in self._feeds.items()}
        self._folders: dict[Folder, int] = {
            (root, path): key for key, root, path in database.execute("SELECT key, root, path FROM folder")
        }
        self._topics: dict[str, int] = {name: key for key, name in database.execute("SELECT * FROM topic")}

    def feed(self, feed: FeedKey) -> int:
        key = self._feeds.get(feed)
        if key is None:
            key = self._feeds[feed] = self._new("INSERT INTO feed (kind, name) VALUES (?, ?)", feed)
            self._feed_of[key] = feed
        return key

    def feed_of(self, key: int) -> FeedKey:
        return self._feed_of[key]

    def folder(self, folder: Folder) -> int:
        key = self._folders.get(folder)
        if key is None:
            new = "INSERT INTO folder (root, path, listing) VALUES (?, ?, x'')"
            key = self._folders[folder] = self._new(new, folder)
        return key

    def topic(self, name: str) -> int:
        key = self._topics.get(name)
        if key is None:
            key = self._topics[name] = self._new("INSERT INTO topic (name) VALUES (?)", (name,))
        return key

    def _new(self, statement: str, values: Sequence[str]) -> int:
        return self._database.execute(statement, values).lastrowid or 0
