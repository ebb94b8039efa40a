"""Topics and providers: which names mean the same, what they are called and under which address they are published."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from feeds.config.schema import Config, ProviderSettings, Topic
from feeds.models import Category
from feeds.storage.names import is_device
from feeds.text.slugs import folded, slug_of, topic_key
from feeds.text.urls import valid_domain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


_LATEST = dt.datetime.max.replace(tzinfo=dt.UTC)

_LONGEST_SLUG = 100

_LONGEST_DOMAIN = 150

#: Of how many names the key is remembered.
_REMEMBERED = 10_000

#: What is configured of those that the configuration does not name.
_NO_TOPIC = Topic()

_NO_PROVIDER = ProviderSettings()


@dataclass(frozen=True, slots=True)
class TopicNode:
    """A topic: what it is called, where it is published and what is configured of it."""

    key: str
    title: str
    slug: str
    settings: Topic

    @property
    def path(self) -> str:
        return f"topics/{self.slug}"


@dataclass(frozen=True, slots=True)
class ProviderNode:
    """A provider: what it is called and what the configuration knows of it."""

    domain: str
    title: str
    settings: ProviderSettings

    @property
    def path(self) -> str:
        return f"providers/{_file_name(self.domain)}"


@dataclass(frozen=True)
class TopicTree:
    """What the configuration says of topics: which names mean the same, and which topics are above which.

    Topics go by their key. A topic that is not configured has no other names and nothing above it.
    """

    aliases: Mapping[str, str]
    ancestors: Mapping[str, tuple[str, ...]]

    def key(self, name: str) -> str:
        """The key of the topic that `name` means."""
        key = topic_key(name)
        return self.aliases.get(key, key)

    def keys(self, names: Iterable[str]) -> tuple[str, ...]:
        """The keys of the topics that `names` mean, each once."""
        return tuple(dict.fromkeys(map(self.key, names)))

    def with_ancestors(self, keys: Iterable[str]) -> frozenset[str]:
        """The topics and all topics above them."""
        return frozenset(key for name in keys for key in (name, *self.ancestors.get(name, ())))


@dataclass(frozen=True)
class Taxonomy:
    """All topics, by key, and all providers, by domain; `collisions` says which slugs two topics wanted."""

    tree: TopicTree
    topics: Mapping[str, TopicNode]
    providers: Mapping[str, ProviderNode]
    scheme: str
    collisions: tuple[str, ...] = ()

    @property
    def of_entries(self) -> Taxonomy:
        """What is known beyond what entries say, to render feeds and no more.

        Providers of which that is nothing, which may be many, are missing: no feed is to be planned by it.
        """
        known = {domain: node for domain, node in self.providers.items() if node.settings != _NO_PROVIDER}
        return replace(self, providers=known, collisions=())

    def provider_name(self, name: str) -> str:
        """The configured title in place of a domain, which stands where no name is known."""
        node = self.providers.get(name)
        return node.settings.title or name if node else name

    def categories(self, names: Iterable[str]) -> tuple[Category, ...]:
        nodes = [self.topics[key] for key in self.tree.keys(names)]
        return tuple([Category(term=node.slug, scheme=self.scheme, label=node.title) for node in nodes])


def topic_tree(config: Config) -> TopicTree:
    """The tree of the configured topics."""
    aliases = {topic_key(alias): topic_key(name) for name, topic in config.topics.items() for alias in topic.aliases}
    above = {topic_key(name): topic_key(topic.parent) for name, topic in config.topics.items() if topic.parent}
    parents = {key: aliases.get(parent, parent) for key, parent in above.items()}
    return TopicTree(aliases, {key: tuple(_ancestors(key, parents)) for key in parents})


def build_taxonomy(
    config: Config, topic_names: Iterable[tuple[str, dt.datetime]], provider_names: Iterable[tuple[str, str, int]]
) -> Taxonomy:
    """The taxonomy of what entries use and of what is configured.

    `topic_names` are pairs of a name and when an entry with it was published; `provider_names` are a domain, a name and
    how many entries have them.
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
    """The configured title or name, else the spelling of its oldest entry, which no further entry changes."""
    if configured:
        name, topic = configured
        return topic.title or name
    return first_spelling


def _assign_slugs(
    keys: Iterable[str], titles: Mapping[str, str], settings: Mapping[str, Topic]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """A slug for each topic, no two the same.

    Of topics that want the same slug the first of `keys` gets it; the others get a digest of their key behind it, so
    that a further topic never moves them. It moves the first, if its oldest entry is older.
    """
    slugs = {key: topic.slug for key, topic in settings.items() if topic.slug}
    taken = {folded(slug): key for key, slug in slugs.items()}
    collisions = []
    for key in keys:
        if key in slugs:
            continue
        wanted = slug_of(key)
        slug = wanted if _is_file_name(wanted, _LONGEST_SLUG) else _with_digest(wanted or "topic", key)
        other = taken.get(folded(slug), key)
        if other != key:
            slug = next(slug for slug in _with_digests(wanted, key) if folded(slug) not in taken)
            collisions.append(
                f"topics {titles[other]!r} and {titles[key]!r} both have the slug {wanted!r}; the second is published "
                f"at topics/{slug}; give it a slug of its own, or make it an alias, under topics:"
            )
        taken[folded(slug)] = key
        slugs[key] = slug
    return slugs, tuple(collisions)


def _with_digest(slug: str, key: str, digits: int = 8) -> str:
    short = slug.encode()[: _LONGEST_SLUG - digits - 1].decode(errors="ignore").strip("-_\u200c\u200d")
    return f"{short}-{hashlib.sha256(key.encode(errors='surrogatepass')).hexdigest()[:digits]}"


def _with_digests(slug: str, key: str) -> Iterator[str]:
    """The slug with a digest, and with ever longer ones, of which one is free."""
    return (_with_digest(slug, key, digits) for digits in range(8, 65, 8))


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
    """The configured title, else the name that most entries give, else, where they do not agree, the domain."""
    if settings and settings.title:
        return settings.title
    name, count = max(names.items(), key=lambda item: item[1], default=(domain, 1))
    return name if count * 2 > names.total() else domain


def _file_name(domain: str) -> str:
    name = re.sub(r"[^a-z0-9._-]", "-", domain)
    if is_device(name):
        label, dot, rest = name.partition(".")
        name = f"{label}-{dot}{rest}"  # which no domain is
    return name if _is_file_name(name, _LONGEST_DOMAIN) else _with_digest(name, domain)


def _is_file_name(name: str, longest: int) -> bool:
    """Whether files may be called so everywhere, also where Windows is."""
    return 0 < len(name.encode()) <= longest and not is_device(name)
