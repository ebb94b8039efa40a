"""Checks of the configuration that its types cannot express.

Each check is a generator of diagnostics; its docstring states what is valid. Checks get the values as YAML gives them
and skip those of a wrong type, which `typecheck` reports.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from feeds.config.schema import DOMAIN_PATTERN, compile_match
from feeds.errors import Diagnostic, Keys, quoted
from feeds.storage.addresses import is_address, wrong_address
from feeds.storage.names import display_path, is_archive, is_device, is_reserved, is_utf8, not_utf8, wrong_path
from feeds.storage.sources import Source, open_source
from feeds.text.characters import remove_controls
from feeds.text.slugs import folded, topic_key
from feeds.text.urls import absolute_url, valid_domain

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path


_RESERVED = "all, feeds, index, topics/…, providers/… and …/archive/YYYY-MM, which the publisher uses itself"

#: Paths that a moved feed cannot have had.
_NEVER_MOVED_PATHS = frozenset({"feeds", "index"})

_NEVER_MOVED = "feeds, index and …/archive/YYYY-MM, which the publisher uses itself"

_URL_KEYS = frozenset({"url", "uri", "base_url", "icon", "logo", "feed", "hub"})

#: Bytes of UTF-8.
_MAX_SLUG_LENGTH = 100

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

_PLACEHOLDERS = ("name", "site")


def check_values(values: Any, config_folder: Path) -> Iterator[Diagnostic]:
    """Yield the diagnostics of all checks. Folders of articles are relative to `config_folder`."""
    for check in CHECKS:
        yield from check(values, config_folder)


def check_article_folders(values: Any, config_folder: Path) -> Iterator[Diagnostic]:
    """Folders of articles exist and do not overlap."""
    names: dict[Source, str] = {}
    for keys, name in _texts(values, "source", "articles"):
        if not is_address(name):
            message = _wrong_local_folder(config_folder, name)
        elif message := wrong_address(name):
            message = f"{quoted(name)} {message}"
        if message:
            yield Diagnostic(keys, message, "config-folder")
            continue
        source = open_source(config_folder, name)
        for other, other_name in names.items():
            if source.overlaps(other):
                message = f"{quoted(name)} overlaps {other_name!r}; expected folders apart from each other"
                yield Diagnostic(keys, message, "config-folder")
        names.setdefault(source, name)


def _wrong_local_folder(config_folder: Path, name: str) -> str | None:
    path = config_folder / name
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except (OSError, ValueError):  # for example, the name is too long
        is_folder = exists = False
    if not is_folder:
        found = "a file" if exists else f"{quoted(name)} is not there"
        return f"{found}; expected a folder of articles, seen from {display_path(str(config_folder))}"
    return None if is_utf8(str(path.resolve())) else f"{quoted(name)} leads to {not_utf8(path.resolve())}"


def check_urls(values: Any, _: Path) -> Iterator[Diagnostic]:
    """A URL that its type accepts is valid for a browser (WHATWG URL), for example its host and port."""
    for keys, value in _leaves(values, ()):
        is_url = keys[-1:] and keys[-1] in _URL_KEYS and isinstance(value, str) and re.match(r"https?://\S+$", value)
        if is_url and absolute_url(value) is None:
            yield Diagnostic(keys, f"{quoted(value)}; expected an address that a browser can open", "config-address")


def check_characters(values: Any, _: Path) -> Iterator[Diagnostic]:
    """No text and no key contains a control character."""
    for keys, text in dict.fromkeys(_all_texts(values)):
        if remove_controls(text) != text:
            yield Diagnostic(keys, f"{quoted(text)}; expected text without control characters", "wrong-value")


def check_templates(values: Any, _: Path) -> Iterator[Diagnostic]:
    """Titles and descriptions of feed kinds contain only known placeholders."""
    for kind in ("all", "topics", "providers"):
        for key in ("title", "description"):
            for name in _PLACEHOLDER.findall(_text(values, "feeds", kind, key) or ""):
                if name not in _PLACEHOLDERS:
                    message = f"{{{name}}}; expected {{name}} or {{site}}"
                    yield Diagnostic(("feeds", kind, key), message, "config-template")


def check_custom_paths(values: Any, _: Path) -> Iterator[Diagnostic]:
    """The path of a custom feed is valid on every file system, not reserved, and unique."""
    paths: dict[str, str] = {}
    for at, feed in _items(values, "feeds", "custom"):
        path, keys = _text(feed, "path"), (*at, "path")
        if path is None:
            continue
        key = folded(path)
        if is_reserved(path):
            yield Diagnostic(keys, f"{quoted(path)}; expected a path other than {_RESERVED}", "config-path")
        elif wrong := wrong_path(path):
            yield Diagnostic(keys, f"{quoted(path)}{wrong}", "config-path")
        elif key in paths:
            message = f"{quoted(path)} clashes with {paths[key]!r}; expected a path of its own"
            yield Diagnostic(keys, message, "config-path")
        paths.setdefault(key, path)


def check_moved(values: Any, _: Path) -> Iterator[Diagnostic]:
    """The old path of a moved feed is valid, not reserved, and unique; its new path has not moved in turn."""
    moved = {str(at[-1]): path for at, path in _texts(values, "moved")}
    old_keys = {folded(old) for old in moved}
    paths: dict[str, str] = {}
    for old, new in moved.items():
        key = folded(old)
        if message := _wrong_move(old, new, old_keys):
            yield Diagnostic(("moved", old), message, "config-moved")
        elif key in paths:
            message = f"clashes with {paths[key]!r}; expected a path of its own"
            yield Diagnostic(("moved", old), message, "config-moved")
        paths.setdefault(key, old)


def _wrong_move(old: str, new: str, old_keys: Collection[str]) -> str | None:
    if folded(old) in _NEVER_MOVED_PATHS or is_archive(old):
        return f"expected a path other than {_NEVER_MOVED}"
    if folded(old) == folded(new):
        return "is the same path; expected the one that the feed has now"
    if folded(new) in old_keys:
        return f"{quoted(new)} has moved, too; expected the path that the feed has now"
    return next((f"{quoted(path)}{wrong}" for path in (old, new) if (wrong := wrong_path(path))), None)


def check_match(values: Any, _: Path) -> Iterator[Diagnostic]:
    """`match` of a custom feed is a regular expression of Python."""
    for at, feed in _items(values, "feeds", "custom"):
        pattern = _text(feed, "match")
        try:
            compile_match(pattern or "")
        except (re.error, OverflowError, RecursionError) as error:
            message = f"{quoted(pattern)}; expected a regular expression ({error})"
            yield Diagnostic((*at, "match"), message, "config-match")


def check_networks(values: Any, _: Path) -> Iterator[Diagnostic]:
    """`enclosures.allow_private` lists IP addresses and networks without host bits."""
    from ipaddress import ip_network  # noqa: PLC0415  # few configurations list any

    for at, network in _texts(values, "enclosures", "allow_private"):
        try:
            ip_network(network)
        except ValueError as error:
            message = f"{quoted(network)}; expected an address or a network such as 10.1.0.0/16 ({error})"
            yield Diagnostic(at, message, "wrong-value")


def check_topic_names(values: Any, _: Path) -> Iterator[Diagnostic]:
    """No name or alias belongs to two topics, and no alias repeats the name of its topic."""
    owners: dict[str, str] = {}
    for at, topic in _items(values, "topics"):
        name = str(at[-1])
        for keys, spelling in ((at, name), *((at + keys, alias) for keys, alias in _texts(topic, "aliases"))):
            key = topic_key(spelling)
            owner = owners.setdefault(key, name)
            if owner != name or (spelling != name and key == topic_key(name)):
                message = f"{quoted(spelling)} is a name of {owner!r} already; expected one topic a name"
                yield Diagnostic(keys, message, "config-topic")


def check_slugs(values: Any, _: Path) -> Iterator[Diagnostic]:
    """The slug of a topic is short enough for a file name, no device of Windows, and unique."""
    owners: dict[str, str] = {}
    for at, topic in _items(values, "topics"):
        name, slug = str(at[-1]), _text(topic, "slug")
        if slug is None:
            continue
        if len(slug) <= _MAX_SLUG_LENGTH < len(slug.encode()):  # its type reports a slug with more characters
            message = f"{quoted(slug)} is {len(slug.encode())} bytes long; expected at most {_MAX_SLUG_LENGTH}"
        elif is_device(slug):
            message = f"{quoted(slug)}; expected a slug other than names that Windows has for devices"
        elif (owner := owners.setdefault(folded(slug), name)) != name:
            message = f"{quoted(slug)} is the slug of {owner!r}; expected one of its own"
        else:
            continue
        yield Diagnostic((*at, "slug"), message, "config-topic")


def check_parents(values: Any, _: Path) -> Iterator[Diagnostic]:
    """No topic is its own ancestor."""
    topics = {str(at[-1]): topic for at, topic in _items(values, "topics")}
    names = {topic_key(alias): topic_key(name) for name in topics for _, alias in _texts(topics[name], "aliases")}
    parents = {}
    for name, topic in topics.items():
        if parent := _text(topic, "parent"):
            parents[topic_key(name)] = names.get(topic_key(parent), topic_key(parent))
    for name, topic in topics.items():
        ancestors: list[str] = []
        key = topic_key(name)
        while key in parents and parents[key] not in ancestors:  # there may be a cycle
            key = parents[key]
            ancestors.append(key)
        if topic_key(name) in ancestors:
            message = f"{_text(topic, 'parent')!r} is below {quoted(name)} itself; expected a topic above it"
            yield Diagnostic(("topics", name, "parent"), message, "config-topic")


def check_providers(values: Any, _: Path) -> Iterator[Diagnostic]:
    """Providers are valid domains, and no provider is configured twice."""
    names: dict[str, str] = {}
    configured = [(at, at[-1]) for at, _settings in _items(values, "providers") if isinstance(at[-1], str)]
    for at, name in configured:
        domain = valid_domain(name)
        if domain and names.setdefault(domain, name) != name:
            yield Diagnostic(at, f"{quoted(names[domain])} is the same provider; expected it once", "config-provider")
    in_rules = [
        (at + keys, name)
        for at, feed in _items(values, "feeds", "custom")
        for rule in ("any", "none")
        for keys, name in _texts(feed, "providers", rule)
    ]
    for keys, name in (*configured, *in_rules):
        if re.search(DOMAIN_PATTERN, name) and valid_domain(name) is None:
            yield Diagnostic(keys, f"{quoted(name)}; expected a domain such as example.com", "config-provider")


CHECKS: tuple[Callable[[Any, Path], Iterator[Diagnostic]], ...] = (
    check_article_folders,
    check_urls,
    check_characters,
    check_templates,
    check_custom_paths,
    check_moved,
    check_match,
    check_networks,
    check_topic_names,
    check_slugs,
    check_parents,
    check_providers,
)


def _get(values: Any, *keys: str | int) -> Any:
    """Return the value at `keys`, or None if there is none."""
    for key in keys:
        if isinstance(values, dict):
            values = values.get(key)
        elif isinstance(values, list) and isinstance(key, int):
            values = values[key]
        else:
            return None
    return values


def _text(values: Any, *keys: str | int) -> str | None:
    """Return the text at `keys`, or None if there is none, an empty one or another value."""
    value = _get(values, *keys)
    return value if isinstance(value, str) and value else None


def _items(values: Any, *keys: str | int) -> list[tuple[Keys, Any]]:
    """Return the items of the mapping or list at `keys`, each with its own keys."""
    parent = _get(values, *keys)
    if isinstance(parent, dict):
        return [((*keys, key), item) for key, item in parent.items()]
    return [((*keys, index), item) for index, item in enumerate(parent)] if isinstance(parent, list) else []


def _texts(values: Any, *keys: str | int) -> list[tuple[Keys, str]]:
    """Return the items at `keys` that are texts and not empty."""
    return [(at, item) for at, item in _items(values, *keys) if isinstance(item, str) and item]


def _leaves(value: Any, keys: Keys) -> Iterator[tuple[Keys, Any]]:
    """Yield the values at any depth that are neither a mapping nor a list, each with its keys."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*keys, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*keys, index))
    else:
        yield keys, value


def _all_texts(values: Any) -> Iterator[tuple[Keys, str]]:
    """Yield the texts at any depth, keys included, each with the keys of what contains it."""
    for keys, value in _leaves(values, ()):
        for depth, text in enumerate((*keys, value)):
            if isinstance(text, str):
                yield keys[:depth], text
