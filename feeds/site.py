"""What is to be published of a site: the feeds that there are, which of them changed, and their documents.

A feed is rendered only if the window of stories that it shows changed, or what else decides the bytes of its documents.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from feeds.catalog import Catalog, Window, fingerprint
from feeds.model import document_path
from feeds.parallel import processes
from feeds.publish import Put, publish, put_document, read_manifest, untouched
from feeds.selection import formats_of, gone_feed, make_feed, plan_feeds
from feeds.settings import ALL_FORMATS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from feeds.archive import Refreshed
    from feeds.model import Feed
    from feeds.parallel import Track
    from feeds.publish import Published, Record
    from feeds.selection import Plan
    from feeds.settings import Config
    from feeds.taxonomy import Taxonomy

#: What turns entries into bytes, beside our own code.
RENDERERS = ("feedgen", "lxml", "python_slugify", "text_unidecode")
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


def publish_site(
    catalog: Catalog, site: Site, refreshed: Refreshed, *, jobs: int, track: Track
) -> tuple[Published, int]:
    """Publish what changed; what was done, and how many feeds there are.

    An output folder whose epoch is behind, because its last run was stopped or because another folder was published
    to, is looked at as a whole.
    """
    key = f"output {site.output.resolve()}"
    rendering = _rendering(site, catalog.labels_version(_labels(site.taxonomy)))
    look_at_all = catalog.state(key) != [refreshed.before, rendering]
    kept, todo = _decide(catalog, site, refreshed, rendering, look_at_all=look_at_all)
    paths = [document_path(job.plan.path, name) for job in todo for name in formats_of(job.plan, site.config)]
    if len(todo) < _WORTH_PROCESSES or site.is_dry_run:
        jobs = 1
    rows: list[tuple[str, bytes, int]] = []
    with processes(jobs, _start_rendering, catalog.path if jobs > 1 else catalog, site) as map_:
        rendered = zip(todo, map_(_render, track(todo, len(todo), "Publishing")), strict=True)
        puts = _noted(rendered, rows)
        published = publish(site.output, paths, puts, kept=kept, dry_run=site.is_dry_run)
    if not site.is_dry_run:
        catalog.set_documents(str(site.output.resolve()), rows, published.removed)
        catalog.set_state(key, [refreshed.epoch, rendering])
    return published, len(todo) + len({put.record.path.rpartition(".")[0] for put in kept})


def survey_feeds(catalog: Catalog, site: Site) -> Iterator[Feed]:
    """The feeds that `publish_site` would publish, with the entries that they show."""
    published = _published(site)
    for plan in _plans(site, published):
        window = _window(catalog, plan, site)
        if _exists(plan, window, published):
            entries = catalog.entries(window.stories[: plan.limit], site.now)
            yield make_feed(plan, entries, site.config, site.taxonomy)


def _published(site: Site) -> dict[str, list[Record]]:
    """The documents that are in the output folder, by the path of their feed."""
    published: dict[str, list[Record]] = defaultdict(list)
    for record in read_manifest(site.output).documents:
        published[record.path.rpartition(".")[0]].append(record)
    return published


def _plans(site: Site, published: dict[str, list[Record]]) -> list[Plan]:
    """The feeds that there may be, and those that were published and have lost their last entry."""
    plans = {plan.path: plan for plan in plan_feeds(site.config, site.taxonomy)}
    for path, records in published.items():
        if path not in plans:
            formats = [
                name for name in ALL_FORMATS if any(record.path == document_path(path, name) for record in records)
            ]
            gone = gone_feed(records[0].kind, path, records[0].title, formats, site.config)
            if gone:
                plans[path] = gone
    return list(plans.values())


def _window(catalog: Catalog, plan: Plan, site: Site) -> Window:
    return catalog.window(plan.key, max(plan.limit, plan.least), plan.oldest(site.now))


def _exists(plan: Plan, window: Window, published: dict[str, list[Record]]) -> bool:
    """Whether a feed has the entries that it needs, or was published: people may have subscribed to it."""
    return len(window.stories) >= plan.least or plan.path in published


def _noted(rendered: Iterable[tuple[_Job, list[Put]]], rows: list[tuple[str, bytes, int]]) -> Iterator[Put]:
    """The documents as they are put in their places, each noted in `rows`."""
    for job, puts in rendered:
        rows.extend((put.record.path, job.signature, put.mtime) for put in puts)
        yield from puts


def _rendering(site: Site, labels: int) -> bytes:
    """A digest of all that decides a document's bytes, beyond its feed's title and its stories."""
    config = msgspec.structs.asdict(site.config) | {"path": None, "articles": None}
    said = msgspec.json.encode([fingerprint(RENDERERS), config, labels])
    return hashlib.blake2b(said, digest_size=16).digest()


def _labels(taxonomy: Taxonomy) -> dict[str, str]:
    """What entries show of their topics and providers, and other entries may change."""
    topics = {f"topic {topic.key}": f"{topic.slug} {topic.title}" for topic in taxonomy.topics.values()}
    sources = {f"provider {node.domain}": node.title for node in taxonomy.providers.values() if node.settings.feed}
    return topics | sources


def _decide(
    catalog: Catalog, site: Site, refreshed: Refreshed, rendering: bytes, *, look_at_all: bool
) -> tuple[list[Put], list[_Job]]:
    """The documents that are right as they are, and the feeds to render."""
    known = catalog.documents(str(site.output.resolve()))
    published = _published(site)
    kept: list[Put] = []
    todo = []
    for plan in _plans(site, published):
        records = published.get(plan.path, [])
        is_looked_at = look_at_all or plan.key in refreshed.touched.feeds or plan.oldest(site.now) or not plan.key.name
        if not is_looked_at and not records:
            continue
        is_intact = _is_intact(plan, site, records, known)
        if is_looked_at or not is_intact:
            window = _window(catalog, plan, site)
            if not _exists(plan, window, published):
                continue
            job = _Job(plan, window.stories[: plan.limit], _signature(plan, window, rendering))
            is_intact = is_intact and all(known[record.path][0] == job.signature for record in records)
        if is_intact:
            kept += [Put(record=record, is_written=False) for record in records]
        else:
            todo.append(job)
    return kept, todo


def _is_intact(plan: Plan, site: Site, records: Sequence[Record], known: Mapping[str, tuple[bytes, int]]) -> bool:
    """Whether the documents of a feed are those that were published, and no others."""
    paths = {document_path(plan.path, name) for name in formats_of(plan, site.config)}
    return paths == {record.path for record in records} and all(
        record.path in known and untouched(site.output, record, known[record.path][1]) for record in records
    )


def _signature(plan: Plan, window: Window, rendering: bytes) -> bytes:
    said = msgspec.json.encode([plan.title, plan.description, window.digest, rendering])
    return hashlib.blake2b(said, digest_size=16).digest()


def _start_rendering(catalog: Catalog | Path, site: Site) -> None:
    """Make this process ready to render."""
    _renderer.catalog = catalog if isinstance(catalog, Catalog) else Catalog.reader(catalog)
    _renderer.site = site


class _Renderer:
    """What a process that renders has at hand."""

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
