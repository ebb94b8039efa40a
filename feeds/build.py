"""The pipeline, start to end: files to articles, to entries, to feeds, to documents, to the output folder.

What was read and published before is in the catalog: a run reads only the files that changed, and renders only the
feeds whose window of stories did.
"""

from __future__ import annotations

import datetime as dt
import time
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from feeds.errors import EmptiedError, LocatedDiagnostic, PruneError, StrictError
from feeds.models import MANIFEST
from feeds.output.manifest import read_manifest
from feeds.output.publisher import locked
from feeds.pipeline.images import ImagesReport, check_probing_enabled, with_known_images, with_probed_images
from feeds.pipeline.publish import publish_site
from feeds.progress import untracked
from feeds.run import EngineName, Order, all_mistakes, here, on_cluster, refresh_catalog, site_of, with_catalog
from feeds.websub.hub import HubReport, Notification, defer, hub_of, notify, recall_notified, topic_digests

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from feeds.catalog.protocol import Catalog
    from feeds.config.schema import Config
    from feeds.engines.base import Work
    from feeds.output.manifest import DocumentRecord
    from feeds.pipeline.ingest import IngestResult
    from feeds.pipeline.plan import Site
    from feeds.progress import Track


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did.

    `changed` counts the articles that were added, edited or removed since the catalog was last brought up to date;
    `left_out` counts, by reason, the articles that have no entry of their own; `waiting` counts the entries whose time
    has not come, the first of them at `next_due`; `written`, `unchanged` and `removed` count documents, whose paths
    below `output` are given where they changed; `hub` is what the hub was told, None where there is none; `images` is
    what came of asking for images, None where none are asked for; `damage` is what was wrong with the cache, if it had
    to be made anew. A dry run says what it would do, and asks and tells nobody.
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
    seconds: float = 0
    dry_run: bool = False
    hub: HubReport | None = None
    images: ImagesReport | None = None
    damage: str = ""


def regenerate(
    config: Config,
    *,
    output: Path | str | None = None,
    cache: Path | str | None = None,
    now: dt.datetime | None = None,
    full: bool = False,
    dry_run: bool = False,
    strict: bool = False,
    prune: bool = False,
    ping: bool = True,
    probe: bool = True,
    allow_empty: bool = False,
    jobs: int | None = None,
    engine: EngineName = "local",
    master: str | None = None,
    track: Track = untracked,
) -> Report:
    """Publish the feeds of the configured archive into `output`, by default the configuration's.

    What was read and published before is remembered in the folder `cache`, by default `.feeds` beside the folder of the
    configuration; `full` forgets it. `now`, an aware time, decides which entries are due, by default the clock. `jobs`
    is the number of processes, by default that of the processors available; with the engine `spark` the work is done by
    the cluster at the address `master`, or that `spark-submit` names. With `prune`, feeds that have lost their
    last entry go. Images of which nothing is known are asked for where `enclosures.probe` is on, unless `probe` is
    false. When all is published the hub is told of what changed, unless `ping` is false; one that cannot be told fails
    no run, and delays it by ten seconds at most. Raises StrictError, before anything is written, if `strict` and there
    is any mistake; EmptiedError where the archive, or one of its folders, held articles and holds none, unless
    `allow_empty`; PruneError if there is no article to keep a feed for; PublishError where `output` or the file of
    what is known of images cannot be written; ConfigError where that is damaged; CatalogError where another run uses
    the cache; ProcessError where a process is killed.
    """
    flags = {"is_dry_run": dry_run, "prunes": prune, "asks": probe, "allows_empty": allow_empty}
    if engine == "spark":
        order = on_cluster(config, output, cache, now, master, track, **flags)
    else:
        order = here(config, output, cache, now, jobs, track, **flags)
    work = partial(_regenerate, order, started=time.perf_counter(), strict=strict)
    report, notice = with_catalog(order, work, anew=full)
    if notice is None:
        return report
    return msgspec.structs.replace(report, hub=notify(notice) if ping else defer(notice))


def probe(
    config: Config,
    *,
    output: Path | str | None = None,
    cache: Path | str | None = None,
    now: dt.datetime | None = None,
    everything: bool = False,
    jobs: int | None = None,
    track: Track = untracked,
) -> ImagesReport:
    """Ask for the images that feeds would show, those of which nothing is known or that were asked for long ago.

    With `everything`, all of them. Publishes nothing. Raises ConfigError where the configuration does not want that.
    """
    check_probing_enabled(config)
    order = here(config, output, cache, now, jobs, track, asks=True)
    return with_catalog(order, partial(_probe, order, everything=everything))


