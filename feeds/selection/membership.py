"""Membership of entries in feeds: everything, topics and their ancestors, the provider, and custom feeds by rules.

Membership depends on the entry and the configuration only, so any process can compute it, in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING

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
from feeds.models import FeedKey
from feeds.selection.taxonomy import topic_tree
from feeds.text.slugs import topic_key
from feeds.text.urls import valid_domain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from feeds.models import Entry
    from feeds.selection.taxonomy import TopicTree


#: The rank of an entry that lacks the number by which its feed is sorted: after all others.
_LAST_RANK = 2**62

#: The number of topics, and of providers, whose feeds are cached.
_CACHE_SIZE = 10_000


@dataclass(frozen=True)
class MembershipRules:
    """The settings that decide the membership of entries, prepared for `memberships`."""

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
        return [(feed, tuple(_predicates(feed, self.tree))) for feed in self.config.feeds.custom]

    @cached_property
    def digest(self) -> bytes:
        """A digest of all settings that `memberships` depends on."""
        kinds, general = self.config.feeds, self.config.entries.related
        digest_input = (
            [kind if kind == "off" else kind.related for kind in (kinds.all, kinds.topics, kinds.providers)],
            general,
            [msgspec.structs.replace(feed, title=None, description=None, icon=None) for feed in kinds.custom],
            {name: (topic.parent, topic.aliases, topic.related) for name, topic in self.config.topics.items()},
            {name: settings.related for name, settings in self.config.providers.items()},
        )
        return digest_of(digest_input)

    def includes(self, *, is_article: bool, own: FeedSettings | None, of_kind: FeedSettings) -> bool:
        """Whether a feed with these settings includes an entry: an article always, a related link by `related`."""
        if is_article:
            return True
        related = first_set(own.related if own else None, of_kind.related, self.config.entries.related)
        return related in {"entries", "both"}

    @cached_property
    def feed_of_all(self) -> Callable[[bool], tuple[FeedKey, ...]]:
        """A function of `is_article`: the feed of everything, if it includes such an entry."""
        kind = self.config.feeds.all

        @cache
        def feed_of_all(is_article: bool) -> tuple[FeedKey, ...]:
            is_included = isinstance(kind, AllFeed) and self.includes(is_article=is_article, own=None, of_kind=kind)
            return (FeedKey("all"),) if is_included else ()

        return feed_of_all

    @cached_property
    def feeds_of_topic(self) -> Callable[[str, bool], tuple[FeedKey, ...]]:
        """A function of a topic and `is_article`: the feeds of it and its ancestors that include such an entry."""
        kind = self.config.feeds.topics

        @lru_cache(_CACHE_SIZE)
        def feeds_of_topic(name: str, is_article: bool) -> tuple[FeedKey, ...]:
            if not isinstance(kind, TopicFeeds):
                return ()
            return tuple(
                FeedKey("topic", key)
                for key in sorted(self.tree.with_ancestors(self.tree.keys([name])))
                if self.includes(is_article=is_article, own=self.topics.get(key), of_kind=kind)
            )

        return feeds_of_topic

    @cached_property
    def feed_of_provider(self) -> Callable[[str, bool], tuple[FeedKey, ...]]:
        """A function of a domain and `is_article`: the provider's feed, if it includes such an entry."""
        kind = self.config.feeds.providers

        @lru_cache(_CACHE_SIZE)
        def feed_of_provider(domain: str, is_article: bool) -> tuple[FeedKey, ...]:
            if not isinstance(kind, ProviderFeeds):
                return ()
            is_included = self.includes(is_article=is_article, own=self.providers.get(domain), of_kind=kind)
            return (FeedKey("provider", domain),) if is_included else ()

        return feed_of_provider


def memberships(entry: Entry, rules: MembershipRules) -> list[tuple[FeedKey, int]]:
    """Return the feeds that hold an entry, with its rank in each. `newer_than` is not applied: it needs the time."""
    is_article = entry.is_article
    keys = [*rules.feed_of_all(is_article), *rules.feed_of_provider(entry.provider.domain, is_article)]
    for topic in entry.topics:
        keys += rules.feeds_of_topic(topic, is_article)
    ranked = [(key, 0) for key in dict.fromkeys(keys)]
    for feed, predicates in rules.custom:
        is_included = rules.includes(is_article=is_article, own=None, of_kind=feed)
        if is_included and all(passes(entry) for passes in predicates):
            ranked.append((FeedKey("custom", feed.path), _rank(entry, feed)))
    return ranked


def _rank(entry: Entry, feed: CustomFeed) -> int:
    number = {"date": 0, "quality": entry.quality, "heat": entry.heat}[feed.sort]
    return _LAST_RANK if number is None else -number


def _predicates(feed: CustomFeed, tree: TopicTree) -> Iterator[Callable[[Entry], bool]]:
    """Yield the predicates that an entry of a custom feed must pass. A topic includes its child topics."""
    yield from _topic_predicates(feed, tree)
    yield from _provider_predicates(feed)
    yield from _number_predicates(feed)
    if feed.types:
        types = {type_.casefold() for type_ in feed.types}
        yield lambda entry: (entry.type or "").casefold() in types
    if feed.match:
        pattern = compile_match(feed.match)
        yield lambda entry: bool(pattern.search(f"{entry.title}\n{entry.summary or ''}"))


def _topic_predicates(feed: CustomFeed, tree: TopicTree) -> Iterator[Callable[[Entry], bool]]:
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


def _provider_predicates(feed: CustomFeed) -> Iterator[Callable[[Entry], bool]]:
    any_of, none_of = (
        frozenset(valid_domain(name) or name for name in names) for names in (feed.providers.any, feed.providers.none)
    )
    if any_of:
        yield lambda entry: entry.provider.domain in any_of
    if none_of:
        yield lambda entry: entry.provider.domain not in none_of


def _number_predicates(feed: CustomFeed) -> Iterator[Callable[[Entry], bool]]:
    quality, heat = feed.min_quality, feed.min_heat
    if quality is not None:
        yield lambda entry: entry.quality is not None and entry.quality >= quality
    if heat is not None:
        yield lambda entry: entry.heat is not None and entry.heat >= heat
