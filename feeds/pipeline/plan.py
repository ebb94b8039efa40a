"""The plan of a site: its feeds, what each document of them shows, and which documents must be rendered.

A feed is rendered only if the window of stories that it shows changed, or anything else that its bytes depend on.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from feeds.catalog.fingerprint import fingerprint
from feeds.catalog.schema import DamagedCatalogError
from feeds.digests import digest_of
from feeds.errors import LocatedDiagnostic
from feeds.http.codings import document_of
from feeds.images.lock import digest_of_images, with_image_info
from feeds.models import OPML, FeedKey
from feeds.output.publisher import find_obstacles
from feeds.pipeline.published import SITE, outlines_of
from feeds.selection.archives import split_history
from feeds.selection.plans import (
    entry_limits,
    has_archives,
    images_of,
    make_feed,
    paths_of,
    plan_emptied_feed,
    plan_feeds,
    site_paths,
)
from feeds.selection.taxonomy import UnknownTopicError
from feeds.storage.names import display_path
from feeds.text.slugs import folded
from feeds.values import PlainValue

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence

    from feeds.catalog.protocol import Catalog, StoryKeys
    from feeds.config.schema import Config
    from feeds.errors import PublishError
    from feeds.images.lock import ImageInfo
    from feeds.models import Entry, Feed, Month, Segment
    from feeds.output.publisher import WrittenDocument
    from feeds.pipeline.ingest import IngestResult
    from feeds.pipeline.published import PublishedState
    from feeds.selection.plans import FeedPlan
    from feeds.selection.taxonomy import Taxonomy
    from feeds.storage.folder import Folder

#: The packages whose versions decide the bytes of documents, beside our own code.
RENDERING_PACKAGES = ("brotli", "feedgen", "jinja2", "lxml", "markupsafe", "python_slugify", "text_unidecode")


class Site(PlainValue, frozen=True):
    """A site as of `now`, and the folder that it is published into.

    `images` has the probed metadata by URL, or is None if images are not probed.
    """

    config: Config
    taxonomy: Taxonomy
    now: dt.datetime
    output: Folder
    images: Mapping[str, ImageInfo] | None = None

    @property
    def for_rendering(self) -> Site:
        """The same site with only what rendering of planned feeds needs; it may go to many machines."""
        return msgspec.structs.replace(self, taxonomy=self.taxonomy.for_rendering)


class Snapshot(PlainValue, frozen=True):
    """An archive after it was read, with the published state before the run, and the plans of the site's feeds.

    With `prune`, feeds that have lost their last entry are not planned. `current_paths` are those of all other feeds.
    """

    catalog: Catalog
    ingested: IngestResult
    published: PublishedState
    site: Site
    plans: Sequence[FeedPlan]
    current_paths: frozenset[str]
    prune: bool = False


class RenderJob(PlainValue, frozen=True):
    """The documents of a segment of a feed to render, in all formats: the plan, the segment, its stories and the paths.

    `signature` is a digest of everything that decides their bytes. At the `absent` ones of the paths nothing can exist.
    """

    plan: FeedPlan
    segment: Segment
    stories: StoryKeys
    signature: bytes
    paths: tuple[str, ...]
    absent: tuple[str, ...]


class RenderDecision(PlainValue, frozen=True):
    """The documents that stay as they are, the jobs for all others, and the paths of the site's documents (`lists`).

    `rendering` is a digest of what decides the bytes of every document. `state` identifies the state of the output
    folder when the jobs are done, as long as its manifest does not change. `diagnostics` are about what is not
    published: feeds that stay as they were or are left out, pages, and new feeds that wait for the next run.
    """

    kept: list[WrittenDocument]
    jobs: list[RenderJob]
    lists: tuple[str, ...]
    rendering: bytes
    state: list[Any]
    diagnostics: tuple[LocatedDiagnostic, ...]

    @property
    def feeds(self) -> frozenset[str]:
        """The paths of the feeds that are published."""
        return frozenset((*(job.plan.path for job in self.jobs), *(document.record.feed for document in self.kept)))


class _Part(PlainValue, frozen=True):
    """The part of a feed that a document shows: the segment, a digest of the stories, and their keys."""

    segment: Segment
    digest: bytes
    stories: Callable[[], StoryKeys]


def take_snapshot(
    catalog: Catalog, ingested: IngestResult, published: PublishedState, site: Site, *, prune: bool
) -> Snapshot:
    """Plan the feeds of a site: the current ones and, unless `prune`, published ones without entries."""
    current = {plan.path: plan for plan in plan_feeds(site.config, site.taxonomy)}
    taken = set(map(folded, current))
    empty = {} if prune else dict(_emptied_feeds(site.config, published, taken))
    moved = {old: new for old, new in site.config.moved.items() if folded(old) not in taken}
    plans = _with_former_paths({**current, **empty}, moved)
    return Snapshot(catalog, ingested, published, site, plans, frozenset(current), prune)


def current_feeds(snapshot: Snapshot) -> Iterator[Feed]:
    """The feeds that a run would publish, with the entries that they show."""
    catalog, site = snapshot.catalog, snapshot.site
    for plan in snapshot.plans:
        for part in islice(_parts(snapshot, plan), 1):
            entries = catalog.entries(part.stories(), site.now)
            yield _make_feed(plan, entries, site, part.segment)


def empty_feeds(snapshot: Snapshot, scheduled: Collection[FeedKey]) -> Iterator[FeedKey]:
    """The feeds that a run would publish without an entry, except those that have `scheduled` entries."""
    for plan in snapshot.plans:
        if plan.key in scheduled:
            continue
        for part in islice(_parts(snapshot, plan), 1):
            if not part.stories():
                yield FeedKey(plan.key.kind, plan.path)


def shown_images(snapshot: Snapshot, only: Collection[FeedKey] | None = None) -> Iterator[tuple[str, bool]]:
    """The URLs of the images that all feeds, or `only` some, show, and whether the size of each is known."""
    config = snapshot.site.config
    keeps_dead = config.enclosures.dead == "keep"  # otherwise the next image may be shown
    for plan in snapshot.plans:
        choice = images_of(plan, config)
        if choice == "off" or (only is not None and plan.key not in only):
            continue
        for part in _parts(snapshot, plan):
            for images in snapshot.catalog.images(part.stories()):
                yield from images[:1] if choice == "first" and keeps_dead else images


def wrong_moves(snapshot: Snapshot) -> Iterator[str]:
    """Messages about `moved` keys that are paths of feeds, and values that are not."""
    moved = snapshot.site.config.moved
    if not moved:
        return
    known = snapshot.published.feeds | snapshot.current_paths
    taken = set(map(folded, snapshot.current_paths))
    for old, new in sorted(moved.items()):
        if folded(old) in taken:
            yield f"moved.{old}: is the path of a feed; expected one that no feed has any more"
        elif new not in known:
            yield f"moved.{old}: {new} is no feed; expected the path that the feed has now"


def decide(snapshot: Snapshot) -> RenderDecision:
    """Decide what must be rendered so that the output folder shows what the catalog holds.

    If the last run was stopped, or published into another folder, every feed is compared. Raises PublishError if the
    list of feeds cannot be written.
    """
    catalog, site, published, ingested = snapshot.catalog, snapshot.site, snapshot.published, snapshot.ingested
    rendering = _rendering_digest(site, _labels_version(catalog, _labels(site.taxonomy)))
    images = digest_of_images(sorted(site.images), site.images) if site.images is not None else b""
    compare_all = snapshot.prune or published.catalog_state != [ingested.before, rendering, images, published.digest]
    kept: list[WrittenDocument] = []
    jobs: list[RenderJob] = []
    for plan in snapshot.plans:
        is_feed_of_all = not plan.key.name
        may_differ = plan.key in ingested.touched.feeds or plan.oldest(site.now) or is_feed_of_all
        if not (compare_all or may_differ) and published.is_intact_feed(plan, site.config):
            kept += published.kept_feed(plan.path)
            continue
        for part in _parts(snapshot, plan):
            signature = _signature(catalog, site, plan, part, rendering)
            key, paths = (plan.path, part.segment.month), tuple(paths_of(plan, site.config, part.segment.month))
            if published.is_current(key, paths, signature):
                kept += published.kept(key)
            else:
                jobs.append(RenderJob(plan, part.segment, part.stories(), signature, paths, published.absent(paths)))
    obstacles = _obstacles(snapshot, kept, jobs)
    blocked = {job.plan.path for job in jobs if not obstacles.keys().isdisjoint(job.paths)}
    if blocked:  # the next run compares all feeds, because these are not as they should be
        kept = [document for document in kept if document.record.feed not in blocked]
        kept += [document for feed in blocked for document in published.kept_feed(feed)]
    blocked_lists = {document_of(path) for path in site_paths(site.config) if path in obstacles}
    lists = tuple(path for path in site_paths(site.config) if document_of(path) not in blocked_lists)
    kept += [document for document in published.kept(SITE) if _stays(document.record.path, blocked_lists, obstacles)]
    unblocked = [job for job in jobs if job.plan.path not in blocked]
    wanted, waiting = _within_new_feeds(snapshot, unblocked)
    diagnostics = (*waiting, *_obstacle_diagnostics(obstacles, jobs, published))
    state = [] if blocked or waiting else [ingested.epoch, rendering, images]
    return RenderDecision(kept, wanted, lists, rendering, state, diagnostics)


def _within_new_feeds(
    snapshot: Snapshot, jobs: list[RenderJob]
) -> tuple[list[RenderJob], tuple[LocatedDiagnostic, ...]]:
    """The jobs of known feeds and of as many new ones as a run may add, and a diagnostic about the others.

    The feed of everything and custom feeds come first, then those with the most stories.
    """
    limit = snapshot.site.config.source.limits.new_feeds
    published = snapshot.published.feeds
    new: dict[str, tuple[bool, int]] = {}
    for job in jobs:
        path = job.plan.path
        if published.isdisjoint((path, *job.plan.moved_from)):
            _, stories = new.get(path, (False, 0))
            new[path] = job.plan.key.kind in {"all", "custom"}, stories + len(job.stories)
    if len(new) <= limit:
        return jobs, ()
    waiting = set(sorted(sorted(new), key=new.__getitem__, reverse=True)[limit:])
    message = (
        f"{len(new):,} feeds are new, and {len(waiting):,} of them wait for the next run; expected {limit:,} at most "
        "(source.limits.new_feeds), or feeds.topics.min_entries higher"
    )
    diagnostic = LocatedDiagnostic(display_path(str(snapshot.site.config.path)), 0, message, "too-many-new-feeds")
    return [job for job in jobs if job.plan.path not in waiting], (diagnostic,)


def _obstacles(
    snapshot: Snapshot, kept: Sequence[WrittenDocument], jobs: Sequence[RenderJob]
) -> dict[str, PublishError]:
    """An error for the path of each document that cannot be written.

    Raises that of the list of feeds: a folder with another one is that of another publisher.
    """
    site, published = snapshot.site, snapshot.published
    paths = [*site_paths(site.config), *(path for job in jobs for path in job.paths)]
    wanted = {*paths, *(document.record.path for document in kept)}
    found = find_obstacles(site.output, published.output, paths, wanted, published.versions)
    if OPML in found:
        raise found[OPML]
    return found


def _stays(path: str, blocked: Collection[str], obstacles: Container[str]) -> bool:
    """Whether a published document of the site stays as it was: it, or a copy of it, cannot be written anew."""
    return document_of(path) in blocked and path not in obstacles


def _obstacle_diagnostics(
    obstacles: Mapping[str, PublishError], jobs: Iterable[RenderJob], published: PublishedState
) -> Iterator[LocatedDiagnostic]:
    """A diagnostic for each feed that an obstacle keeps from being published, and for each document of the site."""
    feeds = {path: job.plan.path for job in jobs for path in job.paths}
    reported = set()
    for path in sorted(obstacles):
        feed, error = feeds.get(path), obstacles[path]
        if feed not in reported:
            document = document_of(path)
            stays = feed in published.feeds if feed else document not in obstacles and published.has_any([document])
            outcome = "stays as it was" if stays else "is left out"
            message = f"{error.reason}; {f'the feed {feed}' if feed else 'the document'} {outcome}"
            yield LocatedDiagnostic(error.path, 0, message, "path-taken")
        if feed:
            reported.add(feed)


def feed_of(job: RenderJob, entries: Sequence[Entry], site: Site) -> Feed:
    """The feed of a job, with the entries of its stories."""
    if site.images is not None:
        entries = [with_image_info(entry, site.images, site.config.enclosures) for entry in entries]
    return _make_feed(job.plan, entries, site, job.segment)


def _make_feed(plan: FeedPlan, entries: Sequence[Entry], site: Site, segment: Segment) -> Feed:
    """Make a feed; raises DamagedCatalogError if the catalog gave the entries and not the names of their topics."""
    try:
        return make_feed(plan, entries, site.config, site.taxonomy, segment)
    except UnknownTopicError as error:
        raise DamagedCatalogError(f"the cache cannot be used: it lacks the topic {error}") from error


def _rendering_digest(site: Site, labels: int) -> bytes:
    """A digest of everything that decides the bytes of a document, except its feed's texts and its stories."""
    without = {"path": None, "articles": None, "serve": None, "enclosures": site.config.enclosures.dead}
    config = msgspec.structs.asdict(site.config) | without
    return digest_of([fingerprint(RENDERING_PACKAGES), config, labels])


