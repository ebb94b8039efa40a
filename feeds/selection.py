"""Entries selected into feeds: everything, by topic, by provider, and by rules of one's own.

`memberships` says which feeds hold an entry, from the entry and the configuration alone; `plan_feeds` says which feeds
there are. What a feed shows is the first of its members, by rank, then newest first, then by id.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from feeds.model import Feed, Kind, Link, Person
from feeds.settings import (
    ALL_FORMATS,
    AllFeed,
    Config,
    CustomFeed,
    FeedSettings,
    ProviderFeeds,
    ProviderSettings,
    Topic,
    TopicFeeds,
    compile_match,
    first_set,
    period,
)
from feeds.taxonomy import topic_key, topic_tree
from feeds.urls import absolute_url, valid_domain

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from feeds.model import Enclosure, Entry, Format
    from feeds.taxonomy import Taxonomy, TopicTree

#: The largest channel image that RSS 2.0 allows, in pixels.
_IMAGE_WIDTH, _IMAGE_HEIGHT = 144, 400
#: The rank of an entry without the number that its feed is sorted by: after all that have one.
_LAST = 2**62
#: For how many topics, and for how many providers, is remembered which feeds they mean.
_REMEMBERED = 10_000


class FeedKey(NamedTuple):
    """What identifies a feed whatever it is called: its kind, and the topic's key, the domain or the custom path."""

    kind: Kind
    name: str = ""


@dataclass(frozen=True)
class Plan:
    """A feed before it has entries: what it is, and the settings that apply to it, its own and its kind's."""

    key: FeedKey
    path: str
    title: str
    description: str
    own: FeedSettings
    of_kind: AllFeed | TopicFeeds | ProviderFeeds | CustomFeed
    icon: str | None = None

    @property
    def limit(self) -> int:
        """How many entries the feed shows."""
        return first_set(self.own.limit, self.of_kind.limit)

    @property
    def least(self) -> int:
        """With fewer entries the feed does not begin."""
        return first_set(self.own.min_entries, self.of_kind.min_entries)

    def oldest(self, now: dt.datetime) -> dt.datetime | None:
        """The time before which entries have left the feed."""
        newer_than = self.own.newer_than if isinstance(self.own, CustomFeed) else None
        return now - period(newer_than) if newer_than else None


@dataclass(frozen=True)
class Rules:
    """What the configuration says of which entry is in which feed."""

    config: Config

    @cached_property
    def tree(self) -> TopicTree:
        return topic_tree(self.config)

    @cached_property
    def topics(self) -> Mapping[str, Topic]:
        return {topic_key(name): topic for name, topic in self.config.topics.items()}

    @cached_property
    def providers(self) -> Mapping[str, ProviderSettings]:
        return {valid_domain(name) or name: settings for name, settings in self.config.providers.items()}

    @cached_property
    def custom(self) -> Sequence[tuple[CustomFeed, Sequence[Callable[[Entry], bool]]]]:
        return [(feed, tuple(_rules(feed, self.tree))) for feed in self.config.feeds.custom]

    @cached_property
    def digest(self) -> bytes:
        """A digest of all that `memberships` depends on, beyond the entry."""
        kinds, general = self.config.feeds, self.config.entries.related
        said = (
            [kind if kind == "off" else kind.related for kind in (kinds.all, kinds.topics, kinds.providers)],
            general,
            [msgspec.structs.replace(feed, title=None, description=None, icon=None) for feed in kinds.custom],
            {name: (topic.parent, topic.aliases, topic.related) for name, topic in self.config.topics.items()},
            {name: settings.related for name, settings in self.config.providers.items()},
        )
        return hashlib.blake2b(msgspec.json.encode(said), digest_size=16).digest()

    def takes(self, *, is_article: bool, own: FeedSettings | None, of_kind: FeedSettings) -> bool:
        """Whether a feed with these settings takes an entry, which may be that of a related link."""
        if is_article:
            return True
        related = first_set(own.related if own else None, of_kind.related, self.config.entries.related)
        return related in {"entries", "both"}

    @cached_property
    def feed_of_all(self) -> Callable[[bool], tuple[FeedKey, ...]]:
        """The feed of everything, if it takes an entry: `is_article`."""
        return cache(partial(_feed_of_all, self))

    @cached_property
    def feeds_of_topic(self) -> Callable[[str, bool], tuple[FeedKey, ...]]:
        """The topic feeds that take an entry because of one of its topics: `name`, `is_article`."""
        return lru_cache(_REMEMBERED)(partial(_feeds_of_topic, self))

    @cached_property
    def feed_of_provider(self) -> Callable[[str, bool], tuple[FeedKey, ...]]:
        """The provider's feed, if it takes an entry: `domain`, `is_article`."""
        return lru_cache(_REMEMBERED)(partial(_feed_of_provider, self))


