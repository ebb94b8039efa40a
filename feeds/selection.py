"""Entries selected into feeds: everything, by topic, by provider, and by rules of one's own."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from feeds.entries import merge_entries
from feeds.model import Feed, Link, Person
from feeds.settings import (
    ALL_FORMATS,
    AllFeed,
    CustomFeed,
    FeedSettings,
    ProviderFeeds,
    TopicFeeds,
    compile_match,
    first_set,
    period,
)
from feeds.urls import absolute_url, valid_domain

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from feeds.model import Enclosure, Entry, Format, Kind
    from feeds.settings import Config
    from feeds.taxonomy import Taxonomy

#: The largest channel image that RSS 2.0 allows, in pixels.
_IMAGE_WIDTH, _IMAGE_HEIGHT = 144, 400


@dataclass(frozen=True)
class _Plan:
    """A feed before it has entries: what it is, and the settings that apply to it, its own and its kind's."""

    kind: Kind
    path: str
    title: str
    description: str
    own: FeedSettings
    of_kind: AllFeed | TopicFeeds | ProviderFeeds | CustomFeed
    icon: str | None = None
    provider_icon: bool = False


def due_entries(entries: Iterable[Entry], now: dt.datetime) -> list[Entry]:
    """The entries whose time has come, those with the same id made one, newest first, then by id."""
    by_id: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.published <= now:
            by_id[entry.id].append(_as_of(entry, now))
    due = sorted(map(merge_entries, by_id.values()), key=lambda entry: entry.id)
    due.sort(key=lambda entry: entry.published, reverse=True)
    return due


def _as_of(entry: Entry, now: dt.datetime) -> Entry:
    """The entry without an update and without related links that are still to come."""
    related = tuple(link for link in entry.related if link.published <= now)
    if entry.updated <= now and len(related) == len(entry.related):
        return entry
    updated = entry.updated if entry.updated <= now else entry.published
    return msgspec.structs.replace(entry, updated=updated, related=related)


def select_feeds(
    entries: Sequence[Entry],
    config: Config,
    taxonomy: Taxonomy,
    now: dt.datetime,
    published: Collection[str] = (),
) -> list[Feed]:
    """The feeds of `entries`, which `due_entries` gave: all, topics, providers, custom.

    A feed with fewer entries than its `min_entries` is left out, unless its path is among those `published` already:
    an address that people subscribed to does not vanish by itself.
    """
    finished = [_finish(entry, taxonomy) for entry in entries]
    feeds = []
    for plan, candidates in _plans(finished, config, taxonomy, now):
        chosen = _shown_entries(candidates, plan, config)
        least = first_set(plan.own.min_entries, plan.of_kind.min_entries)
        if len(chosen) >= least or plan.path in published:
            feeds.append(_feed(plan, chosen, config))
    return feeds


def empty_feed(kind: Kind, path: str, title: str, formats: Collection[Format], config: Config) -> Feed | None:
    """A feed that was published and has lost its last entry; None where its kind is switched off or it was our own."""
    of_kind = {"topic": config.feeds.topics, "provider": config.feeds.providers}.get(kind)
    if not isinstance(of_kind, TopicFeeds | ProviderFeeds):
        return None
    settings = FeedSettings(formats=tuple(formats))
    return _feed(_Plan(kind, path, title, title, settings, of_kind), (), config)


def _finish(entry: Entry, taxonomy: Taxonomy) -> Entry:
    """The entry with what the taxonomy and the configuration know of its topics and providers."""
    node = taxonomy.providers[entry.provider.domain]
    feed = node.settings.feed
    provider = msgspec.structs.replace(entry.provider, name=taxonomy.provider_name(entry.provider.name))
    publisher = Person(name=provider.name, uri=f"https://{provider.domain}/")
    return msgspec.structs.replace(
        entry,
        provider=provider,
        authors=(*(person for person in entry.authors if person.name != provider.name), publisher),
        categories=taxonomy.categories(entry.topics),
        related=tuple(_finish_link(link, taxonomy) for link in entry.related),
        source=Link(href=absolute_url(feed) or feed, title=node.title, provider=node.title) if feed else None,
    )


