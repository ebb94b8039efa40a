"""A look at what a run would publish, without publishing it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Unpack

from feeds.bodies.notes import split_notes
from feeds.pipeline.plan import current_feeds, decide, empty_feeds
from feeds.run import RunKeywords, RunOptions, all_diagnostics, merge_options, open_run, read_archive, with_engine
from feeds.selection.membership import memberships

if TYPE_CHECKING:
    from feeds.config.schema import Config
    from feeds.engines.base import Engine
    from feeds.errors import LocatedDiagnostic
    from feeds.models import Feed, FeedKey


@dataclass(frozen=True)
class Overview:
    """The feeds that a run would publish, the number of articles, those without an entry by reason, and diagnostics."""

    feeds: tuple[Feed, ...]
    articles: int
    left_out: dict[str, int]
    mistakes: tuple[LocatedDiagnostic, ...]


@dataclass(frozen=True)
class Examination:
    """An archive as `feeds check` sees it: the names of topics and the domains of providers, and feeds without entries.

    Entries that are not due count.
    """

    articles: int
    skipped: dict[str, int]
    diagnostics: tuple[LocatedDiagnostic, ...]
    topics: frozenset[str]
    domains: frozenset[str]
    empty: tuple[FeedKey, ...]


def survey(config: Config, options: RunOptions | None = None, /, **changes: Unpack[RunKeywords]) -> Overview:
    """Return what `regenerate` would publish; `changes` are fields of RunOptions."""
    context = open_run(config, replace(merge_options(options, changes), dry_run=True))

    def work(engine: Engine) -> Overview:
        snapshot = read_archive(context, engine)
        decision = decide(snapshot)
        shown = (feed for feed in current_feeds(snapshot) if feed.path in decision.feeds)
        feeds = sorted(shown, key=lambda feed: feed.path)
        mistakes, _ = split_notes(all_diagnostics(snapshot))
        diagnostics = (*mistakes, *decision.diagnostics)
        return Overview(tuple(feeds), snapshot.ingested.articles, engine.catalog.skipped(), diagnostics)

    return with_engine(context, work)


def examine(config: Config, options: RunOptions | None = None, /, **changes: Unpack[RunKeywords]) -> Examination:
    """Read the archive as a run would, and publish nothing; `changes` are fields of RunOptions."""
    context = open_run(config, replace(merge_options(options, changes), dry_run=True))

    def work(engine: Engine) -> Examination:
        snapshot = read_archive(context, engine)
        catalog = engine.catalog
        scheduled = catalog.scheduled_entries(context.now)
        rules = context.rules
        feeds = {feed for entry in scheduled for feed, _ in memberships(entry, rules)}
        topics = (name for name, _ in catalog.topic_names())
        domains = (domain for domain, *_ in catalog.provider_names())
        return Examination(
            snapshot.ingested.articles,
            catalog.skipped(),
            (*all_diagnostics(snapshot), *decide(snapshot).diagnostics),
            frozenset((*topics, *(name for entry in scheduled for name in entry.topics))),
            frozenset((*domains, *(entry.provider.domain for entry in scheduled))),
            tuple(sorted(empty_feeds(snapshot, feeds))),
        )

    return with_engine(context, work)