def _labels(taxonomy: Taxonomy) -> dict[str, str]:
    """Slugs and titles of topics and providers, which entries show and other entries may change."""
    topics = {f"topic {topic.key}": f"{topic.slug} {topic.title}" for topic in taxonomy.topics.values()}
    sources = {f"provider {node.domain}": node.title for node in taxonomy.providers.values() if node.settings.feed}
    return topics | sources


def _labels_version(catalog: Catalog, labels: Mapping[str, str]) -> int:
    """A number that grows when one of the labels differs from when it was last used."""
    known, number = catalog.state("labels", tuple[dict[str, str], int]) or ({}, 0)
    number += any(known.get(key, label) != label for key, label in labels.items())
    if not labels.items() <= known.items():
        catalog.set_state("labels", ({**known, **labels}, number))
    return number


def _emptied_feeds(config: Config, published: PublishedState, taken: Collection[str]) -> Iterator[tuple[str, FeedPlan]]:
    """The published feeds, by path, whose paths no current feed has on any file system."""
    former = {part: records for part, records in published.records.items() if folded(part[0]) not in taken}
    for outline in outlines_of(former):
        plan = plan_emptied_feed(outline, config)
        if plan:
            yield outline.path, plan


def _with_former_paths(plans: dict[str, FeedPlan], moved: Mapping[str, str]) -> list[FeedPlan]:
    """The feeds with their former paths, which are no feeds any more."""
    former: dict[str, list[str]] = defaultdict(list)
    for old, new in sorted(moved.items()):
        if new in plans:
            former[new].append(old)
            plans.pop(old, None)
    return [
        msgspec.structs.replace(plan, moved_from=tuple(former[path])) if path in former else plan
        for path, plan in plans.items()
    ]


