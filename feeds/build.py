"""The pipeline, start to end: files to articles, to entries, to feeds, to documents, to the output folder.

What was read and published before is in the catalog: a run reads only the files that changed, and renders only the
feeds whose window of stories did.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from feeds.archive import refresh
from feeds.articles import ArticleFile
from feeds.catalog import Catalog, DamagedCatalogError, Window, fingerprint
from feeds.errors import Mistake, StrictError
from feeds.membership import Rules
from feeds.model import document_path
from feeds.parallel import available_jobs, processes, rare_collections, untracked
from feeds.publish import Put, publish, put_document, read_manifest, untouched
from feeds.selection import formats_of, gone_feed, make_feed, plan_feeds
from feeds.settings import ALL_FORMATS
from feeds.taxonomy import build_taxonomy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from feeds.archive import Refreshed
    from feeds.model import Feed
    from feeds.parallel import Track
    from feeds.publish import Published, Record
    from feeds.selection import Plan
    from feeds.settings import Config
    from feeds.taxonomy import Taxonomy

T = TypeVar("T")

#: What turns articles into entries, and entries into bytes, beside our own code.
_READERS = ("can_ada", "markdown_it_py", "mdurl", "nh3", "py_yaml12", "python_frontmatter", "pyyaml")
_RENDERERS = ("feedgen", "lxml", "python_slugify", "text_unidecode")
_ONE_ENTRY = "the two are published as one entry"
#: From how many feeds on it is worth to start processes.
_WORTH_PROCESSES = 24


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did.

    `changed` counts the articles that were added, edited or removed since the catalog was last brought up to date;
    `left_out` counts, by reason, the articles that have no entry of their own; `waiting` counts the entries whose time
    has not come, the first of them at `next_due`; `written`, `unchanged` and `removed` count documents, whose paths
    below `output` are given where they changed. A dry run says what it would do.
    """

    output: str
    articles: int
    changed: int
    left_out: dict[str, int]
    entries: int
    waiting: int
    next_due: dt.datetime | None
    feeds: int
    written: int
    unchanged: int
    removed: int
    written_paths: tuple[str, ...]
    removed_paths: tuple[str, ...]
    mistakes: tuple[Mistake, ...]
    seconds: float
    dry_run: bool = False


@dataclass(frozen=True)
class Overview:
    """What `regenerate` would publish: the feeds, how many articles there are, which are left out, what is wrong."""

    feeds: tuple[Feed, ...]
    articles: int
    left_out: dict[str, int]
    mistakes: tuple[Mistake, ...]


class _Order:
    """What a run was asked for, and what it takes where it was not told."""

    def __init__(
        self,
        config: Config,
        cache: Path | str | None,
        output: Path | str | None,
        now: dt.datetime | None,
        jobs: int | None,
        track: Track,
        *,
        is_dry_run: bool,
    ) -> None:
        self.config = config
        self.cache = Path(cache or config.default_cache)
        self.output = Path(output or config.default_output)
        self.now = now or dt.datetime.now(dt.UTC)
        self.jobs = jobs or available_jobs()
        self.track = track
        self.is_dry_run = is_dry_run


@dataclass(frozen=True)
class _Site:
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


def regenerate(
    config: Config,
    *,
    output: Path | str | None = None,
    cache: Path | str | None = None,
    now: dt.datetime | None = None,
    full: bool = False,
    dry_run: bool = False,
    strict: bool = False,
    jobs: int | None = None,
    track: Track = untracked,
) -> Report:
    """Publish the feeds of the configured archive into `output`, by default the configuration's.

    What was read and published before is remembered in the folder `cache`, by default `.feeds` beside the folder of the
    configuration; `full` forgets it. `now`, an aware time, decides which entries are due, by default the clock. `jobs`
    is the number of processes, by default that of the processors available. Raises StrictError, before anything is
    written, if `strict` and there is any mistake; PublishError where `output` cannot be written; CatalogError where
    another run uses the cache; ProcessError where a process is killed.
    """
    order = _Order(config, cache, output, now, jobs, track, is_dry_run=dry_run)
    work = partial(_regenerate, order, started=time.perf_counter(), strict=strict)
    return _with_catalog(order, work, anew=full)


def survey(
    config: Config,
    *,
    output: Path | str | None = None,
    cache: Path | str | None = None,
    now: dt.datetime | None = None,
    jobs: int | None = None,
    track: Track = untracked,
) -> Overview:
    """What `regenerate` would publish, without publishing it."""
    order = _Order(config, cache, output, now, jobs, track, is_dry_run=True)
    return _with_catalog(order, partial(_survey, order))


