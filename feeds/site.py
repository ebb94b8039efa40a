"""What is to be published of a site: the feeds that there are, which of them changed, and their documents.

A feed is rendered only if the window of stories that it shows changed, or what else decides the bytes of its documents.
"""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import msgspec

from feeds.catalog import Catalog, fingerprint
from feeds.compression import compressed
from feeds.facts import digest_of_facts, with_facts
from feeds.history import least_shown, split_history
from feeds.membership import FeedKey
from feeds.model import ASSETS, Outline, SubscriptionList, document_path, page_path
from feeds.parallel import processes
from feeds.publish import Put, publish, put_document, read_manifest, untouched
from feeds.selection import gone_feed, has_archives, images_of, make_feed, paths_of, plan_feeds, site_paths
from feeds.settings import ALL_FORMATS
from feeds.urls import absolute_url

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from feeds.archive import Refreshed
    from feeds.catalog import Month
    from feeds.facts import Facts
    from feeds.model import Document, Feed, Scope
    from feeds.parallel import Map, Track
    from feeds.publish import Published, Record
    from feeds.selection import Plan
    from feeds.settings import Config
    from feeds.taxonomy import Taxonomy

#: What turns entries into bytes, beside our own code.
RENDERERS = ("brotli", "feedgen", "jinja2", "lxml", "markupsafe", "python_slugify", "text_unidecode")
#: A part of the output: the path of a feed, and the month that an archive of it has, or nothing.
_Part = tuple[str, str]
#: The part that belongs to no feed.
_SITE: _Part = ("", "")
#: From how many feeds on it is worth to start processes.
_WORTH_PROCESSES = 24


@dataclass(frozen=True)
class Site:
    """What is to be published now, and where; `prunes`: feeds that have lost their last entry are not kept.

    `facts` are what is known of images, by address; None where that is not asked for.
    """

    config: Config
    taxonomy: Taxonomy
    now: dt.datetime
    output: Path
    is_dry_run: bool = False
    prunes: bool = False
    facts: Mapping[str, Facts] | None = None


@dataclass(frozen=True)
class _Job:
    """What is to be rendered of a feed: its plan, the stories that it shows, and what tells whether that changed."""

    plan: Plan
    scope: Scope
    stories: tuple[int, ...]
    signature: bytes


class _Before:
    """What an output folder holds: its documents by the part that they are, and what the catalog knows of each.

    That is nothing where it did not publish them last: after a loss of power the two may be of different times, and
    where one of them was brought back from a copy.
    """

    def __init__(self, output: Path, catalog: Catalog) -> None:
        self._output = output
        documents = read_manifest(output).documents
        self.manifest = _digest_of_records(documents)
        *_, manifest = catalog.state(f"output {output.resolve()}") or [None]
        self._known = catalog.documents(str(output.resolve())) if manifest == self.manifest else {}
        self.records = _of_parts(documents)
        self._months: dict[str, list[str]] = defaultdict(list)
        for path, month in self.records:
            self._months[path].append(month)

    def has(self, feed: str) -> bool:
        """Whether a feed was published."""
        return self.has_part((feed, ""))

    def has_part(self, part: _Part) -> bool:
        """Whether a part was published."""
        return part in self.records

    def is_intact(self, part: _Part, paths: Collection[str]) -> bool:
        """Whether these are the documents of a part, as they were published."""
        records = self.records.get(part, [])
        return {*paths} == {record.path for record in records} and all(
            record.path in self._known and untouched(self._output, record, self._known[record.path][1])
            for record in records
        )

    def has_page(self, feed: str) -> bool:
        """Whether a feed was published with a page."""
        return any(record.path == page_path(feed) for record in self.records.get((feed, ""), []))

    def has_assets(self) -> bool:
        """Whether what pages and feeds lead to is there."""
        records = {record.path: record for record in self.records.get(_SITE, [])}
        return all(
            path in records and path in self._known and untouched(self._output, records[path], self._known[path][1])
            for path in ASSETS
        )

    def is_right(self, part: _Part, paths: Collection[str], signature: bytes) -> bool:
        """Whether they are, and show what the signature stands for."""
        return self.is_intact(part, paths) and all(
            self._known[record.path][0] == signature for record in self.records[part]
        )

    def is_intact_feed(self, plan: Plan, config: Config) -> bool:
        """Whether all that there is of a feed is as it was published."""
        months = self._months.get(plan.path, ())
        return all(self.is_intact((plan.path, month), paths_of(plan, config, month)) for month in months)

    def kept(self, part: _Part) -> list[Put]:
        """The documents of a part as they are."""
        return [Put(record=record, is_written=False) for record in self.records.get(part, [])]

    def kept_feed(self, feed: str) -> list[Put]:
        """All documents of a feed as they are."""
        return [put for month in self._months.get(feed, ()) for put in self.kept((feed, month))]


