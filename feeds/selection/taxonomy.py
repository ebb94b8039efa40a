"""Topics and providers: the names that mean the same one, their titles, and the paths of their feeds."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import Counter, defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING

import msgspec

from feeds.config.schema import Config, ProviderSettings, Topic
from feeds.models import Category
from feeds.storage.names import is_device
from feeds.text.slugs import folded, slug_of, topic_key
from feeds.text.urls import valid_domain
from feeds.values import PlainValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


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
        return f"topics/{self.slug}"


class ProviderNode(PlainValue, frozen=True):
    """A provider, with its title and settings."""

    domain: str
    title: str
    settings: ProviderSettings

    @property
    def path(self) -> str:
        return f"providers/{_file_name(self.domain)}"


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
    """All topics by key, all providers by domain, and messages about topics that have the same slug (`collisions`)."""

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
    config: Config, topic_names: Iterable[tuple[str, dt.datetime]], provider_names: Iterable[tuple[str, str, int]]
) -> Taxonomy:
    """Return the taxonomy of all topics and providers that entries or the configuration name.

    `topic_names` are pairs of a name and the time when an entry with it was published. `provider_names` are a domain, a
    name, and the number of entries with both.
    """
    tree = topic_tree(config)
    configured = {topic_key(name): (name, topic) for name, topic in config.topics.items()}
    first_spellings: dict[str, tuple[dt.datetime, str]] = {key: (_LATEST, key) for key in configured}
    parents = ((topic.parent, _LATEST) for _, topic in configured.values() if topic.parent)
    for name, published in (*topic_names, *parents):
        key = tree.key(name)
        first_spellings[key] = min((published, name), first_spellings.get(key, (published, name)))
    titles = {key: _topic_title(configured.get(key), name) for key, (_, name) in first_spellings.items()}
    settings = {key: configured[key][1] if key in configured else _NO_TOPIC for key in first_spellings}
    order = sorted(first_spellings, key=lambda key: (key not in configured, first_spellings[key][0], key))
    slugs, collisions = _assign_slugs(order, titles, settings)
    topics = {key: TopicNode(key, titles[key], slugs[key], settings[key]) for key in sorted(first_spellings)}
    return Taxonomy(tree, topics, _providers(config, provider_names), f"{config.base_url}topics/", collisions)


def _topic_title(configured: tuple[str, Topic] | None, first_spelling: str) -> str:
    """Return the configured title or name, else the spelling in the oldest entry, which newer entries do not change."""
    if configured:
        name, topic = configured
        return topic.title or name
    return first_spelling


def _assign_slugs(
    keys: Iterable[str], titles: Mapping[str, str], settings: Mapping[str, Topic]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return a unique slug for each topic, and a message for each collision.

    The first of `keys` with a slug gets it; the others get it with a digest of their key, so that a new topic never
    changes their slugs. A new topic changes the first one's slug only if its oldest entry is older.
    """
    slugs = {key: topic.slug for key, topic in settings.items() if topic.slug}
    taken = {folded(slug): key for key, slug in slugs.items()}
    collisions = []
    for key in keys:
        if key in slugs:
            continue
        wanted = slug_of(key)
        slug = wanted if _is_file_name(wanted, _MAX_SLUG) else _with_digest(wanted or "topic", key)
        other = taken.get(folded(slug), key)
        if other != key:
            longer = (_with_digest(wanted, key, digits) for digits in range(8, 65, 8))
            slug = next(slug for slug in longer if folded(slug) not in taken)
            collisions.append(
                f"topics {titles[other]!r} and {titles[key]!r} both have the slug {wanted!r}; the second is published "
                f"at topics/{slug}; give it a slug of its own, or make it an alias, under topics:"
            )
        taken[folded(slug)] = key
        slugs[key] = slug
    return slugs, tuple(collisions)


def _with_digest(slug: str, key: str, digits: int = 8) -> str:
    short = slug.encode()[: _MAX_SLUG - digits - 1].decode(errors="ignore").strip("-_\u200c\u200d")
    return f"{short}-{hashlib.sha256(key.encode(errors='surrogatepass')).hexdigest()[:digits]}"


def _ancestors(key: str, parents: Mapping[str, str]) -> Iterator[str]:
    while key in parents:
        key = parents[key]
        yield key


def _providers(config: Config, names: Iterable[tuple[str, str, int]]) -> dict[str, ProviderNode]:
    settings = {valid_domain(name) or name: provider for name, provider in config.providers.items()}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for domain, name, count in names:
        counts[domain][name] += count
    return {
        domain: ProviderNode(
            domain,
            _provider_title(domain, counts[domain], settings.get(domain)),
            settings.get(domain, _NO_PROVIDER),
        )
        for domain in sorted(counts.keys() | settings.keys())
    }


def _provider_title(domain: str, names: Counter[str], settings: ProviderSettings | None) -> str:
    """Return the configured title, else the name in more than half of the entries, else the domain."""
    if settings and settings.title:
        return settings.title
    name, count = max(names.items(), key=itemgetter(1), default=(domain, 1))
    return name if count * 2 > names.total() else domain


def _file_name(domain: str) -> str:
    name = re.sub(r"[^a-z0-9._-]", "-", domain)
    if is_device(name):
        label, dot, rest = name.partition(".")
        name = f"{label}-{dot}{rest}"  # no domain has a label that ends with a hyphen
    return name if _is_file_name(name, _MAX_DOMAIN) else _with_digest(name, domain)


def _is_file_name(name: str, max_bytes: int) -> bool:
    """Whether a name is a valid file name on all systems: up to `max_bytes`, and not a device name of Windows."""
    return 0 < len(name.encode()) <= max_bytes and not is_device(name)
