"""A run's work on a cluster (Apache Spark): stages that pass what the tasks give from one to the other.

Files of the archive are read where they are in a bucket, their entries go to the bucket of their id, stories are told
there, and the first of each feed are found by merging the first of each bucket: no feed's history ever meets in one
place. What a feed shows is brought to who renders it. All that is kept is in a folder that every machine reaches.
"""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from feeds.catalog.schema import seconds
from feeds.catalog.stories import Touched
from feeds.config.schema import AllFeed, ProviderFeeds, TopicFeeds, period
from feeds.content.discovery import find_first
from feeds.engines.spark import ingest, merging, windows
from feeds.engines.spark.catalog import ClusterCatalog, Images, month_of_name
from feeds.engines.spark.consistency import NOT_EVERYWHERE, Consistency, code_fingerprint
from feeds.engines.spark.ingest import FilesSummary, Listing
from feeds.engines.spark.partitions import BucketSummary, buckets_for
from feeds.engines.spark.progress import following
from feeds.errors import FeedsError, ProcessError, PublishError
from feeds.output.publisher import WrittenDocument
from feeds.pipeline.ingest import IngestResult
from feeds.selection.archives import least_shown
from feeds.selection.membership import FeedKey
from feeds.selection.plans import most_needed, publishes_months
from feeds.storage.local import DiskFolder

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

    from pyspark import RDD, Broadcast, SparkContext

    from feeds.config.schema import Config
    from feeds.content.files import Root as ArticleRoot
    from feeds.output.manifest import DocumentRecord
    from feeds.pipeline.plan import Site
    from feeds.pipeline.publish import Item, Render
    from feeds.progress import Track
    from feeds.selection.membership import MembershipRules
    from feeds.storage.folder import Folder


T = TypeVar("T")

#: What came of a bucket of entries, and the readings of files that it was told of.
_Merged = tuple[BucketSummary, set[tuple[int, bytes]]]

#: The first machine looks into folders until so many are left. Below these others look, in so many tasks for each
#: processor of the cluster.
_MANY_FOLDERS = 8

_LISTING_TASKS = 4

_BUCKETS_TO_A_FEW = 5

_LEAST_FEW = 8

#: How often articles are read where they change while machines are lost.
_ATTEMPTS = 3

#: Seconds that documents have to be seen from here, and between two looks for these.
_PATIENCE = 60

_A_MOMENT = 0.5

_report_decoder = msgspec.msgpack.Decoder(FilesSummary | Listing)

_puts_decoder = msgspec.msgpack.Decoder(list[WrittenDocument])


