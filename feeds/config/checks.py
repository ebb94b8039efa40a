"""Checks of the configuration beyond the types of single values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.config.schema import DOMAIN_PATTERN, compile_match
from feeds.errors import Diagnostic, Keys, quoted
from feeds.storage.addresses import is_address, wrong_address
from feeds.storage.names import is_archive, is_device, is_utf8, readable, wrong_path
from feeds.storage.objects import ObjectFolder
from feeds.text.characters import remove_controls
from feeds.text.slugs import folded, topic_key
from feeds.text.urls import absolute_url, valid_domain

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping


_RESERVED_PATHS = frozenset({"all", "feeds", "index"})

_RESERVED_FOLDERS = ("topics", "providers")

_RESERVED = "all, feeds, index, topics/…, providers/… and …/archive/YYYY-MM, which the publisher uses itself"

_NO_FORMER_PATHS = frozenset({"feeds", "index"})

_NOT_FORMER = "feeds, index and …/archive/YYYY-MM, which the publisher uses itself"

_LONGEST_SLUG = 100

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")

_PLACEHOLDERS = ("name", "site")


def article_root(folder: Path, name: str) -> Path | ObjectFolder:
    return ObjectFolder(name) if is_address(name) else (folder / name).resolve()


def wrong_meanings(values: Any, folder: Path) -> Iterator[Diagnostic]:
    """What is wrong beyond single values. A value of the wrong type has its finding already and is passed over."""
    for check in _CHECKS:
        yield from check(values, folder)


def _at(values: Any, *keys: str | int) -> Any:
    for key in keys:
        if isinstance(values, dict):
            values = values.get(key)
        elif isinstance(values, list) and isinstance(key, int):
            values = values[key]
        else:
            return None
    return values


def _items(values: Any, *keys: str | int) -> list[tuple[Keys, Any]]:
    """The items of the mapping or list at `keys`, each with its keys; none where it is neither."""
    found = _at(values, *keys)
    if isinstance(found, dict):
        return [((*keys, key), item) for key, item in found.items()]
    return [((*keys, index), item) for index, item in enumerate(found)] if isinstance(found, list) else []


def _texts(values: Any, *keys: str | int) -> list[tuple[Keys, str]]:
    """The texts in the list or mapping at `keys`."""
    return [(at, item) for at, item in _items(values, *keys) if isinstance(item, str) and item]


def _text(values: Any, *keys: str | int) -> str | None:
    found = _at(values, *keys)
    return found if isinstance(found, str) and found else None


def _check_folders(values: Any, folder: Path) -> Iterator[Diagnostic]:
    seen: dict[Path | ObjectFolder, str] = {}
    for keys, name in _texts(values, "source", "articles"):
        wrong = _wrong_store(name) if is_address(name) else _wrong_folder(folder, name)
        if wrong:
            yield Diagnostic(keys, wrong, "config-folder")
            continue
        place = article_root(folder, name)
        for other, other_name in seen.items():
            if _overlap(place, other):
                message = f"{quoted(name)} overlaps {other_name!r}; expected folders apart from each other"
                yield Diagnostic(keys, message, "config-folder")
        seen.setdefault(place, name)


def _wrong_store(name: str) -> str | None:
    wrong = wrong_address(name)
    return f"{quoted(name)} {wrong}" if wrong else None


def _wrong_folder(folder: Path, name: str) -> str | None:
    """What is wrong with a folder of this machine."""
    kind = _kind(folder / name)
    if kind != "a folder":
        return f"{kind or f'{quoted(name)} is not there'}; expected a folder of articles, seen from {folder}"
    place = (folder / name).resolve()
    if not is_utf8(str(place)):
        return f"{quoted(name)} leads to {readable(str(place))}, which is not UTF-8; expected a path that is"
    return None


def _overlap(one: Path | ObjectFolder, other: Path | ObjectFolder) -> bool:
    if isinstance(one, Path) and isinstance(other, Path):
        return one.is_relative_to(other) or other.is_relative_to(one)
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def _kind(path: Path) -> str | None:
    try:
        return "a folder" if path.is_dir() else "a file" if path.exists() else None
    except (OSError, ValueError):  # a name that nothing can have
        return None


def _check_urls(values: Any, _: Path) -> Iterator[Diagnostic]:
    for keys, value in _leaves(values, ()):
        is_url = keys[-1:] in {("url",), ("uri",), ("base_url",), ("icon",), ("logo",), ("feed",), ("hub",)}
        if is_url and isinstance(value, str) and re.match(r"https?://\S+$", value) and absolute_url(value) is None:
            yield Diagnostic(keys, f"{quoted(value)}; expected an address that a browser can open", "config-address")


def _check_characters(values: Any, _: Path) -> Iterator[Diagnostic]:
    for keys, text in dict.fromkeys(_all_texts(values)):
        if remove_controls(text) != text:
            yield Diagnostic(keys, f"{quoted(text)}; expected text without control characters", "wrong-value")


def _all_texts(values: Any) -> Iterator[tuple[Keys, str]]:
    """All texts with the keys under which they stand, also those that are keys themselves."""
    for keys, value in _leaves(values, ()):
        for depth, text in enumerate((*keys, value)):
            if isinstance(text, str):
                yield keys[:depth], text


def _leaves(value: Any, keys: Keys) -> Iterator[tuple[Keys, Any]]:
    """The values without parts, at any depth, each with its keys."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*keys, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*keys, index))
    else:
        yield keys, value


