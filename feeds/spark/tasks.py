"""What the machines of a cluster do, each with a part: pure but for the files that they read and write.

A task may be done twice, where a machine is lost or slow, and the second time find files that were edited meanwhile. No
file of the catalog is written over, and what was told of one reading is told apart from another.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec

from feeds.archive import NOT_READ, READERS, UNSETTLED, read_outcomes
from feeds.catalog import EncodedEntry, FileFacts, FileOutcome, digest_of, fingerprint
from feeds.catalog.database import month_of, seconds, time_of
from feeds.catalog.stories import group_due
from feeds.documents import render_job
from feeds.entries import merge_entries
from feeds.errors import FeedsError, Mistake, ProcessError
from feeds.files import ArticleFile, find_below, is_reached
from feeds.membership import FeedKey, memberships
from feeds.model import Entry
from feeds.paths import is_utf8
from feeds.site import RENDERERS
from feeds.spark.buckets import (
    BucketFacts,
    EntryRow,
    FileRow,
    StoryRow,
    bucket_of,
    damaged,
    read_rows,
    write_rows,
)

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from feeds.documents import Item
    from feeds.files import Found
    from feeds.files import Root as ArticleRoot
    from feeds.membership import Rules
    from feeds.settings import Source
    from feeds.site import Site
    from feeds.storage import Folder

#: Files read at a time.
_CHUNK = 64
#: Files that are listed in one piece.
_LISTED = 5_000
_EXPECTED = "expected a folder that every machine of the cluster reaches, and one run at a time"
NOT_EVERYWHERE = "is not the same on every machine of the cluster; expected a folder that all of them reach"
#: A reference to a story, in the order in which a feed shows them: rank, published (newest first), id; then its digest
#: and its bucket.
Ref = tuple[int, int, str, bytes, int]

_encoder = msgspec.msgpack.Encoder()
_entry_decoder = msgspec.msgpack.Decoder(Entry)


class Listed(msgspec.Struct, frozen=True, array_like=True):
    """A file as it was found: the number of its root, and what a FoundFile has."""

    root: int
    path: str
    size: int
    mtime: int
    ctime: int


class Listing(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """What came of looking into folders: files, and what there is to report.

    `roots` are those that hold articles or cannot be read, by number; `closed` are the folders that cannot.
    """

    files: list[Listed]
    roots: list[int]
    closed: list[tuple[int, str]]
    mistakes: list[Mistake]


class Share(msgspec.Struct, frozen=True, array_like=True):
    """A bucket's part of a Listing: all of `closed`, lest what is in such a folder be taken for gone."""

    files: list[Listed]
    closed: list[tuple[int, str]]


class Changes(msgspec.Struct, frozen=True, array_like=True):
    """What files that changed mean for a bucket of entries: the files whose entries go, and entries that come.

    `version` is that of the FilesFacts of the bucket of files `source`.
    """

    source: int
    version: bytes
    gone: list[tuple[str, str]]
    entries: list[EntryRow]


