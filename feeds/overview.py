"""What a run would publish, without publishing it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from feeds.pipeline.plan import empty_feeds, survey_feeds
from feeds.progress import untracked
from feeds.run import Order, all_mistakes, here, refresh_catalog, site_of, with_catalog
from feeds.selection.membership import FeedKey, MembershipRules, memberships

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from feeds.config.schema import Config
    from feeds.engines.base import Work
    from feeds.errors import LocatedDiagnostic
    from feeds.models import Feed
    from feeds.progress import Track


@dataclass(frozen=True)
class Overview:
    """What `regenerate` would publish: the feeds, how many articles there are, which are left out, what is wrong."""

    feeds: tuple[Feed, ...]
    articles: int
    left_out: dict[str, int]
    mistakes: tuple[LocatedDiagnostic, ...]


@dataclass(frozen=True)
class Examination:
    """What there is to say of an archive without publishing it: as for Overview, the names of topics, the domains of
    providers, and the feeds without entries, by kind and path. Entries whose time has not come count."""

    articles: int
    left_out: dict[str, int]
    mistakes: tuple[LocatedDiagnostic, ...]
    topics: frozenset[str]
    domains: frozenset[str]
    empty: tuple[FeedKey, ...]


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
    order = here(config, output, cache, now, jobs, track, is_dry_run=True)
    return with_catalog(order, partial(_survey, order))


def examine(
    config: Config,
    *,
    output: Path | str | None = None,
    cache: Path | str | None = None,
    now: dt.datetime | None = None,
    jobs: int | None = None,
    track: Track = untracked,
) -> Examination:
    """Read the archive as a run would, and say what is to be said of it; publishes nothing."""
    order = here(config, output, cache, now, jobs, track, is_dry_run=True)
    return with_catalog(order, partial(_examine, order))


def _survey(order: Order, work: Work) -> Overview:
    catalog, refreshed = work.catalog, refresh_catalog(order, work)
    site = site_of(order, catalog)
    feeds = survey_feeds(catalog, site)
    return Overview(
        tuple(sorted(feeds, key=lambda feed: feed.path)),
        refreshed.articles,
        catalog.left_out(),
        all_mistakes(catalog, refreshed, site),
    )


def _examine(order: Order, work: Work) -> Examination:
    catalog, refreshed = work.catalog, refresh_catalog(order, work)
    site = site_of(order, catalog)
    waiting = catalog.waiting_entries(order.now)
    rules = MembershipRules(order.config)
    feeds = {feed for entry in waiting for feed, _ in memberships(entry, rules)}
    return Examination(
        refreshed.articles,
        catalog.left_out(),
        all_mistakes(catalog, refreshed, site),
        frozenset((*(name for name, _ in catalog.topic_names()), *(name for each in waiting for name in each.topics))),
        frozenset((*(domain for domain, *_ in catalog.provider_names()), *(each.provider.domain for each in waiting))),
        tuple(sorted(empty_feeds(catalog, site, feeds))),
    )
