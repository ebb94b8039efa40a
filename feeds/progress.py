"""How a run reports its progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from feeds.parallel import T


#: What a Track is told that waits for servers.
PROBING = "Asking for images"

#: What a Track is told where few items take long: servers that are waited for, and what a cluster does.
SLOW = frozenset(
    {PROBING, "Listing", "Reading and merging", "Counting", "Selecting", "Looking for images", "Rendering"}
)


class Track(Protocol):
    """Passes the items on and may show how far it is."""

    def __call__(self, items: Iterable[T], length: int, label: str) -> Iterable[T]: ...


def untracked(items: Iterable[T], length: int, label: str) -> Iterable[T]:  # noqa: ARG001  # a Track
    return items
