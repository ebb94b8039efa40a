"""The catalog: what was read of each file, the stories that came of it, and which feed holds which story (SQLite).

It is a cache. Deleting it changes no byte of output, and what it holds is built anew when its version or the settings
that articles are read by change. Only this module speaks SQL.

A *story* is all that has one id: the entries of one or several files, of which `merge_entries` makes one. It is in the
catalog while any of them is due.
"""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack
from itertools import groupby, starmap
from typing import TYPE_CHECKING, Any, Self

import msgspec

from feeds.catalog.protocol import ReadingFingerprint, StoryKeys, StoryRange, Window
from feeds.catalog.schema import (
    FOREVER,
    HASHES,
    DamagedCatalogError,
    catalog_error,
    clear,
    connect,
    connect_to_copy,
    connect_to_read,
    discard,
    identity,
    is_empty,
    month_of,
    seconds,
    share,
    time_of,
)
from feeds.catalog.stories import BATCH, StoryBuilder, group_due
from feeds.content.entries import merge_entries
from feeds.digests import digest_of
from feeds.errors import CatalogError, LocatedDiagnostic
from feeds.models import Month

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from feeds.catalog.records import FileRecord, Folder
    from feeds.models import Entry
    from feeds.selection.membership import FeedKey, MembershipRules


class KnownFile(msgspec.Struct, frozen=True, array_like=True):
    """What tells that a file has changed: size in bytes, times in nanoseconds, and a digest of what was read."""

    key: int
    size: int
    mtime: int
    ctime: int
    digest: bytes


#: What comes of a file that is locked or damaged, and of values in it that do not fit each other.
_DATABASE_ERRORS = (sqlite3.DatabaseError, msgspec.DecodeError, UnicodeDecodeError)

_MISFITS = (LookupError, ValueError, TypeError, ArithmeticError, AttributeError)

_NO_READING = ReadingFingerprint()

_encoder = msgspec.msgpack.Encoder()

_images_decoder = msgspec.msgpack.Decoder(list[tuple[str, bool]])

_mistakes_decoder = msgspec.msgpack.Decoder(list[LocatedDiagnostic])


