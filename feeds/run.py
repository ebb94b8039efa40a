"""A run: its options, its context, and the engine that it opens."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, TypeVar, get_args

import msgspec

from feeds.catalog.fingerprint import fingerprint
from feeds.catalog.protocol import ReadingFingerprint
from feeds.catalog.schema import DamagedCatalogError
from feeds.engines.local import LocalOpener
from feeds.errors import CatalogError, LocatedDiagnostic, OptionsError, mask_credentials, quoted
from feeds.http.headers import headers_of
from feeds.parallel import available_jobs, rare_collections
from feeds.pipeline.ingest import READING_PACKAGES
from feeds.pipeline.plan import Site, take_snapshot, wrong_moves
from feeds.pipeline.published import PublishedState
from feeds.progress import Track, untracked
from feeds.selection.membership import MembershipRules
from feeds.selection.taxonomy import build_taxonomy
from feeds.storage.addresses import is_address
from feeds.storage.files import check_path
from feeds.storage.folder import DryRunFolder, open_folder
from feeds.storage.names import display_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from feeds.config.schema import Config
    from feeds.engines.base import Engine, EngineOpener
    from feeds.pipeline.plan import Snapshot
    from feeds.storage.folder import Folder

T = TypeVar("T")
EngineName = Literal["local", "spark"]
_ONE_ENTRY = "the two are published as one entry"


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """The options of a run.

    `output` and `cache` are folders, by default those of the configuration. `now`, an aware time, decides which entries
    are due; the default is the clock. `full` discards the cache. `dry_run` changes nothing. `strict` publishes nothing
    if there is any diagnostic. `prune` removes feeds that have lost their last entry. `ping` notifies the hub, `probe`
    probes images if the configuration enables it. `allow_empty` publishes even if the articles are gone. `jobs` is the
    number of processes, by default of available processors. The engine `spark` works on the cluster at the URL
    `master`, or the one of `spark-submit`. `track` shows progress. Raises OptionsError if options contradict each
    other.
    """

    output: Path | str | None = None
    cache: Path | str | None = None
    now: dt.datetime | None = None
    full: bool = False
    dry_run: bool = False
    strict: bool = False
    prune: bool = False
    ping: bool = True
    probe: bool = True
    allow_empty: bool = False
    jobs: int | None = None
    engine: EngineName = "local"
    master: str | None = None
    track: Track = untracked

    def __post_init__(self) -> None:
        engines = get_args(EngineName)
        if self.engine not in engines:
            raise OptionsError(f"engine is {quoted(self.engine)}; expected one of {', '.join(engines)}")
        if self.master and self.engine != "spark":
            raise OptionsError("master names a cluster; expected engine='spark' with it")
        if self.jobs is not None and self.jobs < 1:
            raise OptionsError(f"jobs is {self.jobs}; expected one process or more")
        if self.jobs and self.engine == "spark":
            raise OptionsError("jobs are processes of this machine; expected engine='local' with them")
        if self.dry_run and self.engine == "spark":
            raise OptionsError("a cluster writes what it reads; expected engine='local' for a dry run, survey or check")
        if self.now is not None and self.now.tzinfo is None:
            raise OptionsError(f"now is {self.now.isoformat()}; expected an aware time, such as one in UTC")


class RunKeywords(TypedDict, total=False):
    """The fields of RunOptions as keyword arguments."""

    output: Path | str | None
    cache: Path | str | None
    now: dt.datetime | None
    full: bool
    dry_run: bool
    strict: bool
    prune: bool
    ping: bool
    probe: bool
    allow_empty: bool
    jobs: int | None
    engine: EngineName
    master: str | None
    track: Track


@dataclass(frozen=True)
class RunContext:
    """A configuration and options with what a run needs: the local part of the cache, the output and the time."""

    config: Config
    options: RunOptions
    cache: Path
    output: Folder
    now: dt.datetime
    opener: EngineOpener

    @cached_property
    def rules(self) -> MembershipRules:
        return MembershipRules(self.config)


def merge_options(options: RunOptions | None, changes: RunKeywords) -> RunOptions:
    """The options with changes."""
    return replace(options or RunOptions(), **changes)


def open_run(config: Config, options: RunOptions) -> RunContext:
    """The context of a run; raises PublishError or CatalogError if a folder cannot be used."""
    place = options.output or config.default_output
    if options.engine == "spark":
        place = _absolute(place)  # other machines have other working directories
        cache, opener = _spark(config, options)
    else:
        cache, opener = _local(config, options)
    output: Folder = open_folder(place, partial(headers_of, config=config))
    if options.dry_run:
        output = DryRunFolder(output)
    return RunContext(config, options, cache, output, options.now or dt.datetime.now(dt.UTC), opener)


def with_engine(context: RunContext, work: Callable[[Engine], T]) -> T:
    """Do the work of a run with an open engine. If its catalog is damaged, do it again with a new one."""
    settings = msgspec.json.encode(context.config.source).decode()
    reading = ReadingFingerprint(fingerprint(READING_PACKAGES), settings)
    opener, read_only = context.opener, context.options.dry_run
    with rare_collections():
        try:
            with opener.open(reading, fresh=context.options.full, read_only=read_only) as engine:
                return work(engine)
        except DamagedCatalogError as error:
            damage = str(error)
        if not read_only:
            opener.discard_catalog()
        with opener.open(reading, fresh=True, read_only=read_only) as engine:
            engine.catalog.damage = damage
            return work(engine)


def read_archive(context: RunContext, engine: Engine) -> Snapshot:
    """Read the published state and the archive, and plan the feeds."""
    config, catalog = context.config, engine.catalog
    published = PublishedState(context.output, catalog)
    ingested = engine.refresh(config, context.rules, context.now)
    prune = context.options.prune
    names = catalog.topic_names(), catalog.provider_names()
    taxonomy = build_taxonomy(config, *names, published.addresses, prune=prune)
    site = Site(config, taxonomy, context.now, context.output)
    return take_snapshot(catalog, ingested, published, site, prune=prune)


def all_diagnostics(snapshot: Snapshot) -> tuple[LocatedDiagnostic, ...]:
    """The diagnostics of folders, files, articles with one id, slugs and former paths."""
    catalog, config = snapshot.catalog, snapshot.site.config
    shared = (
        LocatedDiagnostic(
            f"{one.source}/{one.path}",
            0,
            f"has the id of {display_path(f'{one.first_source}/{one.first_path}')}, {one.id}; {_ONE_ENTRY}",
            "same-article",
        )
        for one in catalog.shared_ids(snapshot.site.now)
    )
    slugs = ((message, "slug-collision") for message in snapshot.site.taxonomy.collisions)
    moves = ((message, "moved-nowhere") for message in wrong_moves(snapshot))
    configuration = (LocatedDiagnostic(str(config.path), 0, message, rule) for message, rule in (*slugs, *moves))
    found = (*snapshot.ingested.diagnostics, *sorted((*catalog.diagnostics(), *shared)), *configuration)
    return tuple(replace(diagnostic, path=display_path(diagnostic.path)) for diagnostic in found)


def _local(config: Config, options: RunOptions) -> tuple[Path, EngineOpener]:
    if is_address(str(options.cache)):
        label = mask_credentials(str(options.cache))
        raise CatalogError(f"{label}: is in an object store; expected a folder of this machine, or the engine spark")
    cache = Path(options.cache or config.default_cache)
    check_path(cache)
    catalog = cache / f"{config.path.stem}.sqlite"
    return cache, LocalOpener(catalog, options.jobs or available_jobs(), options.track)


def _spark(config: Config, options: RunOptions) -> tuple[Path, EngineOpener]:
    from feeds.engines.spark.engine import SparkOpener  # noqa: PLC0415  # optional

    place = _absolute(options.cache or config.default_cache)
    cache = place if isinstance(place, Path) else config.default_cache  # some of it stays on this machine
    check_path(cache)
    return cache, SparkOpener(open_folder(f"{place}/{config.path.stem}.catalog"), options.master, options.track)


def _absolute(place: Path | str) -> Path | str:
    return place if is_address(str(place)) else Path(place).absolute()
