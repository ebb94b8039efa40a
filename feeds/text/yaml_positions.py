"""Lines of the values of a YAML text, found by composing it a second time."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

import yaml

from feeds.errors import Diagnostic, Keys
from feeds.text.yaml_loaders import merged_mappings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Place = tuple[int, yaml.Node | None]


class Positions:
    """Where the values of a YAML text stand, which was loaded without an error.

    Of what only yaml12 takes, libyaml knows nothing: all stands in the first line.
    """

    def __init__(self, text: str, loader: type[yaml.SafeLoader]) -> None:
        self._text = text
        self._loader = loader
        self._places: dict[int, Mapping[str, Place]] = {}

    @cached_property
    def _root(self) -> yaml.Node | None:
        try:
            node: yaml.Node | None = yaml.compose(self._text, Loader=self._loader)
        except yaml.YAMLError:
            return None
        return node

    def line(self, keys: Keys) -> int:
        """The line, from 1, of the value at `keys`; of what encloses it where it is not there."""
        line, _ = self._find(keys)
        return line + 1

    def scalar(self, keys: Keys) -> str | None:
        """The value at `keys` as it is written, before YAML makes a number or a date of it."""
        _, node = self._find(keys)
        return node.value if isinstance(node, yaml.ScalarNode) else None

    def duplicate_keys(self) -> Iterator[Diagnostic]:
        """A finding for each key that a mapping holds twice; YAML readers keep the last without a word."""
        if self._root is not None:
            yield from _duplicate_keys(self._root, (), set())

    def _find(self, keys: Keys) -> Place:
        node = self._root
        line = node.start_mark.line if node else 0
        for key in keys:
            place = self._child(node, key)
            if place is None:
                return line, None
            line, node = place
        return line, node

    def _child(self, node: yaml.Node | None, key: str | int) -> Place | None:
        if isinstance(node, yaml.MappingNode):
            return self._mapped_child(node, str(key))
        if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
            item = node.value[key]
            return item.start_mark.line, item
        return None

    def _mapped_child(self, node: yaml.MappingNode, key: str) -> Place | None:
        """What a mapping has, or has from those that its `<<` names, of which the first that has the key counts."""
        pending, seen = [node], set[int]()
        while pending:
            mapping = pending.pop()
            if id(mapping) in seen:
                continue
            seen.add(id(mapping))
            place = self._places_in(mapping).get(key)
            if place:
                return place
            pending += reversed(merged_mappings(mapping))
        return None

    def _places_in(self, node: yaml.MappingNode) -> Mapping[str, Place]:
        """The values of a mapping by their keys, of which the last counts; each mapping is gone through once."""
        places = self._places.get(id(node))
        if places is None:
            scalars = ((name, value) for name, value in node.value if isinstance(name, yaml.ScalarNode))
            places = self._places[id(node)] = {name.value: (name.start_mark.line, value) for name, value in scalars}
        return places


def _duplicate_keys(node: yaml.Node, keys: Keys, seen: set[int]) -> Iterator[Diagnostic]:
    """An alias stands for a node that was looked at where it has its anchor."""
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
