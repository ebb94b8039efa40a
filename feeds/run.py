"""The context of a run: its options, its engine, and the catalog while it lasts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

from feeds.catalog.fingerprint import fingerprint
from feeds.catalog.protocol import ReadingFingerprint
from feeds.catalog.schema import DamagedCatalogError
from feeds.content.files import ArticleFile
from feeds.engines.local import LocalEngine
from feeds.errors import CatalogError, LocatedDiagnostic, mask_credentials
from feeds.parallel import available_jobs, rare_collections
from feeds.pipeline.ingest import READING_PACKAGES
from feeds.pipeline.plan import Site, moved_wrongly
from feeds.selection.membership import MembershipRules
from feeds.selection.taxonomy import build_taxonomy
from feeds.storage.addresses import is_address
from feeds.storage.files import check_name
from feeds.storage.folder import open_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from feeds.catalog.protocol import Catalog
    from feeds.config.schema import Config
    from feeds.engines.base import Engine, Work
    from feeds.pipeline.ingest import IngestResult
    from feeds.progress import Track
    from feeds.storage.folder import Folder


T = TypeVar("T")

EngineName = Literal["local", "spark"]

_ONE_ENTRY = "the two are published as one entry"


@dataclass(frozen=True, kw_only=True)
class Order:
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


def _order(
    config: Config,
    output: Path | str | None,
    cache: Path,
    now: dt.datetime | None,
    engine: Engine,
    track: Track,
    **flags: bool,
) -> Order:
    return Order(
        config=config,
        output=open_folder(output or config.default_output),
        cache=cache,
        now=now or dt.datetime.now(dt.UTC),
        engine=engine,
        track=track,
        **flags,
    )


def here(
    config: Config,
    output: Path | str | None,
    cache: Path | str | None,
    now: dt.datetime | None,
    jobs: int | None,
    track: Track,
    **flags: bool,
) -> Order:
    """A run on this machine, with `jobs` processes; its catalog is in the cache's folder."""
    if is_address(str(cache)):
        place = mask_credentials(str(cache))
        raise CatalogError(f"{place}: is in an object store; expected a folder of this machine, or the engine spark")
    folder = Path(cache or config.default_cache)
    check_name(folder)
    engine = LocalEngine(folder / f"{config.path.stem}.sqlite", jobs or available_jobs(), track)
    return _order(config, output, folder, now, engine, track, **flags)


def on_cluster(
    config: Config,
    output: Path | str | None,
    cache: Path | str | None,
    now: dt.datetime | None,
    master: str | None,
    track: Track,
    **flags: bool,
) -> Order:
    """A run on the cluster that Spark knows by an address; its catalog is in the cache's folder, in a store or not.

    Other machines have another working folder.
    """
    from feeds.engines.spark.engine import SparkEngine  # noqa: PLC0415  # where it is asked for only

    output, cache = _absolute(output or config.default_output), _absolute(cache or config.default_cache)
    folder = cache if isinstance(cache, Path) else config.default_cache  # what stays on this machine
    check_name(folder)
    engine = SparkEngine(open_folder(f"{cache}/{config.path.stem}.catalog"), master, track)
    return _order(config, output, folder, now, engine, track, **flags)


def _absolute(place: Path | str) -> Path | str:
    return place if is_address(str(place)) else Path(place).absolute()


def with_catalog(order: Order, work: Callable[[Work], T], *, anew: bool = False) -> T:
    """What `work` gives with the catalog; if that turns out to be damaged, with a new one."""
    reading = ReadingFingerprint(fingerprint(READING_PACKAGES), msgspec.json.encode(order.config.source).decode())
    with rare_collections():
        try:
            with order.engine.opened(reading, anew=anew, looks=order.is_dry_run) as at_hand:
                return work(at_hand)
        except DamagedCatalogError as error:
            damage = str(error)
        with order.engine.opened_anew(reading, looks=order.is_dry_run) as at_hand:
            at_hand.catalog.damage = damage
            return work(at_hand)


def refresh_catalog(order: Order, work: Work) -> IngestResult:
    return work.refresh(order.config, MembershipRules(order.config), order.now)


def site_of(order: Order, catalog: Catalog) -> Site:
    taxonomy = build_taxonomy(order.config, catalog.topic_names(), catalog.provider_names())
    return Site(order.config, taxonomy, order.now, order.output, order.is_dry_run, order.prunes)


def all_mistakes(catalog: Catalog, refreshed: IngestResult, site: Site) -> tuple[LocatedDiagnostic, ...]:
    """All that is wrong: with folders, files, articles of one id, and slugs."""
    same = (
        LocatedDiagnostic(
            _label(root, path), 0, f"has the id of {_label(first, first_path)}, {id_}; {_ONE_ENTRY}", "same-article"
        )
        for root, path, first, first_path, id_ in catalog.same_articles(site.now)
    )
    wrong = ((message, "slug-collision") for message in site.taxonomy.collisions)
    moved = ((message, "moved-nowhere") for message in moved_wrongly(site))
    configured = (LocatedDiagnostic(site.config.path.name, 0, message, rule) for message, rule in (*wrong, *moved))
    return (*refreshed.mistakes, *sorted((*catalog.mistakes(), *same)), *configured)


def _label(root: str, path: str) -> str:
    return ArticleFile(Path(root), path).label
