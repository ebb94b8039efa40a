"""YAML with line numbers.

Values are read by PyYAML's C loader, but those of articles, of which there are many, by yaml12 where it can: it takes a
sixth of the time. Where something stands is asked only when there is something to report, so the positions are worked
out then, by composing the text a second time.
"""

from __future__ import annotations

import codecs
import math
import re
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml
import yaml12

from feeds.text.yaml_loaders import MAX_DEPTH, ArticleLoader, FastLoader
from feeds.text.yaml_positions import Positions

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Sequence

    from feeds.errors import Keys


#: How far texts are indented at most that yaml12 is given, which does not count levels of blocks.
_MOST_COLUMNS = 250

#: What aliases may bring in, in characters.
_LONGEST_ALIASES = 1_000_000

#: Anchors, aliases and tags at the start of a value, merge keys and directives. Each pattern begins with a character
#: that is soon looked for, which makes them ten times as fast as one pattern for all.
_BEYOND_YAML12 = tuple(
    (start, re.compile(pattern))
    for start, pattern in (
        ("&", r"&(?<![^\s:?\[{,-]&)\S"),
        ("*", r"\*(?<![^\s:?\[{,-]\*)\S"),
        ("!", r"!(?<![^\s:?\[{,-]!)"),
        ("<", r"<<[ \t]*:"),
        ("%", r"%(?<![^\n]%)"),
    )
)