def _with_catalog(order: _Order, work: Callable[[Catalog], T], *, anew: bool = False) -> T:
    """What `work` gives with the catalog; if that turns out to be damaged, with a new one."""
    config = order.config
    path = order.cache / f"{config.path.stem}.sqlite"
    reading = f"{fingerprint(_READERS)} {msgspec.json.encode(config.source).decode()}"  # decides what files give
    with rare_collections():
        try:
            with (
                Catalog.to_look_at(path, reading) if order.is_dry_run else Catalog(path, reading, anew=anew) as catalog
            ):
                return work(catalog)
        except DamagedCatalogError:
            if not order.is_dry_run:
                Catalog.discard(path)
        with Catalog(None if order.is_dry_run else path, reading) as catalog:
            return work(catalog)


def _regenerate(order: _Order, catalog: Catalog, *, started: float, strict: bool) -> Report:
    refreshed = _refresh(order, catalog)
    if not order.is_dry_run and (refreshed.changed or refreshed.touched.stories):
        catalog.share()  # with the processes that render; and if this run is stopped, nothing is read again
    site = _site(order, catalog)
    mistakes = _mistakes(catalog, refreshed, site)
    if strict and mistakes:
        raise StrictError(mistakes)
    published, feeds = _publish(catalog, site, refreshed, order)
    report = Report(
        output=str(site.output),
        articles=refreshed.articles,
        changed=refreshed.changed,
        left_out=catalog.left_out(),
        entries=catalog.stories(),
        waiting=catalog.waiting(site.now),
        next_due=catalog.next_due(site.now),
        feeds=feeds,
        written=len(published.written),
        unchanged=len(published.unchanged),
        removed=len(published.removed),
        written_paths=published.written,
        removed_paths=published.removed,
        mistakes=mistakes,
        seconds=round(time.perf_counter() - started, 3),
        dry_run=order.is_dry_run,
    )
    if not order.is_dry_run:
        catalog.commit()
    return report


def _survey(order: _Order, catalog: Catalog) -> Overview:
    refreshed = _refresh(order, catalog)
    site = _site(order, catalog)
    published = _published(site)
    feeds = []
    for plan in _plans(site, published):
        window = _window(catalog, plan, site)
        if _exists(plan, window, published):
            entries = catalog.entries(window.stories[: plan.limit], site.now)
            feeds.append(make_feed(plan, entries, site.config, site.taxonomy))
    return Overview(
        tuple(sorted(feeds, key=lambda feed: feed.path)),
        refreshed.articles,
        catalog.left_out(),
        _mistakes(catalog, refreshed, site),
    )


def _refresh(order: _Order, catalog: Catalog) -> Refreshed:
    rules = Rules(order.config)
    return refresh(catalog, order.config, rules, order.now, jobs=order.jobs, track=order.track)


def _site(order: _Order, catalog: Catalog) -> _Site:
    taxonomy = build_taxonomy(order.config, catalog.topic_names(), catalog.provider_names())
    return _Site(order.config, taxonomy, order.now, order.output, order.is_dry_run)


def _mistakes(catalog: Catalog, refreshed: Refreshed, site: _Site) -> tuple[Mistake, ...]:
    """All that is wrong: with folders, files, articles of one id, and slugs."""
    same = (
        Mistake(_label(root, path), 0, f"has the id of {_label(first, first_path)}, {id_}; {_ONE_ENTRY}")
        for root, path, first, first_path, id_ in catalog.same_articles(site.now)
    )
    collisions = (Mistake(site.config.path.name, 0, message) for message in site.taxonomy.collisions)
    return (*refreshed.mistakes, *sorted((*catalog.mistakes(), *same)), *collisions)


def _label(root: str, path: str) -> str:
    return ArticleFile(Path(root), path).label


def _published(site: _Site) -> dict[str, list[Record]]:
    """The documents that are in the output folder, by the path of their feed."""
    published: dict[str, list[Record]] = defaultdict(list)
    for record in read_manifest(site.output).documents:
        published[record.path.rpartition(".")[0]].append(record)
    return published


def _plans(site: _Site, published: dict[str, list[Record]]) -> list[Plan]:
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


def _window(catalog: Catalog, plan: Plan, site: _Site) -> Window:
    return catalog.window(plan.key, max(plan.limit, plan.least), plan.oldest(site.now))


