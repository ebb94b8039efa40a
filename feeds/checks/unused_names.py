"""What the configuration names and no entry has: mostly a slip of the pen, which nobody sees by itself."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from feeds.errors import Diagnostic, quoted
from feeds.selection.taxonomy import topic_tree
from feeds.text.slugs import topic_key
from feeds.text.urls import valid_domain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from feeds.config.schema import Config
    from feeds.errors import Keys


#: Of how many names it is said what looks most like them.
_MOST_HINTS = 20


def unused_names(config: Config, topics: Collection[str], domains: Collection[str]) -> Iterator[Diagnostic]:
    """A finding for each topic and provider that the configuration names and that is not among those of entries."""
    yield from _unused_topics(config, topics)
    yield from _unused_providers(config, domains)


def _unused_topics(config: Config, topics: Collection[str]) -> Iterator[Diagnostic]:
    tree = topic_tree(config)
    used = tree.with_ancestors(tree.keys(topics))
    nearest = _Nearest({topic_key(name): name for name in topics})
    for keys, name in _named_topics(config):
        if tree.key(name) not in used:
            message = f"{_path(keys)}: no entry has the topic {quoted(name)}{nearest.hint(topic_key(name))}"
            yield Diagnostic(keys, message, "unused-topic")


def _named_topics(config: Config) -> Iterator[tuple[Keys, str]]:
    for name in config.topics:
        yield ("topics", name), name
    for index, feed in enumerate(config.feeds.custom):
        for rule, names in (("any", feed.topics.any), ("all", feed.topics.all), ("none", feed.topics.none)):
            for place, name in enumerate(names):
                yield ("feeds", "custom", index, "topics", rule, place), name


def _unused_providers(config: Config, domains: Collection[str]) -> Iterator[Diagnostic]:
    nearest = _Nearest({domain: domain for domain in domains})
    for keys, name in _named_providers(config):
        domain = valid_domain(name) or name
        if domain not in nearest.known:
            message = f"{_path(keys)}: no entry is from {quoted(name)}{nearest.hint(domain)}"
            yield Diagnostic(keys, message, "unused-provider")
        elif not _is_plain(name, domain):
            message = f"{_path(keys)}: {quoted(name)} is read as {domain}; expected it so"
            yield Diagnostic(keys, message, "provider-spelling")


def _named_providers(config: Config) -> Iterator[tuple[Keys, str]]:
    for name in config.providers:
        yield ("providers", name), name
    for index, feed in enumerate(config.feeds.custom):
        for rule, names in (("any", feed.providers.any), ("none", feed.providers.none)):
            for place, name in enumerate(names):
                yield ("feeds", "custom", index, "providers", rule, place), name


def _is_plain(name: str, domain: str) -> bool:
    """Whether a domain is spelled as it is read; letters beyond ASCII are read as `xn--` and may stay as they are."""
    return name == domain or (not name.isascii() and name == name.lower().removeprefix("www.").rstrip("."))


class _Nearest:
    """What somebody may have meant by names that are not among those that are `known`.

    To compare a name with thousands takes a tenth of a second: only of the first it is said what looks most like them.
    """

    def __init__(self, known: dict[str, str]) -> None:
        self.known = known
        self._left = _MOST_HINTS

    def hint(self, key: str) -> str:
        self._left -= 1
        close = difflib.get_close_matches(key, self.known, n=1, cutoff=0.6) if self._left >= 0 else []
        return f"; did you mean {self.known[close[0]]}?" if close else "; expected one that entries have"


def _path(keys: Iterable[str | int]) -> str:
    return ".".join(map(str, keys))
