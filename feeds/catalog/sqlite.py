"""The catalog in an SQLite file: files as they were read, the stories merged from them, and which feeds hold them.

It is a cache. Deleting it changes no byte of output, and it is rebuilt if the code or the settings that articles are
read by change.
"""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec

from feeds.catalog.decoding import checked_count, checked_entry, checked_name, decoding_errors, typed_rows
from feeds.catalog.merging import decode_entry, due_by_key, merge_due, story_digest
from feeds.catalog.protocol import ReadingFingerprint, SharedId, StoryRange, Window
from feeds.catalog.records import FileRecord, FolderKey, KnownFile
from feeds.catalog.schema import (
    DATABASE_ERRORS,
    HASHES,
    DamagedCatalogError,
    catalog_error,
    catalog_label,
    check_schema,
    clear,
    connect,
    connect_to_copy,
    connect_to_read,
    discard,
    identity,
    is_empty,
    share,
)
from feeds.catalog.stories import BATCH, StoryBuilder
from feeds.catalog.times import FOREVER, month_of, seconds, time_of
from feeds.digests import digest_of
from feeds.errors import LocatedDiagnostic
from feeds.models import FeedKey, Month

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from feeds.catalog.protocol import StoryKeys
    from feeds.models import Entry
    from feeds.selection.membership import MembershipRules

T = TypeVar("T")

_NO_FINGERPRINT = ReadingFingerprint()

_encoder = msgspec.msgpack.Encoder()
_images_decoder = msgspec.msgpack.Decoder(list[tuple[str, bool]])
_diagnostics_decoder = msgspec.msgpack.Decoder(list[LocatedDiagnostic])