def _check_templates(values: Any, _: Path) -> Iterator[Diagnostic]:
    for kind in ("all", "topics", "providers"):
        for key in ("title", "description"):
            for name in _PLACEHOLDER.findall(_text(values, "feeds", kind, key) or ""):
                if name not in _PLACEHOLDERS:
                    yield Diagnostic(
                        ("feeds", kind, key), f"{{{name}}}; expected {{name}} or {{site}}", "config-template"
                    )


def _check_custom_paths(values: Any, _: Path) -> Iterator[Diagnostic]:
    seen: dict[str, str] = {}
    for at, feed in _items(values, "feeds", "custom"):
        path, keys = _text(feed, "path"), (*at, "path")
        if path is None:
            continue
        key = folded(path)
        if key in _RESERVED_PATHS or key.split("/")[0] in _RESERVED_FOLDERS or is_archive(path):
            yield Diagnostic(keys, f"{quoted(path)}; expected a path other than {_RESERVED}", "config-path")
        elif wrong := wrong_path(path):
            yield Diagnostic(keys, f"{quoted(path)}{wrong}", "config-path")
        elif key in seen:
            yield Diagnostic(
                keys, f"{quoted(path)} clashes with {seen[key]!r}; expected a path of its own", "config-path"
            )
        seen.setdefault(key, path)


def _check_moved(values: Any, _: Path) -> Iterator[Diagnostic]:
    moved = {str(at[-1]): path for at, path in _texts(values, "moved")}
    targets = {folded(old) for old in moved}
    seen: dict[str, str] = {}
    for old, new in moved.items():
        key = folded(old)
        if wrong := _wrong_move(old, new, targets):
            yield Diagnostic(("moved", old), wrong, "config-moved")
        elif key in seen:
            yield Diagnostic(("moved", old), f"clashes with {seen[key]!r}; expected a path of its own", "config-moved")
        seen.setdefault(key, old)


def _wrong_move(old: str, new: str, moved: Collection[str]) -> str | None:
    """What is wrong with a path that a feed had before, beside all that have `moved`."""
    if folded(old) in _NO_FORMER_PATHS or is_archive(old):
        return f"expected a path other than {_NOT_FORMER}"
    if folded(old) == folded(new):
        return "is the same path; expected the one that the feed has now"
    if folded(new) in moved:
        return f"{quoted(new)} has moved, too; expected the path that the feed has now"
    return next((f"{quoted(path)}{wrong}" for path in (old, new) if (wrong := wrong_path(path))), None)


def _check_matches(values: Any, _: Path) -> Iterator[Diagnostic]:
    for at, feed in _items(values, "feeds", "custom"):
        pattern = _text(feed, "match")
        try:
            compile_match(pattern or "")
        except (re.error, OverflowError, RecursionError) as error:
            yield Diagnostic(
                (*at, "match"), f"{quoted(pattern)}; expected a regular expression ({error})", "config-match"
            )


