"""A build: articles are read, merged to stories, selected into feeds, rendered and published.

The catalog keeps what was read and published before: a run reads only files that changed, and renders only feeds whose
window of stories did.
"""

from __future__ import annotations

import datetime as dt
import time
from functools import partial
from typing import TYPE_CHECKING, Unpack

import msgspec

from feeds.bodies.notes import count_notes, split_notes
from feeds.errors import EmptiedError, LocatedDiagnostic, OptionsError, PruneError, StrictError
from feeds.models import MANIFEST
from feeds.output.manifest import is_unfinished
from feeds.output.publisher import LOCK_TIMEOUT
from feeds.pipeline.images import ImagesReport, check_probing_enabled, with_known_images, with_probed_images
from feeds.pipeline.plan import decide
from feeds.pipeline.publish import publish_site
from feeds.run import RunKeywords, RunOptions, all_diagnostics, merge_options, open_run, read_archive, with_engine
from feeds.storage.names import display_path
from feeds.values import PlainValue
from feeds.websub.hub import HubReport, Notification, defer, hub_of, notify, recall_notified, topic_digests

if TYPE_CHECKING:
    from feeds.config.schema import Config
    from feeds.engines.base import Engine
    from feeds.pipeline.plan import Snapshot
    from feeds.run import RunContext


class _Prepared(PlainValue, frozen=True):
    """Everything that was read and probed before publishing."""

    snapshot: Snapshot
    images: ImagesReport | None
    diagnostics: tuple[LocatedDiagnostic, ...]
    notes: dict[str, int]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a run.

    `changed` counts the articles that were added, edited or removed since the last run. `left_out` counts the articles
    without an entry of their own, by reason. `waiting` counts the entries that are not due, the first of which is at
    `next_due`. `notes` counts the bodies in which something was replaced or left out, by rule. `written`, `unchanged`
    and `removed` count documents; the paths below `output` are given if they changed. `hub` is None without a hub,
    `images` if images are not probed. `damage` is why the cache had to be discarded. After a dry run, the report says
    what would be done.
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
    mistakes: tuple[LocatedDiagnostic, ...] = ()
    notes: dict[str, int] = {}
    seconds: float = 0
    dry_run: bool = False
    hub: HubReport | None = None
    images: ImagesReport | None = None
    damage: str = ""


def regenerate(config: Config, options: RunOptions | None = None, /, **changes: Unpack[RunKeywords]) -> Report:
    """Publish the feeds of the configured archive; `changes` are fields of RunOptions.

    When everything is published, the hub is notified of what changed. A hub that fails does not fail the run, and
    delays it by ten seconds at most.

    Raises, before anything is written, StrictError if the run is strict and there is any diagnostic; EmptiedError if
    the archive, or one of its folders, held articles and holds none; PruneError if there is no article to keep a feed
    for. Raises PublishError if the output folder or the file of image metadata cannot be written, ConfigError if that
    file is damaged, CatalogError if another run uses the cache, ProcessError if a process is killed, OptionsError if
    the options contradict each other.
    """
    started = time.perf_counter()
    context = open_run(config, merge_options(options, changes))
    report, notification = with_engine(context, partial(_regenerate, context))
    report = msgspec.structs.replace(report, seconds=round(time.perf_counter() - started, 3))
    if notification is None:
        return report
    return msgspec.structs.replace(report, hub=(notify if context.options.ping else defer)(notification))


def probe(
    config: Config, options: RunOptions | None = None, /, *, everything: bool = False, **changes: Unpack[RunKeywords]
) -> ImagesReport:
    """Probe the images that feeds show and that are unknown or were probed long ago, or `everything`; publish nothing.

    Raises ConfigError if the configuration does not enable probing, and OptionsError if the options exclude it.
    """
    check_probing_enabled(config)
    options = merge_options(options, changes)
    if options.dry_run or not options.probe:
        raise OptionsError("probe() probes images and keeps the results; expected neither dry_run nor probe=False")
    context = open_run(config, options)

    def work(engine: Engine) -> ImagesReport:
        snapshot = read_archive(context, engine)
        _, report = with_probed_images(snapshot, everything=everything, track=context.options.track)
        engine.catalog.commit()
        return report

    return with_engine(context, work)


