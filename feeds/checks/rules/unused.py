"""Topics, providers and feeds of the configuration that have no entry: often a spelling mistake."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from feeds.checks.rules.rule import Rule
from feeds.errors import Diagnostic, quoted
from feeds.selection.taxonomy import topic_tree
from feeds.text.slugs import topic_key
from feeds.text.urls import valid_domain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from feeds.config.schema import Config
    from feeds.errors import Keys
    from feeds.overview import Examination


RULES = (
    Rule(
        "unused-topic",
        "warning",
        "The configuration names a topic that no entry has.",
        "It is mostly another spelling than that of the articles: the rule or the setting applies to nothing.",
        "docs/configuration.md, topics",
    ),
    Rule(
        "unused-provider",
        "warning",
        "The configuration names a provider that no entry is from.",
        "It is mostly another domain than that of the articles: the rule or the setting applies to nothing.",
        "docs/configuration.md, providers",
    ),
    Rule(
        "provider-spelling",
        "warning",
        "A domain in the configuration has `www.`, upper case or more than a domain.",
        "It is read as the bare domain; who searches the file for what a feed's address shows does not find it.",
        "docs/configuration.md, providers",
    ),
    Rule(
        "empty-feed",
        "warning",
        "A feed has no entries, and none wait for their time.",
        "Subscribers see nothing and take it for broken.",
        "docs/configuration.md, feeds",
    ),
)
#: Suggestions for one kind of names. Comparing a name with thousands of others takes a tenth of a second.
_MAX_SUGGESTIONS = 20


def check_site(config: Config, examination: Examination) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each topic, provider and feed of the configuration that has no entry."""
    # Without any article, every name would be unused.
    if examination.topics or examination.domains:
        yield from _unused_topics(config, examination.topics)
        yield from _unused_providers(config, examination.domains)
    keys = {feed.path: ("feeds", "custom", index, "path") for index, feed in enumerate(config.feeds.custom)}
    for kind, path in examination.empty:
        hint = "; `feeds prune` removes it" if kind in {"topic", "provider"} else ""
        yield Diagnostic(keys.get(path, ("feeds",)), f"the feed {path} has no entries{hint}", "empty-feed")


def _unused_topics(config: Config, topics: Iterable[str]) -> Iterator[Diagnostic]:
    tree = topic_tree(config)
    used = tree.with_ancestors(tree.keys(topics))
    suggestions = _Suggestions({topic_key(name): name for name in topics})
    for keys, name in _named_topics(config):
        if tree.key(name) not in used:
            message = f"{_dotted(keys)}: no entry has the topic {quoted(name)}{suggestions.hint(topic_key(name))}"
            yield Diagnostic(keys, message, "unused-topic")


def _named_topics(config: Config) -> Iterator[tuple[Keys, str]]:
    for name in config.topics:
        yield ("topics", name), name
    for index, feed in enumerate(config.feeds.custom):
        for rule, names in (("any", feed.topics.any), ("all", feed.topics.all), ("none", feed.topics.none)):
            for position, name in enumerate(names):
                yield ("feeds", "custom", index, "topics", rule, position), name


def _unused_providers(config: Config, domains: Iterable[str]) -> Iterator[Diagnostic]:
    suggestions = _Suggestions({domain: domain for domain in domains})
    for keys, name in _named_providers(config):
        domain = valid_domain(name) or name
        if domain not in suggestions.known:
            message = f"{_dotted(keys)}: no entry is from {quoted(name)}{suggestions.hint(domain)}"
            yield Diagnostic(keys, message, "unused-provider")
        elif not _is_plain(name, domain):
            message = f"{_dotted(keys)}: {quoted(name)} is read as {domain}; expected it so"
            yield Diagnostic(keys, message, "provider-spelling")


def _named_providers(config: Config) -> Iterator[tuple[Keys, str]]:
    for name in config.providers:
        yield ("providers", name), name
    for index, feed in enumerate(config.feeds.custom):
        for rule, names in (("any", feed.providers.any), ("none", feed.providers.none)):
            for position, name in enumerate(names):
                yield ("feeds", "custom", index, "providers", rule, position), name


def _is_plain(name: str, domain: str) -> bool:
    """Whether a domain is spelled as it is read. A domain outside ASCII may be written as such or as `xn--`."""
    return name == domain or (not name.isascii() and name == name.lower().removeprefix("www.").rstrip("."))


class _Suggestions:
    """The known names that are most similar to unknown ones."""

    def __init__(self, known: dict[str, str]) -> None:
        self.known = known
        self._left = _MAX_SUGGESTIONS

    def hint(self, key: str) -> str:
        self._left -= 1
        close = difflib.get_close_matches(key, self.known, n=1, cutoff=0.6) if self._left >= 0 else []
        return f"; did you mean {self.known[close[0]]}?" if close else "; expected one that entries have"


def _dotted(keys: Keys) -> str:
    return ".".join(map(str, keys))
