"""Positions of the values in a YAML text, found by composing it a second time: only texts with errors need them."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

import yaml

from feeds.errors import Diagnostic, Keys
from feeds.text.yaml_loaders import merged_mappings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    #: A line, from 0, and the node of a value.
    Position = tuple[int, yaml.Node | None]


class Positions:
    """The positions of the values in a YAML text that was loaded without an error.

    If only yaml12 accepts the text, every value is in the first line.
    """

    def __init__(self, text: str, loader: type[yaml.SafeLoader]) -> None:
        self._text = text
        self._loader = loader
        self._mappings: dict[int, Mapping[str, Position]] = {}

    @cached_property
    def _root(self) -> yaml.Node | None:
        try:
            node: yaml.Node | None = yaml.compose(self._text, Loader=self._loader)
        except yaml.YAMLError:
            return None
        return node

    def line(self, keys: Keys) -> int:
        """Return the line, from 1, of the value at `keys`, or of the innermost collection on the way to it."""
        line, _ = self._find(keys)
        return line + 1

    def scalar(self, keys: Keys) -> str | None:
        """Return the scalar at `keys` as text, before YAML makes it a number or a date."""
        _, node = self._find(keys)
        return node.value if isinstance(node, yaml.ScalarNode) else None

    def duplicate_keys(self) -> Iterator[Diagnostic]:
        """Yield a diagnostic for each key that a mapping has twice. YAML parsers silently keep the last value."""
        if self._root is not None:
            yield from _duplicate_keys(self._root, (), set())

    def _find(self, keys: Keys) -> Position:
        node = self._root
        line = node.start_mark.line if node else 0
        for key in keys:
            position = self._child(node, key)
            if position is None:
                return line, None
            line, node = position
        return line, node

    def _child(self, node: yaml.Node | None, key: str | int) -> Position | None:
        if isinstance(node, yaml.MappingNode):
            return self._mapped_child(node, str(key))
        if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            item = node.value[key]
            return item.start_mark.line, item
        return None

    def _mapped_child(self, node: yaml.MappingNode, key: str) -> Position | None:
        """Return the value of a key in a mapping, or in the first of its merged mappings that has the key."""
        pending, seen = [node], set[int]()
        while pending:
            mapping = pending.pop()
            if id(mapping) in seen:
                continue
            seen.add(id(mapping))
            position = self._values_of(mapping).get(key)
            if position:
                return position
            pending += reversed(merged_mappings(mapping))
        return None

    def _values_of(self, node: yaml.MappingNode) -> Mapping[str, Position]:
        """Return the values of a mapping by their keys; the last value of a key counts. Each mapping is read once."""
        values = self._mappings.get(id(node))
        if values is None:
            scalars = ((name, value) for name, value in node.value if isinstance(name, yaml.ScalarNode))
            values = self._mappings[id(node)] = {name.value: (name.start_mark.line, value) for name, value in scalars}
        return values


def _duplicate_keys(node: yaml.Node, keys: Keys, seen: set[int]) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each duplicate key in a node. An aliased node is reported once, at its anchor."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        counts = Counter(str(name.value) for name, _ in node.value)
        for name, count in counts.items():
            if count > 1:
                yield Diagnostic((*keys, name), "the key is there twice; expected it once", "duplicate-key")
        for name, value in node.value:
            yield from _duplicate_keys(value, (*keys, str(name.value)), seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _duplicate_keys(item, (*keys, index), seen)
