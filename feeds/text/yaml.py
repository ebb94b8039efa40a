"""YAML read into values, within bounds on nesting and size, with the lines of errors.

PyYAML's C loader reads the configuration. yaml12, which takes a sixth of the time, reads the front matter of articles
where it can.
"""

from __future__ import annotations

import codecs
import contextlib
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

#: The largest indentation for yaml12, which does not limit the depth of blocks.
_MAX_INDENTATION = 250
#: Characters that aliases may add to a value.
_MAX_ALIASED = 1_000_000
#: Syntax that is left to PyYAML: anchors, aliases and tags at the start of a value, merge keys and directives. Each
#: pattern begins with a literal character, which makes the search ten times as fast as one pattern for all.
_NOT_FOR_YAML12 = tuple(
    (start, re.compile(pattern))
    for start, pattern in (
        ("&", r"&(?<![^\s:?\[{,-]&)\S"),
        ("*", r"\*(?<![^\s:?\[{,-]\*)\S"),
        ("!", r"!(?<![^\s:?\[{,-]!)"),
        ("<", r"<<[ \t]*:"),
        ("%", r"%(?<![^\n]%)"),
    )
)


#: An escaped surrogate pair, behind any number of escaped backslashes, and perhaps around an escaped line break.
_SURROGATES = re.compile(
    r"(?<!\\)((?:\\\\)*)(?:\\u|\\U0000)([dD][89abAB][0-9a-fA-F]{2})"
    r"(\\\n[ \t]*)?(?:\\u|\\U0000)([dD][c-fC-F][0-9a-fA-F]{2})"
)


_FLOW_STARTS = (yaml.FlowSequenceStartToken, yaml.FlowMappingStartToken)
_FLOW_ENDS = (yaml.FlowSequenceEndToken, yaml.FlowMappingEndToken)


