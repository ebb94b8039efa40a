"""Tasks over stories: counting them, selecting the first of each feed, and rendering those."""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec

from feeds.catalog.merging import merge_due, story_digest
from feeds.catalog.times import month_of, time_of
from feeds.digests import digest_of
from feeds.engines.spark.consistency import check_code
from feeds.engines.spark.merging import due_entries
from feeds.engines.spark.partitions import EntryRow, StoryRow, damaged_error, read_rows
from feeds.errors import FeedsError
from feeds.models import Entry, FeedKey
from feeds.pipeline.publish import render_task

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from feeds.catalog.records import EncodedEntry
    from feeds.engines.spark.partitions import BucketSummary
    from feeds.pipeline.plan import Site
    from feeds.pipeline.publish import RenderTask
    from feeds.storage.folder import Folder

#: A reference to a story, in the order of a feed: rank, negated time, id; then its digest and its bucket.
StoryRef = tuple[int, int, str, bytes, int]
#: A story that a task renders: its id and digest, the number of the task, and its place in it.
StoryRequest = tuple[str, bytes, int, Any]
#: A count over all stories: the oldest story of a `topic` (by name), the number of stories of a `provider` (by domain
#: and name), the articles with the `same` id (by id), and the number and digest of a feed's `month` (by kind, name and
#: month).
CountKey = tuple[str, ...]

_encoder = msgspec.msgpack.Encoder()
_entry_decoder = msgspec.msgpack.Decoder(Entry)


# Counting


def count_bucket(
    catalog: Folder, summaries: Sequence[BucketSummary], bucket: int, *, has_months: bool
) -> Iterator[tuple[CountKey, Any]]:
    """The counts over the stories of a bucket."""
    found: dict[CountKey, list[Any]] = defaultdict(list)
    for story in read_rows(catalog, summaries[bucket].stories, StoryRow):
        for key, value in _counts(story, has_months=has_months):
            found[key].append(value)
    for key, values in found.items():
        yield key, total(key, values)


def _counts(story: StoryRow, *, has_months: bool) -> Iterator[tuple[CountKey, Any]]:
    for topic in story.topics:
        yield ("topic", topic), story.published
    yield ("provider", story.domain, story.provider), 1
    if story.articles:
        yield ("same", story.id), story.articles
    if has_months:
        month, digest = month_name(story.published), int.from_bytes(story.digest)
        for kind, name, rank in story.members:
            if rank == 0:
                yield ("month", kind, name, month), (1, digest)


def total(key: CountKey, values: Iterable[Any]) -> Any:
    """Combine the values of a key, in any order."""
    if key[0] == "topic":
        return min(values)
    if key[0] == "provider":
        return sum(values)
    if key[0] == "same":
        return next(iter(values))
    counts, digests = zip(*values, strict=True)
    return sum(counts), sum(digests) % (1 << 128)


def feed_key(kind: str, name: str) -> FeedKey:
    """The key of a feed in a row."""
    return FeedKey(kind, name)  # type: ignore[arg-type]  # one of a Kind


def month_name(published: int) -> str:
    """The month of a time in seconds since 1970, such as `2026-06`."""
    return month_of(time_of(published))[0].isoformat()[:7]


# Selecting


@dataclass(frozen=True)
class WindowLimits:
    """How many stories of a feed are selected: by `feed`, else by `kind`. `oldest` is the time of the oldest one."""

    by_feed: Mapping[FeedKey, int]
    by_kind: Mapping[str, int]
    oldest: Mapping[FeedKey, int]

    def limit(self, feed: FeedKey) -> int:
        return self.by_feed.get(feed, self.by_kind.get(feed.kind, 0))


def refs_of_bucket(
    catalog: Folder, summaries: Sequence[BucketSummary], limits: WindowLimits, bucket: int
) -> Iterator[tuple[FeedKey, list[StoryRef]]]:
    """The first stories of each feed, of those in a bucket."""
    found: dict[FeedKey, list[StoryRef]] = defaultdict(list)
    for story in read_rows(catalog, summaries[bucket].stories, StoryRow):
        for kind, name, rank in story.members:
            feed = feed_key(kind, name)
            if story.published >= limits.oldest.get(feed, story.published):
                found[feed].append((rank, -story.published, story.id, story.digest, bucket))
    for feed, refs in found.items():
        yield feed, heapq.nsmallest(limits.limit(feed), refs)


