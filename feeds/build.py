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
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from feeds.archive import READERS
from feeds.catalog import DamagedCatalogError, Reading, fingerprint
from feeds.disk import check_name
from feeds.documents import publish_site
from feeds.engine import LocalEngine
from feeds.errors import CatalogError, EmptiedError, Mistake, PruneError, StrictError, without_credentials
from feeds.files import ArticleFile
from feeds.hub import HubReport, Notice, hub_of, postpone, recall_told, tell, topics_of
from feeds.membership import FeedKey, Rules, memberships
from feeds.parallel import available_jobs, rare_collections, untracked
from feeds.pictures import ImagesReport, check_asked, with_asked_images, with_known_images
from feeds.publish import MANIFEST, locked, read_manifest
from feeds.schemes import is_address
from feeds.site import Site, empty_feeds, moved_wrongly, survey_feeds
from feeds.storage import open_folder
from feeds.taxonomy import build_taxonomy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from feeds.archive import Refreshed
    from feeds.catalog import AnyCatalog
    from feeds.engine import Engine, Work
    from feeds.model import Feed
    from feeds.parallel import Track
    from feeds.publish import Record
    from feeds.settings import Config
    from feeds.storage import Folder

T = TypeVar("T")
EngineName = Literal["local", "spark"]

_ONE_ENTRY = "the two are published as one entry"


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
    mistakes: tuple[Mistake, ...] = ()
    seconds: float = 0
    dry_run: bool = False
    hub: HubReport | None = None
    images: ImagesReport | None = None
    damage: str = ""


@dataclass(frozen=True)
class Overview:
    """What `regenerate` would publish: the feeds, how many articles there are, which are left out, what is wrong."""

    feeds: tuple[Feed, ...]
    articles: int
    left_out: dict[str, int]
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True)
class Examined:
    """What there is to say of an archive without publishing it: as for Overview, the names of topics, the domains of
    providers, and the feeds without entries, by kind and path. Entries whose time has not come count."""

    articles: int
    left_out: dict[str, int]
    mistakes: tuple[Mistake, ...]
    topics: frozenset[str]
    domains: frozenset[str]
    empty: tuple[FeedKey, ...]


@dataclass(frozen=True, kw_only=True)
class _Order:
    """What a run was asked for, and what it takes where it was not told; `asks`: for images, where that is wanted."""

    config: Config
    cache: Path
    output: Folder
    now: dt.datetime
    engine: Engine
    track: Track
    is_dry_run: bool = False
    prunes: bool = False
    asks: bool = False
    allows_empty: bool = False


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
        order = _on_cluster(config, output, cache, now, master, track, **flags)
    else:
        order = _here(config, output, cache, now, jobs, track, **flags)
    work = partial(_regenerate, order, started=time.perf_counter(), strict=strict)
    report, notice = _with_catalog(order, work, anew=full)
    if notice is None:
        return report
    return msgspec.structs.replace(report, hub=tell(notice) if ping else postpone(notice))


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
    order = _here(config, output, cache, now, jobs, track, is_dry_run=True)
    return _with_catalog(order, partial(_survey, order))


def examine(
    config: Config,
    *,
    output: Path | str | None = None,
    cache: Path | str | None = None,
    now: dt.datetime | None = None,
    jobs: int | None = None,
    track: Track = untracked,
) -> Examined:
    """Read the archive as a run would, and say what is to be said of it; publishes nothing."""
    order = _here(config, output, cache, now, jobs, track, is_dry_run=True)
    return _with_catalog(order, partial(_examine, order))


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
    check_asked(config)
    order = _here(config, output, cache, now, jobs, track, asks=True)
    return _with_catalog(order, partial(_probe, order, everything=everything))


def _order(
    config: Config,
    output: Path | str | None,
    cache: Path,
    now: dt.datetime | None,
    engine: Engine,
    track: Track,
    **flags: bool,
) -> _Order:
    return _Order(
        config=config,
        output=open_folder(output or config.default_output),
        cache=cache,
        now=now or dt.datetime.now(dt.UTC),
        engine=engine,
        track=track,
        **flags,
    )


def _here(
    config: Config,
    output: Path | str | None,
    cache: Path | str | None,
    now: dt.datetime | None,
    jobs: int | None,
    track: Track,
    **flags: bool,
) -> _Order:
    """A run on this machine, with `jobs` processes; its catalog is in the cache's folder."""
    if is_address(str(cache)):
        place = without_credentials(str(cache))
        raise CatalogError(f"{place}: is in an object store; expected a folder of this machine, or the engine spark")
    folder = Path(cache or config.default_cache)
    check_name(folder)
    engine = LocalEngine(folder / f"{config.path.stem}.sqlite", jobs or available_jobs(), track)
    return _order(config, output, folder, now, engine, track, **flags)


def _on_cluster(
    config: Config,
    output: Path | str | None,
    cache: Path | str | None,
    now: dt.datetime | None,
    master: str | None,
    track: Track,
    **flags: bool,
) -> _Order:
    """A run on the cluster that Spark knows by an address; its catalog is in the cache's folder, in a store or not.

    Other machines have another working folder.
    """
    from feeds.spark import SparkEngine  # noqa: PLC0415  # where it is asked for only

    output, cache = _absolute(output or config.default_output), _absolute(cache or config.default_cache)
    folder = cache if isinstance(cache, Path) else config.default_cache  # what stays on this machine
    check_name(folder)
    engine = SparkEngine(open_folder(f"{cache}/{config.path.stem}.catalog"), master, track)
    return _order(config, output, folder, now, engine, track, **flags)


def _absolute(place: Path | str) -> Path | str:
    return place if is_address(str(place)) else Path(place).absolute()