class YamlError(Exception):
    """A text is not YAML, or too deep or too long. `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def decode_text(content: bytes) -> str:
    """Return the text of a file in UTF-8, without the byte order mark. Raise YamlError."""
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = len(content[: error.start].splitlines()) + content[: error.start].endswith((b"\n", b"\r"))
        message = f"byte 0x{content[error.start]:02x} is not UTF-8; expected text in UTF-8"
        raise YamlError(max(line, 1), message) from error


def load_yaml(text: str, loader: type[yaml.SafeLoader], max_depth: int = MAX_DEPTH) -> Any:
    """Return the value of the only document in `text`. Raise YamlError.

    With its aliases expanded, the value has at most `max_depth` levels and a length that can be processed.
    """
    try:
        _check_depth(text, max_depth)
        value = yaml.load(text, Loader=loader)  # noqa: S506  # both loaders are safe
    except yaml.MarkedYAMLError as error:
        unclosed = error.problem is not None and error.problem.endswith("end of stream")
        mark = (error.context_mark if unclosed else None) or error.problem_mark or error.context_mark
        raise YamlError(mark.line + 1 if mark else 1, f"not valid YAML: {_message_of(error, text)}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        code = error.character if isinstance(error.character, int) else ord(error.character)
        raise YamlError(line, f"not valid YAML: the character U+{code:04X} is not allowed") from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise YamlError(1, f"not valid YAML: {error}") from error
    _check_size(value, len(text) + _MAX_ALIASED, max_depth, Positions(text, loader))
    return value


def join_surrogates(text: str) -> str:
    r"""Return YAML with each escaped surrogate pair, as JSON writers produce them (`\ud83d\ude00`), as one escape.

    Only double-quoted scalars have escapes (YAML 1.2, 5.7).
    """
    if not _SURROGATES.search(text):
        return text
    parts, end, depth = [], 0, 0
    with contextlib.suppress(yaml.YAMLError):  # what is wrong is found when the result is parsed
        for token in yaml.scan(text, Loader=yaml.SafeLoader):
            depth += isinstance(token, _FLOW_STARTS)
            depth -= isinstance(token, _FLOW_ENDS)
            if depth > MAX_DEPTH:  # each token takes as long as there are open brackets
                break
            if isinstance(token, yaml.ScalarToken) and token.style == '"':
                start, stop = token.start_mark.index, token.end_mark.index
                parts += [text[end:start], _SURROGATES.sub(_joined, text[start:stop])]
                end = stop
    return "".join((*parts, text[end:]))


def _joined(pair: re.Match[str]) -> str:
    return f"{pair[1]}\\U{_code_of(pair[2], pair[4]):08x}{pair[3] or ''}"


def _code_of(high: str, low: str) -> int:
    return 0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00


def load_article_yaml(text: str, max_depth: int = MAX_DEPTH) -> Any:
    """Return the value of an article's front matter, with at most `max_depth` levels. Raise YamlError.

    yaml12 reads it unless it has merge keys, which yaml12 lacks, aliases, which it copies without bound, or tags, which
    it wraps. PyYAML also reads what yaml12 refuses, splits into several documents or finds too deep: it reports where.
    """
    may_be_deep = _may_be_deep(text, max_depth)
    is_for_pyyaml = any(start in text and pattern.search(text) for start, pattern in _NOT_FOR_YAML12)
    if not is_for_pyyaml and not (may_be_deep and _is_indented(text, _MAX_INDENTATION)):
        documents = _parse_with_yaml12(text)
        if len(documents) == 1 and not (may_be_deep and _depth(documents[0]) > max_depth):
            return documents[0]
    return load_yaml(text, ArticleLoader, max_depth)


def parse_timestamp(text: str) -> dt.date | None:
    """Return the date or time of a YAML 1.1 timestamp (https://yaml.org/type/timestamp.html), or None."""
    if not yaml.SafeLoader.timestamp_regexp.match(text):
        return None
    time: dt.date = yaml.constructor.SafeConstructor().construct_yaml_timestamp(yaml.ScalarNode("", text))
    return time


def _message_of(error: yaml.MarkedYAMLError, text: str) -> str:
    """Return the problem in words for a person who writes YAML by hand."""
    problem, mark = error.problem or "", error.problem_mark
    character = text[mark.index : mark.index + 1] if mark else ""
    if "tab character" in problem or ("cannot start any token" in problem and character == "\t"):
        return "a tab; expected spaces"
    if "cannot start any token" in problem:
        return f"a text that begins with {character}; expected it in quotes"
    if problem.startswith("mapping values are not allowed"):
        return "a colon in a text; expected the text in quotes, or the key at the indentation of the others"
    if problem.startswith("did not find expected key"):
        return "something behind a value; expected the value in quotes, or a key at the indentation of the others"
    return " ".join(part for part in (error.context, error.problem) if part)


def _parse_with_yaml12(text: str) -> Sequence[Any]:
    """Return the documents that yaml12 finds; none if it refuses the text."""
    try:
        documents: Sequence[Any] = yaml12.parse_yaml(text, multi=True)
    except ValueError:
        return ()
    return documents


def _may_be_deep(text: str, max_depth: int) -> bool:
    """Whether the brackets and the indentation of a text allow more than `max_depth` levels.

    A column of a block holds at most two levels, a mapping and a list at the indentation of its key. So does a square
    bracket, a list and a mapping of one pair without braces.
    """
    levels = max_depth - 2 * text.count("[") - text.count("{")
    return levels < 2 or _is_indented(text, levels // 2)


def _is_indented(text: str, columns: int) -> bool:
    return bool(_indentation(columns).search(f"\n{text}"))


@cache
def _indentation(columns: int) -> re.Pattern[str]:
    """Return a pattern for every line with block content after that many columns, and for few other lines."""
    return re.compile(rf"\n[ \t?:-]{{{columns}}}")


def _check_depth(text: str, max_depth: int) -> None:
    """Raise YamlError if a text has too many levels.

    PyYAML composes nodes recursively, and its libyaml binding has no limit: a deep text would crash the process.
    """
    if not _may_be_deep(text, max_depth):
        return
    depth = 0
    for event in yaml.parse(text, Loader=FastLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > max_depth:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise YamlError(line, f"not valid YAML here: nested more than {max_depth} levels deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _depth(value: Any) -> int:
    """Return the number of levels of a value from yaml12, which wraps keys that are collections."""
    depth = 0
    level = [value]
    while level := [part for part in level if isinstance(part, dict | list)]:
        depth += 1
        parts = chain.from_iterable(map(_parts, level))
        level = [part.value if isinstance(part, yaml12.Yaml) else part for part in parts]
    return depth


class _Size(NamedTuple):
    """The length of a value in characters, where every part but text counts as one, and its number of levels."""

    length: float
    depth: float


def _check_size(value: Any, max_length: int, max_depth: int, positions: Positions) -> None:
    """Raise YamlError if a value is too long or too deep with its aliases expanded, or contains itself.

    A few hundred bytes can stand for a value that no disk holds and no recursion can follow.
    """
    sizes: dict[int, _Size] = {}
    whole = _measure(value, sizes, max_depth)
    if whole.length <= max_length and whole.depth <= max_depth:
        return

    def is_too_large(part: Any) -> bool:
        size = sizes.get(id(part))
        return size is not None and (size.length > max_length or size.depth > max_depth)

    if whole.length == math.inf:
        problem = "nested in itself"
    elif whole.depth > max_depth:
        problem = f"nested more than {max_depth} levels deep"
    else:
        problem = f"aliases (*) bring in more than {_MAX_ALIASED} characters"
    raise YamlError(positions.line(_innermost(value, is_too_large)), f"not valid YAML here: {problem}")


def _measure(value: Any, sizes: dict[int, _Size], levels: int) -> _Size:
    """Return the size of a value. `sizes` caches the sizes of collections by their ids.

    A value that contains itself has infinite length. Collections below so many levels are not measured; their depth
    counts as infinite.
    """
    if not isinstance(value, dict | list | tuple | set):
        return _Size(len(value) if isinstance(value, str) else 1, 0)
    if id(value) not in sizes:
        if levels == 0:
            return _Size(1, math.inf)
        sizes[id(value)] = _Size(math.inf, 0)  # for a part that is this value
        parts = [_measure(part, sizes, levels - 1) for part in _parts(value)]
        length = 1 + sum(part.length for part in parts)
        sizes[id(value)] = _Size(length, 1 + max((part.depth for part in parts), default=0))
    return sizes[id(value)]


def _parts(value: Any) -> Iterable[Any]:
    return chain(value, value.values()) if isinstance(value, dict) else value


def _innermost(value: Any, is_wrong: Callable[[Any], bool]) -> Keys:
    """Return the keys of an innermost part that is wrong: none of its own parts is."""
    keys: list[str | int] = []
    seen = {id(value)}
    while isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        item = next(((key, part) for key, part in items if id(part) not in seen and is_wrong(part)), None)
        if item is None:
            break
        key, value = item
        keys.append(key)
        seen.add(id(value))
    return tuple(keys)