@dataclass(frozen=True)
class _Prepared:
    """What is known when there is nothing left to do but to publish."""

    refreshed: IngestResult
    site: Site
    mistakes: tuple[LocatedDiagnostic, ...]
    images: ImagesReport | None


def _regenerate(order: Order, work: Work, *, started: float, strict: bool) -> tuple[Report, Notification | None]:
    """Publish; what was done, and what there is to tell the hub when other runs may use the catalog again."""
    catalog = work.catalog
    before = order.output.facts(MANIFEST)
    prepared = _prepare(order, work, strict=strict)
    with nullcontext() if order.is_dry_run else locked(order.output):
        if order.output.facts(MANIFEST) != before:  # by a run with another cache, which may have read what is newer
            prepared = _prepare(order, work, strict=strict)
        report, notice = _publish(order, work, prepared.site, prepared.refreshed)
        if not order.is_dry_run:
            catalog.commit()
    seconds = round(time.perf_counter() - started, 3)
    done = {"mistakes": prepared.mistakes, "images": prepared.images, "seconds": seconds, "damage": catalog.damage}
    return msgspec.structs.replace(report, **done), notice


def _prepare(order: Order, work: Work, *, strict: bool) -> _Prepared:
    """Read what changed, and ask for images; raises EmptiedError, PruneError, StrictError."""
    catalog, refreshed = work.catalog, refresh_catalog(order, work)
    _check_emptied(order, catalog, refreshed)
    if not order.is_dry_run and (catalog.is_new or refreshed.changed or refreshed.touched.stories):
        catalog.share()  # with the processes that render; and if this run is stopped, nothing is read again
    site = site_of(order, catalog)
    mistakes = all_mistakes(catalog, refreshed, site)
    if strict and mistakes:
        raise StrictError(mistakes)
    site, images = _with_images(order, catalog, site, refreshed)
    return _Prepared(refreshed, site, mistakes, images)


def _publish(order: Order, work: Work, site: Site, refreshed: IngestResult) -> tuple[Report, Notification | None]:
    """Publish what changed; what was done, but for its time, and what there is to tell the hub."""
    catalog = work.catalog
    hub = None if order.is_dry_run else hub_of(order.config, order.output, order.cache)
    told = recall_notified(hub, lambda: _topics(site, read_manifest(site.output).documents)) if hub else {}
    published, feeds = publish_site(catalog, site, refreshed, work.rendering, track=order.track)
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
        dry_run=order.is_dry_run,
    )
    return report, Notification(hub, told, _topics(site, published.documents)) if hub else None


def _check_emptied(order: Order, catalog: Catalog, refreshed: IngestResult) -> None:
    """Stop where the articles are gone, which is rarely meant."""
    if order.prunes and not refreshed.articles:
        raise PruneError("there is no article, so every feed would go; expected some in the folders of source.articles")
    if order.allows_empty:
        return
    expected = "nothing was done; expected articles, or --allow-empty if that is meant"
    if refreshed.emptied:
        raise EmptiedError(f"{refreshed.emptied[0]}: held articles and holds none now; {expected}")
    entries = max((record.entries for record in read_manifest(order.output).documents), default=0)
    published = f"and feeds with up to {entries} entries are published; {expected}"
    if entries and not refreshed.articles:
        raise EmptiedError(f"there is no article, {published}")
    if entries and not catalog.stories() and catalog.left_out().get("unreadable") == refreshed.articles:
        raise EmptiedError(f"every article is left out for its mistakes, {published}", catalog.mistakes())


def _probe(order: Order, work: Work, *, everything: bool) -> ImagesReport:
    catalog, refreshed = work.catalog, refresh_catalog(order, work)
    site = site_of(order, catalog)
    _, report = with_probed_images(catalog, site, refreshed, everything=everything, track=order.track)
    catalog.commit()
    return report


def _with_images(
    order: Order, catalog: Catalog, site: Site, refreshed: IngestResult
) -> tuple[Site, ImagesReport | None]:
    """The site with what is known of images, if that is wanted, and what came of asking for the others."""
    if order.config.enclosures.probe == "off":
        return site, None
    if order.is_dry_run or not order.asks:
        return with_known_images(site), None
    return with_probed_images(catalog, site, refreshed, everything=False, track=order.track)


def _topics(site: Site, records: Iterable[DocumentRecord]) -> dict[str, str]:
    return topic_digests(records, site.config.base_url)