class FilesFacts(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """What came of a bucket of files: the name of its file, and what there is to report.

    `version` is a digest of what was read, and `touched` are the buckets of entries that are told of changes.
    """

    bucket: int
    name: str
    version: bytes
    touched: list[int]
    articles: int
    changed: int
    left_out: dict[str, int]
    mistakes: list[Mistake]


_changes_decoder = msgspec.msgpack.Decoder(Changes)
_listing_decoder = msgspec.msgpack.Decoder(Listing)
_share_decoder = msgspec.msgpack.Decoder(Share)


def list_below(roots: Sequence[ArticleRoot], root: ArticleRoot, path: str) -> Iterator[bytes]:
    """What is in a folder of the archive, and below it, as packed Listings."""
    return listings_of(find_below(root, path, roots), roots)


def listings_of(found: Found, roots: Sequence[ArticleRoot]) -> Iterator[bytes]:
    """What was found, as packed Listings."""
    numbers = {root: number for number, root in enumerate(roots)}
    files = (file for folder in found.folders for file in map(folder.file, folder.files))
    rows = (Listed(numbers[file.root], file.path, file.size, file.mtime, file.ctime) for file in files)
    there = sorted({numbers[folder.root] for folder in found.folders})
    # nothing was ever read of a folder whose path is no text
    closed = [(numbers[one.root], one.path) for one in found.folders if one.is_unreadable and is_utf8(one.path)]
    yield _encoder.encode(Listing(list(islice(rows, _LISTED)), there, closed, found.mistakes))
    while some := list(islice(rows, _LISTED)):
        yield _encoder.encode(Listing(some, [], [], []))


def files_in(packed: bytes) -> int:
    """How many files are in a packed Listing."""
    return len(_listing_decoder.decode(packed).files)


def spread(roots: Sequence[ArticleRoot], buckets: int, packed: bytes) -> Iterator[tuple[int, bytes]]:
    """The Shares of a packed Listing by bucket, and under the number after the last of these what is to be reported."""
    listing = _listing_decoder.decode(packed)
    found: dict[int, list[Listed]] = defaultdict(list)
    for file in listing.files:
        found[bucket_of(f"{roots[file.root]}/{file.path}", buckets)].append(file)
    for bucket in range(buckets) if listing.closed else found:
        yield bucket, _encoder.encode(Share(found.get(bucket, []), listing.closed))
    if listing.roots or listing.mistakes:
        yield buckets, _encoder.encode(msgspec.structs.replace(listing, files=[]))


@dataclass(frozen=True)
class Marks:
    """By what a machine knows that it has what the first one has: its code, and the catalog in a folder.

    In that the first one put an empty file, the `token` of this run.
    """

    code: str
    token: str

    def check(self, catalog: Folder) -> None:
        """Raise ProcessError where this machine has another."""
        _check_code(self.code)
        if catalog.read(self.token) is None:
            raise ProcessError(f"{catalog}: has not what this run put there; {_EXPECTED}")


@cache
def own_code() -> str:
    """What tells the code that articles are read and documents rendered with from other code."""
    return fingerprint((*READERS, *RENDERERS))


def _check_code(code: str) -> None:
    """Raise ProcessError where this machine has other code than the first one."""
    if own_code() != code:
        raise ProcessError("a machine of the cluster has not the Python, feeds or packages that the first one has")


@dataclass(frozen=True)
class Reader:
    """What a task needs that reads files: where the catalog is, its files, and the folders of the archive."""

    catalog: Folder
    names: Sequence[str]
    roots: Sequence[ArticleRoot]
    buckets: int
    source: Source
    marks: Marks


def read_bucket(reader: Reader, bucket: int, packed: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Read the files of a bucket that changed, of those in its Shares: what that means for each bucket of entries, and,
    under the number after the last of these, what there is to report. That of folders is passed on.

    What was in a folder that cannot be read stays. Raises ProcessError on a machine that has not what the others have.
    """
    if bucket == reader.buckets:
        yield from ((bucket, one) for one in packed)
        return
    reader.marks.check(reader.catalog)
    shares = [_share_decoder.decode(one) for one in packed]
    old = {(row.root, row.path): row for row in read_rows(reader.catalog, reader.names[bucket], FileRow)}
    closed = {(str(reader.roots[number]), path) for share in shares for number, path in share.closed}
    rows = {key: row for key, row in old.items() if _is_within(row, closed)}
    todo: list[tuple[ArticleFile, FileFacts | None]] = []
    for one in (file for share in shares for file in share.files):
        file = ArticleFile(reader.roots[one.root], one.path, one.size, one.mtime, one.ctime)
        known = old.get((str(file.root), file.path))
        if known and _is_the_same(known, one):
            rows[known.root, known.path] = known
        else:
            facts = FileFacts(0, known.size, known.mtime, known.ctime, known.digest) if known else None
            todo.append((file, facts))
    changes = _ChangesOf(reader.buckets)
    _check_roots(file.root for file, _ in todo)
    for outcome in _outcomes(todo, reader.source):
        known = old.get((outcome.root, outcome.path))
        rows[outcome.root, outcome.path] = changes.take(outcome, known)
    for key, row in old.items():
        if key not in rows:
            changes.drop(row)
    name = reader.names[bucket]
    kept = [rows[key] for key in sorted(rows)]
    if kept != list(old.values()):
        name = write_rows(reader.catalog, f"files/{bucket}", kept)
    version = digest_of([(row.root, row.path, row.digest, row.buckets) for row in kept])
    yield from changes.packed(bucket, version)
    yield reader.buckets, _encoder.encode(_facts_of(bucket, name, version, kept, changes))


def _facts_of(bucket: int, name: str, version: bytes, rows: Sequence[FileRow], changes: _ChangesOf) -> FilesFacts:
    left_out = Counter(row.left_out for row in rows if row.left_out)
    mistakes = [mistake for row in rows for mistake in row.mistakes]
    return FilesFacts(bucket, name, version, changes.touched, len(rows), changes.changed, dict(left_out), mistakes)


def _check_roots(roots: Iterable[ArticleRoot]) -> None:
    """What is to be read was found by another machine."""
    for root in set(roots):
        if not is_reached(root):
            raise ProcessError(f"{root}: {NOT_EVERYWHERE}")


def _outcomes(todo: Iterable[tuple[ArticleFile, FileFacts | None]], source: Source) -> Iterator[FileOutcome]:
    left = iter(todo)
    while chunk := list(islice(left, _CHUNK)):
        yield from read_outcomes(chunk, source, may_be_gone=False)


def _is_the_same(known: FileRow, found: Listed) -> bool:
    return known.mtime != UNSETTLED and (known.size, known.mtime, known.ctime) == (found.size, found.mtime, found.ctime)


def _is_within(row: FileRow, closed: Collection[tuple[str, str]]) -> bool:
    if not closed:
        return False
    parts = row.path.split("/")[:-1]
    return any((row.root, "/".join(parts[:length])) in closed for length in range(len(parts) + 1))


class _ChangesOf:
    """The changes of files, sorted by the buckets of entries that they touch."""

    def __init__(self, buckets: int) -> None:
        self.changed = 0
        self._buckets = buckets
        self._gone: dict[int, list[tuple[str, str]]] = defaultdict(list)
        self._entries: dict[int, list[EntryRow]] = defaultdict(list)

    def take(self, outcome: FileOutcome, known: FileRow | None) -> FileRow:
        """Note what came of a file; its row from now on."""
        facts = {"size": outcome.size, "mtime": outcome.mtime, "ctime": outcome.ctime}
        if known is not None:
            if outcome.digest == NOT_READ:
                return msgspec.structs.replace(
                    known, mtime=outcome.mtime, digest=outcome.digest, mistakes=outcome.mistakes
                )
            if outcome.digest == known.digest:
                return msgspec.structs.replace(known, **facts)
            self.drop(known)
        else:
            self.changed += 1
        buckets = set()
        for entry in outcome.entries:
            bucket = bucket_of(entry.id, self._buckets)
            buckets.add(bucket)
            self._entries[bucket].append(EntryRow(outcome.root, outcome.path, entry))
        return FileRow(
            outcome.root,
            outcome.path,
            outcome.size,
            outcome.mtime,
            outcome.ctime,
            outcome.digest,
            outcome.left_out,
            outcome.mistakes,
            tuple(sorted(buckets)),
        )

    def drop(self, row: FileRow) -> None:
        """A file is gone, or is another."""
        self.changed += 1
        for bucket in row.buckets:
            self._gone[bucket].append((row.root, row.path))

    @property
    def touched(self) -> list[int]:
        """The buckets of entries that there are changes for."""
        return sorted(self._gone.keys() | self._entries.keys())

    def packed(self, source: int, version: bytes) -> Iterator[tuple[int, bytes]]:
        for bucket in self.touched:
            changes = Changes(source, version, self._gone.get(bucket, []), self._entries.get(bucket, []))
            yield bucket, _encoder.encode(changes)


@dataclass(frozen=True)
class Teller:
    """What a task needs that tells stories, as of `now`. `then` is when they were told last, None if they never were.

    `anew`: by other rules than then.
    """

    catalog: Folder
    facts: Sequence[BucketFacts]
    rules: Rules
    now: dt.datetime
    then: dt.datetime | None
    anew: bool
    marks: Marks


def tell(teller: Teller, bucket: int, packed: Iterable[bytes]) -> Iterator[tuple[int, Any]]:
    """What comes of a bucket of entries; beyond the last of them, what there is to report of files."""
    if bucket == len(teller.facts):
        yield bucket, list(packed)
        return
    teller.marks.check(teller.catalog)
    changes = [_changes_decoder.decode(one) for one in packed]
    seen = {(one.source, one.version) for one in changes}
    yield bucket, (tell_bucket(teller, bucket, changes), seen)


def tell_bucket(teller: Teller, bucket: int, changes: Sequence[Changes]) -> BucketFacts:
    """Tell the stories of a bucket that changed, or that change by themselves."""
    before = teller.facts[bucket]
    since = None if teller.then is None else seconds(min(teller.now, teller.then))
    changes_itself = since is not None and before.latest > since
    if not (changes or changes_itself or teller.anew):
        return before
    rows = read_rows(teller.catalog, before.entries, EntryRow)
    gone = {file for one in changes for file in one.gone}
    touched = {row.entry.id for row in rows if (row.root, row.path) in gone}
    if gone:
        rows = [row for row in rows if (row.root, row.path) not in gone]
    added = [row for one in changes for row in one.entries]
    touched |= {row.entry.id for row in added}
    rows = sorted([*rows, *added], key=_entry_order) if added else rows
    if changes_itself:
        touched |= {row.entry.id for row in rows if row.entry.latest > (since or 0)}
    old = {story.id: story for story in read_rows(teller.catalog, before.stories, StoryRow)}
    stories = _told(rows, old, None if teller.anew else touched, teller)
    name = before.entries
    if changes:
        name = write_rows(teller.catalog, f"entries/{bucket}", rows)
    return _bucket_facts(teller, bucket, name, rows, stories)


def _told(
    rows: Sequence[EntryRow], old: Mapping[str, StoryRow], touched: set[str] | None, teller: Teller
) -> list[StoryRow]:
    """The stories of a bucket, by id; those that were not touched are what they were."""
    now = seconds(teller.now)
    of_id: dict[str, list[EntryRow]] = defaultdict(list)
    for row in rows:
        if (touched is None or row.entry.id in touched) and row.entry.published <= now:
            of_id[row.entry.id].append(row)
    told = {id_: _story(same, teller) for id_, same in of_id.items()}
    kept = {} if touched is None else {id_: story for id_, story in old.items() if id_ not in touched}
    merged = kept | told
    return [merged[id_] for id_ in sorted(merged)]


def _story(rows: Sequence[EntryRow], teller: Teller) -> StoryRow:
    due = _due([row.entry for row in rows], teller.now)
    entry = merge_entries([one for _, one in due])
    articles = sorted((row.root, row.path) for row in rows if row.entry.is_article)
    return StoryRow(
        entry.id,
        digest_of([value for value, _ in due]),
        seconds(entry.published),
        entry.provider.domain,
        entry.provider.name,
        tuple((one.href, bool(one.width and one.height)) for one in entry.enclosures),
        entry.topics,
        tuple((feed.kind, feed.name, rank) for feed, rank in memberships(entry, teller.rules)),
        tuple(articles) if len(articles) > 1 else (),
    )


def _due(entries: Iterable[EncodedEntry], now: dt.datetime) -> Sequence[tuple[bytes, Entry]]:
    """What is due of entries with one id, ordered by value."""
    rows = ((0, entry.value, entry.latest) for entry in entries if entry.published <= seconds(now))
    return group_due(rows, now).get(0, [])


def _bucket_facts(
    teller: Teller, bucket: int, name: str, rows: Sequence[EntryRow], stories: Sequence[StoryRow]
) -> BucketFacts:
    now = seconds(teller.now)
    ids = {story.id for story in stories}
    later = [row.entry.published for row in rows if row.entry.published > now]
    return BucketFacts(
        entries=name,
        stories=write_rows(teller.catalog, f"stories/{bucket}", stories),
        latest=max((row.entry.latest for row in rows), default=0),
        due=len(stories),
        waiting=len({row.entry.id for row in rows if row.entry.latest > now} - ids),
        next_due=min(later, default=None),
    )


def _entry_order(row: EntryRow) -> tuple[str, str, str, bytes]:
    return row.entry.id, row.root, row.path, row.entry.value


# What is counted over all stories

#: What is counted: the oldest story of a `topic` (its name), how many of a `provider` are by one name (domain, name),
#: who has the `same` id (the id), and what a `month` of a feed holds (kind, name, month): how many, and a digest.
Counted = tuple[str, ...]


def count_bucket(
    catalog: Folder, facts: Sequence[BucketFacts], bucket: int, *, has_months: bool
) -> Iterator[tuple[Counted, Any]]:
    """What the stories of a bucket add to what is counted."""
    found: dict[Counted, list[Any]] = defaultdict(list)
    for story in read_rows(catalog, facts[bucket].stories, StoryRow):
        for key, value in _counts(story, has_months=has_months):
            found[key].append(value)
    for key, values in found.items():
        yield key, total(key, values)


def _counts(story: StoryRow, *, has_months: bool) -> Iterator[tuple[Counted, Any]]:
    for topic in story.topics:
        yield ("topic", topic), story.published
    yield ("provider", story.domain, story.name), 1
    if story.articles:
        yield ("same", story.id), story.articles
    if has_months:
        month, digest = month_name(story.published), int.from_bytes(story.digest)
        for kind, name, rank in story.members:
            if rank == 0:
                yield ("month", kind, name, month), (1, digest)


def total(key: Counted, values: Iterable[Any]) -> Any:
    """Several values of a key made one, in whatever order they come."""
    if key[0] == "topic":
        return min(values)
    if key[0] == "provider":
        return sum(values)
    if key[0] == "same":
        return next(iter(values))
    counts, digests = zip(*values, strict=True)
    return sum(counts), sum(digests) % (1 << 128)


def feed_key(kind: str, name: str) -> FeedKey:
    """A feed as it was kept."""
    return FeedKey(kind, name)  # type: ignore[arg-type]  # one of a Kind


def month_name(published: int) -> str:
    """The month of a time in seconds since 1970, such as `2026-06`."""
    return month_of(time_of(published))[0].isoformat()[:7]


# What feeds show


@dataclass(frozen=True)
class Limits:
    """How many stories of a feed are looked at: `most` of those named there, else `of_kind`; and how old they are."""

    most: Mapping[FeedKey, int]
    of_kind: Mapping[str, int]
    oldest: Mapping[FeedKey, int]

    def of(self, feed: FeedKey) -> int:
        return self.most.get(feed, self.of_kind.get(feed.kind, 0))


def refs_of_bucket(
    catalog: Folder, facts: Sequence[BucketFacts], limits: Limits, bucket: int
) -> Iterator[tuple[FeedKey, list[Ref]]]:
    """The first stories of each feed, of those in a bucket."""
    found: dict[FeedKey, list[Ref]] = defaultdict(list)
    for story in read_rows(catalog, facts[bucket].stories, StoryRow):
        for kind, name, rank in story.members:
            feed = feed_key(kind, name)
            if story.published >= limits.oldest.get(feed, story.published):
                found[feed].append((rank, -story.published, story.id, story.digest, bucket))
    for feed, refs in found.items():
        yield feed, heapq.nsmallest(limits.of(feed), refs)


def merge_refs(limits: Limits, feed: FeedKey, some: Iterable[list[Ref]]) -> list[Ref]:
    """The first stories of a feed, of several lists of the first."""
    return list(islice(heapq.merge(*some), limits.of(feed)))


def window_of(refs: Sequence[Ref]) -> tuple[int, bytes]:
    """How many stories these are, and a digest of all that they hold."""
    return len(refs), digest_of([ref[3] for ref in refs])


# What is rendered


def shown_of(refs: Sequence[Ref], shown: tuple[int, int]) -> Iterator[tuple[int, tuple[str, bytes, int, Any]]]:
    """The stories that a job shows of the first of a feed, by bucket, as `entries_of_bucket` wants them.

    `shown` is the number of the job, and how many it shows.
    """
    job, count = shown
    for place, (_, _, id_, digest, bucket) in enumerate(refs[:count]):
        yield bucket, (id_, digest, job, place)


def entries_of_bucket(
    catalog: Folder,
    facts: Sequence[BucketFacts],
    now: dt.datetime,
    bucket: int,
    wanted: Iterable[tuple[str, bytes, int, Any]],
) -> Iterator[tuple[int, tuple[Any, bytes]]]:
    """The entries that jobs show, of those in a bucket: wanted are their id and digest, for a job a place in it.

    Raises DamagedCatalogError where one is not what it was when its story was told.
    """
    places: dict[tuple[str, bytes], list[tuple[int, Any]]] = defaultdict(list)
    for id_, digest, job, place in wanted:
        places[id_, digest].append((job, place))
    if not places:
        return
    of_id: dict[str, list[EncodedEntry]] = {id_: [] for id_, _ in places}
    for row in read_rows(catalog, facts[bucket].entries, EntryRow):
        if row.entry.id in of_id:
            of_id[row.entry.id].append(row.entry)
    for (id_, digest), found in places.items():
        due = _due(of_id[id_], now)
        if digest_of([value for value, _ in due]) != digest:
            raise damaged(catalog, facts[bucket].entries)
        entry = _encoder.encode(merge_entries([one for _, one in due]))
        for job, place in found:
            yield job, (place, entry)


def render(code: str, site: Site, items: Iterable[Item], found: Iterable[tuple[Any, bytes]]) -> bytes | FeedsError:
    """Render a job of its entries, which come in any order, each with its place: what was put, or why it was not."""
    _check_code(code)
    (item,) = items
    entries = [_entry_decoder.decode(entry) for _, entry in sorted(found, key=itemgetter(0))]
    try:
        return _encoder.encode(render_job(item, entries, site))
    except FeedsError as error:
        return error


def images_of_bucket(
    catalog: Folder,
    facts: Sequence[BucketFacts],
    bucket: int,
    wanted: Iterable[tuple[str, FeedKey, int]],
    has_archives: frozenset[FeedKey],
) -> Iterator[tuple[tuple[FeedKey, str], tuple[Any, Any]]]:
    """The images of the stories of a bucket, by feed, and by month of those that have archives; each with its place."""
    places: dict[str, list[tuple[FeedKey, int]]] = defaultdict(list)
    for id_, feed, place in wanted:
        places[id_].append((feed, place))
    for story in read_rows(catalog, facts[bucket].stories, StoryRow):
        for feed, place in places.get(story.id, ()):
            yield (feed, ""), (place, story.images)
        for kind, name, rank in story.members if has_archives else ():
            feed = feed_key(kind, name)
            if feed in has_archives:
                yield (feed, month_name(story.published)), ((rank, -story.published, story.id), story.images)


def months_of_bucket(
    catalog: Folder, facts: Sequence[BucketFacts], wanted: Mapping[tuple[FeedKey, str], int], bucket: int
) -> Iterator[tuple[str, bytes, int, Any]]:
    """The stories that archives show, of those in a bucket, as `entries_of_bucket` wants them."""
    for story in read_rows(catalog, facts[bucket].stories, StoryRow):
        month = month_name(story.published)
        for kind, name, rank in story.members:
            job = wanted.get((feed_key(kind, name), month))
            if job is not None:
                yield story.id, story.digest, job, (rank, -story.published, story.id)
