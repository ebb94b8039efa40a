"""The engine for a cluster: stages of tasks (Apache Spark), each of which passes its results to the next.

Article files are read in the bucket of their path. Their entries go to the bucket of their id, where stories are
merged. The first stories of each feed are selected by merging the first ones of every bucket, so no feed's whole
history is ever in one place. What a feed shows is brought to the task that renders it. Everything that is kept is in a
folder that every machine reaches.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import defaultdict
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from feeds.catalog.stories import Touched
from feeds.catalog.times import seconds
from feeds.content.discovery import find_from_top
from feeds.engines.spark import ingest, merging, windows
from feeds.engines.spark.catalog import ClusterCatalog, Images, month_of_name
from feeds.engines.spark.consistency import NOT_EVERYWHERE, Consistency, code_fingerprint
from feeds.engines.spark.ingest import FilesSummary, Listing
from feeds.engines.spark.partitions import BucketSummary, bucket_count
from feeds.engines.spark.progress import following
from feeds.errors import FeedsError, ProcessError, PublishError
from feeds.models import FeedKey
from feeds.output.publisher import WrittenDocument
from feeds.pipeline.ingest import IngestResult
from feeds.selection.plans import entry_limits, publishes_archives
from feeds.storage.local import LocalFolder

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from pyspark import RDD, Broadcast, SparkContext

    from feeds.config.schema import Config, FeedSettings
    from feeds.output.manifest import DocumentRecord
    from feeds.pipeline.plan import Site
    from feeds.pipeline.publish import RenderTask
    from feeds.progress import Track
    from feeds.selection.membership import MembershipRules
    from feeds.storage.folder import Folder
    from feeds.storage.sources import Source

T = TypeVar("T")
#: The summary of a merged bucket, and the readings of files that it saw.
_Merged = tuple[BucketSummary, set[tuple[int, bytes]]]
#: The driver lists folders until so many are pending. Tasks list those, so many for each processor of the cluster.
MIN_PENDING_FOLDERS = 8
_LISTING_TASKS = 4
#: Small results of all buckets are combined in fewer tasks: each task takes a moment to start.
_BUCKETS_PER_TASK = 5
MIN_COMBINING_TASKS = 8
#: How often articles are read again if they change while machines are lost.
MAX_READINGS = 3
#: Seconds until the driver must see the documents that other machines wrote, and between its checks.
VISIBILITY_TIMEOUT = 60
_CHECK_INTERVAL = 0.5

_report_decoder = msgspec.msgpack.Decoder(FilesSummary | Listing)
_written_decoder = msgspec.msgpack.Decoder(list[WrittenDocument])


class SparkEngine:
    """An engine (engines.base.Engine) on a cluster."""

    def __init__(self, catalog: ClusterCatalog, context: SparkContext, track: Track) -> None:
        self.catalog = catalog
        self._context = context
        self._track = track
        self._selected: RDD[tuple[FeedKey, list[windows.StoryRef]]] = context.emptyRDD()
        self._persisted: list[RDD[Any]] = []

    def refresh(self, config: Config, rules: MembershipRules, now: dt.datetime) -> IngestResult:
        catalog, index = self.catalog, self.catalog.index
        consistency = Consistency(code_fingerprint(), catalog.begin())
        summaries, listings = self._read_and_merge(config, rules, now, consistency)
        self._count(config)
        self._select(config, rules, now)
        sources = {str(config.articles[number]) for listing in listings for number in listing.sources}
        emptied = [str(one) for one in config.articles if str(one) in catalog.former_sources - sources]
        index.sources = sorted(sources)
        index.articles = articles = sum(summary.articles for summary in summaries)
        changed = sum(summary.changed for summary in summaries)
        diagnostics = sorted(diagnostic for listing in listings for diagnostic in listing.diagnostics)
        # Every feed is compared by its digest, so it does not matter which were touched.
        return IngestResult(articles, changed, diagnostics, Touched(set(), changed), -1, index.run, emptied)

    def render(
        self, site: Site, stages: Sequence[Sequence[RenderTask]], /
    ) -> Generator[list[WrittenDocument], None, None]:
        shared_site = self._context.broadcast(site)
        for tasks in stages:
            yield from self._render_stage(tasks, site, shared_site)

    def release(self) -> None:
        """Remove persisted data: the connection may last longer."""
        for persisted in self._persisted:
            persisted.unpersist()

    # Reading and merging

    def _find(self, sources: tuple[Source, ...]) -> RDD[tuple[int, bytes]]:
        """The article files by bucket, and reports about folders.

        The driver lists folders from the top and leaves everything below many folders to tasks: it may not fit into the
        driver's memory.
        """
        found = find_from_top(sources, MIN_PENDING_FOLDERS)
        first = list(ingest.encode_listings(found, sources))
        max_tasks = self._context.defaultParallelism * _LISTING_TASKS
        listings = self._context.parallelize(first, min(len(first), max_tasks))
        if found.pending:
            pending = self._context.parallelize(found.pending, min(len(found.pending), max_tasks))
            listings = listings.union(pending.flatMap(lambda one: ingest.list_below(sources, *one)))
        if not self.catalog.index.buckets:
            listings = self._persist(listings)
            self._create_buckets(sum(self._collect(listings.map(ingest.count_files), "Listing")))
        buckets = self.catalog.index.buckets
        return listings.flatMap(lambda packed: ingest.spread(sources, buckets, packed)).partitionBy(buckets + 1, int)

    def _create_buckets(self, files: int) -> None:
        """Choose the number of buckets, which stays the same as long as the catalog exists."""
        index = self.catalog.index
        index.buckets = bucket_count(files)
        index.files = [""] * index.buckets
        index.stories = [BucketSummary()] * index.buckets

    def _read_and_merge(
        self, config: Config, rules: MembershipRules, now: dt.datetime, consistency: Consistency
    ) -> tuple[list[FilesSummary], list[Listing]]:
        """Read what changed and merge its stories; return the reports about files and folders."""
        for _ in range(MAX_READINGS):
            merged, reports = self._merge(config, rules, now, consistency)
            summaries = [one for one in reports if isinstance(one, FilesSummary)]
            if is_one_reading(merged, summaries):
                break
        else:
            raise ProcessError("machines were lost while articles were edited, again and again; nothing was published")
        self._store(summaries)
        self.catalog.index.stories = [summary for summary, _ in merged]
        self.catalog.set_state("now", now)
        self.catalog.set_state("rules", rules.digest)
        return summaries, [one for one in reports if isinstance(one, Listing)]

    def _merge(
        self, config: Config, rules: MembershipRules, now: dt.datetime, consistency: Consistency
    ) -> tuple[list[_Merged], list[FilesSummary | Listing]]:
        """The result of each bucket of entries, and all reports."""
        found = self._find(config.articles)
        index, folder = self.catalog.index, self.catalog.folder
        read_context = ingest.ReadContext(
            folder, index.files, config.articles, index.buckets, config.source, consistency
        )
        last_run, known_rules = self.catalog.state("now", dt.datetime), self.catalog.state("rules", bytes)
        rebuild = last_run is not None and known_rules != rules.digest
        merge_context = merging.MergeContext(folder, index.stories, rules, now, last_run, rebuild, consistency)
        read, merge = self._context.broadcast(read_context), self._context.broadcast(merge_context)
        changes = found.mapPartitionsWithIndex(
            lambda bucket, shares: ingest.read_bucket(read.value, bucket, (packed for _, packed in shares))
        )
        merged = changes.partitionBy(index.buckets + 1, int).mapPartitionsWithIndex(
            lambda bucket, items: merging.merge(merge.value, bucket, (packed for _, packed in items))
        )
        results = dict(self._collect(merged, "Reading and merging"))
        reports = [_report_decoder.decode(packed) for packed in results.pop(index.buckets)]
        return [results[bucket] for bucket in range(index.buckets)], reports

    def _store(self, summaries: Iterable[FilesSummary]) -> None:
        catalog = self.catalog
        for summary in summaries:
            catalog.index.files[summary.bucket] = summary.name
            catalog.file_diagnostics += summary.diagnostics
            for reason, count in summary.skipped.items():
                catalog.skip_reasons[reason] = catalog.skip_reasons.get(reason, 0) + count
        catalog.file_diagnostics.sort()

    # Counting and selecting

    def _count(self, config: Config) -> None:
        """Count names of topics and providers, shared ids, and months if archives are published."""
        catalog = self.catalog
        has_months = publishes_archives(config)
        folder, summaries = catalog.folder, self._summaries
        counted = (
            self._buckets()
            .flatMap(lambda bucket: windows.count_bucket(folder, summaries.value, bucket, has_months=has_months))
            .groupByKey(self._combining_tasks)
            .map(lambda one: (one[0], windows.total(one[0], one[1])))
        )
        months: dict[FeedKey, list[Any]] = defaultdict(list)
        for (what, *names), value in self._collect(counted, "Counting"):
            if what == "topic":
                catalog.topics[names[0]] = value
            elif what == "provider":
                catalog.providers[names[0], names[1]] = value
            elif what == "same":
                catalog.articles_of_id[names[0]] = value
            else:
                kind, name, month = names
                months[windows.feed_key(kind, name)].append(month_of_name(month, *value))
        for feed, found in months.items():
            catalog.feed_months[feed] = sorted(found, key=lambda month: month.first, reverse=True)

    def _select(self, config: Config, rules: MembershipRules, now: dt.datetime) -> None:
        """Select the first stories of each feed, by merging the first ones of every bucket."""
        catalog = self.catalog
        limits = self._context.broadcast(_window_limits(catalog, config, rules, now))
        folder, summaries = catalog.folder, self._summaries
        selected = (
            self._buckets()
            .flatMap(lambda bucket: windows.refs_of_bucket(folder, summaries.value, limits.value, bucket))
            .groupByKey(self._combining_tasks)
            .map(
                lambda one: (one[0], windows.merge_refs(limits.value, FeedKey(*one[0]), one[1])),
                preservesPartitioning=True,
            )
        )
        self._selected = self._persist(selected)
        found = self._selected.map(lambda one: (one[0], windows.window_of(one[1])))
        catalog.windows = {FeedKey(*feed): window for feed, window in self._collect(found, "Selecting")}
        catalog.find_images = self._find_images

    def _find_images(self) -> Images:
        """The images of everything that feeds show."""
        buckets, folder = self.catalog.index.buckets, self.catalog.folder
        summaries = self._summaries
        archived = frozenset(self.catalog.feed_months)
        wanted = self._selected.flatMap(
            lambda one: ((ref[4], (ref[2], FeedKey(*one[0]), place)) for place, ref in enumerate(one[1]))
        )
        found = (
            wanted.partitionBy(buckets, int)
            .mapPartitionsWithIndex(
                lambda bucket, some: windows.images_of_bucket(
                    folder, summaries.value, bucket, (one for _, one in some), archived
                )
            )
            .groupByKey(buckets)
        )
        return {
            (FeedKey(*feed), month): [[tuple(image) for image in images] for _, images in sorted(some)]
            for (feed, month), some in self._collect(found, "Looking for images")
        }

    # Rendering

    def _render_stage(self, tasks: Sequence[RenderTask], site: Site, shared_site: Any) -> list[list[WrittenDocument]]:
        if not tasks:
            return []
        buckets, folder = self.catalog.index.buckets, self.catalog.folder
        summaries = self._summaries
        requests = self._story_requests(tasks)
        entries = requests.partitionBy(buckets, int).mapPartitionsWithIndex(
            lambda bucket, found: windows.entries_of_bucket(
                folder, summaries.value, site.now, bucket, (one for _, one in found)
            )
        )
        code = code_fingerprint()
        numbered = self._context.parallelize(list(enumerate(tasks)), min(len(tasks), self._combining_tasks))
        rendered = numbered.cogroup(entries, numPartitions=buckets).map(
            lambda one: (one[0], windows.render(code, shared_site.value, *one[1]))
        )
        written: list[list[WrittenDocument]] = [[] for _ in tasks]
        for number, result in self._collect(rendered, "Rendering"):
            if isinstance(result, FeedsError):
                raise result
            written[number] = _written_decoder.decode(result)
        _check_visible(site.output, chain.from_iterable(written))
        # Lost machines may have left temporary files.
        site.output.remove_temporary(document.record.path for documents in written for document in documents)
        return written

    def _story_requests(self, tasks: Sequence[RenderTask]) -> RDD[tuple[int, windows.StoryRequest]]:
        """The stories that tasks show, by bucket."""
        newest: list[tuple[FeedKey, tuple[int, int]]] = []
        monthly: dict[tuple[FeedKey, str], int] = {}
        for number, (job, _) in enumerate(tasks):
            if job.segment.month:
                monthly[job.plan.key, job.segment.month] = number
            else:
                newest.append((job.plan.key, (number, len(job.stories))))
        # Partitioned like the selected stories, so that the join moves neither.
        wanted = self._context.parallelize(newest, min(len(tasks), self._combining_tasks)).partitionBy(
            self._combining_tasks
        )
        requests = self._selected.join(wanted, self._combining_tasks).flatMap(
            lambda one: windows.story_requests(*one[1])
        )
        if not monthly:
            return requests
        folder, summaries = self.catalog.folder, self._summaries
        tasks_of_months = self._context.broadcast(monthly)
        archived = self._buckets().flatMap(
            lambda bucket: (
                (bucket, one)
                for one in windows.archive_requests(folder, summaries.value, tasks_of_months.value, bucket)
            )
        )
        return requests.union(archived)

    # Spark

    def _collect(self, wanted: RDD[T], label: str) -> list[T]:
        with following(self._context, self._track, label):
            return wanted.collect()

    def _persist(self, found: RDD[T]) -> RDD[T]:
        """Keep what is used more than once on disks: it grows with the archive, and memory does not."""
        from pyspark import StorageLevel  # noqa: PLC0415  # optional

        self._persisted.append(found.persist(StorageLevel.DISK_ONLY))
        return found

    @cached_property
    def _summaries(self) -> Broadcast[list[BucketSummary]]:
        """The summaries of the buckets after merging, sent to each machine once."""
        return self._context.broadcast(self.catalog.index.stories)

    @property
    def _combining_tasks(self) -> int:
        return max(self.catalog.index.buckets // _BUCKETS_PER_TASK, MIN_COMBINING_TASKS)

    def _buckets(self) -> RDD[int]:
        buckets = self.catalog.index.buckets
        return self._context.parallelize(range(buckets), buckets)


def is_one_reading(merged: Iterable[_Merged], summaries: Iterable[FilesSummary]) -> bool:
    """Whether all buckets of entries saw the same reading of each bucket of files.

    If a machine is lost, its buckets are read again, and files may have been edited in between.
    """
    expected = {(one.bucket, one.version): set(one.touched) for one in summaries if one.touched}
    found: dict[tuple[int, bytes], set[int]] = defaultdict(set)
    for bucket, (_, seen) in enumerate(merged):
        for one in seen:
            found[one].add(bucket)
    return found == expected


def _check_visible(output: Folder, documents: Iterable[WrittenDocument]) -> None:
    """Raise PublishError if this machine does not see what another one wrote into a local folder."""
    deadline = time.monotonic() + VISIBILITY_TIMEOUT
    for document in documents if isinstance(output, LocalFolder) else ():
        while not _is_visible(output, document.record):
            if time.monotonic() > deadline:
                raise PublishError(str(output), NOT_EVERYWHERE)
            time.sleep(_CHECK_INTERVAL)


def _is_visible(output: Folder, record: DocumentRecord) -> bool:
    """Whether this machine sees a document. A file system may cache that it does not exist until it is opened."""
    found = output.stat(record.path)
    return (found is not None and found[0] == record.bytes) or len(output.read(record.path) or b"") == record.bytes


def _window_limits(
    catalog: ClusterCatalog, config: Config, rules: MembershipRules, now: dt.datetime
) -> windows.WindowLimits:
    """How many stories of each feed must be selected, and since when they must have been published."""
    kinds = config.feeds
    by_kind = {"all": kinds.all, "topic": kinds.topics, "provider": kinds.providers}
    of_kind = {kind: settings for kind, settings in by_kind.items() if settings != "off"}
    limits = {FeedKey("custom", feed.path): entry_limits(feed, feed, now) for feed in kinds.custom}
    own: dict[FeedKey, FeedSettings] = {FeedKey("topic", key): topic for key, topic in rules.topics.items()}
    own |= {FeedKey("provider", key): settings for key, settings in rules.providers.items()}
    for key in own.keys() | catalog.feed_months.keys():
        months = catalog.feed_months.get(key, ())
        if key.kind == "custom":
            custom = next(feed for feed in kinds.custom if feed.path == key.name)
            limits[key] = entry_limits(custom, custom, now, months)
        elif key.kind in of_kind:
            settings = of_kind[key.kind]
            limits[key] = entry_limits(own.get(key, settings), settings, now, months)
    return windows.WindowLimits(
        {key: limit.selected for key, limit in limits.items()},
        {kind: entry_limits(settings, settings, now).selected for kind, settings in of_kind.items()},
        {key: seconds(limit.since) for key, limit in limits.items() if limit.since},
    )