#: The documents that were put in their places, each with the signature of what it shows.
_Noted = list[tuple[Put, bytes]]


def publish_site(
    catalog: Catalog, site: Site, refreshed: Refreshed, *, jobs: int, track: Track
) -> tuple[Published, int]:
    """Publish what changed; what was done, and how many feeds there are.

    An output folder whose epoch is behind, because its last run was stopped or because another folder was published
    to, is looked at as a whole.
    """
    output = str(site.output.resolve())
    rendering = _rendering(site, catalog.labels_version(_labels(site.taxonomy)))
    before = _Before(site.output, catalog)
    known = _digest_of_all(site.facts)
    state = [refreshed.before, rendering, known, before.manifest]
    look_at_all = site.prunes or catalog.state(f"output {output}") != state
    kept, todo = _decide(catalog, site, before, refreshed, rendering, look_at_all=look_at_all)
    feeds = len({*(job.plan.path for job in todo), *(put.record.feed for put in kept)})
    paths = [path for job in todo for path in paths_of(job.plan, site.config, job.scope.month)]
    lists = site_paths(site.config)
    if not todo and before.is_right(_SITE, lists, _digest([_subscriptions(site, kept), rendering])):
        kept += before.kept(_SITE)
    else:
        paths += lists
    noted: _Noted = []
    if len(todo) < _WORTH_PROCESSES or site.is_dry_run:
        jobs = 1
    with processes(jobs, _start_rendering, catalog.path if jobs > 1 else catalog, site) as map_:
        puts = _put_feeds(track(_rendered(todo, before, map_), len(todo), "Publishing"), noted)
        if paths:
            puts = chain(puts, _put_lists(site, before, rendering, kept, noted))
            puts = _after(chain(_put_assets(site, before, kept), _put_pages(site, before, todo, catalog)), puts)
        published = publish(site.output, paths, puts, kept=kept, dry_run=site.is_dry_run)
    if not site.is_dry_run:
        rows = [(put.record.path, signature, put.mtime) for put, signature in noted]
        catalog.set_documents(output, rows, published.removed)
        manifest = _digest_of_records(published.documents)
        catalog.set_state(f"output {output}", [refreshed.epoch, rendering, known, manifest])
    return published, feeds


def survey_feeds(catalog: Catalog, site: Site) -> Iterator[Feed]:
    """The feeds that `publish_site` would publish, with the entries that they show."""
    before = _Before(site.output, catalog)
    for plan in _plans(site, before):
        for shown in islice(_shown(catalog, plan, site, before), 1):
            entries = catalog.entries(shown.stories(), site.now)
            yield make_feed(plan, entries, site.config, site.taxonomy, shown.scope)


def empty_feeds(catalog: Catalog, site: Site) -> Iterator[FeedKey]:
    """The feeds that `publish_site` would publish without any entry, or that are published and have lost the last."""
    before = _Before(site.output, catalog)
    for plan in _plans(site, before):
        for shown in islice(_shown(catalog, plan, site, before), 1):
            if not shown.stories():
                yield FeedKey(plan.key.kind, plan.path)


def shown_images(catalog: Catalog, site: Site, only: Collection[FeedKey] | None = None) -> Iterator[tuple[str, bool]]:
    """The addresses of the images that feeds show, or only these feeds; with whether the size of each is known."""
    before = _Before(site.output, catalog)
    keeps_dead = site.config.enclosures.dead == "keep"  # else the next one may be shown
    for plan in _plans(site, before):
        choice = images_of(plan, site.config)
        if choice == "off" or (only is not None and plan.key not in only):
            continue
        for shown in _shown(catalog, plan, site, before):
            for images in catalog.images(shown.stories()):
                yield from images[:1] if choice == "first" and keeps_dead else images


def moved_wrongly(site: Site) -> Iterator[str]:
    """What `moved` says of feeds that is not so."""
    if not site.config.moved:
        return
    paths = {plan.path for plan in plan_feeds(site.config, site.taxonomy)}
    known = {record.feed for record in read_manifest(site.output).documents} | paths
    for old, new in sorted(site.config.moved.items()):
        if old in paths:
            yield f"moved.{old}: is the path of a feed; expected one that no feed has any more"
        elif new not in known:
            yield f"moved.{old}: {new} is no feed; expected the path that the feed has now"


def _plans(site: Site, before: _Before) -> list[Plan]:
    """The feeds that there may be, and those that were published and have lost their last entry."""
    plans = {plan.path: plan for plan in plan_feeds(site.config, site.taxonomy)}
    lost = {} if site.prunes else dict(_lost(site, before, plans))
    return _moved({**plans, **lost}, {old: new for old, new in site.config.moved.items() if old not in plans})