def _with_catalog(order: _Order, work: Callable[[Work], T], *, anew: bool = False) -> T:
    """What `work` gives with the catalog; if that turns out to be damaged, with a new one."""
    reading = Reading(fingerprint(READERS), msgspec.json.encode(order.config.source).decode())
    with rare_collections():
        try:
            with order.engine.opened(reading, anew=anew, looks=order.is_dry_run) as at_hand:
                return work(at_hand)
        except DamagedCatalogError as error:
            damage = str(error)
        with order.engine.opened_anew(reading, looks=order.is_dry_run) as at_hand:
            at_hand.catalog.damage = damage
            return work(at_hand)


@dataclass(frozen=True)
class _Prepared:
    """What is known when there is nothing left to do but to publish."""

    refreshed: Refreshed
    site: Site
    mistakes: tuple[Mistake, ...]
    images: ImagesReport | None


def _regenerate(order: _Order, work: Work, *, started: float, strict: bool) -> tuple[Report, Notice | None]:
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


def _prepare(order: _Order, work: Work, *, strict: bool) -> _Prepared:
    """Read what changed, and ask for images; raises EmptiedError, PruneError, StrictError."""
    catalog, refreshed = work.catalog, _refresh(order, work)
    _check_emptied(order, catalog, refreshed)
    if not order.is_dry_run and (catalog.is_new or refreshed.changed or refreshed.touched.stories):
        catalog.share()  # with the processes that render; and if this run is stopped, nothing is read again
    site = _site(order, catalog)
    mistakes = _mistakes(catalog, refreshed, site)
    if strict and mistakes:
        raise StrictError(mistakes)
    site, images = _with_images(order, catalog, site, refreshed)
    return _Prepared(refreshed, site, mistakes, images)


def _publish(order: _Order, work: Work, site: Site, refreshed: Refreshed) -> tuple[Report, Notice | None]:
    """Publish what changed; what was done, but for its time, and what there is to tell the hub."""
    catalog = work.catalog
    hub = None if order.is_dry_run else hub_of(order.config, order.output, order.cache)
    told = recall_told(hub, lambda: _topics(site, read_manifest(site.output).documents)) if hub else {}
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
    return report, Notice(hub, told, _topics(site, published.documents)) if hub else None


def _check_emptied(order: _Order, catalog: AnyCatalog, refreshed: Refreshed) -> None:
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


def _survey(order: _Order, work: Work) -> Overview:
    catalog, refreshed = work.catalog, _refresh(order, work)
    site = _site(order, catalog)
    feeds = survey_feeds(catalog, site)
    return Overview(
        tuple(sorted(feeds, key=lambda feed: feed.path)),
        refreshed.articles,
        catalog.left_out(),
        _mistakes(catalog, refreshed, site),
    )


def _examine(order: _Order, work: Work) -> Examined:
    catalog, refreshed = work.catalog, _refresh(order, work)
    site = _site(order, catalog)
    waiting = catalog.waiting_entries(order.now)
    rules = Rules(order.config)
    feeds = {feed for entry in waiting for feed, _ in memberships(entry, rules)}
    return Examined(
        refreshed.articles,
        catalog.left_out(),
        _mistakes(catalog, refreshed, site),
        frozenset((*(name for name, _ in catalog.topic_names()), *(name for each in waiting for name in each.topics))),
        frozenset((*(domain for domain, *_ in catalog.provider_names()), *(each.provider.domain for each in waiting))),
        tuple(sorted(empty_feeds(catalog, site, feeds))),
    )


def _probe(order: _Order, work: Work, *, everything: bool) -> ImagesReport:
    catalog, refreshed = work.catalog, _refresh(order, work)
    site = _site(order, catalog)
    _, report = with_asked_images(catalog, site, refreshed, everything=everything, track=order.track)
    catalog.commit()
    return report


def _refresh(order: _Order, work: Work) -> Refreshed:
    return work.refresh(order.config, Rules(order.config), order.now)


def _site(order: _Order, catalog: AnyCatalog) -> Site:
    taxonomy = build_taxonomy(order.config, catalog.topic_names(), catalog.provider_names())
    return Site(order.config, taxonomy, order.now, order.output, order.is_dry_run, order.prunes)


def _with_images(
    order: _Order, catalog: AnyCatalog, site: Site, refreshed: Refreshed
) -> tuple[Site, ImagesReport | None]:
    """The site with what is known of images, if that is wanted, and what came of asking for the others."""
    if order.config.enclosures.probe == "off":
        return site, None
    if order.is_dry_run or not order.asks:
        return with_known_images(site), None
    return with_asked_images(catalog, site, refreshed, everything=False, track=order.track)


def _topics(site: Site, records: Iterable[Record]) -> dict[str, str]:
    return topics_of(records, site.config.base_url)


def _mistakes(catalog: AnyCatalog, refreshed: Refreshed, site: Site) -> tuple[Mistake, ...]:
    """All that is wrong: with folders, files, articles of one id, and slugs."""
    same = (
        Mistake(
            _label(root, path), 0, f"has the id of {_label(first, first_path)}, {id_}; {_ONE_ENTRY}", "same-article"
        )
        for root, path, first, first_path, id_ in catalog.same_articles(site.now)
    )
    wrong = ((message, "slug-collision") for message in site.taxonomy.collisions)
    moved = ((message, "moved-nowhere") for message in moved_wrongly(site))
    configured = (Mistake(site.config.path.name, 0, message, rule) for message, rule in (*wrong, *moved))
    return (*refreshed.mistakes, *sorted((*catalog.mistakes(), *same)), *configured)


def _label(root: str, path: str) -> str:
    return ArticleFile(Path(root), path).label
