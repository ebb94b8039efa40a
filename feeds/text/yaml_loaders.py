"""PyYAML loaders for one meaning of scalars: the core schema of YAML 1.2 (section 10.3).

`010` is ten, `0o10` is eight; `1:30`, `yes` and `2020-06-10` are text. Fields that hold dates parse text themselves, so
front matter means the same whether PyYAML or yaml12 reads it. A tag such as `!!int` changes nothing on a value that is
not of that type.
"""

from __future__ import annotations

import math
import re
from itertools import chain
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Callable

FastLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TAG = "tag:yaml.org,2002:"
#: Nesting of values and of merge keys.
MAX_DEPTH = 100
_MAX_MERGED_KEYS = 100_000
#: A longer number stays text: Python prints no integer of more than 4,300 digits.
_MAX_NUMBER_LENGTH = 40

_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_NULL = re.compile(r"~|null|Null|NULL|")
_BASES = {"0o": 8, "0x": 16}


class _CoreLoader(FastLoader):  # type: ignore[misc, valid-type]  # the base is chosen at import
    """The core schema, with a bound on merge keys: a few hundred bytes could otherwise bring in millions of keys."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # as PyYAML has it
    _merged = 0
    _merging = 0

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        self._merging += 1
        if self._merging > MAX_DEPTH:
            raise _merge_error(node, f"lead to one another more than {MAX_DEPTH} times")
        for source in merged_mappings(node):
            self.flatten_mapping(source)
            self._merged += len(source.value)
            if self._merged > _MAX_MERGED_KEYS:
                raise _merge_error(node, f"bring in more than {_MAX_MERGED_KEYS} keys")
        super().flatten_mapping(node)
        self._merging -= 1


class ArticleLoader(_CoreLoader):
    """Front matter."""


class ConfigLoader(_CoreLoader):
    """The configuration. Keys are text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        if isinstance(node, yaml.MappingNode):
            self.flatten_mapping(node)
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode):
                    key.tag = TAG + "str"
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def merged_mappings(node: yaml.MappingNode) -> list[yaml.MappingNode]:
    """The mappings that the merge keys of a mapping name (https://yaml.org/type/merge.html)."""
    named = [value for name, value in node.value if name.tag == TAG + "merge"]
    lists = [value.value if isinstance(value, yaml.SequenceNode) else [value] for value in named]
    return [source for source in chain.from_iterable(lists) if isinstance(source, yaml.MappingNode)]


def _merge_error(node: yaml.MappingNode, problem: str) -> yaml.MarkedYAMLError:
    return yaml.constructor.ConstructorError(None, None, f"merge keys (<<) {problem}", node.start_mark)


def _parse_int(text: str) -> int:
    return int(text, _BASES.get(text[:2], 10))


def _parse_float(text: str) -> float:
    name = text.lower().lstrip("+-")
    if name == ".nan":
        return math.nan
    if name == ".inf":
        return -math.inf if text.startswith("-") else math.inf
    return float(text)


def _or_text(pattern: re.Pattern[str], parse: Callable[[str], Any]) -> Callable[[Any, yaml.ScalarNode], Any]:
    """A constructor for scalars of a type. Text that is not of the type stays text, also if it has the type's tag."""

    def construct(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
        text = loader.construct_scalar(node)
        return parse(text) if len(text) <= _MAX_NUMBER_LENGTH and pattern.fullmatch(text) else text

    return construct


#: In the order in which they are tried: a whole number is also a float.
for _name, _pattern, _parse, _first in (
    ("bool", _BOOL, lambda text: text.lower() == "true", list("tTfF")),
    ("int", _INT, _parse_int, list("-+0123456789")),
    ("float", _FLOAT, _parse_float, list("-+.0123456789")),
    ("null", _NULL, lambda _: None, ["~", "n", "N", ""]),
):
    _CoreLoader.add_implicit_resolver(TAG + _name, re.compile(rf"(?:{_pattern.pattern})\Z"), _first)
    _CoreLoader.add_constructor(TAG + _name, _or_text(_pattern, _parse))
_CoreLoader.add_implicit_resolver(TAG + "merge", re.compile(r"<<\Z"), ["<"])
_CoreLoader.add_implicit_resolver(TAG + "value", re.compile(r"=\Z"), ["="])  # https://yaml.org/type/value.html
for _name in ("timestamp", "value"):
    _CoreLoader.add_constructor(TAG + _name, yaml.SafeLoader.construct_yaml_str)
