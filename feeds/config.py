"""The configuration file: YAML to Config, with every mistake in it at once, each with its file, line and key."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import inspect

from feeds.errors import ConfigError, Finding, Keys, Mistake
from feeds.settings import Config, ConfigFile
from feeds.taxonomy import topic_key
from feeds.typecheck import wrong_values
from feeds.urls import absolute_url, valid_domain
from feeds.yamlfile import ConfigLoader, Positions, YamlError, load_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

T = TypeVar("T")

_RESERVED_PATHS = frozenset({"all", "feeds", "index"})
_RESERVED_FOLDERS = ("topics", "providers")
_EXTENSIONS = (".rss", ".atom", ".json")
_LONGEST_PART = 200
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_PLACEHOLDERS = ("name", "site")


def load_config(path: str | Path) -> Config:
    """Read and check a configuration file; raises ConfigError with all that is wrong with it."""
    path = Path(path)
    label = str(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
        values = load_yaml(text, ConfigLoader)
    except FileNotFoundError as error:
        raise ConfigError([Mistake(label, 0, "there is no such file; `feeds init` makes one")]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([Mistake(label, 0, f"cannot be read: {error}")]) from error
    except YamlError as error:
        raise ConfigError([Mistake(label, error.line, str(error))]) from error
    positions = Positions(text, ConfigLoader)
    folder = path.absolute().parent
    findings = [
        *positions.duplicate_keys(),
        *wrong_values(values, inspect.type_info(ConfigFile)),
        *_wrong_meanings(values, folder),
    ]
    if findings:
        raise ConfigError(sorted(_mistake(label, positions, finding) for finding in findings))
    file = msgspec.convert(values, ConfigFile)
    folders = tuple((folder / name).resolve() for name in file.source.articles)
    return Config(**msgspec.structs.asdict(file), path=path.absolute(), articles=folders)


def _mistake(label: str, positions: Positions, finding: Finding) -> Mistake:
    key = ".".join(map(str, finding.keys))
    return Mistake(label, positions.line(finding.keys), f"{key}: {finding.message}" if key else finding.message)


def _wrong_meanings(values: Any, folder: Path) -> Iterator[Finding]:
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


def _check_folders(values: Any, folder: Path) -> Iterator[Finding]:
    for keys, name in _texts(values, "source", "articles"):
        if not (folder / name).is_dir():
            there = "is a file" if (folder / name).exists() else "is not there"
            yield Finding(keys, f"{name!r} {there}; expected a folder of articles, seen from {folder}")


def _check_urls(values: Any, _: Path) -> Iterator[Finding]:
    for keys, value in _leaves(values, ()):
        is_url = keys[-1:] in {("url",), ("uri",), ("base_url",), ("icon",), ("logo",), ("feed",)}
        if is_url and isinstance(value, str) and re.match(r"https?://\S+$", value) and absolute_url(value) is None:
            yield Finding(keys, f"{value!r}; expected an address that a browser can open")


def _leaves(value: Any, keys: Keys) -> Iterator[tuple[Keys, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*keys, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, (*keys, index))
    else:
        yield keys, value


def _check_templates(values: Any, _: Path) -> Iterator[Finding]:
    for kind in ("all", "topics", "providers"):
        for key in ("title", "description"):
            for name in _PLACEHOLDER.findall(_text(values, "feeds", kind, key) or ""):
                if name not in _PLACEHOLDERS:
                    yield Finding(("feeds", kind, key), f"{{{name}}}; expected {{name}} or {{site}}")


def _check_custom_paths(values: Any, _: Path) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for at, feed in _items(values, "feeds", "custom"):
        path, keys = _text(feed, "path"), (*at, "path")
        if path is None:
            continue
        folded = unicodedata.normalize("NFKC", path).casefold()
        parts = folded.split("/")
        if folded in _RESERVED_PATHS or parts[0] in _RESERVED_FOLDERS:
            yield Finding(keys, f"{path!r}; expected a path that the publisher does not use itself")
        elif any(part.endswith(_EXTENSIONS) for part in parts):
            yield Finding(keys, f"{path!r}; expected a path without extension")
        elif any(len(part.encode()) > _LONGEST_PART for part in parts):
            yield Finding(keys, f"{path!r}; expected parts of at most {_LONGEST_PART} bytes")
        elif folded in seen:
            yield Finding(keys, f"{path!r} clashes with {seen[folded]!r}; expected a path of its own")
        seen.setdefault(folded, path)


def _check_matches(values: Any, _: Path) -> Iterator[Finding]:
    for at, feed in _items(values, "feeds", "custom"):
        pattern = _text(feed, "match")
        try:
            re.compile(pattern or "")
        except re.error as error:
            yield Finding((*at, "match"), f"{pattern!r}; expected a regular expression ({error})")


def _check_topics(values: Any, _: Path) -> Iterator[Finding]:
    names: dict[str, str] = {}
    slugs: dict[str, str] = {}
    for at, topic in _items(values, "topics"):
        name = str(at[-1])
        for keys, spelling in ((at, name), *((at + keys, text) for keys, text in _texts(topic, "aliases"))):
            other = names.setdefault(topic_key(spelling), name)
            if other != name or (spelling != name and topic_key(spelling) == topic_key(name)):
                yield Finding(keys, f"{spelling!r} is a name of {other!r} already; expected one topic a name")
        slug = _text(topic, "slug")
        if slug and (other := slugs.setdefault(slug.casefold(), name)) != name:
            yield Finding((*at, "slug"), f"{slug!r} is the slug of {other!r}; expected one of its own")


def _check_parents(values: Any, _: Path) -> Iterator[Finding]:
    topics = {str(at[-1]): topic for at, topic in _items(values, "topics")}
    keys = {topic_key(alias): topic_key(name) for name in topics for _, alias in _texts(topics[name], "aliases")}
    parents = {topic_key(name): topic_key(parent) for name in topics if (parent := _text(topics[name], "parent"))}
    for name, topic in topics.items():
        for above in _all_above(topic_key(name), {key: keys.get(parent, parent) for key, parent in parents.items()}):
            if above == topic_key(name):
                message = f"{_text(topic, 'parent')!r} is below {name!r} itself; expected a topic above it"
                yield Finding(("topics", name, "parent"), message)


def _all_above(key: str, parents: Mapping[str, str]) -> list[str]:
    """The topics above a topic, each once, although they may go in a circle."""
    above: list[str] = []
    while key in parents and parents[key] not in above:
        key = parents[key]
        above.append(key)
    return above


def _check_providers(values: Any, _: Path) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for at, _settings in _items(values, "providers"):
        name = str(at[-1])
        domain = valid_domain(name)
        if domain and seen.setdefault(domain, name) != name:
            yield Finding(at, f"{seen[domain]!r} is the same provider; expected it once")


_CHECKS: tuple[Callable[[Any, Path], Iterator[Finding]], ...] = (
    _check_folders,
    _check_urls,
    _check_templates,
    _check_custom_paths,
    _check_matches,
    _check_topics,
    _check_parents,
    _check_providers,
)