def _regenerate(context: RunContext, engine: Engine) -> tuple[Report, Notification | None]:
    """Publish; return the report, and what the hub must be notified of.

    Only publishing locks the output folder: reading and probing may take minutes. If another run with a cache of its
    own published in between, it may have read newer articles, so everything is prepared again under the lock; likewise
    if it was stopped, and left documents that the manifest does not list.
    """
    before = context.output.stat(MANIFEST)
    prepared = _prepare(context, engine)
    with context.output.locked(LOCK_TIMEOUT):
        was_stopped = prepared.snapshot.published.output.journal is None and is_unfinished(context.output)
        if was_stopped or context.output.stat(MANIFEST) != before:
            prepared = _prepare(context, engine)
        report, notification = _publish(context, engine, prepared.snapshot, prepared.diagnostics)
        if not context.options.dry_run:
            engine.catalog.commit()
    report = msgspec.structs.replace(report, images=prepared.images, notes=prepared.notes)
    return report, notification


def _prepare(context: RunContext, engine: Engine) -> _Prepared:
    """Read what changed, and probe images; raises EmptiedError, PruneError and StrictError."""
    snapshot = read_archive(context, engine)
    _check_emptied(context, snapshot)
    catalog, ingested = engine.catalog, snapshot.ingested
    if not context.options.dry_run and (catalog.is_new or ingested.changed or ingested.touched.stories):
        catalog.share()  # with the processes that render; and a stopped run need not read it again
    diagnostics, notes = split_notes(all_diagnostics(snapshot))
    if context.options.strict and diagnostics:
        raise StrictError(diagnostics)
    return _Prepared(*_with_images(context, snapshot), diagnostics, count_notes(notes))


def _publish(
    context: RunContext, engine: Engine, snapshot: Snapshot, diagnostics: tuple[LocatedDiagnostic, ...]
) -> tuple[Report, Notification | None]:
    """Publish, and add the diagnostics of publishing; raises StrictError."""
    site, catalog, options = snapshot.site, snapshot.catalog, context.options
    decision = decide(snapshot)
    diagnostics += decision.diagnostics
    if options.strict and diagnostics:
        raise StrictError(diagnostics)
    base_url = context.config.base_url
    hub = None if options.dry_run else hub_of(context.config, context.output, context.cache)
    before = snapshot.published.output.manifest.documents
    notified = recall_notified(hub, lambda: topic_digests(before, base_url)) if hub else {}
    published = publish_site(snapshot, decision, engine.render, options.track)
    report = Report(
        output=site.output.key,
        articles=snapshot.ingested.articles,
        changed=snapshot.ingested.changed,
        left_out=catalog.skipped(),
        entries=catalog.story_count(),
        waiting=catalog.scheduled_count(site.now),
        next_due=catalog.next_due(site.now),
        feeds=len(decision.feeds),
        written=len(published.written),
        unchanged=len(published.unchanged),
        removed=len(published.removed),
        written_paths=published.written,
        removed_paths=published.removed,
        mistakes=diagnostics,
        dry_run=options.dry_run,
        damage=catalog.damage,
    )
    return report, Notification(hub, notified, topic_digests(published.documents, base_url)) if hub else None


def _with_images(context: RunContext, snapshot: Snapshot) -> tuple[Snapshot, ImagesReport | None]:
    """Add the metadata of images if the configuration enables probing, and the report if images were probed."""
    if context.config.enclosures.probe == "off":
        return snapshot, None
    if context.options.dry_run or not context.options.probe:
        return msgspec.structs.replace(snapshot, site=with_known_images(snapshot.site)), None
    site, report = with_probed_images(snapshot, everything=False, track=context.options.track)
    return msgspec.structs.replace(snapshot, site=site), report


def _check_emptied(context: RunContext, snapshot: Snapshot) -> None:
    """Raise an error if the articles are gone, which is rarely intended."""
    catalog, ingested = snapshot.catalog, snapshot.ingested
    if context.options.prune and not ingested.articles:
        raise PruneError("there is no article, so every feed would go; expected some in the folders of source.articles")
    if context.options.allow_empty:
        return
    expected = "nothing was done; expected articles, or --allow-empty if that is meant"
    if ingested.emptied:
        raise EmptiedError(f"{display_path(ingested.emptied[0])}: held articles and holds none now; {expected}")
    entries = max((record.entries for record in snapshot.published.output.manifest.documents), default=0)
    published = f"and feeds with up to {entries} entries are published; {expected}"
    if entries and not ingested.articles:
        raise EmptiedError(f"there is no article, {published}")
    if entries and not catalog.story_count() and catalog.skipped().get("unreadable") == ingested.articles:
        raise EmptiedError(f"every article is left out for its mistakes, {published}", all_diagnostics(snapshot))
