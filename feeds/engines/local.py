"""The engine that uses the processors of this machine, with its catalog in an SQLite file."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from feeds.catalog.records import UNSETTLED, FileRecord, folder_of
from feeds.catalog.schema import identity
from feeds.catalog.sqlite import SqliteCatalog
from feeds.content.discovery import find_articles
from feeds.digests import digest_of
from feeds.parallel import process_map
from feeds.pipeline.ingest import IngestResult, change_of, is_in_unreadable, is_unchanged, read_records
from feeds.pipeline.publish import render_task

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from feeds.catalog.protocol import ReadingFingerprint
    from feeds.catalog.records import FolderKey, KnownFile
    from feeds.catalog.stories import StoryBuilder
    from feeds.config.schema import Config, SourceSettings
    from feeds.content.files import ArticleFolder
    from feeds.output.publisher import WrittenDocument
    from feeds.pipeline.ingest import ChangedFile
    from feeds.pipeline.plan import Site
    from feeds.pipeline.publish import RenderTask
    from feeds.progress import Track
    from feeds.selection.membership import MembershipRules

#: Files that a process reads at a time.
_CHUNK = 64
#: From this many files, and this many tasks to render, starting processes pays off.
MIN_PARALLEL_FILES = 4 * _CHUNK
MIN_PARALLEL_TASKS = 24

_encoder = msgspec.msgpack.Encoder()
_records_decoder = msgspec.msgpack.Decoder(list[FileRecord])


@dataclass(frozen=True)
class LocalOpener:
    """The engine with its catalog in the file at `path`, which works in `jobs` processes."""

    path: Path
    jobs: int
    track: Track

    @contextmanager
    def open(self, fingerprint: ReadingFingerprint, *, fresh: bool, read_only: bool) -> Iterator[LocalEngine]:
        with self._catalog(fingerprint, fresh=fresh, read_only=read_only) as catalog:
            yield LocalEngine(catalog, self.jobs, self.track)

    def discard_catalog(self) -> None:
        SqliteCatalog.discard(self.path, self._file)

    @cached_property
    def _file(self) -> tuple[int, int] | None:
        """The identity of the catalog's file when it was first opened."""
        return identity(self.path)

    def _catalog(self, fingerprint: ReadingFingerprint, *, fresh: bool, read_only: bool) -> SqliteCatalog:
        if not read_only:
            _ = self._file
            return SqliteCatalog(self.path, fingerprint, fresh=fresh)
        return SqliteCatalog(None, fingerprint) if fresh else SqliteCatalog.open_copy(self.path, fingerprint)


@dataclass(frozen=True)
class LocalEngine:
    """An engine (engines.base.Engine) on this machine."""

    catalog: SqliteCatalog
    jobs: int
    track: Track

    def refresh(self, config: Config, rules: MembershipRules, now: dt.datetime) -> IngestResult:
        catalog = self.catalog
        folders, diagnostics = find_articles(config.articles)
        difference = _compare(catalog, folders)
        last_run = catalog.state("now", dt.datetime)
        builder = catalog.builder(rules, now)
        changed = len(difference.removed)
        for key in difference.removed:
            builder.remove_file(key)
        if last_run is not None:
            builder.queue(catalog.changing_ids(min(now, last_run)))
        for record, known in self._read(difference.changed, config.source):
            changed += _store(catalog, builder, record, known)
            if record.mtime == UNSETTLED:
                difference.listings[folder_of(record.source, record.path)] = b""
        builder.finish()
        catalog.set_listings(difference.listings)
        if last_run is not None and catalog.state("rules", bytes) != rules.digest:
            builder.rebuild(catalog.all_ids())
        catalog.set_state("rules", rules.digest)
        catalog.set_state("now", now)
        before = catalog.state("epoch", int) or 0
        epoch = before + bool(builder.touched.stories)
        catalog.set_state("epoch", epoch)
        emptied = [str(source) for source in config.articles if str(source) in difference.emptied]
        return IngestResult(difference.articles, changed, diagnostics, builder.touched, before, epoch, emptied)

    def render(
        self, site: Site, stages: Sequence[Sequence[RenderTask]], /
    ) -> Generator[list[WrittenDocument], None, None]:
        path = self.catalog.path  # a catalog without a file cannot be shared with processes
        is_worth = path is not None and sum(map(len, stages)) >= MIN_PARALLEL_TASKS
        worker = _RenderWorker(path if path and is_worth and self.jobs > 1 else self.catalog, site)
        with process_map(self.jobs if is_worth else 1, worker) as map_tasks:
            for stage in stages:
                yield from map_tasks(stage)

    def _read(
        self, changed: Sequence[ChangedFile], settings: SourceSettings
    ) -> Iterator[tuple[FileRecord, KnownFile | None]]:
        """Read files in order. Only their numbers are sent to the processes."""
        jobs = self.jobs if len(changed) >= MIN_PARALLEL_FILES else 1
        numbers = iter(self.track(range(len(changed)), len(changed), "Reading"))
        chunks = iter(lambda: list(islice(numbers, _CHUNK)), [])
        with process_map(jobs, _ReadWorker(changed, settings)) as map_chunks:
            records = chain.from_iterable(map(_records_decoder.decode, map_chunks(chunks)))
            for record, (_, known) in zip(records, changed, strict=True):
                yield record, known