def _lost(site: Site, before: _Before, plans: Collection[str]) -> Iterator[tuple[str, Plan]]:
    """The feeds that were published and are none of these any more, by path."""
    for outline in _outlines({part: records for part, records in before.records.items() if part[0] not in plans}):
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


def _of_parts(records: Iterable[Record]) -> dict[_Part, list[Record]]:
    """The documents of each part."""
    found: dict[_Part, list[Record]] = defaultdict(list)
    for record in records:
        found[record.feed, record.month].append(record)
    return dict(found)


def _outlines(of_parts: Mapping[_Part, Sequence[Record]]) -> Iterator[Outline]:
    """The feeds that these documents show, ordered by path."""
    for part in sorted(of_parts):
        path, month = part
        first = of_parts[part][0]
        if month or first.kind == "site":
            continue
        paths = {record.path for record in of_parts[part]}
        yield Outline(
            path=path,
            kind=first.kind,
            name=first.name,
            title=first.title,
            formats=tuple(name for name in ALL_FORMATS if document_path(path, name) in paths),
            entries=first.entries,
            updated=first.updated,
        )


@dataclass(frozen=True)
class _Shown:
    """What a document of a feed is to show: the scope, a digest of the stories, and their keys."""

    scope: Scope
    digest: bytes
    stories: Callable[[], tuple[int, ...]]


def _shown(catalog: Catalog, plan: Plan, site: Site, before: _Before) -> Iterator[_Shown]:
    """What the documents of a feed show, first those that people subscribe to, then its archives.

    There are none if it has not the entries that it needs and was not published, under whatever path: people may have
    subscribed to it.
    """
    months = catalog.months(plan.key) if has_archives(plan, site.config) else []
    limit = max(plan.limit, least_shown(months))
    window = catalog.window(plan.key, max(limit, plan.least), plan.oldest(site.now))
    was_published = any(map(before.has, (plan.path, *plan.moved_from))) and (window.stories or not site.prunes)
    if len(window.stories) < plan.least and not was_published:
        return
    newest, archives = split_history(months, limit)
    yield _Shown(newest, window.digest, lambda: window.stories[:limit])
    for scope, month in archives:
        yield _Shown(scope, month.digest, partial(_stories_of, catalog, plan, month))


def _stories_of(catalog: Catalog, plan: Plan, month: Month) -> tuple[int, ...]:
    return catalog.window(plan.key, month.stories, month.first, month.after).stories


def _rendered(todo: Sequence[_Job], before: _Before, map_: Map) -> Iterator[tuple[_Job, list[Put]]]:
    """The jobs done, in this order: archives that are new, those that name them, the feeds, which name both.

    What is known to readers is not to name what is not there yet. Several processes work on one of these at a time.
    """
    archives = [job for job in todo if job.scope.month]
    new = [job for job in archives if not before.has_part((job.plan.path, job.scope.month))]
    known = [job for job in archives if before.has_part((job.plan.path, job.scope.month))]
    for jobs in (new, known, [job for job in todo if not job.scope.month]):
        yield from zip(jobs, map_(_render, jobs), strict=True)


def _put_assets(site: Site, before: _Before, kept: Sequence[Put]) -> Iterator[Put]:
    """What pages and feeds lead to, where it is not there: as where pages are new on a site that has feeds."""
    if site.config.has_pages and not before.has_assets():
        from feeds.render import render_assets  # noqa: PLC0415  # as below

        yield from _put_all(render_assets(_subscriptions(site, kept)), site)


def _put_pages(site: Site, before: _Before, todo: Iterable[_Job], catalog: Catalog) -> Iterator[Put]:
    """The pages of feeds that were published without any: archives are put in their places before feeds, and name them.

    Of a feed that is new, nobody knows anything yet.
    """
    for job in todo if site.config.has_pages else ():
        if not job.scope.month and before.has(job.plan.path) and not before.has_page(job.plan.path):
            from feeds.render import render_pages  # noqa: PLC0415  # as below

            yield from _put_all(render_pages(_feed(job, catalog, site)), site)


def _after(first: Iterable[Put], puts: Iterable[Put]) -> Iterator[Put]:
    """The documents as they are put in their places after what they lead to, which is among them once more."""
    written = {put.record.path for put in first if put.is_written}
    for put in puts:
        yield msgspec.structs.replace(put, is_written=True) if put.record.path in written else put


def _put_feeds(rendered: Iterable[tuple[_Job, list[Put]]], noted: _Noted) -> Iterator[Put]:
    """The documents of feeds as they are put in their places, each noted."""
    for job, puts in rendered:
        noted.extend((put, job.signature) for put in puts)
        yield from puts