class SqliteCatalog:
    """A catalog (catalog.protocol.Catalog) in a file, or in memory without a path. `commit` keeps the changes.

    Errors of the database within `with` become a CatalogError, a DamagedCatalogError if the file is damaged.
    """

    damage = ""
    is_new = False
    #: The sources of files that a catalog knew and had to forget.
    former_sources: frozenset[str] = frozenset()

    def __init__(
        self, path: Path | None, fingerprint: ReadingFingerprint = _NO_FINGERPRINT, *, fresh: bool = False
    ) -> None:
        """Open the catalog; `fresh`, or another fingerprint than the stored one, empties it, and `is_new` is true.

        Raises CatalogError if another run uses it, DamagedCatalogError if it is damaged.
        """
        self.path = path
        with ExitStack() as opened:
            try:
                self._database = connect(path)
                opened.callback(self._database.close)
                self._begin(fingerprint, fresh=fresh)
            except (*DATABASE_ERRORS, OSError) as error:
                raise catalog_error(path, error) from error
            opened.pop_all()

    def _begin(self, fingerprint: ReadingFingerprint, *, fresh: bool) -> None:
        before = None if is_empty(self._database) else self._stored_fingerprint()
        self.is_new = fresh or before != fingerprint
        if not self.is_new:
            check_schema(self._database, self.path)
            return
        if before is not None:
            self.former_sources = frozenset(source for source, _ in self.folders())
        clear(self._database)
        self.set_state("reading", fingerprint)

    def _stored_fingerprint(self) -> ReadingFingerprint:
        try:
            return self.state("reading", ReadingFingerprint) or _NO_FINGERPRINT
        except DamagedCatalogError as error:
            if isinstance(error.__cause__, msgspec.ValidationError):  # another version stored it in another form
                return _NO_FINGERPRINT
            raise

    @classmethod
    def open_copy(cls, path: Path, fingerprint: ReadingFingerprint) -> Self:
        """A temporary copy of the catalog in a file, which does not delay runs that write.

        An empty one in memory if the file cannot be read. Other errors are those of opening it.
        """
        catalog = cls.__new__(cls)
        catalog.path = None
        try:
            catalog._database = connect_to_copy(path)  # noqa: SLF001  # of an instance in construction
            catalog._begin(fingerprint, fresh=False)  # noqa: SLF001  # as above
        except (*DATABASE_ERRORS, OSError) as error:
            refusal = catalog_error(path, error)
            if isinstance(refusal, DamagedCatalogError):
                raise refusal from error
            return cls(None, fingerprint)
        return catalog

    @classmethod
    def open_committed(cls, path: Path) -> Self:
        """The committed catalog for reading, while another process may write."""
        catalog = cls.__new__(cls)
        catalog.path = path
        catalog._database = connect_to_read(path)  # noqa: SLF001  # as above
        return catalog

    @staticmethod
    def discard(path: Path, file: tuple[int, int] | None) -> None:
        """Remove the file of a damaged catalog, unless another run has replaced it."""
        try:
            if identity(path) == file:
                discard(path)
        except OSError as error:
            raise catalog_error(path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self.close()
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.ProgrammingError):
            raise catalog_error(self.path, error) from error

    def close(self) -> None:
        self._database.close()

    def share(self) -> None:
        """Commit, so that other processes can read; raises CatalogError if another run changed the catalog."""
        share(self._database, self.path)

    def commit(self) -> None:
        """Commit, and let other runs write."""
        self._database.execute("COMMIT")

    def state(self, key: str, type_: type[T]) -> T | None:
        row = self._database.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        with decoding_errors(self.path):
            return msgspec.msgpack.decode(row[0], type=type_) if row else None

    def set_state(self, key: str, value: Any) -> None:
        self._database.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (key, _encoder.encode(value)))

    # Files

    def folders(self) -> dict[FolderKey, bytes]:
        """The digest of each folder's listing."""
        rows = self._rows("SELECT root, path, listing FROM folder", (), (str, str, bytes))
        return {(source, path): listing for source, path, listing in rows}

    def files(self, folder: FolderKey) -> dict[str, KnownFile]:
        """The files of a folder by path. Their values are only compared, so their types are not checked."""
        rows = self._database.execute(
            "SELECT path, key, size, mtime, ctime, digest FROM file "
            "WHERE folder = (SELECT key FROM folder WHERE root = ? AND path = ?)",
            folder,
        )
        return {path: KnownFile(*state) for path, *state in rows}

    def set_listings(self, listings: Mapping[FolderKey, bytes]) -> None:
        """Store the digests of folders' listings, and forget folders without files."""
        rows = [(listing, *folder) for folder, listing in listings.items()]
        self._database.executemany("UPDATE folder SET listing = ? WHERE root = ? AND path = ?", rows)
        self._database.execute(
            "DELETE FROM folder WHERE listing = x'' AND NOT EXISTS (SELECT 1 FROM file WHERE folder = folder.key)"
        )

    def set_file_times(self, key: int, record: FileRecord) -> None:
        """Store the state of a file whose bytes did not change."""
        state = (record.size, record.mtime, record.ctime)
        self._database.execute("UPDATE file SET size = ?, mtime = ?, ctime = ? WHERE key = ?", (*state, key))

    def set_unreadable(self, key: int, record: FileRecord) -> None:
        """Keep the entries of a file that cannot be read now, with new diagnostics."""
        values = (record.mtime, record.digest, _encoder.encode(record.diagnostics))
        self._database.execute("UPDATE file SET mtime = ?, digest = ?, diagnostics = ? WHERE key = ?", (*values, key))

    def skipped(self) -> dict[str, int]:
        rows = self._rows(
            "SELECT skip_reason, count(*) FROM file WHERE skip_reason IS NOT NULL "
            "GROUP BY skip_reason ORDER BY skip_reason",
            (),
            (str,),
        )
        return dict(rows)

    def diagnostics(self) -> list[LocatedDiagnostic]:
        rows = self._database.execute("SELECT diagnostics FROM file WHERE diagnostics IS NOT NULL ORDER BY root, path")
        with decoding_errors(self.path):
            return [diagnostic for (value,) in rows for diagnostic in _diagnostics_decoder.decode(value)]

    def shared_ids(self, now: dt.datetime) -> list[SharedId]:
        rows = self._rows(
            "SELECT story.id, root, path FROM story "
            "CROSS JOIN entry ON entry.hash = story.hash AND entry.id = story.id "  # in this order
            "CROSS JOIN file ON file.key = entry.file "
            "WHERE articles > 1 AND is_article AND entry.published <= ? ORDER BY story.id, root, path",
            (seconds(now),),
            (str, str, str),
        )
        found = []
        for id_, same in groupby(rows, key=itemgetter(0)):
            (_, first_source, first_path), *others = same
            found += [SharedId(source, path, first_source, first_path, id_) for _, source, path in others]
        return sorted(found)

    # Stories

    def all_ids(self) -> Iterator[str]:
        """The ids of all entries and stories, in portions; stories may be built in between."""
        (entries,) = self._database.execute("SELECT count(*) FROM entry").fetchone()
        step = HASHES * BATCH // (entries + BATCH)
        for first in range(0, HASHES, step):
            rows = self._rows(
                "SELECT id FROM entry WHERE hash >= ?1 AND hash < ?2 "
                "UNION SELECT id FROM story WHERE hash >= ?1 AND hash < ?2",
                (first, first + step),
                (str,),
            )
            for (id_,) in rows:
                yield id_

    def changing_ids(self, since: dt.datetime) -> set[str]:
        """The ids of the entries that change by themselves after `since`."""
        rows = self._rows("SELECT id FROM entry WHERE latest > ?", (seconds(since),), (str,))
        return {id_ for (id_,) in rows}

    def builder(self, rules: MembershipRules, now: dt.datetime) -> StoryBuilder:
        """The builder that files are added to. Only one may be in use."""
        return StoryBuilder(self._database, self.path, rules, now)

    def story_count(self) -> int:
        rows = self._database.execute("SELECT coalesce(sum(stories), 0) FROM provider")  # faster than counting them
        with decoding_errors(self.path):
            return int(rows.fetchone()[0])

    def scheduled_count(self, now: dt.datetime) -> int:
        rows = self._database.execute(
            "SELECT count(DISTINCT id) FROM entry WHERE latest > ? AND NOT EXISTS "
            "(SELECT 1 FROM story WHERE story.hash = entry.hash AND story.id = entry.id)",
            (seconds(now),),
        )
        return int(rows.fetchone()[0])

    def scheduled_entries(self, now: dt.datetime) -> list[Entry]:
        rows = self._rows(
            "SELECT id, value, latest, checksum FROM entry WHERE latest > ? AND published > ?",
            (seconds(now), seconds(now)),
            (str, bytes, int, int),
        )
        with decoding_errors(self.path):
            stored = [(id_, checked_entry(value, latest, checksum)) for id_, value, latest, checksum in rows]
        return [entry for due in due_by_key(stored, now).values() for _, entry in due]

    def next_due(self, now: dt.datetime) -> dt.datetime | None:
        rows = self._rows(
            "SELECT published FROM entry WHERE latest > ? AND published > ? ORDER BY published LIMIT 1",
            (seconds(now), seconds(now)),
            (int,),
        )
        with decoding_errors(self.path):
            return next((time_of(first) for (first,) in rows), None)

    def topic_names(self) -> list[tuple[str, dt.datetime]]:
        rows = self._rows(
            "SELECT name, (SELECT min(published) FROM story_topic WHERE topic = key) AS first FROM topic "
            "WHERE first IS NOT NULL ORDER BY name",
            (),
            (str, int),
        )
        with decoding_errors(self.path):
            return [(checked_name(name), time_of(first)) for name, first in rows]

    def provider_names(self) -> list[tuple[str, str, int]]:
        rows = self._rows("SELECT domain, name, stories FROM provider ORDER BY domain, name", (), (str, str, int))
        with decoding_errors(self.path):
            return [(checked_name(domain), checked_name(name), count) for domain, name, count in rows]

    # Feeds

    def window(
        self, feed: FeedKey, limit: int, oldest: dt.datetime | None = None, before: dt.datetime | None = None
    ) -> Window:
        rows = self._rows(
            "SELECT story.key, story.digest FROM member JOIN story ON story.key = member.story "
            "WHERE member.feed = (SELECT key FROM feed WHERE kind = ? AND name = ?) "
            "AND member.published >= ? AND member.published < ? "
            "ORDER BY member.rank, member.published DESC, story.id LIMIT ?",
            (*feed, seconds(oldest) if oldest else -FOREVER, seconds(before) if before else FOREVER, limit),
            (int, bytes),
        )
        return Window(tuple(key for key, _ in rows), digest_of([digest for _, digest in rows]))

    def months(self, feed: FeedKey) -> list[Month]:
        (key,) = self._database.execute("SELECT key FROM feed WHERE kind = ? AND name = ?", feed).fetchone() or (None,)
        statement = "SELECT first, after, stories, digest FROM month WHERE feed = ?"
        rows = self._rows(statement, (key,), (int, int, int, bytes))
        with decoding_errors(self.path):
            months = [
                Month(time_of(first), time_of(after), checked_count(stories), digest)
                for first, after, stories, digest in rows
            ]
        known = {month.first: month for month in months}
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
        """The time of a feed's newest story before another time."""
        rows = self._rows(
            "SELECT published FROM member WHERE feed = ? AND rank = 0 AND published < ? "
            "ORDER BY published DESC LIMIT 1",
            (feed, seconds(before) if before else FOREVER),
            (int,),
        )
        with decoding_errors(self.path):
            return next((time_of(published) for (published,) in rows), None)

    def entries(self, stories: StoryKeys, now: dt.datetime) -> list[Entry]:
        """The entries of stories; raises DamagedCatalogError if one is not what its story was built of."""
        keys = _keys(stories)
        rows = self._rows(
            "SELECT story.key, story.digest, entry.value, latest FROM json_each(?) AS keys "
            "JOIN story ON story.key = keys.value "
            "JOIN entry ON entry.hash = story.hash AND entry.id = story.id WHERE entry.published <= ?",
            (msgspec.json.encode(keys).decode(), seconds(now)),
            (int, bytes, bytes, int),
        )
        with decoding_errors(self.path):
            stored = [((key, digest), decode_entry(value, latest)) for key, digest, value, latest in rows]
        due_of = due_by_key(stored, now)
        found = {key: due for (key, digest), due in due_of.items() if story_digest(due) == digest}
        if found.keys() != set(keys):
            raise DamagedCatalogError(
                f"{catalog_label(self.path)}: the cache cannot be used: an entry is not what it was"
            )
        return [merge_due(found[key]) for key in keys]

    def images(self, stories: StoryKeys) -> list[list[tuple[str, bool]]]:
        rows = self._database.execute(
            "SELECT images FROM json_each(?) AS keys JOIN story ON story.key = keys.value ORDER BY keys.key",
            (msgspec.json.encode(_keys(stories)).decode(),),
        )
        with decoding_errors(self.path):
            return [_images_decoder.decode(images) for (images,) in rows]

    def documents(self, output: str) -> dict[str, tuple[bytes, int]]:
        statement = "SELECT path, signature, version FROM document WHERE output = ?"
        rows = self._rows(statement, (output,), (str, bytes, int))
        return {path: (signature, version) for path, signature, version in rows}

    def set_documents(self, output: str, rows: Iterable[tuple[str, bytes, int]], gone: Iterable[str]) -> None:
        self._database.executemany(
            "INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?)", [(output, *row) for row in rows]
        )
        self._database.executemany(
            "DELETE FROM document WHERE output = ? AND path = ?", [(output, path) for path in gone]
        )

    def _rows(self, statement: str, parameters: tuple[Any, ...], types: Sequence[type]) -> list[tuple[Any, ...]]:
        """The rows of a query whose columns have these types; raises DamagedCatalogError."""
        return typed_rows(self.path, self._database.execute(statement, parameters), types)


def _keys(stories: StoryKeys) -> tuple[int, ...]:
    if isinstance(stories, StoryRange):
        raise TypeError("stories of another catalog")
    return stories