def _check_networks(values: Any, _: Path) -> Iterator[Diagnostic]:
    from ipaddress import ip_network  # noqa: PLC0415  # few configurations name any

    for at, network in _texts(values, "enclosures", "allow_private"):
        try:
            ip_network(network)
        except ValueError as error:
            yield Diagnostic(
                at, f"{quoted(network)}; expected an address or a network such as 10.1.0.0/16 ({error})", "wrong-value"
            )


def _check_topics(values: Any, _: Path) -> Iterator[Diagnostic]:
    names: dict[str, str] = {}
    slugs: dict[str, str] = {}
    for at, topic in _items(values, "topics"):
        name = str(at[-1])
        for keys, spelling in ((at, name), *((at + keys, text) for keys, text in _texts(topic, "aliases"))):
            other = names.setdefault(topic_key(spelling), name)
            if other != name or (spelling != name and topic_key(spelling) == topic_key(name)):
                yield Diagnostic(
                    keys,
                    f"{quoted(spelling)} is a name of {other!r} already; expected one topic a name",
                    "config-topic",
                )
        slug = _text(topic, "slug")
        if slug and len(slug) <= _LONGEST_SLUG < len(slug.encode()):
            message = f"{quoted(slug)} is {len(slug.encode())} bytes long; expected at most {_LONGEST_SLUG}"
            yield Diagnostic((*at, "slug"), message, "config-topic")
        elif slug and is_device(slug):
            message = f"{quoted(slug)}; expected a slug other than names that Windows has for devices"
            yield Diagnostic((*at, "slug"), message, "config-topic")
        elif slug and (other := slugs.setdefault(folded(slug), name)) != name:
            yield Diagnostic(
                (*at, "slug"), f"{quoted(slug)} is the slug of {other!r}; expected one of its own", "config-topic"
            )


def _check_parents(values: Any, _: Path) -> Iterator[Diagnostic]:
    topics = {str(at[-1]): topic for at, topic in _items(values, "topics")}
    keys = {topic_key(alias): topic_key(name) for name in topics for _, alias in _texts(topics[name], "aliases")}
    parents = {topic_key(name): topic_key(parent) for name in topics if (parent := _text(topics[name], "parent"))}
    for name, topic in topics.items():
        for above in _all_above(topic_key(name), {key: keys.get(parent, parent) for key, parent in parents.items()}):
            if above == topic_key(name):
                message = f"{_text(topic, 'parent')!r} is below {quoted(name)} itself; expected a topic above it"
                yield Diagnostic(("topics", name, "parent"), message, "config-topic")


def _all_above(key: str, parents: Mapping[str, str]) -> list[str]:
    """The topics above a topic, each once, although they may go in a circle."""
    above: list[str] = []
    while key in parents and parents[key] not in above:
        key = parents[key]
        above.append(key)
    return above


def _check_providers(values: Any, _: Path) -> Iterator[Diagnostic]:
    seen: dict[str, str] = {}
    configured = [(at, at[-1]) for at, _settings in _items(values, "providers") if isinstance(at[-1], str)]
    for at, name in configured:
        domain = valid_domain(name)
        if domain and seen.setdefault(domain, name) != name:
            yield Diagnostic(at, f"{quoted(seen[domain])} is the same provider; expected it once", "config-provider")
    rules = [(at, feed, rule) for at, feed in _items(values, "feeds", "custom") for rule in ("any", "none")]
    ruled = [(at + keys, name) for at, feed, rule in rules for keys, name in _texts(feed, "providers", rule)]
    for keys, name in (*configured, *ruled):
        if re.search(DOMAIN_PATTERN, name) and valid_domain(name) is None:
            yield Diagnostic(keys, f"{quoted(name)}; expected a domain such as example.com", "config-provider")


_CHECKS: tuple[Callable[[Any, Path], Iterator[Diagnostic]], ...] = (
    _check_folders,
    _check_urls,
    _check_characters,
    _check_templates,
    _check_custom_paths,
    _check_moved,
    _check_matches,
    _check_networks,
    _check_topics,
    _check_parents,
    _check_providers,
)
