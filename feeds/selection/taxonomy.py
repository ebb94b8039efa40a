"""Topics and providers: the names that mean the same one, their titles, and the paths of their feeds."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING

import msgspec

from feeds.config.schema import Config, ProviderSettings, Topic
from feeds.models import Category, FeedKey
from feeds.selection.paths import Wish, allocate
from feeds.storage.names import FOLDERS, is_device
from feeds.text.slugs import slug_of, topic_key
from feeds.text.urls import valid_domain
from feeds.values import PlainValue

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from feeds.selection.paths import Collision


_TOPICS, _PROVIDERS = FOLDERS["topic"], FOLDERS["provider"]
_LATEST = dt.datetime.max.replace(tzinfo=dt.UTC)

#: Bytes of a slug, and of a domain as a file name.
_MAX_SLUG = 100
_MAX_DOMAIN = 150

#: The settings of topics and providers that are not configured.
_NO_TOPIC = Topic()

_NO_PROVIDER = ProviderSettings()


class TopicNode(PlainValue, frozen=True):
    """A topic, with its title, slug and settings."""

    key: str
    title: str
    slug: str
    settings: Topic

    @property
    def path(self) -> str:
        return f"{_TOPICS}/{self.slug}"


class ProviderNode(PlainValue, frozen=True):
    """A provider, with its title, the path of its feed, and its settings."""

    domain: str
    title: str
    path: str
    settings: ProviderSettings


class TopicTree(PlainValue, frozen=True):
    """The configured aliases of topics, and the ancestors of each topic, nearest first. All are keys of topics.

    A topic that is not configured has neither.
    """

    aliases: Mapping[str, str]
    ancestors: Mapping[str, tuple[str, ...]]

    def key(self, name: str) -> str:
        """Return the key of the topic with this name or alias."""
        key = topic_key(name)
        return self.aliases.get(key, key)

    def keys(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the keys of the topics with these names or aliases, without repeats, in order."""
        return tuple(dict.fromkeys(map(self.key, names)))

    def with_ancestors(self, keys: Iterable[str]) -> frozenset[str]:
        """Return the keys and those of all ancestors."""
        return frozenset(key for name in keys for key in (name, *self.ancestors.get(name, ())))


class UnknownTopicError(LookupError):
    """An entry has a topic that the taxonomy was not built with; the argument is its key."""


class Taxonomy(PlainValue, frozen=True):
    """All topics by key, all providers by domain, and messages about feeds with the same path (`collisions`)."""

    tree: TopicTree
    topics: Mapping[str, TopicNode]
    providers: Mapping[str, ProviderNode]
    scheme: str
    collisions: tuple[str, ...] = ()

    @property
    def for_rendering(self) -> Taxonomy:
        """The part of the taxonomy that rendering needs. It is smaller, and too small to plan feeds with.

        Providers without settings are missing, which may be most: entries hold all that is known about them.
        """
        configured = {domain: node for domain, node in self.providers.items() if node.settings != _NO_PROVIDER}
        return msgspec.structs.replace(self, providers=configured, collisions=())

    def provider_name(self, name: str) -> str:
        """Return the configured title of a provider whose name is its domain, for want of a name; else the name."""
        node = self.providers.get(name)
        return node.settings.title or name if node else name

    def categories(self, names: Iterable[str]) -> tuple[Category, ...]:
        """Return the categories (RFC 4287, 4.2.2) of topics by their names; raises UnknownTopicError."""
        try:
            nodes = [self.topics[key] for key in self.tree.keys(names)]
        except KeyError as error:
            raise UnknownTopicError(str(error.args[0])) from error
        return tuple([Category(term=node.slug, scheme=self.scheme, label=node.title) for node in nodes])


def topic_tree(config: Config) -> TopicTree:
    """Return the tree of the configured topics."""
    aliases = {topic_key(alias): topic_key(name) for name, topic in config.topics.items() for alias in topic.aliases}
    written = {topic_key(name): topic_key(topic.parent) for name, topic in config.topics.items() if topic.parent}
    parents = {key: aliases.get(parent, parent) for key, parent in written.items()}
    return TopicTree(aliases, {key: tuple(_ancestors(key, parents)) for key in parents})