def merge_refs(limits: WindowLimits, feed: FeedKey, lists: Iterable[list[StoryRef]]) -> list[StoryRef]:
    """The first stories of a feed, of the first ones of each bucket."""
    return list(islice(heapq.merge(*lists), limits.limit(feed)))


def window_of(refs: Sequence[StoryRef]) -> tuple[int, bytes]:
    """The number of stories, and a digest of all that they hold."""
    return len(refs), digest_of([ref[3] for ref in refs])


# Rendering


def story_requests(refs: Sequence[StoryRef], shown: tuple[int, int]) -> Iterator[tuple[int, StoryRequest]]:
    """Request by bucket the stories that a task shows; `shown` is the number of the task, and how many it shows."""
    task, count = shown
    for place, (_, _, id_, digest, bucket) in enumerate(refs[:count]):
        yield bucket, (id_, digest, task, place)


def entries_of_bucket(
    catalog: Folder,
    summaries: Sequence[BucketSummary],
    now: dt.datetime,
    bucket: int,
    requests: Iterable[StoryRequest],
) -> Iterator[tuple[int, tuple[Any, bytes]]]:
    """The requested entries in a bucket, by task, each with its place.

    Raises DamagedCatalogError if an entry is not what its story was merged from.
    """
    places: dict[tuple[str, bytes], list[tuple[int, Any]]] = defaultdict(list)
    for id_, digest, task, place in requests:
        places[id_, digest].append((task, place))
    if not places:
        return
    entries: dict[str, list[EncodedEntry]] = {id_: [] for id_, _ in places}
    for row in read_rows(catalog, summaries[bucket].entries, EntryRow):
        if row.entry.id in entries:
            entries[row.entry.id].append(row.entry)
    for (id_, digest), found in places.items():
        due = due_entries(entries[id_], now)
        if story_digest(due) != digest:
            raise damaged_error(catalog, summaries[bucket].entries)
        entry = _encoder.encode(merge_due(due))
        for task, place in found:
            yield task, (place, entry)


def render(
    code: str, site: Site, tasks: Iterable[RenderTask], found: Iterable[tuple[Any, bytes]]
) -> bytes | FeedsError:
    """Render a task with its entries, which come in any order with their places; the documents, or the error."""
    check_code(code)
    (task,) = tasks
    entries = [_entry_decoder.decode(entry) for _, entry in sorted(found, key=itemgetter(0))]
    try:
        return _encoder.encode(render_task(task, entries, site))
    except FeedsError as error:
        return error


def images_of_bucket(
    catalog: Folder,
    summaries: Sequence[BucketSummary],
    bucket: int,
    wanted: Iterable[tuple[str, FeedKey, int]],
    archived: frozenset[FeedKey],
) -> Iterator[tuple[tuple[FeedKey, str], tuple[Any, Any]]]:
    """The images of stories in a bucket by feed, and by month of archived feeds, each with the place of its story."""
    places: dict[str, list[tuple[FeedKey, int]]] = defaultdict(list)
    for id_, feed, place in wanted:
        places[id_].append((feed, place))
    for story in read_rows(catalog, summaries[bucket].stories, StoryRow):
        for feed, place in places.get(story.id, ()):
            yield (feed, ""), (place, story.images)
        for kind, name, rank in story.members if archived else ():
            feed = feed_key(kind, name)
            if feed in archived:
                yield (feed, month_name(story.published)), ((rank, -story.published, story.id), story.images)


def archive_requests(
    catalog: Folder, summaries: Sequence[BucketSummary], tasks: Mapping[tuple[FeedKey, str], int], bucket: int
) -> Iterator[StoryRequest]:
    """Request the stories in a bucket that archives show; `tasks` has their numbers by feed and month."""
    for story in read_rows(catalog, summaries[bucket].stories, StoryRow):
        month = month_name(story.published)
        for kind, name, rank in story.members:
            task = tasks.get((feed_key(kind, name), month))
            if task is not None:
                yield story.id, story.digest, task, (rank, -story.published, story.id)