class SparkWork:
    """What a run on a cluster has at hand."""

    def __init__(self, catalog: ClusterCatalog, context: SparkContext, track: Track) -> None:
        self.catalog = catalog
        self._context = context
        self._track = track
        self._tops: RDD[tuple[FeedKey, list[windows.StoryRef]]] = context.emptyRDD()
        self._on_disks: list[RDD[Any]] = []

    def refresh(self, config: Config, rules: MembershipRules, now: dt.datetime) -> IngestResult:
        """Bring the catalog up to what the article folders hold at the time `now`."""
        catalog, root = self.catalog, self.catalog.root
        consistency = Consistency(code_fingerprint(), catalog.begin())
        facts, folders = self._read_and_tell(config, rules, now, consistency)
        self._count(config)
        self._select(config, rules, now)
        roots = {str(config.articles[number]) for one in folders for number in one.roots}
        emptied = [str(one) for one in config.articles if str(one) in catalog.former_roots - roots]
        root.roots = sorted(roots)
        root.articles = articles = sum(one.articles for one in facts)
        changed = sum(one.changed for one in facts)
        mistakes = sorted(mistake for one in folders for mistake in one.mistakes)
        # of feeds is known by their digests whether they changed: all are looked at
        touched = Touched(set(), changed)
        return IngestResult(articles, changed, mistakes, touched, -1, root.run, emptied)

    def _find(self, roots: tuple[ArticleRoot, ...]) -> RDD[tuple[int, bytes]]:
        """The files of the archive by bucket, and what there is to report of folders.

        The first machine looks from the top down, and leaves what is below many folders to the others: it may be more
        than it can hold.
        """
        found = find_first(roots, _MANY_FOLDERS)
        first = list(ingest.listings_of(found, roots))
        most = self._context.defaultParallelism * _LISTING_TASKS
        listings = self._context.parallelize(first, min(len(first), most))
        if found.left:
            parts = self._context.parallelize(found.left, min(len(found.left), most))
            listings = listings.union(parts.flatMap(lambda one: ingest.list_below(roots, *one)))
        if not self.catalog.root.buckets:
            listings = self._kept(listings)
            self._begin(sum(self._collect(listings.map(ingest.files_in), "Listing")))
        buckets = self.catalog.root.buckets
        return listings.flatMap(lambda packed: ingest.spread(roots, buckets, packed)).partitionBy(buckets + 1, int)

    def _begin(self, files: int) -> None:
        """Choose how many buckets there are, for as long as the catalog lasts."""
        root = self.catalog.root
        root.buckets = buckets_for(files)
        root.files = [""] * root.buckets
        root.stories = [BucketSummary()] * root.buckets

    def _read_and_tell(
        self, config: Config, rules: MembershipRules, now: dt.datetime, consistency: Consistency
    ) -> tuple[list[FilesSummary], list[Listing]]:
        """Read what changed and tell its stories; what there is to report of files, and of folders."""
        for _ in range(_ATTEMPTS):
            told, reports = self._merge(config, rules, now, consistency)
            facts = [one for one in reports if isinstance(one, FilesSummary)]
            if _is_of_one_reading(told, facts):
                break
        else:
            raise ProcessError("machines were lost while articles were edited, again and again; nothing was published")
        self._note(facts)
        self.catalog.root.stories = [story for story, _ in told]
        self.catalog.set_state("now", now)
        self.catalog.set_state("rules", rules.digest)
        return facts, [one for one in reports if isinstance(one, Listing)]

    def _merge(
        self, config: Config, rules: MembershipRules, now: dt.datetime, consistency: Consistency
    ) -> tuple[list[_Merged], list[FilesSummary | Listing]]:
        """What came of each bucket of entries, and what there is to report."""
        found = self._find(config.articles)
        root, folder = self.catalog.root, self.catalog.folder
        reader = ingest.BucketReader(folder, root.files, config.articles, root.buckets, config.source, consistency)
        then, known = self.catalog.state("now"), self.catalog.state("rules")
        anew = then is not None and known != rules.digest
        context = merging.MergeContext(folder, root.stories, rules, now, then, anew, consistency)
        read, merge = self._context.broadcast(reader), self._context.broadcast(context)
        changes = found.mapPartitionsWithIndex(
            lambda bucket, shares: ingest.read_bucket(read.value, bucket, (packed for _, packed in shares))
        )
        told = changes.partitionBy(root.buckets + 1, int).mapPartitionsWithIndex(
            lambda bucket, items: merging.merge(merge.value, bucket, (packed for _, packed in items))
        )
        results = dict(self._collect(told, "Reading and merging"))
        reports = [_report_decoder.decode(packed) for packed in results.pop(root.buckets)]
        return [results[bucket] for bucket in range(root.buckets)], reports

    def _note(self, facts: Iterable[FilesSummary]) -> None:
        """Keep what came of files."""
        catalog = self.catalog
        for one in facts:
            catalog.root.files[one.bucket] = one.name
            catalog.file_mistakes += one.mistakes
            for reason, count in one.left_out.items():
                catalog.file_reasons[reason] = catalog.file_reasons.get(reason, 0) + count
        catalog.file_mistakes.sort()

    def _count(self, config: Config) -> None:
        """Names of topics and providers, who has the same id, and months where a history is published."""
        catalog = self.catalog
        has_months = publishes_months(config)
        folder, facts = catalog.folder, self._facts
        counted = (
            self._buckets()
            .flatMap(lambda bucket: windows.count_bucket(folder, facts.value, bucket, has_months=has_months))
            .groupByKey(self._few)
            .map(lambda one: (one[0], windows.total(one[0], one[1])))
        )
        months: dict[FeedKey, list[Any]] = defaultdict(list)
        for (what, *names), value in self._collect(counted, "Counting"):
            if what == "topic":
                catalog.topics[names[0]] = value
            elif what == "provider":
                catalog.providers[names[0], names[1]] = value
            elif what == "same":
                catalog.same[names[0]] = value
            else:
                kind, name, month = names
                months[windows.feed_key(kind, name)].append(month_of_name(month, *value))
        for feed, found in months.items():
            catalog.feed_months[feed] = sorted(found, key=lambda month: month.first, reverse=True)

    def _select(self, config: Config, rules: MembershipRules, now: dt.datetime) -> None:
        """The first stories of each feed, by merging the first of each bucket."""
        catalog = self.catalog
        limits = self._context.broadcast(_limits(catalog, config, rules, now))
        folder, facts = catalog.folder, self._facts
        tops = (
            self._buckets()
            .flatMap(lambda bucket: windows.refs_of_bucket(folder, facts.value, limits.value, bucket))
            .groupByKey(self._few)
            .map(
                lambda one: (one[0], windows.merge_refs(limits.value, FeedKey(*one[0]), one[1])),
                preservesPartitioning=True,
            )
        )
        self._tops = self._kept(tops)
        found = self._tops.map(lambda one: (one[0], windows.window_of(one[1])))
        catalog.windows = {FeedKey(*feed): window for feed, window in self._collect(found, "Selecting")}
        catalog.find_images = self._find_images

    def _find_images(self) -> Images:
        """The images of all that feeds show."""
        buckets, folder = self.catalog.root.buckets, self.catalog.folder
        facts = self._facts
        archived = frozenset(self.catalog.feed_months)
        wanted = self._tops.flatMap(
            lambda one: ((ref[4], (ref[2], FeedKey(*one[0]), place)) for place, ref in enumerate(one[1]))
        )
        found = (
            wanted.partitionBy(buckets, int)
            .mapPartitionsWithIndex(
                lambda bucket, some: windows.images_of_bucket(
                    folder, facts.value, bucket, (one for _, one in some), archived
                )
            )
            .groupByKey(buckets)
        )
        return {
            (FeedKey(*feed), month): [[tuple(image) for image in images] for _, images in sorted(some)]
            for (feed, month), some in self._collect(found, "Looking for images")
        }

    @contextmanager
    def rendering(self, site: Site, count: int) -> Iterator[Render]:  # noqa: ARG002
        """A feeds.documents.Rendering on the machines of the cluster."""
        shown = self._context.broadcast(site)
        yield lambda items: iter(self._rendered(items, site, shown))

    def _rendered(self, items: Sequence[Item], site: Site, shown: Any) -> list[list[WrittenDocument]]:
        if not items:
            return []
        buckets, folder = self.catalog.root.buckets, self.catalog.folder
        facts = self._facts
        wanted = self._wanted(items)
        entries = wanted.partitionBy(buckets, int).mapPartitionsWithIndex(
            lambda bucket, found: windows.entries_of_bucket(
                folder, facts.value, site.now, bucket, (one for _, one in found)
            )
        )
        code = code_fingerprint()
        jobs = self._context.parallelize(list(enumerate(items)), min(len(items), self._few))
        done = jobs.cogroup(entries, numPartitions=buckets).map(
            lambda one: (one[0], windows.render(code, shown.value, *one[1]))
        )
        puts: list[list[WrittenDocument]] = [[] for _ in items]
        for number, result in self._collect(done, "Rendering"):
            if isinstance(result, FeedsError):
                raise result
            puts[number] = _puts_decoder.decode(result)
        _check_there(site.output, chain.from_iterable(puts))
        site.output.remove_begun(put.record.path for job in puts for put in job)  # by machines that were lost
        return puts

    def _wanted(self, items: Sequence[Item]) -> RDD[tuple[int, tuple[str, bytes, int, Any]]]:
        """The stories that jobs show, by bucket: the id and digest, the number of the job, and the place in it."""
        newest: list[tuple[FeedKey, tuple[int, int]]] = []
        monthly: dict[tuple[FeedKey, str], int] = {}
        for number, (job, _) in enumerate(items):
            if job.segment.month:
                monthly[job.plan.key, job.segment.month] = number
            else:
                newest.append((job.plan.key, (number, len(job.stories))))
        sought = self._context.parallelize(newest, min(len(items), self._few)).partitionBy(self._few)  # as these are
        wanted = self._tops.join(sought, self._few).flatMap(lambda one: windows.story_requests(*one[1]))
        if not monthly:
            return wanted
        folder, facts = self.catalog.folder, self._facts
        of_months = self._context.broadcast(monthly)
        archived = self._buckets().flatMap(
            lambda bucket: (
                (bucket, one) for one in windows.months_of_bucket(folder, facts.value, of_months.value, bucket)
            )
        )
        return wanted.union(archived)

    def _collect(self, wanted: RDD[T], label: str) -> list[T]:
        """What is wanted, while it is shown how much of it is done."""
        with following(self._context, self._track, label):
            return wanted.collect()

    def _kept(self, found: RDD[T]) -> RDD[T]:
        """What is used more than once, on disks: it grows with the archive, and the memory of the machines does not."""
        from pyspark import StorageLevel  # noqa: PLC0415  # where it is asked for only

        self._on_disks.append(found.persist(StorageLevel.DISK_ONLY))
        return found

    def release(self) -> None:
        """Remove what is on disks: the connection may last longer."""
        for one in self._on_disks:
            one.unpersist()

    @cached_property
    def _facts(self) -> Broadcast[list[BucketSummary]]:
        """What is known of the buckets of entries when their stories are told, brought to each machine once."""
        return self._context.broadcast(self.catalog.root.stories)

    @property
    def _few(self) -> int:
        """How many tasks share what little comes of all buckets: each takes a moment to begin."""
        return max(self.catalog.root.buckets // _BUCKETS_TO_A_FEW, _LEAST_FEW)

    def _buckets(self) -> RDD[int]:
        buckets = self.catalog.root.buckets
        return self._context.parallelize(range(buckets), buckets)


def _is_of_one_reading(told: Iterable[_Merged], facts: Iterable[FilesSummary]) -> bool:
    """Whether all buckets of entries were told of the same reading of each bucket of files.

    A bucket is read again where a machine is lost that has what came of it, and a file may have been edited meanwhile.
    """
    expected = {(one.bucket, one.version): set(one.touched) for one in facts if one.touched}
    found: dict[tuple[int, bytes], set[int]] = defaultdict(set)
    for bucket, (_, seen) in enumerate(told):
        for one in seen:
            found[one].add(bucket)
    return found == expected


def _check_there(output: Folder, puts: Iterable[WrittenDocument]) -> None:
    """Raise PublishError where this machine does not see what another put into a folder."""
    deadline = time.monotonic() + _PATIENCE
    for put in puts if isinstance(output, DiskFolder) else ():
        while not _is_there(output, put.record):
            if time.monotonic() > deadline:
                raise PublishError(str(output), NOT_EVERYWHERE)
            time.sleep(_A_MOMENT)


def _is_there(output: Folder, record: DocumentRecord) -> bool:
    """Whether this machine sees a document. It may have kept for a while that it was not, which it finds by reading."""
    facts = output.facts(record.path)
    return (facts is not None and facts[0] == record.bytes) or len(output.read(record.path) or b"") == record.bytes


def _limits(catalog: ClusterCatalog, config: Config, rules: MembershipRules, now: dt.datetime) -> windows.WindowLimits:
    """How many stories of each feed are looked at: as many as it shows, or as it needs to begin."""
    kinds = config.feeds
    of_kind: dict[str, int] = {}
    most: dict[FeedKey, int] = {}
    if isinstance(kinds.all, AllFeed):
        of_kind["all"] = max(kinds.all.limit, kinds.all.min_entries)
    if isinstance(kinds.topics, TopicFeeds):
        of_kind["topic"] = max(kinds.topics.limit, kinds.topics.min_entries)
        most |= {FeedKey("topic", key): most_needed(own, kinds.topics) for key, own in rules.topics.items()}
    if isinstance(kinds.providers, ProviderFeeds):
        of_kind["provider"] = max(kinds.providers.limit, kinds.providers.min_entries)
        most |= {FeedKey("provider", key): most_needed(own, kinds.providers) for key, own in rules.providers.items()}
    most |= {FeedKey("custom", feed.path): most_needed(feed, feed) for feed in kinds.custom}
    for key, months in catalog.feed_months.items():
        most[key] = max(most.get(key, of_kind.get(key.kind, 0)), least_shown(months))
    return windows.WindowLimits(most, of_kind, _oldest(config, now))


def _oldest(config: Config, now: dt.datetime) -> dict[FeedKey, int]:
    """Since when stories of custom feeds are to have been published, in seconds since 1970."""
    found = {FeedKey("custom", feed.path): feed.newer_than for feed in config.feeds.custom}
    return {key: seconds(now - period(age)) for key, age in found.items() if age}