@dataclass(frozen=True)
class _ReadWorker:
    """Reads files by number. The records are encoded: that takes a fifth of the time of pickling."""

    changed: Sequence[ChangedFile]
    settings: SourceSettings

    def __call__(self, numbers: Sequence[int]) -> bytes:
        return _encoder.encode(list(read_records([self.changed[number] for number in numbers], self.settings)))


@dataclass(frozen=True)
class _RenderWorker:
    """Renders tasks with entries from a catalog, or from the committed one in a file."""

    catalog: SqliteCatalog | Path
    site: Site

    def __call__(self, task: RenderTask) -> list[WrittenDocument]:
        return render_task(task, self._catalog.entries(task.job.stories, self.site.now), self.site)

    @cached_property
    def _catalog(self) -> SqliteCatalog:
        return SqliteCatalog.open_committed(self.catalog) if isinstance(self.catalog, Path) else self.catalog


@dataclass
class _Difference:
    """The differences between archive and catalog: `removed` has keys of files, `listings` has digests of folders."""

    articles: int = 0
    changed: list[ChangedFile] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    listings: dict[FolderKey, bytes] = field(default_factory=dict)
    emptied: set[str] = field(default_factory=set)


def _compare(catalog: SqliteCatalog, folders: Iterable[ArticleFolder]) -> _Difference:
    """Compare the archive with the catalog, folder by folder; in a folder with the same listing nothing changed."""
    known = catalog.folders()
    found = {(str(folder.source), folder.path): folder for folder in folders}
    unreadable = {key for key, folder in found.items() if folder.is_unreadable}
    difference = _Difference()
    for key, folder in found.items():
        if key in unreadable:
            continue
        difference.articles += len(folder.files)
        listing = digest_of(folder.files)
        if listing != known.get(key):
            _compare_files(catalog, key, folder, difference)
            difference.listings[key] = listing
    for key in sorted(known.keys() - (found.keys() - unreadable)):
        if is_in_unreadable(key, unreadable):
            difference.articles += len(catalog.files(key))
        else:
            difference.removed += [file.key for file in catalog.files(key).values()]
            difference.listings[key] = b""
    sources = {source for source, _ in found}
    difference.emptied = {*catalog.former_sources, *(source for source, _ in known)} - sources
    return difference


def _compare_files(catalog: SqliteCatalog, key: FolderKey, folder: ArticleFolder, difference: _Difference) -> None:
    known_files = catalog.files(key)
    for file in map(folder.file, folder.files):
        known = known_files.pop(file.path, None)
        if not is_unchanged(known, file):
            difference.changed.append((file, known))
    difference.removed += [file.key for file in known_files.values()]


def _store(catalog: SqliteCatalog, builder: StoryBuilder, record: FileRecord, known: KnownFile | None) -> bool:
    """Store the record of a file; return whether the file is new or changed."""
    if known is not None:
        change = change_of(record, known.digest)
        if change == "unreadable":
            catalog.set_unreadable(known.key, record)
            return False
        if change == "unchanged":
            catalog.set_file_times(known.key, record)
            return False
        builder.remove_file(known.key)
    builder.add_file(record)
    return True
