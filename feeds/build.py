"""The pipeline, start to end: files to articles, to entries, to feeds, to documents, to the output folder."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from feeds.articles import find_articles, read_article
from feeds.entries import derive_entries
from feeds.errors import Mistake, StrictError
from feeds.publish import publish, read_manifest
from feeds.render import document_path, render_document
from feeds.selection import due_entries, empty_feed, select_feeds
from feeds.settings import ALL_FORMATS
from feeds.taxonomy import build_taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from feeds.articles import ArticleFile
    from feeds.model import Document, Entry, Feed
    from feeds.publish import Record
    from feeds.settings import Config, Source

T = TypeVar("T")


class Track(Protocol):
    """Passes the items on and may show how far it is."""

    def __call__(self, items: Iterable[T], length: int, label: str) -> Iterable[T]: ...


def untracked(items: Iterable[T], length: int, label: str) -> Iterable[T]:  # noqa: ARG001  # a Track
    return items


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did.

    `left_out` counts, by reason, the articles that have no entry of their own; `waiting` counts the entries whose
    time has not come; `written`, `unchanged` and `removed` count documents, whose paths below `output` are given where
    they changed. A dry run says what it would do.
    """

    output: str
    articles: int
    left_out: dict[str, int]
    entries: int
    waiting: int
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
class Archive:
    """What the articles hold: all their entries, due or not, those with the same id apart; and what was wrong."""

    entries: tuple[Entry, ...]
    articles: int
    left_out: dict[str, int]
    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True)
class Selection:
    """What is to be published now."""

    feeds: tuple[Feed, ...]
    entries: int
    waiting: int
    mistakes: tuple[Mistake, ...]


def regenerate(
    config: Config,
    *,
    output: Path | None = None,
    now: dt.datetime | None = None,
    dry_run: bool = False,
    strict: bool = False,
    track: Track = untracked,
) -> Report:
    """Publish the feeds of the configured archive into `output`, by default the configuration's.

    `now` decides which entries are due, by default the clock. Raises StrictError, before anything is written, if
    `strict` and there is any mistake; PublishError where `output` cannot be written.
    """
    started = time.perf_counter()
    output = output or config.default_output
    archive, selection = prepare(config, output=output, now=now, track=track)
    if strict and selection.mistakes:
        raise StrictError(selection.mistakes)
    paths = [document_path(feed, format_) for feed in selection.feeds for format_ in feed.formats]
    documents = track(_documents(selection.feeds), len(paths), "Publishing")
    published = publish(output, paths, documents, dry_run=dry_run)
    return Report(
        output=str(output),
        articles=archive.articles,
        left_out=archive.left_out,
        entries=selection.entries,
        waiting=selection.waiting,
        feeds=len(selection.feeds),
        written=len(published.written),
        unchanged=len(published.unchanged),
        removed=len(published.removed),
        written_paths=published.written,
        removed_paths=published.removed,
        mistakes=selection.mistakes,
        seconds=round(time.perf_counter() - started, 3),
        dry_run=dry_run,
    )


def prepare(
    config: Config, *, output: Path | None = None, now: dt.datetime | None = None, track: Track = untracked
) -> tuple[Archive, Selection]:
    """What `regenerate` would publish, without publishing it."""
    archive = read_archive(config, track)
    return archive, select(config, archive, now or dt.datetime.now(dt.UTC), output or config.default_output)


def read_archive(config: Config, track: Track = untracked) -> Archive:
    """Read all articles and derive their entries."""
    files, mistakes = find_articles(config.articles)
    entries: list[Entry] = []
    owners: dict[str, str] = {}
    left_out: Counter[str] = Counter()
    for file in track(files, len(files), "Reading"):
        outcome = _read(file, config.source)
        mistakes.extend(outcome.mistakes)
        if outcome.left_out:
            left_out[outcome.left_out] += 1
        elif (first := owners.setdefault(outcome.entries[0].id, file.label)) != file.label:
            message = f"has the id of {first}, {outcome.entries[0].id}; the two are published as one entry"
            mistakes.append(Mistake(file.label, 0, message))
        entries.extend(outcome.entries)
    return Archive(tuple(entries), len(files), dict(sorted(left_out.items())), tuple(mistakes))


def select(config: Config, archive: Archive, now: dt.datetime, output: Path) -> Selection:
    """The feeds to publish at the time `now` into a folder where some may be published already."""
    published: dict[str, list[Record]] = defaultdict(list)
    for record in read_manifest(output).documents:
        published[record.path.rpartition(".")[0]].append(record)
    entries = due_entries(archive.entries, now)
    taxonomy = build_taxonomy(
        config,
        ((topic, entry.published) for entry in entries for topic in entry.topics),
        ((entry.provider.domain, entry.provider.name) for entry in entries),
    )
    feeds = {feed.path: feed for feed in select_feeds(entries, config, taxonomy, now, published)}
    for path, records in published.items():
        formats = [name for name in ALL_FORMATS if any(document.path == f"{path}.{name}" for document in records)]
        if path not in feeds and (gone := empty_feed(records[0].kind, path, records[0].title, formats, config)):
            feeds[path] = gone
    collisions = (Mistake(config.path.name, 0, message) for message in taxonomy.collisions)
    return Selection(
        feeds=tuple(feeds[path] for path in sorted(feeds)),
        entries=len(entries),
        waiting=len({entry.id for entry in archive.entries} - {entry.id for entry in entries}),
        mistakes=(*archive.mistakes, *collisions),
    )


@dataclass(frozen=True)
class _Outcome:
    """What came of one file."""

    entries: Sequence[Entry] = ()
    mistakes: Sequence[Mistake] = field(default_factory=tuple)
    left_out: str | None = None


def _read(file: ArticleFile, source: Source) -> _Outcome:
    parsed = read_article(file)
    if parsed.article is None or parsed.source is None:
        return _Outcome((), parsed.mistakes, "unreadable")
    derived = derive_entries(parsed.article, source)
    if derived.left_out == "unpublished":
        return _Outcome(left_out=derived.left_out)
    known = {finding.keys for finding in parsed.findings}
    new = [finding for finding in derived.findings if finding.keys not in known]
    return _Outcome(derived.entries, sorted((*parsed.mistakes, *parsed.source.locate(new))), derived.left_out)


def _documents(feeds: Iterable[Feed]) -> Iterator[Document]:
    for feed in feeds:
        for format_ in feed.formats:
            yield render_document(feed, format_)
