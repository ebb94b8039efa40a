"""PyYAML loaders that give scalars one meaning: that of the YAML 1.2 core schema (section 10.3).

`010` is ten, `0o10` is eight; `1:30`, `yes` and `2020-06-10` are text. Date fields parse their text themselves, so that
front matter means the same whether PyYAML or yaml12 reads it. A tag such as `!!int` has no effect on a scalar that does
not match the type.
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
#: Levels of values, and of merge keys.
MAX_DEPTH = 100
_MAX_MERGED_KEYS = 100_000
#: A longer number stays text. Python prints no integer of more than 4,300 digits.
_MAX_NUMBER_LENGTH = 40

_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_NULL = re.compile(r"~|null|Null|NULL|")
_BASES = {"0o": 8, "0x": 16}


class _CoreLoader(FastLoader):  # type: ignore[misc, valid-type]  # the base is chosen at import
    """A loader for the core schema that limits merge keys: a few hundred bytes could merge millions of keys."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # PyYAML declares it so
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
    """The loader of front matter."""


class ConfigLoader(_CoreLoader):
    """The loader of the configuration. Its keys are text, and only plain decimal numbers are numbers."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        if isinstance(node, yaml.MappingNode):
            self.flatten_mapping(node)
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode):
                    key.tag = TAG + "str"
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


def merged_mappings(node: yaml.MappingNode) -> list[yaml.MappingNode]:
    """Return the mappings that the merge keys of a mapping refer to (https://yaml.org/type/merge.html)."""
    merged = [value for name, value in node.value if name.tag == TAG + "merge"]
    lists = [value.value if isinstance(value, yaml.SequenceNode) else [value] for value in merged]
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


def _constructor(pattern: re.Pattern[str], parse: Callable[[str], Any]) -> Callable[[Any, yaml.ScalarNode], Any]:
    """Return a constructor for scalars of a type. Text that does not match the type stays text, even with its tag."""

    def construct(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Any:
        text = loader.construct_scalar(node)
        return parse(text) if len(text) <= _MAX_NUMBER_LENGTH and pattern.fullmatch(text) else text

    return construct


#: PyYAML tries them in this order: an integer also matches the pattern of floats.
for _name, _pattern, _parse, _first in (
    ("bool", _BOOL, lambda text: text.lower() == "true", list("tTfF")),
    ("int", _INT, _parse_int, list("-+0123456789")),
    ("float", _FLOAT, _parse_float, list("-+.0123456789")),
    ("null", _NULL, lambda _: None, ["~", "n", "N", ""]),
):
    _CoreLoader.add_implicit_resolver(TAG + _name, re.compile(rf"(?:{_pattern.pattern})\Z"), _first)
    _CoreLoader.add_constructor(TAG + _name, _constructor(_pattern, _parse))
_CoreLoader.add_implicit_resolver(TAG + "merge", re.compile(r"<<\Z"), ["<"])
_CoreLoader.add_implicit_resolver(TAG + "value", re.compile(r"=\Z"), ["="])  # https://yaml.org/type/value.html
for _name in ("timestamp", "value"):
    _CoreLoader.add_constructor(TAG + _name, yaml.SafeLoader.construct_yaml_str)

#: In the configuration, titles and paths such as `007`, `0x10`, `1e3` and `.inf` need no quotes: they are text.
ConfigLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in {TAG + "int", TAG + "float"}]
    for first, resolvers in _CoreLoader.yaml_implicit_resolvers.items()
}
for _name, _number in (
    ("int", r"[-+]?(?:0|[1-9][0-9]*)"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?"),
):
    ConfigLoader.add_implicit_resolver(TAG + _name, re.compile(rf"(?:{_number})\Z"), list("-+.0123456789"))