def _finish_link(link: Link, taxonomy: Taxonomy) -> Link:
    name = taxonomy.provider_name(link.provider)
    return link if name == link.provider else msgspec.structs.replace(link, provider=name)


def _plans(
    entries: Sequence[Entry], config: Config, taxonomy: Taxonomy, now: dt.datetime
) -> Iterator[tuple[_Plan, Sequence[Entry]]]:
    kinds, site = config.feeds, config.site
    if isinstance(kinds.all, AllFeed):
        title = _fill(kinds.all.title, site.title, config)
        description = _fill(kinds.all.description or site.description or site.title, site.title, config)
        yield _Plan("all", "all", title, description, kinds.all, kinds.all), entries
    if isinstance(kinds.topics, TopicFeeds):
        yield from _topic_plans(entries, kinds.topics, config, taxonomy)
    if isinstance(kinds.providers, ProviderFeeds):
        yield from _provider_plans(entries, kinds.providers, config, taxonomy)
    for custom in kinds.custom:
        title = custom.title or custom.path.rpartition("/")[2].replace("-", " ").capitalize()
        plan = _Plan("custom", custom.path, title, custom.description or title, custom, custom, custom.icon)
        yield plan, _matching(entries, custom, taxonomy, now)


def _topic_plans(
    entries: Sequence[Entry], of_kind: TopicFeeds, config: Config, taxonomy: Taxonomy
) -> Iterator[tuple[_Plan, Sequence[Entry]]]:
    by_topic: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        for key in taxonomy.with_ancestors(taxonomy.keys(entry.topics)):
            by_topic[key].append(entry)
    for key, node in taxonomy.topics.items():
        own = node.settings
        title = _fill(of_kind.title, node.title, config)
        description = own.description or _fill(of_kind.description, node.title, config)
        yield _Plan("topic", node.path, title, description, own, of_kind, own.icon), by_topic[key]


def _provider_plans(
    entries: Sequence[Entry], of_kind: ProviderFeeds, config: Config, taxonomy: Taxonomy
) -> Iterator[tuple[_Plan, Sequence[Entry]]]:
    by_provider: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_provider[entry.provider.domain].append(entry)
    for domain, node in taxonomy.providers.items():
        own = node.settings
        title = _fill(of_kind.title, node.title, config)
        description = own.description or _fill(of_kind.description, node.title, config)
        plan = _Plan("provider", node.path, title, description, own, of_kind, own.icon, provider_icon=True)
        yield plan, by_provider[domain]


def _fill(template: str, name: str, config: Config) -> str:
    """A title or description with its placeholders filled in."""
    return template.replace("{name}", name).replace("{site}", config.site.title)


def _shown_entries(candidates: Sequence[Entry], plan: _Plan, config: Config) -> list[Entry]:
    related = first_set(plan.own.related, plan.of_kind.related, config.entries.related)
    with_related = related in {"entries", "both"}
    return [entry for entry in candidates if with_related or entry.is_article]


def _feed(plan: _Plan, entries: Sequence[Entry], config: Config) -> Feed:
    own, of_kind, site, general = plan.own, plan.of_kind, config.site, config.entries
    shown = tuple(entries[: first_set(own.limit, of_kind.limit)])
    formats = first_set(own.formats, of_kind.formats, config.formats)
    author = site.author
    icon = plan.icon or (_provider_icon(shown) if plan.provider_icon else None)
    return Feed(
        path=plan.path,
        kind=plan.kind,
        title=plan.title,
        description=plan.description,
        base_url=config.base_url,
        language=first_set(own.language, of_kind.language, site.language),
        entries=shown,
        formats=tuple(name for name in ALL_FORMATS if name in formats),
        content=first_set(own.content, of_kind.content, general.content),
        images=first_set(own.images, of_kind.images, general.images),
        shows_related=first_set(own.related, of_kind.related, general.related) in {"links", "both"},
        related_title=general.related_title,
        author=Person(name=author.name, uri=_valid(author.uri), email=author.email) if author else None,
        icon=_valid(icon or site.icon),
        logo=_valid(icon or site.logo),
        rights=site.rights,
        ttl=site.ttl,
    )


