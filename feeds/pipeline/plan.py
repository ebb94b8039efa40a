"""What there is to publish of a site: the feeds, what each document of theirs shows, and which of them changed.

A feed is rendered only if the window of stories that it shows changed, or what else decides the bytes of its documents.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from feeds.catalog.fingerprint import fingerprint
from feeds.catalog.protocol import labels_version
from feeds.digests import digest_of
from feeds.images.lock import digest_of_images, with_image_info
from feeds.output.manifest import read_manifest
from feeds.pipeline.published import Previous, outlines_of
from feeds.selection.archives import least_shown, split_history
from feeds.selection.membership import FeedKey
from feeds.selection.plans import gone_feed, has_archives, images_of, make_feed, paths_of, plan_feeds
from feeds.text.slugs import folded

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from feeds.catalog.protocol import Catalog, StoryKeys
    from feeds.config.schema import Config
    from feeds.images.lock import ImageInfo
    from feeds.models import Entry, Feed, Month, Segment
    from feeds.output.publisher import WrittenDocument
    from feeds.pipeline.ingest import IngestResult
    from feeds.selection.plans import Plan
    from feeds.selection.taxonomy import Taxonomy
    from feeds.storage.folder import Folder


#: What turns entries into bytes, beside our own code.
RENDERING_PACKAGES = ("brotli", "feedgen", "jinja2", "lxml", "markupsafe", "python_slugify", "text_unidecode")


@dataclass(frozen=True)
class Site:
    """What is to be published now, and where; `prunes`: feeds that have lost their last entry are not kept.

    `facts` are what is known of images, by address; None where that is not asked for.
    """

    config: Config
    taxonomy: Taxonomy
    now: dt.datetime
    output: Folder
    is_dry_run: bool = False
    prunes: bool = False
    facts: Mapping[str, ImageInfo] | None = None

    @property
    def of_entries(self) -> Site:
        """What is needed of it to render a feed that is planned; feeds are not to be planned by it."""
        return replace(self, taxonomy=self.taxonomy.of_entries)


@dataclass(frozen=True)
class RenderJob:
    """What is to be rendered of a feed: its plan, the stories that it shows, what tells whether that changed, where.

    `new` are those of its paths at which nothing can be yet.
    """

    plan: Plan
    segment: Segment
    stories: StoryKeys
    signature: bytes
    paths: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True)
class RenderDecision:
    """What is to be done: the documents that are right as they are, and what is to be rendered.

    `rendering` is a digest of what decides the bytes of all documents; `state` stands for the output folder when that
    is done, for as long as its manifest stays.
    """

    kept: list[WrittenDocument]
    todo: list[RenderJob]
    rendering: bytes
    state: list[Any]

    @property
    def feeds(self) -> int:
        """How many feeds there are."""
        return len({*(job.plan.path for job in self.todo), *(put.record.feed for put in self.kept)})


@dataclass(frozen=True)
class _Shown:
    """What a document of a feed is to show: the scope, a digest of the stories, and their keys."""

    segment: Segment
    digest: bytes
    stories: Callable[[], StoryKeys]


def survey_feeds(catalog: Catalog, site: Site) -> Iterator[Feed]:
    """The feeds that `publish_site` would publish, with the entries that they show."""
    previous = Previous(site.output, catalog)
    for plan in _plans(site, previous):
        for shown in islice(_shown(catalog, plan, site, previous), 1):
            entries = catalog.entries(shown.stories(), site.now)
            yield make_feed(plan, entries, site.config, site.taxonomy, shown.segment)


def empty_feeds(catalog: Catalog, site: Site, waiting: Collection[FeedKey] = ()) -> Iterator[FeedKey]:
    """The feeds that `publish_site` would publish without any entry, or that are published and have lost the last.

    Those for which entries are `waiting` will not stay empty.
    """
    previous = Previous(site.output, catalog)
    for plan in _plans(site, previous):
        if plan.key in waiting:
            continue
        for shown in islice(_shown(catalog, plan, site, previous), 1):
            if not shown.stories():
                yield FeedKey(plan.key.kind, plan.path)


def shown_images(catalog: Catalog, site: Site, only: Collection[FeedKey] | None = None) -> Iterator[tuple[str, bool]]:
    """The addresses of the images that feeds show, or only these feeds; with whether the size of each is known."""
    previous = Previous(site.output, catalog)
    keeps_dead = site.config.enclosures.dead == "keep"  # else the next one may be shown
    for plan in _plans(site, previous):
        choice = images_of(plan, site.config)
        if choice == "off" or (only is not None and plan.key not in only):
            continue
        for shown in _shown(catalog, plan, site, previous):
            for images in catalog.images(shown.stories()):
                yield from images[:1] if choice == "first" and keeps_dead else images


def moved_wrongly(site: Site) -> Iterator[str]:
    """What `moved` says of feeds that is not so."""
    if not site.config.moved:
        return
    paths = {plan.path for plan in plan_feeds(site.config, site.taxonomy)}
    taken = set(map(folded, paths))
    known = {record.feed for record in read_manifest(site.output).documents} | paths
    for old, new in sorted(site.config.moved.items()):
        if folded(old) in taken:
            yield f"moved.{old}: is the path of a feed; expected one that no feed has any more"
        elif new not in known:
            yield f"moved.{old}: {new} is no feed; expected the path that the feed has now"


def decide(catalog: Catalog, site: Site, refreshed: IngestResult, previous: Previous) -> RenderDecision:
    """What is to be done so that the output folder shows what the catalog holds.

    An output folder whose epoch is behind, because its last run was stopped or because another folder was published
    to, is looked at as a whole.
    """
    rendering = _rendering(site, labels_version(catalog, _labels(site.taxonomy)))
    known = digest_of_images(sorted(site.facts), site.facts) if site.facts is not None else b""
    look_at_all = site.prunes or previous.state != [refreshed.before, rendering, known, previous.manifest]
    kept: list[WrittenDocument] = []
    todo: list[RenderJob] = []
    for plan in _plans(site, previous):
        is_looked_at = look_at_all or plan.key in refreshed.touched.feeds or plan.oldest(site.now) or not plan.key.name
        if not is_looked_at and previous.is_intact_feed(plan, site.config):
            kept += previous.kept_feed(plan.path)
            continue
        for shown in _shown(catalog, plan, site, previous):
            signature = _signature(catalog, site, plan, shown, rendering)
            part, paths = (plan.path, shown.segment.month), tuple(paths_of(plan, site.config, shown.segment.month))
            if previous.is_right(part, paths, signature):
                kept += previous.kept(part)
            else:
                todo.append(RenderJob(plan, shown.segment, shown.stories(), signature, paths, previous.new(paths)))
    return RenderDecision(kept, todo, rendering, [refreshed.epoch, rendering, known])


def feed_of(job: RenderJob, entries: Sequence[Entry], site: Site) -> Feed:
    """The feed that is to be rendered, of the entries of its stories."""
    if site.facts is not None:
        entries = [with_image_info(entry, site.facts, site.config.enclosures) for entry in entries]
    return make_feed(job.plan, entries, site.config, site.taxonomy, job.segment)


def _rendering(site: Site, labels: int) -> bytes:
    """A digest of all that decides a document's bytes, beyond its feed's title and its stories."""
    without = {"path": None, "articles": None, "enclosures": site.config.enclosures.dead}
    config = msgspec.structs.asdict(site.config) | without
    return digest_of([fingerprint(RENDERING_PACKAGES), config, labels])


def _labels(taxonomy: Taxonomy) -> dict[str, str]:
    """What entries show of their topics and providers, and other entries may change."""
    topics = {f"topic {topic.key}": f"{topic.slug} {topic.title}" for topic in taxonomy.topics.values()}
    sources = {f"provider {node.domain}": node.title for node in taxonomy.providers.values() if node.settings.feed}
    return topics | sources


def _plans(site: Site, previous: Previous) -> list[Plan]:
    """The feeds that there may be, and those that were published and have lost their last entry."""
    plans = {plan.path: plan for plan in plan_feeds(site.config, site.taxonomy)}
    taken = set(map(folded, plans))
    lost = {} if site.prunes else dict(_lost(site, previous, taken))
    return _moved({**plans, **lost}, {old: new for old, new in site.config.moved.items() if folded(old) not in taken})


def _lost(site: Site, previous: Previous, taken: Collection[str]) -> Iterator[tuple[str, Plan]]:
    """The feeds that were published, by path, where no feed is now, not on any file system."""
    former = {part: records for part, records in previous.records.items() if folded(part[0]) not in taken}
    for outline in outlines_of(former):
        gone = gone_feed(outline, site.config)
        if gone:
            yield outline.path, gone


def _moved(plans: dict[str, Plan], moved: Mapping[str, str]) -> list[Plan]:
    """The feeds with the paths that they had before, which are no feeds any more."""
    former: dict[str, list[str]] = defaultdict(list)
    for old, new in sorted(moved.items()):
        if new in plans:
            former[new].append(old)
            plans.pop(old, None)
    return [replace(plan, moved_from=tuple(former[path])) if path in former else plan for path, plan in plans.items()]


def _shown(catalog: Catalog, plan: Plan, site: Site, previous: Previous) -> Iterator[_Shown]:
    """What the documents of a feed show, first those that people subscribe to, then its archives.

    There are none if it has not the entries that it needs and was not published, under whatever path: people may have
    subscribed to it.
    """
    months = catalog.months(plan.key) if has_archives(plan, site.config) else []
    limit = max(plan.limit, least_shown(months))
    window = catalog.window(plan.key, max(limit, plan.least), plan.oldest(site.now))
    was_published = any(map(previous.has, (plan.path, *plan.moved_from))) and (window.stories or not site.prunes)
    if len(window.stories) < plan.least and not was_published:
        return
    newest, archives = split_history(months, limit)
    yield _Shown(newest, window.digest, lambda: window.stories[:limit])
    for segment, month in archives:
        yield _Shown(segment, month.digest, partial(_stories_of, catalog, plan, month))


def _stories_of(catalog: Catalog, plan: Plan, month: Month) -> StoryKeys:
    return catalog.window(plan.key, month.stories, month.first, month.after).stories


def _signature(catalog: Catalog, site: Site, plan: Plan, shown: _Shown, rendering: bytes) -> bytes:
    """A digest of all that decides the documents: of the feed, its stories, and what is known of their images."""
    said = [plan.name, plan.title, plan.description, shown.segment, shown.digest, rendering]
    if site.facts is not None:
        addresses = [address for images in catalog.images(shown.stories()) for address, _ in images]
        said.append(digest_of_images(addresses, site.facts))
    return digest_of(said)
