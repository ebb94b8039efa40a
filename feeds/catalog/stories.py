"""Stories told: of all that has one id what is due, which feeds hold it, and what it says of topics and providers.

Many are told at a time: what is known of them is asked in one go, and so is written what became of them.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from feeds.catalog.database import seconds
from feeds.entries import merge_entries
from feeds.model import Entry
from feeds.selection import FeedKey, as_of, memberships

if TYPE_CHECKING:
    import datetime as dt
    import sqlite3
    from collections.abc import Iterable, Sequence

    from feeds.selection import Rules

#: How many stories are told at a time.
BATCH = 2_000

_FORGET_MEMBERS = "DELETE FROM member WHERE feed = ? AND rank = ? AND published = ? AND story = ?"
_FORGET_TOPICS = "DELETE FROM story_topic WHERE topic = ? AND published = ? AND story = ?"
_FORGET_STORY = "DELETE FROM story WHERE key = ?"
_KEEP_STORY = "INSERT INTO story VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
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


class _Story(NamedTuple):
    """A story as its table has it; topics are keys, members are keys of feeds and the ranks in them."""

    key: int
    id: str
    digest: bytes
    published: int
    domain: str
    name: str
    topics: list[int]
    members: list[tuple[int, int]]


class Teller:
    """Makes one story of what is due of each id, by the rules and the time that it was given."""

    def __init__(self, database: sqlite3.Connection, rules: Rules, now: dt.datetime) -> None:
        self.touched = Touched()
        self._database = database
        self._rules = rules
        self._now = now
        self._names = _Names(database)
        self._last_key = int(database.execute("SELECT coalesce(max(key), 0) FROM story").fetchone()[0])

    def tell(self, ids: Iterable[str], *, anew: bool = False) -> None:
        """Tell the stories with these ids. `anew`: work out memberships although nothing changed."""
        waiting = iter(ids)
        while batch := list(dict.fromkeys(islice(waiting, BATCH))):
            self._tell(batch, anew=anew)

    def _tell(self, ids: Sequence[str], *, anew: bool) -> None:
        asked = msgspec.json.encode(ids).decode()
        known = self._known(asked)
        due = self._due(asked)
        forgotten: list[_Story] = []
        new: list[_Story] = []
        for id_ in ids:
            old, found = known.get(id_), due.get(id_)
            digest = digest_of(value for value, _ in found) if found else b""
            if old is None and found is None:
                continue
            if old is not None and old.digest == digest and not anew:
                continue
            if old is not None:
                forgotten.append(old)
            if found is not None:
                new.append(self._told(id_, digest, merge_entries([entry for _, entry in found])))
        self._forget(forgotten)
        self._keep(new)
        self.touched.stories += len({told.id for told in (*forgotten, *new)})

    def _known(self, asked: str) -> dict[str, _Story]:
        """The stories that were told of each id."""
        rows = self._database.execute(
            "SELECT story.* FROM json_each(?) AS ids JOIN story ON story.id = ids.value", (asked,)
        )
        stories = (
            _Story._make((*columns, _keys_decoder.decode(topics), _members_decoder.decode(members)))
            for *columns, topics, members in rows
        )
        return {story.id: story for story in stories}

    def _due(self, asked: str) -> dict[str, list[Due]]:
        """What is due of each id, ordered by value."""
        rows = self._database.execute(
            "SELECT entry.id, entry.value, latest FROM json_each(?) AS ids JOIN entry ON entry.id = ids.value "
            "WHERE published <= ?",
            (asked, seconds(self._now)),
        )
        return group_due(rows, self._now)

    def _told(self, id_: str, digest: bytes, entry: Entry) -> _Story:
        self._last_key += 1
        found = memberships(entry, self._rules)
        self.touched.feeds.update(feed for feed, _ in found)
        return _Story(
            key=self._last_key,
            id=id_,
            digest=digest,
            published=seconds(entry.published),
            domain=entry.provider.domain,
            name=entry.provider.name,
            topics=[self._names.topic(topic) for topic in entry.topics],
            members=[(self._names.feed(feed), rank) for feed, rank in found],
        )

    def _forget(self, stories: Sequence[_Story]) -> None:
        members = _members(stories)
        self.touched.feeds.update(self._names.feed_of(feed) for feed, *_ in members)
        self._database.executemany(_FORGET_MEMBERS, members)
        self._database.executemany(_FORGET_TOPICS, _topics(stories))
        self._database.executemany(_FORGET_STORY, [(story.key,) for story in stories])
        self._count_providers(stories, -1)

    def _keep(self, stories: Sequence[_Story]) -> None:
        encode = _encoder.encode
        rows = [(*story[:-2], encode(story.topics), encode(story.members)) for story in stories]
        self._database.executemany(_KEEP_STORY, rows)
        self._database.executemany(_KEEP_MEMBERS, sorted(_members(stories)))
        self._database.executemany(_KEEP_TOPICS, sorted(_topics(stories)))
        self._count_providers(stories, 1)

    def _count_providers(self, stories: Sequence[_Story], one: int) -> None:
        counts = Counter((story.domain, story.name) for story in stories)
        self._database.executemany(_COUNT_PROVIDERS, [(*names, one * count) for names, count in counts.items()])
        self._database.execute("DELETE FROM provider WHERE stories = 0")


def group_due(rows: Iterable[tuple[Any, bytes, int]], now: dt.datetime) -> dict[Any, list[Due]]:
    """The entries of rows of (key, value, latest) as of now, by key; those of one key ordered by value."""
    found: dict[Any, list[Due]] = defaultdict(list)
    for key, value, latest in rows:
        entry = _entry_decoder.decode(value)
        if latest > seconds(now):
            entry = as_of(entry, now)
            value = _encoder.encode(entry)  # noqa: PLW2901
        found[key].append(Due(value, entry))
    for due in found.values():
        if len(due) > 1:
            due.sort(key=lambda one: one.value)
    return found


def digest_of(values: Iterable[bytes]) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for value in values:
        digest.update(len(value).to_bytes(8, "little"))
        digest.update(value)
    return digest.digest()


def _members(stories: Iterable[_Story]) -> list[tuple[int, int, int, int]]:
    """The rows of the table `member`."""
    return [(feed, rank, story.published, story.key) for story in stories for feed, rank in story.members]


def _topics(stories: Iterable[_Story]) -> list[tuple[int, int, int]]:
    """The rows of the table `story_topic`."""
    return [(topic, story.published, story.key) for story in stories for topic in story.topics]


class _Names:
    """The keys of feeds and topics, made when they are first needed."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._feeds: dict[FeedKey, int] = {
            FeedKey(kind, name): key for key, kind, name in database.execute("SELECT * FROM feed")
        }
        self._feed_of = {key: feed for feed, key in self._feeds.items()}
        self._topics: dict[str, int] = {name: key for key, name in database.execute("SELECT * FROM topic")}

    def feed(self, feed: FeedKey) -> int:
        key = self._feeds.get(feed)
        if key is None:
            key = self._feeds[feed] = self._new("INSERT INTO feed (kind, name) VALUES (?, ?)", feed)
            self._feed_of[key] = feed
        return key

    def feed_of(self, key: int) -> FeedKey:
        return self._feed_of[key]

    def topic(self, name: str) -> int:
        key = self._topics.get(name)
        if key is None:
            key = self._topics[name] = self._new("INSERT INTO topic (name) VALUES (?)", (name,))
        return key

    def _new(self, statement: str, values: Sequence[str]) -> int:
        return self._database.execute(statement, values).lastrowid or 0