class YamlError(Exception):
    """A text is not YAML. `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def decode_text(content: bytes) -> str:
    """The text of a file in UTF-8, with or without a byte order mark; raises YamlError."""
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = len(content[: error.start].splitlines()) + content[: error.start].endswith((b"\n", b"\r"))
        message = f"byte 0x{content[error.start]:02x} is not UTF-8; expected text in UTF-8"
        raise YamlError(max(line, 1), message) from error


def load_yaml(text: str, loader: type[yaml.SafeLoader], deepest: int = MAX_DEPTH) -> Any:
    """The value of the only document in `text`; raises YamlError.

    Aliases and all, it is nested `deepest` levels deep at most, and not too long to be gone through as a whole.
    """
    try:
        _check_depth(text, deepest)
        value = yaml.load(text, Loader=loader)  # noqa: S506  # both loaders are safe ones
    except yaml.MarkedYAMLError as error:
        unclosed = error.problem is not None and error.problem.endswith("end of stream")
        mark = (error.context_mark if unclosed else None) or error.problem_mark or error.context_mark
        raise YamlError(mark.line + 1 if mark else 1, f"not valid YAML: {_in_words(error, text)}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        code = error.character if isinstance(error.character, int) else ord(error.character)
        raise YamlError(line, f"not valid YAML: the character U+{code:04X} is not allowed") from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise YamlError(1, f"not valid YAML: {error}") from error
    _check_size(value, len(text) + _LONGEST_ALIASES, deepest, Positions(text, loader))
    return value


def load_article_yaml(text: str, deepest: int = MAX_DEPTH) -> Any:
    """The value of an article's front matter, nested `deepest` levels deep at most; raises YamlError.

    yaml12 reads YAML 1.2, in which a date is a text and `no` a word. What it does not have (merge keys), may copy
    without end (aliases), wraps (tags), refuses or takes for several documents is PyYAML's to read, and so is what is
    nested too deeply: it says where.
    """
    may_be_deep = _may_be_deep(text, deepest)
    is_beyond = _is_beyond_yaml12(text) or (may_be_deep and _is_indented(text, _MOST_COLUMNS))
    documents = () if is_beyond else _documents(text)
    if len(documents) != 1 or (may_be_deep and _depth(documents[0]) > deepest):
        return load_yaml(text, ArticleLoader, deepest)
    return documents[0]


def _check_size(value: Any, most: int, deepest: int, positions: Positions) -> None:
    """Raises YamlError where a value is too long or too deep once its aliases are written out, or has no end.

    Whoever goes through all of it would be at it for years, or out of stack: a few hundred bytes can stand for more
    than a disk holds.
    """
    sizes: dict[int, _Size] = {}
    whole = _size(value, sizes, deepest)
    if whole.length <= most and whole.depth <= deepest:
        return

    def is_wrong(part: Any) -> bool:
        size = sizes.get(id(part))
        return size is not None and (size.length > most or size.depth > deepest)

    if whole.length == math.inf:
        problem = "nested in itself"
    elif whole.depth > deepest:
        problem = f"nested more than {deepest} levels deep"
    else:
        problem = f"aliases (*) bring in more than {_LONGEST_ALIASES} characters"
    raise YamlError(positions.line(_innermost(value, is_wrong)), f"not valid YAML here: {problem}")


class _Size(NamedTuple):
    """How long a value is, of which all but texts count as one character, and how many levels deep."""

    length: float
    depth: float


def _size(value: Any, known: dict[int, _Size], most_levels: int) -> _Size:
    """The size of a value, without end where it holds itself. `known` is what was looked at, by its id.

    What is more than so many levels deep is not looked at, but taken for one that has no end.
    """
    if not isinstance(value, dict | list | tuple | set):
        return _Size(len(value) if isinstance(value, str) else 1, 0)
    if id(value) not in known:
        if most_levels == 0:
            return _Size(1, math.inf)
        known[id(value)] = _Size(math.inf, 0)  # as long as this is looked at
        parts = [_size(part, known, most_levels - 1) for part in _parts(value)]
        length = 1 + sum(part.length for part in parts)
        known[id(value)] = _Size(length, 1 + max((part.depth for part in parts), default=0))
    return known[id(value)]


def _parts(value: Any) -> Iterable[Any]:
    return chain(value, value.values()) if isinstance(value, dict) else value


def _innermost(value: Any, is_wrong: Callable[[Any], bool]) -> Keys:
    """Where the innermost part of a value stands of which something is true, and of none of its parts."""
    keys: list[str | int] = []
    seen = {id(value)}
    while isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        found = next(((key, part) for key, part in items if id(part) not in seen and is_wrong(part)), None)
        if found is None:
            break
        key, value = found
        keys.append(key)
        seen.add(id(value))
    return tuple(keys)


def _depth(value: Any) -> int:
    """How many levels deep a value is that yaml12 read, which wraps keys that are no texts."""
    depth = 0
    level = [value]
    while level := [part for part in level if isinstance(part, dict | list)]:
        depth += 1
        parts = chain.from_iterable(map(_parts, level))
        level = [part.value if isinstance(part, yaml12.Yaml) else part for part in parts]
    return depth


def _is_beyond_yaml12(text: str) -> bool:
    return any(start in text and pattern.search(text) for start, pattern in _BEYOND_YAML12)


def _documents(text: str) -> Sequence[Any]:
    """What yaml12 reads; nothing where it refuses the text: PyYAML says what is wrong, and where."""
    try:
        documents: Sequence[Any] = yaml12.parse_yaml(text, multi=True)
    except ValueError:
        return ()
    return documents


def parse_timestamp(text: str) -> dt.date | None:
    """The date or time that YAML 1.1 sees in a text (https://yaml.org/type/timestamp.html)."""
    if not yaml.SafeLoader.timestamp_regexp.match(text):
        return None
    time: dt.date = yaml.constructor.SafeConstructor().construct_yaml_timestamp(yaml.ScalarNode("", text))
    return time


def _in_words(error: yaml.MarkedYAMLError, text: str) -> str:
    """What is wrong, as a person who writes YAML by hand would say it."""
    problem, mark = error.problem or "", error.problem_mark
    there = text[mark.index : mark.index + 1] if mark else ""
    if "tab character" in problem or ("cannot start any token" in problem and there == "\t"):
        return "a tab; expected spaces"
    if "cannot start any token" in problem:
        return f"a text that begins with {there}; expected it in quotes"
    if problem.startswith("mapping values are not allowed"):
        return "a colon in a text; expected the text in quotes, or the key at the indentation of the others"
    if problem.startswith("did not find expected key"):
        return "something behind a value; expected the value in quotes, or a key at the indentation of the others"
    return " ".join(part for part in (error.context, error.problem) if part)


def _check_depth(text: str, deepest: int) -> None:
    """PyYAML composes by recursion and libyaml's binding does not count: too deep a text would end the process."""
    if not _may_be_deep(text, deepest):
        return
    depth = 0
    for event in yaml.parse(text, Loader=FastLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > deepest:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise YamlError(line, f"not valid YAML here: nested more than {deepest} levels deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _may_be_deep(text: str, deepest: int) -> bool:
    """Whether a text has so many brackets and is indented so far that it could be nested more than `deepest` levels.

    Each column of a block has two levels at most, a mapping and a list at the indentation of its key, and so has each
    square bracket, a list and a mapping of one key without brackets.
    """
    levels = deepest - 2 * text.count("[") - text.count("{")
    return levels < 2 or _is_indented(text, levels // 2)


def _is_indented(text: str, columns: int) -> bool:
    return bool(_indented(columns).search(f"\n{text}"))


@cache
def _indented(columns: int) -> re.Pattern[str]:
    """A line with something of a block beyond that many columns, and few others."""
    return re.compile(rf"\n[ \t?:-]{{{columns}}}")