def _parts(snapshot: Snapshot, plan: FeedPlan) -> Iterator[_Part]:
    """The documents of a feed: first the one that people subscribe to, then its archives."""
    catalog, site = snapshot.catalog, snapshot.site
    months = catalog.months(plan.key) if has_archives(plan, site.config) else []
    limits = entry_limits(plan.own, plan.of_kind, site.now, months)
    window = catalog.window(plan.key, limits.selected, limits.since)
    if len(window.stories) < plan.min_entries and not _keeps_subscribers(snapshot, plan, len(window.stories)):
        return
    newest, archives = split_history(months, limits.shown)
    yield _Part(newest, window.digest, lambda: window.stories[: limits.shown])
    for segment, month in archives:
        yield _Part(segment, month.digest, partial(_stories_of_month, catalog, plan, month))


def _keeps_subscribers(snapshot: Snapshot, plan: FeedPlan, stories: int) -> bool:
    """Whether a feed with too few entries stays: it was published, under whatever path, and is not pruned."""
    if snapshot.prune and not stories:
        return False
    return not snapshot.published.feeds.isdisjoint((plan.path, *plan.moved_from))


def _stories_of_month(catalog: Catalog, plan: FeedPlan, month: Month) -> StoryKeys:
    return catalog.window(plan.key, month.stories, month.first, month.after).stories


def _signature(catalog: Catalog, site: Site, plan: FeedPlan, part: _Part, rendering: bytes) -> bytes:
    """A digest of everything that decides the bytes of a document."""
    digest_input = [plan.name, plan.title, plan.description, part.segment, part.digest, rendering]
    if site.images is not None:
        urls = [url for images in catalog.images(part.stories()) for url, _ in images]
        digest_input.append(digest_of_images(urls, site.images))
    return digest_of(digest_input)
