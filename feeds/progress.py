"""Progress of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")

#: The label of probing, which waits for servers.
PROBING = "Asking for images"
#: Labels of slow items: requests to servers, and tasks of a cluster.
SLOW = frozenset(
    {PROBING, "Listing", "Reading and merging", "Counting", "Selecting", "Looking for images", "Rendering"}
)


class Track(Protocol):
    """Pass the items on, and show how many of `length` items are done, under a label."""

    def __call__(self, items: Iterable[T], length: int, label: str) -> Iterable[T]: ...


def untracked(items: Iterable[T], length: int, label: str) -> Iterable[T]:  # noqa: ARG001  # a Track
    """A Track that shows nothing."""
    return items