class SqliteCatalog:
    """The catalog in a file, made where there is none. Changes are kept when `commit` is called.

    Within `with`, errors of the database become a CatalogError, a DamagedCatalogError where the file is damaged. So do
    errors that values can lead to which do not fit each other, but where the catalog was made by this very run.
    `damage` is what was wrong with the one that was there before, if this one had to take its place.
    """

    damage = ""
    is_new = False
    #: The folders of the archive of which a catalog knew files that had to be forgotten.
    former_roots: frozenset[str] = frozenset()

    def __init__(self, path: Path | None, reading: ReadingFingerprint = _NO_READING, *, anew: bool = False) -> None:
        """The catalog in a file, made where there is none; in memory without one.

        What was read otherwise than `reading` says is forgotten, and `anew` forgets all; `is_new` is then true. Raises
        CatalogError where another run uses it, DamagedCatalogError where it is damaged.
        """
        self.path = path
        with ExitStack() as opened:
            try:
                self._database = connect(path)
                opened.callback(self._database.close)
                self._begin(reading, anew=anew)
            except (*_DATABASE_ERRORS, OSError) as error:
                raise catalog_error(path, error) from error
            opened.pop_all()

    def _begin(self, reading: ReadingFingerprint, *, anew: bool) -> None:
        """Forget what is of no use to this run, but for where there were articles."""
        before = None if is_empty(self._database) else self._kept_reading()
        self.is_new = anew or before != reading
        if not self.is_new:
            return
        if before is not None:
            self.former_roots = frozenset(root for root, _ in self.folders())
        if before is not None and before.code != reading.code and not anew:
            self.damage = f"{self.path}: the cache is of another version"
        clear(self._database)
        self.set_state("reading", reading)

    def _kept_reading(self) -> ReadingFingerprint:
        try:
            return msgspec.convert(self.state("reading"), ReadingFingerprint)
        except msgspec.ValidationError:
            return _NO_READING

    @classmethod
    def open_copy(cls, path: Path, reading: ReadingFingerprint) -> Self:
        """A copy of the catalog in a file if there is one that can be used, else an empty one in memory.

        Runs that write are not kept waiting.
        """
        catalog = cls.__new__(cls)
        catalog.path = None
        try:
            catalog._database = connect_to_copy(path)  # noqa: SLF001  # of an instance that is being made
            catalog._begin(reading, anew=False)  # noqa: SLF001  # as above
        except (*_DATABASE_ERRORS, CatalogError, OSError):
            return cls(None, reading)
        catalog.damage = ""  # of what is left as it is
        return catalog

    @staticmethod
    def discard(path: Path, file: tuple[int, int] | None) -> None:
        """Remove the file of a catalog that is damaged, unless another run has made another one by then."""
        try:
            if identity(path) == file:
                discard(path)
        except OSError as error:
            raise catalog_error(path, error) from error

    @classmethod
    def reader(cls, path: Path) -> Self:
        """A catalog to read from, as it was committed, while another process may write."""
        catalog = cls.__new__(cls)
        catalog.path = path
        catalog._database = connect_to_read(path)  # noqa: SLF001  # of an instance that is being made
        return catalog

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self.close()
        if isinstance(error, _DATABASE_ERRORS) and not isinstance(error, sqlite3.ProgrammingError):
            raise catalog_error(self.path, error) from error
        if isinstance(error, _MISFITS) and not self.is_new:
            message = f"{self.path}: the cache cannot be used: its values do not fit each other ({error!r})"
            raise DamagedCatalogError(message) from error

    def close(self) -> None:
        self._database.close()

    def share(self) -> None:
        """Keep the changes so far, so that other processes can read them.

        Raises CatalogError where another run has changed it in between.
        """
        share(self._database, self.path)

    def commit(self) -> None:
        """Keep the changes, and let other runs make theirs."""
        self._database.execute("COMMIT")

    def state(self, key: str) -> Any:
        """What `set_state` kept under `key`, or None."""
        row = self._database.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        return msgspec.msgpack.decode(row[0]) if row else None

    def set_state(self, key: str, value: Any) -> None:
        self._database.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (key, _encoder.encode(value)))

    # Files

    def folders(self) -> dict[Folder, bytes]:
        """The listing of each folder, by which it is known whether any of its files changed."""
        return {
            (root, path): listing
            for root, path, listing in self._database.execute("SELECT root, path, listing FROM folder")
        }

    def files(self, folder: Folder) -> dict[str, KnownFile]:
        """What is known of each file of a folder, by path."""
        rows = self._database.execute(
            "SELECT path, key, size, mtime, ctime, digest FROM file "
            "WHERE folder = (SELECT key FROM folder WHERE root = ? AND path = ?)",
            folder,
        )
        return {path: KnownFile(*facts) for path, *facts in rows}

    def note_folders(self, listings: Mapping[Folder, bytes]) -> None:
        """Keep the listings of folders, and forget those without any file."""
        rows = [(listing, *folder) for folder, listing in listings.items()]
        self._database.executemany("UPDATE folder SET listing = ? WHERE root = ? AND path = ?", rows)
        self._database.execute(
            "DELETE FROM folder WHERE listing = x'' AND NOT EXISTS (SELECT 1 FROM file WHERE folder = folder.key)"
        )

    def note_touched_file(self, key: int, outcome: FileRecord) -> None:
        """A file whose bytes are what they were."""
        facts = (outcome.size, outcome.mtime, outcome.ctime)
        self._database.execute("UPDATE file SET size = ?, mtime = ?, ctime = ? WHERE key = ?", (*facts, key))

    def note_unread_file(self, key: int, outcome: FileRecord) -> None:
        """A file that cannot be read now: what came of it before stays, but for what was wrong with it."""
        facts = (outcome.mtime, outcome.digest, _encoder.encode(outcome.mistakes))
        self._database.execute("UPDATE file SET mtime = ?, digest = ?, mistakes = ? WHERE key = ?", (*facts, key))

    def left_out(self) -> dict[str, int]:
        """How many files have no entry of their own, by reason."""
        return dict(
            self._database.execute(
                "SELECT left_out, count(*) FROM file WHERE left_out IS NOT NULL GROUP BY left_out ORDER BY left_out"
            )
        )

    def mistakes(self) -> list[LocatedDiagnostic]:
        """What is wrong with files, in their order."""
        rows = self._database.execute("SELECT mistakes FROM file WHERE mistakes IS NOT NULL ORDER BY root, path")
        return [mistake for (value,) in rows for mistake in _mistakes_decoder.decode(value)]

    def same_articles(self, now: dt.datetime) -> list[tuple[str, str, str, str, str]]:
        """The articles with the id of an earlier one that is due, too: root and path of both, the id."""
        rows = self._database.execute(
            "SELECT story.id, root, path FROM story "
            "CROSS JOIN entry ON entry.hash = story.hash AND entry.id = story.id "  # in this order
            "CROSS JOIN file ON file.key = entry.file "
            "WHERE articles > 1 AND is_article AND entry.published <= ? ORDER BY story.id, root, path",
            (seconds(now),),
        )
        found = []
        for id_, same in groupby(rows, key=lambda row: str(row[0])):
            (_, root, path), *others = same
            found += [(other_root, other_path, root, path, id_) for _, other_root, other_path in others]
        return sorted(found)

    # Stories

    def all_ids(self) -> Iterator[str]:
        """The ids of all entries and stories, some at a time. Stories may be told in between."""
        (entries,) = self._database.execute("SELECT count(*) FROM entry").fetchone()
        step = HASHES * BATCH // (entries + BATCH)
        for first in range(0, HASHES, step):
            rows = self._database.execute(
                "SELECT id FROM entry WHERE hash >= ?1 AND hash < ?2 "
                "UNION SELECT id FROM story WHERE hash >= ?1 AND hash < ?2",
                (first, first + step),
            )
            for (id_,) in rows.fetchall():
                yield id_

    def changing_ids(self, since: dt.datetime) -> set[str]:
        """The ids of the entries that change by themselves after `since`."""
        rows = self._database.execute("SELECT id FROM entry WHERE latest > ?", (seconds(since),))
        return {id_ for (id_,) in rows}

    def builder(self, rules: MembershipRules, now: dt.datetime) -> StoryBuilder:
        """What takes in files and makes stories of their entries. Only one is to be in use."""
        return StoryBuilder(self._database, rules, now)

    def stories(self) -> int:
        """How many stories are due."""
        rows = self._database.execute("SELECT coalesce(sum(stories), 0) FROM provider")  # quicker than to count them
        return int(rows.fetchone()[0])

    def waiting(self, now: dt.datetime) -> int:
        """How many ids have nothing that is due."""
        rows = self._database.execute(
            "SELECT count(DISTINCT id) FROM entry WHERE latest > ? AND NOT EXISTS "
            "(SELECT 1 FROM story WHERE story.hash = entry.hash AND story.id = entry.id)",
            (seconds(now),),
        )
        return int(rows.fetchone()[0])

    def waiting_entries(self, now: dt.datetime) -> list[Entry]:
        """The entries whose time has not come."""
        rows = self._database.execute(
            "SELECT id, value, latest FROM entry WHERE latest > ? AND published > ?", (seconds(now), seconds(now))
        )
        return [entry for due in group_due(rows, now).values() for _, entry in due]

    def next_due(self, now: dt.datetime) -> dt.datetime | None:
        """When the first entry is due that is not yet."""
        rows = self._database.execute(
            "SELECT min(published) FROM entry WHERE latest > ? AND published > ?", (seconds(now), seconds(now))
        )
        (first,) = rows.fetchone()
        return None if first is None else time_of(first)

    def topic_names(self) -> list[tuple[str, dt.datetime]]:
        """How topics are called, and when the oldest story of each name was published."""
        rows = self._database.execute(
            "SELECT name, (SELECT min(published) FROM story_topic WHERE topic = key) AS first FROM topic "
            "WHERE first IS NOT NULL ORDER BY name"
        )
        return [(name, time_of(first)) for name, first in rows]

    def provider_names(self) -> list[tuple[str, str, int]]:
        """The domains of providers, how they are called, and in how many stories."""
        return list(self._database.execute("SELECT domain, name, stories FROM provider ORDER BY domain, name"))

    # Feeds

    def window(
        self, feed: FeedKey, limit: int, oldest: dt.datetime | None = None, before: dt.datetime | None = None
    ) -> Window:
        """The first `limit` stories of a feed, none of them published before `oldest`, and all `before` a time."""
        rows = self._database.execute(
            "SELECT story.key, story.digest FROM member JOIN story ON story.key = member.story "
            "WHERE member.feed = (SELECT key FROM feed WHERE kind = ? AND name = ?) "
            "AND member.published >= ? AND member.published < ? "
            "ORDER BY member.rank, member.published DESC, story.id LIMIT ?",
            (*feed, seconds(oldest) if oldest else -FOREVER, seconds(before) if before else FOREVER, limit),
        ).fetchall()
        return Window(tuple(key for key, _ in rows), digest_of([digest for _, digest in rows]))

    def months(self, feed: FeedKey) -> list[Month]:
        """The months in which a feed has stories, the newest first, if its stories are in the order of time."""
        (key,) = self._database.execute("SELECT key FROM feed WHERE kind = ? AND name = ?", feed).fetchone() or (None,)
        known = {
            month.first: month
            for month in starmap(_month, self._database.execute("SELECT * FROM month WHERE feed = ?", (key,)))
        }
        found: list[Month] = []
        while newest := self._newest(key, found[-1].first if found else None):
            first, after = month_of(newest)
            month = known.get(first)
            if month is None:
                window = self.window(feed, FOREVER, first, after)
                month = Month(first, after, len(window.stories), window.digest)
                row = (key, seconds(first), seconds(after), month.stories, month.digest)
                self._database.execute("INSERT INTO month VALUES (?, ?, ?, ?, ?)", row)
            found.append(month)
        return found

    def _newest(self, feed: int | None, before: dt.datetime | None) -> dt.datetime | None:
        """When the newest story of a feed was published, of those `before` a time."""
        rows = self._database.execute(
            "SELECT published FROM member WHERE feed = ? AND rank = 0 AND published < ? "
            "ORDER BY published DESC LIMIT 1",
            (feed, seconds(before) if before else FOREVER),
        )
        row = rows.fetchone()
        return time_of(row[0]) if row else None

    def entries(self, stories: StoryKeys, now: dt.datetime) -> list[Entry]:
        """The entries of these stories, as of now, in their order. Raises DamagedCatalogError where any is another."""
        rows = self._database.execute(
            "SELECT story.key, story.digest, entry.value, latest FROM json_each(?) AS keys "
            "JOIN story ON story.key = keys.value "
            "JOIN entry ON entry.hash = story.hash AND entry.id = story.id WHERE entry.published <= ?",
            (msgspec.json.encode(_keys(stories)).decode(), seconds(now)),
        )
        found: dict[int, Entry] = {}
        for (key, digest), due in group_due((((key, digest), *rest) for key, digest, *rest in rows), now).items():
            if digest_of([value for value, _ in due]) != digest:
                raise DamagedCatalogError(f"{self.path}: the cache cannot be used: an entry is not what it was")
            found[key] = merge_entries([entry for _, entry in due])
        return [found[key] for key in _keys(stories)]

    def images(self, stories: StoryKeys) -> list[list[tuple[str, bool]]]:
        """The images of these stories, in their order: the address of each, and whether its size in pixels is known."""
        rows = self._database.execute(
            "SELECT images FROM json_each(?) AS keys JOIN story ON story.key = keys.value ORDER BY keys.key",
            (msgspec.json.encode(_keys(stories)).decode(),),
        )
        return [_images_decoder.decode(images) for (images,) in rows]

    def documents(self, output: str) -> dict[str, tuple[bytes, int]]:
        """The signature and the stamp of each document that was published into `output`, by path."""
        rows = self._database.execute("SELECT path, signature, stamp FROM document WHERE output = ?", (output,))
        return {path: (signature, stamp) for path, signature, stamp in rows}

    def set_documents(self, output: str, rows: Iterable[tuple[str, bytes, int]], gone: Iterable[str]) -> None:
        """Keep the signature and the stamp of documents by path, and forget those that are gone."""
        self._database.executemany(
            "INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?)", [(output, *row) for row in rows]
        )
        self._database.executemany(
            "DELETE FROM document WHERE output = ? AND path = ?", [(output, path) for path in gone]
        )


def _keys(stories: StoryKeys) -> tuple[int, ...]:
    """The keys, which are at hand here."""
    if isinstance(stories, StoryRange):
        raise TypeError("stories of another catalog")
    return stories


def _month(_: int, first: int, after: int, stories: int, digest: bytes) -> Month:
    """What a row of the table `month` stands for."""
    return Month(time_of(first), time_of(after), stories, digest)
