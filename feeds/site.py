"""What is to be published of a site: the feeds that there are, which of them changed, and their documents.

A feed is rendered only if the window of stories that it shows changed, or what else decides the bytes of its documents.
"""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

from feeds.catalog import Catalog, Window, fingerprint
from feeds.model import Outline, SubscriptionList, document_path
from feeds.parallel import processes
from feeds.publish import Put, publish, put_document, read_manifest, untouched
from feeds.selection import gone_feed, make_feed, paths_of, plan_feeds, site_paths
from feeds.settings import ALL_FORMATS
from feeds.urls import absolute_url

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from feeds.archive import Refreshed
    from feeds.model import Feed
    from feeds.parallel import Track
    from feeds.publish import Published, Record
    from feeds.selection import Plan
    from feeds.settings import Config
    from feeds.taxonomy import Taxonomy

#: What turns entries into bytes, beside our own code.
RENDERERS = ("feedgen", "jinja2", "lxml", "markupsafe", "python_slugify", "text_unidecode")
#: What the documents have for the path of a feed that belong to none.
_SITE = ""
#: From how many feeds on it is worth to start processes.
_WORTH_PROCESSES = 24


@dataclass(frozen=True)
class Site:
    """What is to be published now, and where."""

    config: Config
    taxonomy: Taxonomy
    now: dt.datetime
    output: Path
    is_dry_run: bool = False


@dataclass(frozen=True)
class _Job:
    """A feed to render: its plan, the stories that it shows, and what tells whether that changed."""

    plan: Plan
    stories: tuple[int, ...]
    signature: bytes


class _Before:
    """What an output folder holds: its documents by the path of their feed, and what the catalog knows of each."""

    def __init__(self, output: Path, catalog: Catalog) -> None:
        self._output = output
        self._known = catalog.documents(str(output.resolve()))
        self.records = _of_feeds(read_manifest(output).documents)

    def is_intact(self, feed: str, paths: Collection[str]) -> bool:
        """Whether these are the documents of a feed, as they were published."""
        records = self.records.get(feed, [])
        return {*paths} == {record.path for record in records} and all(
            record.path in self._known and untouched(self._output, record, self._known[record.path][1])
            for record in records
        )

    def is_right(self, feed: str, paths: Collection[str], signature: bytes) -> bool:
        """Whether they are, and show what the signature stands for."""
        return self.is_intact(feed, paths) and all(
            self._known[record.path][0] == signature for record in self.records[feed]
        )

    def kept(self, feed: str) -> list[Put]:
        """The documents of a feed as they are."""
        return [Put(record=record, is_written=False) for record in self.records.get(feed, [])]


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
    look_at_all = catalog.state(f"output {output}") != [refreshed.before, rendering]
    kept, todo = _decide(catalog, site, before, refreshed, rendering, look_at_all=look_at_all)
    feeds = len(todo) + len({put.record.feed for put in kept})
    paths = [path for job in todo for path in paths_of(job.plan, site.config)]
    lists = site_paths(site.config)
    if not todo and before.is_right(_SITE, lists, _digest([_subscriptions(site, kept), rendering])):
        kept += before.kept(_SITE)
    else:
        paths += lists
    noted: _Noted = []
    if len(todo) < _WORTH_PROCESSES or site.is_dry_run:
        jobs = 1
    with processes(jobs, _start_rendering, catalog.path if jobs > 1 else catalog, site) as map_:
        rendered = zip(todo, map_(_render, track(todo, len(todo), "Publishing")), strict=True)
        puts = _put_feeds(rendered, noted)
        if paths:
            puts = chain(puts, _put_lists(site, before, rendering, kept, noted))
        published = publish(site.output, paths, puts, kept=kept, dry_run=site.is_dry_run)
    if not site.is_dry_run:
        rows = [(put.record.path, signature, put.mtime) for put, signature in noted]
        catalog.set_documents(output, rows, published.removed)
        catalog.set_state(f"output {output}", [refreshed.epoch, rendering])
    return published, feeds


def survey_feeds(catalog: Catalog, site: Site) -> Iterator[Feed]:
    """The feeds that `publish_site` would publish, with the entries that they show."""
    before = _Before(site.output, catalog)
    for plan in _plans(site, before):
        window = _window(catalog, plan, site)
        if _exists(plan, window, before):
            entries = catalog.entries(window.stories[: plan.limit], site.now)
            yield make_feed(plan, entries, site.config, site.taxonomy)


def _plans(site: Site, before: _Before) -> list[Plan]:
    """The feeds that there may be, and those that were published and have lost their last entry."""
    plans = {plan.path: plan for plan in plan_feeds(site.config, site.taxonomy)}
    lost = {path: records for path, records in before.records.items() if path not in plans}
    for outline in _outlines(lost):
        gone = gone_feed(outline, site.config)
        if gone:
            plans[outline.path] = gone
    return list(plans.values())


def _of_feeds(records: Iterable[Record]) -> dict[str, list[Record]]:
    """The documents of each feed, by its path."""
    found: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[record.feed].append(record)
    return dict(found)


def _outlines(of_feeds: Mapping[str, Sequence[Record]]) -> Iterator[Outline]:
    """The feeds that these documents show, ordered by path."""
    for path in sorted(of_feeds):
        first = of_feeds[path][0]
        paths = {record.path for record in of_feeds[path]}
        if first.kind == "site":
            continue
        yield Outline(
            path=path,
            kind=first.kind,
            name=first.name,
            title=first.title,
            formats=tuple(name for name in ALL_FORMATS if document_path(path, name) in paths),
            entries=first.entries,
            updated=first.updated,
        )


def _window(catalog: Catalog, plan: Plan, site: Site) -> Window:
    return catalog.window(plan.key, max(plan.limit, plan.least), plan.oldest(site.now))


def _exists(plan: Plan, window: Window, before: _Before) -> bool:
    """Whether a feed has the entries that it needs, or was published: people may have subscribed to it."""
    return len(window.stories) >= plan.least or plan.path in before.records


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

    for document in render_site(subscriptions):
        put = put_document(site.output, document, dry_run=site.is_dry_run)
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
        outlines=tuple(_outlines(_of_feeds(put.record for put in puts))),
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
        paths = paths_of(plan, site.config)
        is_looked_at = look_at_all or plan.key in refreshed.touched.feeds or plan.oldest(site.now) or not plan.key.name
        if not is_looked_at and (plan.path not in before.records or before.is_intact(plan.path, paths)):
            kept += before.kept(plan.path)
            continue
        window = _window(catalog, plan, site)
        if not _exists(plan, window, before):
            continue
        signature = _signature(plan, window, rendering)
        if before.is_right(plan.path, paths, signature):
            kept += before.kept(plan.path)
        else:
            todo.append(_Job(plan, window.stories[: plan.limit], signature))
    return kept, todo


def _signature(plan: Plan, window: Window, rendering: bytes) -> bytes:
    return _digest([plan.name, plan.title, plan.description, window.digest, rendering])


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

    catalog, site = _renderer.catalog, _renderer.site
    entries = catalog.entries(job.stories, site.now)
    feed = make_feed(job.plan, entries, site.config, site.taxonomy)
    return [put_document(site.output, document, dry_run=site.is_dry_run) for document in render_documents(feed)]