def _exists(plan: Plan, window: Window, published: dict[str, list[Record]]) -> bool:
    """Whether a feed has the entries that it needs, or was published: people may have subscribed to it."""
    return len(window.stories) >= plan.least or plan.path in published


def _publish(catalog: Catalog, site: _Site, refreshed: Refreshed, order: _Order) -> tuple[Published, int]:
    """Publish what changed; what was done, and how many feeds there are.

    An output folder whose epoch is behind, because its last run was stopped or because another folder was published
    to, is looked at as a whole.
    """
    key = f"output {site.output.resolve()}"
    rendering = _rendering(site, catalog.labels_version(_labels(site.taxonomy)))
    look_at_all = catalog.state(key) != [refreshed.before, rendering]
    kept, todo = _decide(catalog, site, refreshed, rendering, look_at_all=look_at_all)
    paths = [document_path(job.plan.path, name) for job in todo for name in formats_of(job.plan, site.config)]
    jobs = order.jobs if len(todo) >= _WORTH_PROCESSES and not site.is_dry_run else 1
    rows: list[tuple[str, bytes, int]] = []
    with processes(jobs, _start_rendering, catalog.path if jobs > 1 else catalog, site) as map_:
        rendered = zip(todo, map_(_render, order.track(todo, len(todo), "Publishing")), strict=True)
        puts = _noted(rendered, rows)
        published = publish(site.output, paths, puts, kept=kept, dry_run=site.is_dry_run)
    if not site.is_dry_run:
        catalog.set_documents(str(site.output.resolve()), rows, published.removed)
        catalog.set_state(key, [refreshed.epoch, rendering])
    return published, len(todo) + len({put.record.path.rpartition(".")[0] for put in kept})


def _noted(rendered: Iterable[tuple[_Job, list[Put]]], rows: list[tuple[str, bytes, int]]) -> Iterator[Put]:
    """The documents as they are put in their places, each noted in `rows`."""
    for job, puts in rendered:
        rows.extend((put.record.path, job.signature, put.mtime) for put in puts)
        yield from puts


def _rendering(site: _Site, labels: int) -> bytes:
    """A digest of all that decides a document's bytes, beyond its feed's title and its stories."""
    config = msgspec.structs.asdict(site.config) | {"path": None, "articles": None}
    said = msgspec.json.encode([fingerprint(_RENDERERS), config, labels])
    return hashlib.blake2b(said, digest_size=16).digest()


def _labels(taxonomy: Taxonomy) -> dict[str, str]:
    """What entries show of their topics and providers, and other entries may change."""
    topics = {f"topic {topic.key}": f"{topic.slug} {topic.title}" for topic in taxonomy.topics.values()}
    sources = {f"provider {node.domain}": node.title for node in taxonomy.providers.values() if node.settings.feed}
    return topics | sources


def _decide(
    catalog: Catalog, site: _Site, refreshed: Refreshed, rendering: bytes, *, look_at_all: bool
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


def _is_intact(plan: Plan, site: _Site, records: Sequence[Record], known: Mapping[str, tuple[bytes, int]]) -> bool:
    """Whether the documents of a feed are those that were published, and no others."""
    paths = {document_path(plan.path, name) for name in formats_of(plan, site.config)}
    return paths == {record.path for record in records} and all(
        record.path in known and untouched(site.output, record, known[record.path][1]) for record in records
    )


def _signature(plan: Plan, window: Window, rendering: bytes) -> bytes:
    said = msgspec.json.encode([plan.title, plan.description, window.digest, rendering])
    return hashlib.blake2b(said, digest_size=16).digest()


def _start_rendering(catalog: Catalog | Path, site: _Site) -> None:
    """Make this process ready to render."""
    _renderer.catalog = catalog if isinstance(catalog, Catalog) else Catalog.reader(catalog)
    _renderer.site = site


class _Renderer:
    """What a process that renders has at hand."""

    catalog: Catalog
    site: _Site


_renderer = _Renderer()


def _render(job: _Job) -> list[Put]:
    """Render a feed in all its formats, and put the documents in their places."""
    from feeds.render import render_documents  # noqa: PLC0415  # takes long, and many runs render nothing

    catalog, site = _renderer.catalog, _renderer.site
    entries = catalog.entries(job.stories, site.now)
    feed = make_feed(job.plan, entries, site.config, site.taxonomy)
    return [put_document(site.output, document, dry_run=site.is_dry_run) for document in render_documents(feed)]