def _valid(url: str | None) -> str | None:
    return absolute_url(url) if url else None


def _provider_icon(entries: Iterable[Entry]) -> str | None:
    """The picture of the provider that its newest entry brings, if it is known to be small enough for a feed's."""
    icons = (entry.provider.icon for entry in entries if entry.provider.icon)
    return next((icon.href for icon in icons if _is_small(icon)), None)


def _is_small(icon: Enclosure) -> bool:
    return 0 < (icon.width or 0) <= _IMAGE_WIDTH and 0 < (icon.height or 0) <= _IMAGE_HEIGHT


def _matching(entries: Sequence[Entry], feed: CustomFeed, taxonomy: Taxonomy, now: dt.datetime) -> list[Entry]:
    rules = list(_rules(feed, taxonomy, now))
    found = [entry for entry in entries if all(rule(entry) for rule in rules)]
    if feed.sort == "quality":
        found.sort(key=lambda entry: _descending(entry.quality))
    elif feed.sort == "heat":
        found.sort(key=lambda entry: _descending(entry.heat))
    return found


def _descending(number: int | None) -> tuple[bool, int]:
    return number is None, -(number or 0)


def _rules(feed: CustomFeed, taxonomy: Taxonomy, now: dt.datetime) -> Iterator[Callable[[Entry], bool]]:
    """The tests that an entry must pass. A topic's children count as the topic."""
    yield from _topic_rules(feed, taxonomy)
    yield from _provider_rules(feed)
    yield from _quality_rules(feed)
    if feed.types:
        types = {type_.casefold() for type_ in feed.types}
        yield lambda entry: (entry.type or "").casefold() in types
    if feed.match:
        pattern = compile_match(feed.match)
        yield lambda entry: bool(pattern.search(f"{entry.title}\n{entry.summary or ''}"))
    if feed.newer_than:
        oldest = now - period(feed.newer_than)
        yield lambda entry: entry.published >= oldest


def _topic_rules(feed: CustomFeed, taxonomy: Taxonomy) -> Iterator[Callable[[Entry], bool]]:
    any_of, all_of, none_of = (
        frozenset(taxonomy.keys(names)) for names in (feed.topics.any, feed.topics.all, feed.topics.none)
    )

    def topics(entry: Entry) -> frozenset[str]:
        return taxonomy.with_ancestors(taxonomy.keys(entry.topics))

    if any_of:
        yield lambda entry: not any_of.isdisjoint(topics(entry))
    if all_of:
        yield lambda entry: all_of <= topics(entry)
    if none_of:
        yield lambda entry: none_of.isdisjoint(topics(entry))


def _provider_rules(feed: CustomFeed) -> Iterator[Callable[[Entry], bool]]:
    any_of, none_of = (
        frozenset(valid_domain(name) or name for name in names) for names in (feed.providers.any, feed.providers.none)
    )
    if any_of:
        yield lambda entry: entry.provider.domain in any_of
    if none_of:
        yield lambda entry: entry.provider.domain not in none_of


def _quality_rules(feed: CustomFeed) -> Iterator[Callable[[Entry], bool]]:
    quality, heat = feed.min_quality, feed.min_heat
    if quality is not None:
        yield lambda entry: entry.quality is not None and entry.quality >= quality
    if heat is not None:
        yield lambda entry: entry.heat is not None and entry.heat >= heat
