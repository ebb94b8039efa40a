"""Which feeds hold an entry: that of all, those of its topics and their parents, its provider's, custom ones by rules.

That follows from the entry and the configuration alone, so it can be worked out in any process, and in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from feeds.config.schema import (
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
)
from feeds.digests import digest_of
from feeds.selection.taxonomy import topic_tree
from feeds.text.slugs import topic_key
from feeds.text.urls import valid_domain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from feeds.models import Entry, Kind
    from feeds.selection.taxonomy import TopicTree


#: The rank of an entry without the number that its feed is sorted by: after all that have one.
_LAST = 2**62

#: For how many topics, and for how many providers, is remembered which feeds they mean.
_REMEMBERED = 10_000


class FeedKey(NamedTuple):
    """What identifies a feed whatever it is called: its kind, and the topic's key, the domain or the custom path."""

    kind: Kind
    name: str = ""


@dataclass(frozen=True)
class MembershipRules:
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
        return digest_of(said)

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


def memberships(entry: Entry, rules: MembershipRules) -> list[tuple[FeedKey, int]]:
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


def _feed_of_all(rules: MembershipRules, is_article: bool) -> tuple[FeedKey, ...]:
    kind = rules.config.feeds.all
    takes = isinstance(kind, AllFeed) and rules.takes(is_article=is_article, own=None, of_kind=kind)
    return (FeedKey("all"),) if takes else ()


def _feeds_of_topic(rules: MembershipRules, topic: str, is_article: bool) -> tuple[FeedKey, ...]:
    kind = rules.config.feeds.topics
    if not isinstance(kind, TopicFeeds):
        return ()
    keys = rules.tree.with_ancestors(rules.tree.keys([topic]))
    return tuple(
        FeedKey("topic", key)
        for key in sorted(keys)
        if rules.takes(is_article=is_article, own=rules.topics.get(key), of_kind=kind)
    )


def _feed_of_provider(rules: MembershipRules, domain: str, is_article: bool) -> tuple[FeedKey, ...]:
    kind = rules.config.feeds.providers
    if not isinstance(kind, ProviderFeeds):
        return ()
    takes = rules.takes(is_article=is_article, own=rules.providers.get(domain), of_kind=kind)
    return (FeedKey("provider", domain),) if takes else ()


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