def memberships(entry: Entry, rules: Rules) -> list[tuple[FeedKey, int]]:
    """The feeds that hold an entry, and its rank in each; a feed may let it go when it has become too old."""
    is_article = entry.is_article
    keys = [*rules.feed_of_all(is_article), *rules.feed_of_provider(entry.provider.domain, is_article)]
    for topic in entry.topics:
        keys += rules.feeds_of_topic(topic, is_article)
    found = [(key, 0) for key in dict.fromkeys(keys)]
    for feed, passes in rules.custom:
        if rules.takes(is_article=is_article, own=None, of_kind=feed) and all(rule(entry) for rule in passes):
            found.append((FeedKey("custom", feed.path), _rank(entry, feed)))
    return found


def _feed_of_all(rules: Rules, is_article: bool) -> tuple[FeedKey, ...]:
    kind = rules.config.feeds.all
    takes = isinstance(kind, AllFeed) and rules.takes(is_article=is_article, own=None, of_kind=kind)
    return (FeedKey("all"),) if takes else ()


def _feeds_of_topic(rules: Rules, topic: str, is_article: bool) -> tuple[FeedKey, ...]:
    kind = rules.config.feeds.topics
    if not isinstance(kind, TopicFeeds):
        return ()
    keys = rules.tree.with_ancestors(rules.tree.keys([topic]))
    return tuple(
        FeedKey("topic", key)
        for key in sorted(keys)
        if rules.takes(is_article=is_article, own=rules.topics.get(key), of_kind=kind)
    )


def _feed_of_provider(rules: Rules, domain: str, is_article: bool) -> tuple[FeedKey, ...]:
    kind = rules.config.feeds.providers
    if not isinstance(kind, ProviderFeeds):
        return ()
    takes = rules.takes(is_article=is_article, own=rules.providers.get(domain), of_kind=kind)
    return (FeedKey("provider", domain),) if takes else ()


def as_of(entry: Entry, now: dt.datetime) -> Entry:
    """The entry without an update and without related links that are still to come."""
    related = tuple(link for link in entry.related if link.published <= now)
    if entry.updated <= now and len(related) == len(entry.related):
        return entry
    updated = entry.updated if entry.updated <= now else entry.published
    return msgspec.structs.replace(entry, updated=updated, related=related)


def plan_feeds(config: Config, taxonomy: Taxonomy) -> Iterator[Plan]:
    """The feeds that there may be: everything, topics, providers, custom ones."""
    kinds, site = config.feeds, config.site
    if isinstance(kinds.all, AllFeed):
        title = _fill(kinds.all.title, site.title, config)
        description = _fill(kinds.all.description or site.description or site.title, site.title, config)
        yield Plan(FeedKey("all"), "all", title, description, kinds.all, kinds.all)
    if isinstance(kinds.topics, TopicFeeds):
        for topic in taxonomy.topics.values():
            key = FeedKey("topic", topic.key)
            yield _plan(key, topic.path, topic.title, topic.settings, kinds.topics, config)
    if isinstance(kinds.providers, ProviderFeeds):
        for provider in taxonomy.providers.values():
            key = FeedKey("provider", provider.domain)
            yield _plan(key, provider.path, provider.title, provider.settings, kinds.providers, config)
    for custom in kinds.custom:
        title = custom.title or custom.path.rpartition("/")[2].replace("-", " ").capitalize()
        key = FeedKey("custom", custom.path)
        yield Plan(key, custom.path, title, custom.description or title, custom, custom, custom.icon)


