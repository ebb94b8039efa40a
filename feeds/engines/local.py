"""The engine that uses the processors of this machine, with its catalog in an SQLite file."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING

import msgspec

from feeds.catalog.records import FileRecord, folder_of
from feeds.catalog.schema import identity
from feeds.catalog.sqlite import KnownFile, SqliteCatalog
from feeds.content.discovery import find_articles
from feeds.digests import digest_of
from feeds.parallel import processes
from feeds.pipeline.ingest import NOT_READ, UNSETTLED, ChangedFile, IngestResult, read_records
from feeds.pipeline.publish import Item, Render, Rendering, render_job

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from feeds.catalog.protocol import ReadingFingerprint
    from feeds.catalog.records import Folder
    from feeds.catalog.stories import StoryBuilder
    from feeds.config.schema import Config, Source
    from feeds.content.files import ArticleFile, ArticleFolder
    from feeds.output.publisher import WrittenDocument
    from feeds.parallel import Map
    from feeds.pipeline.plan import Site
    from feeds.progress import Track
    from feeds.selection.membership import MembershipRules


#: Files read at a time by a process, and how many make it worth to start some.
_CHUNK = 64

_WORTH_PROCESSES = 4 * _CHUNK

_encoder = msgspec.msgpack.Encoder()

_outcomes_decoder = msgspec.msgpack.Decoder(list[FileRecord])


def refresh(
    catalog: SqliteCatalog, config: Config, rules: MembershipRules, now: dt.datetime, *, jobs: int, track: Track
) -> IngestResult:
    """Bring the catalog up to what the article folders hold at the time `now`."""
    folders, mistakes = find_articles(config.articles)
    found = _compare(catalog, folders)
    emptied = [str(root) for root in config.articles if str(root) in found.emptied]
    changed = found.changed
    then = catalog.state("now")
    builder = catalog.builder(rules, now)
    articles_changed = len(found.gone)
    for key in found.gone:
        builder.remove_file(key)
    if then is not None:
        builder.queue(catalog.changing_ids(min(now, then)))
    with processes(jobs if len(changed) >= _WORTH_PROCESSES else 1, _start_reading, changed, config.source) as map_:
        for outcome, facts in _read_all(changed, map_, track):
            articles_changed += _keep(catalog, builder, outcome, facts)
            if outcome.mtime == UNSETTLED:
                found.listings[folder_of(outcome.root, outcome.path)] = b""
    builder.finish()
    catalog.note_folders(found.listings)
    if then is not None and catalog.state("rules") != rules.digest:
        builder.rebuild(catalog.all_ids())
    catalog.set_state("rules", rules.digest)
    catalog.set_state("now", now)
    before = catalog.state("epoch") or 0
    epoch = before + bool(builder.touched.stories)
    catalog.set_state("epoch", epoch)
    return IngestResult(found.articles, articles_changed, mistakes, builder.touched, before, epoch, emptied)


@dataclass
class _Found:
    """What is not as the catalog knows it: files, the keys of those that are gone, and the listings of folders."""

    articles: int = 0
    changed: list[ChangedFile] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    listings: dict[Folder, bytes] = field(default_factory=dict)
    emptied: set[str] = field(default_factory=set)


def _compare(catalog: SqliteCatalog, folders: Iterable[ArticleFolder]) -> _Found:
    """Compare the files with the catalog, folder by folder: where the listings are the same, nothing changed.

    What was in a folder that cannot be read stays: it may be a disk that is not mounted, or somebody's mistake.
    """
    known = catalog.folders()
    there = {(str(folder.root), folder.path): folder for folder in folders}
    closed = {key for key, folder in there.items() if folder.is_unreadable}
    found = _Found()
    for key, folder in there.items():
        if key in closed:
            continue
        found.articles += len(folder.files)
        listing = digest_of(folder.files)
        if listing != known.get(key):
            _look_into(catalog, key, folder, found)
            found.listings[key] = listing
    for key in sorted(known.keys() - (there.keys() - closed)):
        if any(_is_within(key, folder) for folder in closed):
            found.articles += len(catalog.files(key))
        else:
            found.gone += [facts.key for facts in catalog.files(key).values()]
            found.listings[key] = b""
    found.emptied = {*catalog.former_roots, *(root for root, _ in known)} - {root for root, _ in there}
    return found


def _look_into(catalog: SqliteCatalog, key: Folder, folder: ArticleFolder, found: _Found) -> None:
    """Note the files of a folder that changed or are gone."""
    facts_of = catalog.files(key)
    for file in map(folder.file, folder.files):
        facts = facts_of.pop(file.path, None)
        if not _is_known(file, facts):
            found.changed.append((file, facts))
    found.gone += [facts.key for facts in facts_of.values()]


def _is_within(folder: Folder, other: Folder) -> bool:
    """Whether a folder is another one, or below it."""
    (root, path), (other_root, other_path) = folder, other
    return root == other_root and (not other_path or path == other_path or path.startswith(f"{other_path}/"))


def _is_known(file: ArticleFile, facts: KnownFile | None) -> bool:
    known = facts and facts.mtime != UNSETTLED and (facts.size, facts.mtime, facts.ctime)
    return known == (file.size, file.mtime, file.ctime)


def _keep(catalog: SqliteCatalog, builder: StoryBuilder, outcome: FileRecord, facts: KnownFile | None) -> bool:
    """Put what came of a file into the catalog; whether it is new or other than before."""
    if facts is not None:
        if outcome.digest == NOT_READ:
            catalog.note_unread_file(facts.key, outcome)
            return False
        if facts.digest == outcome.digest:
            catalog.note_touched_file(facts.key, outcome)
            return False
        builder.remove_file(facts.key)
    builder.add_file(outcome)
    return True


def _read_all(changed: Sequence[ChangedFile], map_: Map, track: Track) -> Iterator[tuple[FileRecord, KnownFile | None]]:
    """What comes of the files, in their order. Only their numbers are sent to the processes that read."""
    numbers = iter(track(range(len(changed)), len(changed), "Reading"))
    chunks = iter(lambda: list(islice(numbers, _CHUNK)), [])
    outcomes = chain.from_iterable(map(_outcomes_decoder.decode, map_(_read_chunk, chunks)))
    for outcome, (_, facts) in zip(outcomes, changed, strict=True):
        yield outcome, facts


class _Reader(threading.local):
    """What a process that reads has at hand, or a thread where there is only one process."""

    changed: Sequence[ChangedFile]
    source: Source


_reader = _Reader()


def _start_reading(changed: Sequence[ChangedFile], source: Source) -> None:
    """Make this process ready to read."""
    _reader.changed = changed
    _reader.source = source


def _read_chunk(numbers: Sequence[int]) -> bytes:
    """What comes of the files with these numbers, encoded: that takes a fifth of the time of pickling."""
    changed = [_reader.changed[number] for number in numbers]
    return _encoder.encode(read_records(changed, _reader.source))


#: From how many feeds on it is worth to start processes.
_MANY_FEEDS = 24


@contextmanager
def rendering_here(catalog: SqliteCatalog, jobs: int, site: Site, count: int) -> Iterator[Render]:
    """A Rendering on the processors of this machine."""
    if count < _MANY_FEEDS or site.is_dry_run:
        jobs = 1
    with processes(jobs, _start_rendering, catalog.path if jobs > 1 else catalog, site) as map_:
        yield partial(map_, _render)


def _start_rendering(catalog: SqliteCatalog | Path, site: Site) -> None:
    """Make this process ready to render."""
    _renderer.catalog = catalog if isinstance(catalog, SqliteCatalog) else SqliteCatalog.reader(catalog)
    _renderer.site = site


class _Renderer(threading.local):
    """What a process that renders has at hand, or a thread where there is only one process."""

    catalog: SqliteCatalog
    site: Site


_renderer = _Renderer()


def _render(item: Item) -> list[WrittenDocument]:
    job, _ = item
    return render_job(item, _renderer.catalog.entries(job.stories, _renderer.site.now), _renderer.site)


@dataclass(frozen=True)
class LocalWork:
    """What a run on this machine has at hand."""

    catalog: SqliteCatalog
    jobs: int
    track: Track

    @property
    def rendering(self) -> Rendering:
        return partial(rendering_here, self.catalog, self.jobs)

    def refresh(self, config: Config, rules: MembershipRules, now: dt.datetime) -> IngestResult:
        return refresh(self.catalog, config, rules, now, jobs=self.jobs, track=self.track)


class LocalEngine:
    """The processors of this machine, and a catalog in a file."""

    def __init__(self, path: Path, jobs: int, track: Track) -> None:
        self._path = path
        self._jobs = jobs
        self._track = track
        self._file = identity(path)

    @contextmanager
    def opened(self, reading: ReadingFingerprint, *, anew: bool, looks: bool) -> Iterator[LocalWork]:
        catalog = (
            SqliteCatalog.open_copy(self._path, reading) if looks else SqliteCatalog(self._path, reading, anew=anew)
        )
        with catalog:
            yield LocalWork(catalog, self._jobs, self._track)

    @contextmanager
    def opened_anew(self, reading: ReadingFingerprint, *, looks: bool) -> Iterator[LocalWork]:
        if not looks:
            SqliteCatalog.discard(self._path, self._file)
        with SqliteCatalog(None if looks else self._path, reading) as catalog:
            yield LocalWork(catalog, self._jobs, self._track)