def _put_lists(site: Site, before: _Before, rendering: bytes, kept: Sequence[Put], noted: _Noted) -> Iterator[Put]:
    """What the site has beside its feeds, put in its place when all of these are, each document noted."""
    subscriptions = _subscriptions(site, (*kept, *(put for put, _ in noted)))
    signature = _digest([subscriptions, rendering])
    if before.is_right(_SITE, site_paths(site.config), signature):
        yield from before.kept(_SITE)
        return
    from feeds.render import render_site  # noqa: PLC0415  # as below

    for put in _put_all(render_site(subscriptions), site):
        noted.append((put, signature))
        yield put


def _subscriptions(site: Site, puts: Iterable[Put]) -> SubscriptionList:
    """The list of the feeds that these documents show."""
    about = site.config.site
    return SubscriptionList(
        title=about.title,
        description=about.description,
        base_url=site.config.base_url,
        language=about.language,
        outlines=tuple(_outlines(_of_parts(put.record for put in puts))),
        has_pages=site.config.has_pages,
        icon=absolute_url(about.icon) if about.icon else None,
        rights=about.rights,
    )


def _rendering(site: Site, labels: int) -> bytes:
    """A digest of all that decides a document's bytes, beyond its feed's title and its stories."""
    config = msgspec.structs.asdict(site.config) | {"path": None, "articles": None}
    return _digest([fingerprint(RENDERERS), config, labels])


def _labels(taxonomy: Taxonomy) -> dict[str, str]:
    """What entries show of their topics and providers, and other entries may change."""
    topics = {f"topic {topic.key}": f"{topic.slug} {topic.title}" for topic in taxonomy.topics.values()}
    sources = {f"provider {node.domain}": node.title for node in taxonomy.providers.values() if node.settings.feed}
    return topics | sources


def _decide(
    catalog: Catalog, site: Site, before: _Before, refreshed: Refreshed, rendering: bytes, *, look_at_all: bool
) -> tuple[list[Put], list[_Job]]:
    """The documents that are right as they are, and the feeds to render."""
    kept: list[Put] = []
    todo = []
    for plan in _plans(site, before):
        is_looked_at = look_at_all or plan.key in refreshed.touched.feeds or plan.oldest(site.now) or not plan.key.name
        if not is_looked_at and before.is_intact_feed(plan, site.config):
            kept += before.kept_feed(plan.path)
            continue
        for shown in _shown(catalog, plan, site, before):
            part = (plan.path, shown.scope.month)
            signature = _digest(
                [
                    plan.name,
                    plan.title,
                    plan.description,
                    shown.scope,
                    shown.digest,
                    rendering,
                    *_known(catalog, site, shown),
                ]
            )
            if before.is_right(part, paths_of(plan, site.config, shown.scope.month), signature):
                kept += before.kept(part)
            else:
                todo.append(_Job(plan, shown.scope, shown.stories(), signature))
    return kept, todo


def _known(catalog: Catalog, site: Site, shown: _Shown) -> list[bytes]:
    """What tells whether the images that are shown are known to be what they were, if that is asked for."""
    if site.facts is None:
        return []
    addresses = [address for images in catalog.images(shown.stories()) for address, _ in images]
    return [digest_of_facts(addresses, site.facts)]


def _digest_of_records(records: Iterable[Record]) -> bytes:
    return _digest([(record.path, record.digest) for record in records])


def _digest_of_all(facts: Mapping[str, Facts] | None) -> bytes:
    return digest_of_facts(sorted(facts), facts) if facts is not None else b""


def _digest(said: Any) -> bytes:
    return hashlib.blake2b(msgspec.json.encode(said), digest_size=16).digest()


def _start_rendering(catalog: Catalog | Path, site: Site) -> None:
    """Make this process ready to render."""
    _renderer.catalog = catalog if isinstance(catalog, Catalog) else Catalog.reader(catalog)
    _renderer.site = site


class _Renderer(threading.local):
    """What a process that renders has at hand, or a thread where there is only one process."""

    catalog: Catalog
    site: Site


_renderer = _Renderer()


def _render(job: _Job) -> list[Put]:
    """Render a feed in all its formats, and put the documents in their places."""
    from feeds.render import render_documents  # noqa: PLC0415  # takes long, and many runs render nothing

    return list(_put_all(render_documents(_feed(job, _renderer.catalog, _renderer.site)), _renderer.site))


def _feed(job: _Job, catalog: Catalog, site: Site) -> Feed:
    """The feed that is to be rendered."""
    entries = catalog.entries(job.stories, site.now)
    if site.facts is not None:
        entries = [with_facts(entry, site.facts, site.config.enclosures) for entry in entries]
    return make_feed(job.plan, entries, site.config, site.taxonomy, job.scope)


def _put_all(documents: Iterable[Document], site: Site) -> Iterator[Put]:
    """The documents as they are put in their places, each after its compressed copies, which so are never older."""
    for document in documents:
        for file in (*compressed(document, site.config.codings), document):
            yield put_document(site.output, file, dry_run=site.is_dry_run)