def formats_of(plan: Plan, config: Config) -> tuple[Format, ...]:
    """The formats that a feed is published in."""
    formats = first_set(plan.own.formats, plan.of_kind.formats, config.formats)
    return tuple(name for name in ALL_FORMATS if name in formats)


def make_feed(plan: Plan, entries: Sequence[Entry], config: Config, taxonomy: Taxonomy) -> Feed:
    """The feed with the entries that it shows, in their order."""
    own, of_kind, site, general = plan.own, plan.of_kind, config.site, config.entries
    author = site.author
    icon = plan.icon or (_provider_icon(entries) if plan.key.kind == "provider" else None)
    return Feed(
        path=plan.path,
        kind=plan.key.kind,
        title=plan.title,
        description=plan.description,
        base_url=config.base_url,
        language=first_set(own.language, of_kind.language, site.language),
        entries=tuple(_finish(entry, taxonomy) for entry in entries),
        formats=formats_of(plan, config),
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


def gone_feed(kind: Kind, path: str, title: str, formats: Collection[Format], config: Config) -> Plan | None:
    """A feed that was published and has lost its last entry; None where its kind is switched off or it was our own."""
    of_kind = {"topic": config.feeds.topics, "provider": config.feeds.providers}.get(kind)
    if not isinstance(of_kind, TopicFeeds | ProviderFeeds):
        return None
    return Plan(FeedKey(kind), path, title, title, FeedSettings(formats=tuple(formats)), of_kind)


def _plan(
    key: FeedKey,
    path: str,
    name: str,
    own: Topic | ProviderSettings,
    of_kind: TopicFeeds | ProviderFeeds,
    config: Config,
) -> Plan:
    title = _fill(of_kind.title, name, config)
    description = own.description or _fill(of_kind.description, name, config)
    return Plan(key, path, title, description, own, of_kind, own.icon)


def _fill(template: str, name: str, config: Config) -> str:
    """A title or description with its placeholders filled in."""
    return template.replace("{name}", name).replace("{site}", config.site.title)


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


def _valid(url: str | None) -> str | None:
    return absolute_url(url) if url else None


def _provider_icon(entries: Iterable[Entry]) -> str | None:
    """The picture of the provider that its newest entry brings, if it is known to be small enough for a feed's."""
    icons = (entry.provider.icon for entry in entries if entry.provider.icon)
    return next((icon.href for icon in icons if _is_small(icon)), None)


def _is_small(icon: Enclosure) -> bool:
    return 0 < (icon.width or 0) <= _IMAGE_WIDTH and 0 < (icon.height or 0) <= _IMAGE_HEIGHT


def _rank(entry: Entry, feed: CustomFeed) -> int:
    number = {"date": 0, "quality": entry.quality, "heat": entry.heat}[feed.sort]
    return _LAST if number is None else -number


def _rules(feed: CustomFeed, tree: TopicTree) -> Iterator[Callable[[Entry], bool]]:
    """The tests that an entry must pass. A topic's children count as the topic."""
    yield from _topic_rules(feed, tree)
    yield from _provider_rules(feed)
    yield from _quality_rules(feed)
    if feed.types:
        types = {type_.casefold() for type_ in feed.types}
        yield lambda entry: (entry.type or "").casefold() in types
    if feed.match:
        pattern = compile_match(feed.match)
        yield lambda entry: bool(pattern.search(f"{entry.title}\n{entry.summary or ''}"))


def _topic_rules(feed: CustomFeed, tree: TopicTree) -> Iterator[Callable[[Entry], bool]]:
    any_of, all_of, none_of = (
        frozenset(tree.keys(names)) for names in (feed.topics.any, feed.topics.all, feed.topics.none)
    )

    def topics(entry: Entry) -> frozenset[str]:
        return tree.with_ancestors(tree.keys(entry.topics))

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
