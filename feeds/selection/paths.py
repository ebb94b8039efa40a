"""The paths of the feeds that articles name: one allocation for the whole site.

A feed at the path P has the documents P.rss, P.atom and P.json, and the folder P with its page and archives. Two feeds
collide if they have the same path on some file system, or if the folder of one is a document of the other.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from feeds.models import FeedKey
from feeds.storage.names import is_device, without_extensions
from feeds.text.slugs import folded, topic_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from feeds.models import Kind, Outline

#: Zero-width non-joiner and joiner, which no name may end with.
_JOINERS = "\u200c\u200d"
#: Bytes of a name with a digest.
_MAX_SHORT = 100
#: Hexadecimal digits of the digest that is appended to a path which another feed has.
_DIGITS = range(8, 65, 8)


class Wish(NamedTuple):
    """The path that a feed should have: a folder, and a name in it of at most `max_bytes` bytes of UTF-8.

    `is_fixed` if it is configured. `label` names the feed in messages.
    """

    key: FeedKey
    folder: str
    name: str
    label: str
    max_bytes: int
    is_fixed: bool = False

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.name}"

    def candidates(self) -> Iterator[str]:
        """The paths that the feed may have, the preferred one first."""
        if _is_portable(self.name, self.max_bytes):
            yield self.path
        for digits in _DIGITS:
            yield f"{self.folder}/{_with_digest(self, digits)}"

    def may_have(self, path: str) -> bool:
        """Whether the feed may have been published at a path: otherwise its settings changed."""
        return path == self.path or path in self.candidates()  # a fixed path is no candidate if it is not portable


class Collision(NamedTuple):
    """A feed without the path that it should have: the wish, the `owner` of that path, and the path that it has."""

    wish: Wish
    owner: str
    path: str


def allocate(
    wishes: Iterable[Wish], published: Mapping[FeedKey, Sequence[str]], reserved: Mapping[str, str]
) -> tuple[dict[FeedKey, str], tuple[Collision, ...]]:
    """The path of each feed, and the collisions.

    `wishes` are in the order of precedence, each key once. Configured paths come first. A published feed keeps its
    path: the first that `published` has by key, and that it may have. Paths that are `reserved`, with what has them, go
    to no other feed. Each other feed gets the first of its candidates that is free. Those with a digest are the same
    whatever other feeds there are.
    """
    order = list(wishes)
    allocation = _Allocation()
    for wish in order:
        if wish.is_fixed:
            allocation.give(wish, wish.path)
    for wish in order:
        for path in published.get(wish.key, ()):
            if not allocation.has(wish) and wish.may_have(path) and not allocation.owner(path):
                allocation.give(wish, path)
    for path, owner in reserved.items():
        allocation.reserve(path, owner)
    others = [wish for wish in order if not allocation.has(wish)]
    return allocation.paths, tuple(filter(None, map(allocation.give_first_free, others)))


def published_key(outline: Outline) -> FeedKey:
    """The key of a published feed of a topic or provider."""
    return FeedKey(outline.kind, outline.key or _natural_key(outline.kind, outline.name, outline.path))


def recorded_key(key: FeedKey, name: str, path: str) -> str:
    """The key of a feed as the manifest records it: empty if the feed's name or path gives it."""
    return "" if key.kind not in {"topic", "provider"} or key.name == _natural_key(key.kind, name, path) else key.name


def _natural_key(kind: Kind, name: str, path: str) -> str:
    return topic_key(name) if kind == "topic" else path.rpartition("/")[2]


class _Allocation:
    """The paths of feeds so far, and the owner of each path on any file system."""

    def __init__(self) -> None:
        self.paths: dict[FeedKey, str] = {}
        self._owners: dict[str, str] = {}
        #: The owners of paths that have an extension, by the path without it.
        self._extended: dict[str, str] = {}

    def has(self, wish: Wish) -> bool:
        return wish.key in self.paths

    def owner(self, path: str) -> str | None:
        """The label of a feed whose documents or folder collide with those of a feed at this path."""
        key = folded(path)
        owner = self._owners.get(key) or self._extended.get(key)
        return owner or self._owners.get(without_extensions(key))

    def give(self, wish: Wish, path: str) -> None:
        self.paths[wish.key] = path
        self.reserve(path, wish.label)

    def reserve(self, path: str, owner: str) -> None:
        key = folded(path)
        self._owners.setdefault(key, owner)
        base = without_extensions(key)
        if base != key:
            self._extended.setdefault(base, owner)

    def give_first_free(self, wish: Wish) -> Collision | None:
        """Give a feed the first free one of its candidates."""
        owners = []
        for path in wish.candidates():
            owner = self.owner(path)
            if owner is None:
                self.give(wish, path)
                break
            owners.append(owner)
        return Collision(wish, owners[0], self.paths[wish.key]) if owners else None


def _is_portable(name: str, max_bytes: int) -> bool:
    """Whether a name can be that of a feed on all systems: not too long, no device of Windows, no document's name."""
    return (
        0 < len(name.encode(errors="surrogatepass")) <= max_bytes
        and not is_device(name)
        and without_extensions(name) == name
    )


def _with_digest(wish: Wish, digits: int) -> str:
    digest = hashlib.sha256(wish.key.name.encode(errors="surrogatepass")).hexdigest()[:digits]
    name = wish.name or wish.key.kind
    short = name.encode(errors="surrogatepass")[: _MAX_SHORT - digits - 1].decode(errors="ignore")
    return f"{short.strip('-_' + _JOINERS)}-{digest}"