def build_taxonomy(
    config: Config,
    topic_names: Iterable[tuple[str, dt.datetime]],
    provider_names: Iterable[tuple[str, str, int]],
    published: Mapping[FeedKey, Sequence[str]] | None = None,
    *,
    prune: bool = False,
) -> Taxonomy:
    """Return the taxonomy of all topics and providers that entries or the configuration name.

    `topic_names` are pairs of a name and the time when an entry with it was published. `provider_names` are a domain, a
    name, and the number of entries with both. `published` are the paths of the published feeds, which they keep. They
    go to no other feed, even if a feed has no entries any more, unless feeds without entries are removed (`prune`).
    """
    tree = topic_tree(config)
    configured = {topic_key(name): (name, topic) for name, topic in config.topics.items()}
    first_spellings: dict[str, tuple[dt.datetime, str]] = {key: (_LATEST, key) for key in configured}
    parents = ((topic.parent, _LATEST) for _, topic in configured.values() if topic.parent)
    for name, published_at in (*topic_names, *parents):
        key = tree.key(name)
        first_spellings[key] = min((published_at, name), first_spellings.get(key, (published_at, name)))
    titles = {key: _topic_title(configured.get(key), name) for key, (_, name) in first_spellings.items()}
    settings = {key: configured[key][1] if key in configured else _NO_TOPIC for key in first_spellings}
    order = sorted(first_spellings, key=lambda key: (key not in configured, first_spellings[key][0], key))
    providers = _providers(config, provider_names)
    wishes = [_topic_wish(key, titles[key], settings[key]) for key in order]
    wishes += sorted(map(_provider_wish, providers), key=lambda wish: (wish.name != wish.key.name, wish.key.name))
    published = published or {}
    kept = {} if prune else _kept_paths(published, {wish.key for wish in wishes})
    paths, collisions = allocate(wishes, published, kept | _former_paths(config, wishes, published))
    topics = {
        key: TopicNode(key, titles[key], paths[FeedKey("topic", key)].removeprefix(f"{_TOPICS}/"), settings[key])
        for key in sorted(first_spellings)
    }
    nodes = {
        domain: ProviderNode(domain, title, paths[FeedKey("provider", domain)], own)
        for domain, (title, own) in providers.items()
    }
    return Taxonomy(tree, topics, nodes, f"{config.base_url}{_TOPICS}/", tuple(map(_collision_message, collisions)))


def _former_paths(config: Config, wishes: Iterable[Wish], published: Mapping[FeedKey, Sequence[str]]) -> dict[str, str]:
    """The former paths of feeds that exist, each with a description."""
    paths = {"all", *(feed.path for feed in config.feeds.custom), *(wish.path for wish in wishes)}
    paths.update(chain.from_iterable(published.values()))
    return {old: f"the former path of {new}" for old, new in config.moved.items() if new in paths}


def _kept_paths(published: Mapping[FeedKey, Sequence[str]], current: Container[FeedKey]) -> dict[str, str]:
    """The paths of published feeds, each with a description. A feed that is not `current` has lost its entries.

    Without settings and entries, only its name tells that a path is its own, so a changed manifest takes no other one.
    """
    return {
        path: "a published feed"
        for key, paths in published.items()
        for path in paths
        if key in current or _natural_wish(key).may_have(path)
    }


def _natural_wish(key: FeedKey) -> Wish:
    """The wish of a topic or provider without settings."""
    return _topic_wish(key.name, key.name, _NO_TOPIC) if key.kind == "topic" else _provider_wish(key.name)


def _topic_wish(key: str, title: str, settings: Topic) -> Wish:
    name = settings.slug or slug_of(key)
    return Wish(FeedKey("topic", key), _TOPICS, name, f"topic {title!r}", _MAX_SLUG, is_fixed=bool(settings.slug))


def _provider_wish(domain: str) -> Wish:
    name = re.sub(r"[^a-z0-9._-]", "-", domain)
    if is_device(name):  # `con.tv` is published at `con-.tv`
        label, dot, rest = name.partition(".")
        name = f"{label}-{dot}{rest}"
    return Wish(FeedKey("provider", domain), _PROVIDERS, name, f"provider {domain}", _MAX_DOMAIN)


def _collision_message(collision: Collision) -> str:
    wish = collision.wish
    advice = "; give it a slug of its own, or make it an alias, under topics:" if wish.key.kind == "topic" else ""
    return (
        f"{wish.label} should be at {wish.path}, but {collision.owner} is; it is published at {collision.path}{advice}"
    )


def _topic_title(configured: tuple[str, Topic] | None, first_spelling: str) -> str:
    """Return the configured title or name, else the spelling in the oldest entry, which newer entries do not change."""
    if configured:
        name, topic = configured
        return topic.title or name
    return first_spelling


def _ancestors(key: str, parents: Mapping[str, str]) -> Iterator[str]:
    while key in parents:
        key = parents[key]
        yield key


def _providers(config: Config, names: Iterable[tuple[str, str, int]]) -> dict[str, tuple[str, ProviderSettings]]:
    """Return the titles and settings of all providers by domain."""
    settings = {valid_domain(name) or name: provider for name, provider in config.providers.items()}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for domain, name, count in names:
        counts[domain][name] += count
    return {
        domain: (_provider_title(domain, counts[domain], settings.get(domain)), settings.get(domain, _NO_PROVIDER))
        for domain in sorted(counts.keys() | settings.keys())
    }


def _provider_title(domain: str, names: Counter[str], settings: ProviderSettings | None) -> str:
    """Return the configured title, else the name in more than half of the entries, else the domain."""
    if settings and settings.title:
        return settings.title
    name, count = max(names.items(), key=itemgetter(1), default=(domain, 1))
    return name if count * 2 > names.total() else domain
