"""What the machines of a cluster do with stories: count them, find the first of each feed, and render those."""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec

from feeds.catalog.schema import month_of, time_of
from feeds.content.entries import merge_entries
from feeds.digests import digest_of
from feeds.engines.spark.consistency import check_code
from feeds.engines.spark.merging import due_of
from feeds.engines.spark.partitions import BucketSummary, EntryRow, StoryRow, damaged_error, read_rows
from feeds.errors import FeedsError
from feeds.models import Entry
from feeds.pipeline.publish import render_job
from feeds.selection.membership import FeedKey

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from feeds.catalog.records import EncodedEntry
    from feeds.pipeline.plan import Site
    from feeds.pipeline.publish import Item
    from feeds.storage.folder import Folder


#: A reference to a story, in the order in which a feed shows them: rank, published (newest first), id; then its digest
#: and its bucket.
StoryRef = tuple[int, int, str, bytes, int]

_encoder = msgspec.msgpack.Encoder()

_entry_decoder = msgspec.msgpack.Decoder(Entry)

# What is counted over all stories

#: What is counted: the oldest story of a `topic` (its name), how many of a `provider` are by one name (domain, name),
#: who has the `same` id (the id), and what a `month` of a feed holds (kind, name, month): how many, and a digest.
CountKey = tuple[str, ...]


def count_bucket(
    catalog: Folder, facts: Sequence[BucketSummary], bucket: int, *, has_months: bool
) -> Iterator[tuple[CountKey, Any]]:
    """What the stories of a bucket add to what is counted."""
    found: dict[CountKey, list[Any]] = defaultdict(list)
    for story in read_rows(catalog, facts[bucket].stories, StoryRow):
        for key, value in _counts(story, has_months=has_months):
            found[key].append(value)
    for key, values in found.items():
        yield key, total(key, values)


def _counts(story: StoryRow, *, has_months: bool) -> Iterator[tuple[CountKey, Any]]:
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


def total(key: CountKey, values: Iterable[Any]) -> Any:
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
class WindowLimits:
    """How many stories of a feed are looked at: `most` of those named there, else `of_kind`; and how old they are."""

    most: Mapping[FeedKey, int]
    of_kind: Mapping[str, int]
    oldest: Mapping[FeedKey, int]

    def of(self, feed: FeedKey) -> int:
        return self.most.get(feed, self.of_kind.get(feed.kind, 0))


def refs_of_bucket(
    catalog: Folder, facts: Sequence[BucketSummary], limits: WindowLimits, bucket: int
) -> Iterator[tuple[FeedKey, list[StoryRef]]]:
    """The first stories of each feed, of those in a bucket."""
    found: dict[FeedKey, list[StoryRef]] = defaultdict(list)
    for story in read_rows(catalog, facts[bucket].stories, StoryRow):
        for kind, name, rank in story.members:
            feed = feed_key(kind, name)
            if story.published >= limits.oldest.get(feed, story.published):
                found[feed].append((rank, -story.published, story.id, story.digest, bucket))
    for feed, refs in found.items():
        yield feed, heapq.nsmallest(limits.of(feed), refs)


def merge_refs(limits: WindowLimits, feed: FeedKey, some: Iterable[list[StoryRef]]) -> list[StoryRef]:
    """The first stories of a feed, of several lists of the first."""
    return list(islice(heapq.merge(*some), limits.of(feed)))


def window_of(refs: Sequence[StoryRef]) -> tuple[int, bytes]:
    """How many stories these are, and a digest of all that they hold."""
    return len(refs), digest_of([ref[3] for ref in refs])


# What is rendered


def story_requests(
    refs: Sequence[StoryRef], shown: tuple[int, int]
) -> Iterator[tuple[int, tuple[str, bytes, int, Any]]]:
    """The stories that a job shows of the first of a feed, by bucket, as `entries_of_bucket` wants them.

    `shown` is the number of the job, and how many it shows.
    """
    job, count = shown
    for place, (_, _, id_, digest, bucket) in enumerate(refs[:count]):
        yield bucket, (id_, digest, job, place)


def entries_of_bucket(
    catalog: Folder,
    facts: Sequence[BucketSummary],
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
        due = due_of(of_id[id_], now)
        if digest_of([value for value, _ in due]) != digest:
            raise damaged_error(catalog, facts[bucket].entries)
        entry = _encoder.encode(merge_entries([one for _, one in due]))
        for job, place in found:
            yield job, (place, entry)


def render(code: str, site: Site, items: Iterable[Item], found: Iterable[tuple[Any, bytes]]) -> bytes | FeedsError:
    """Render a job of its entries, which come in any order, each with its place: what was put, or why it was not."""
    check_code(code)
    (item,) = items
    entries = [_entry_decoder.decode(entry) for _, entry in sorted(found, key=itemgetter(0))]
    try:
        return _encoder.encode(render_job(item, entries, site))
    except FeedsError as error:
        return error


def images_of_bucket(
    catalog: Folder,
    facts: Sequence[BucketSummary],
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
    catalog: Folder, facts: Sequence[BucketSummary], wanted: Mapping[tuple[FeedKey, str], int], bucket: int
) -> Iterator[tuple[str, bytes, int, Any]]:
    """The stories that archives show, of those in a bucket, as `entries_of_bucket` wants them."""
    for story in read_rows(catalog, facts[bucket].stories, StoryRow):
        month = month_name(story.published)
        for kind, name, rank in story.members:
            job = wanted.get((feed_key(kind, name), month))
            if job is not None:
                yield story.id, story.digest, job, (rank, -story.published, story.id)
