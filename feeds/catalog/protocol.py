"""What a run asks of a catalog, wherever that lies, and the values with which it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from feeds.selection.membership import FeedKey

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from feeds.errors import LocatedDiagnostic
    from feeds.models import Entry, Month


class StoryRange(msgspec.Struct, frozen=True, array_like=True):
    """The first `count` stories of a feed, or all of a month of it, such as `2026-06`, whose keys are not at hand."""

    feed: FeedKey
    count: int
    month: str = ""

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, which: slice) -> StoryRange:
        """The first of them."""
        return msgspec.structs.replace(self, count=len(range(self.count)[which]))


#: Stories in their order: their keys, or which they are.
StoryKeys = tuple[int, ...] | StoryRange


class Window(msgspec.Struct, frozen=True):
    """The stories that a feed shows, and a digest of all that they hold."""

    stories: StoryKeys
    digest: bytes


class ReadingFingerprint(msgspec.Struct, frozen=True, array_like=True):
    """What decides what a file's entries are: the code that reads them, and the settings."""

    code: str = ""
    settings: str = ""


class Catalog(Protocol):
    """What is known of an archive, as of the last look at it, and of what was published.

    `is_new`: nothing was known before this run; `damage` is what was wrong with what was.
    """

    is_new: bool
    damage: str

    def state(self, key: str) -> Any:
        """What `set_state` kept under `key`, or None."""

    def set_state(self, key: str, value: Any) -> None: ...

    def share(self) -> None:
        """Keep what was read so far, for who renders and for the next run."""

    def commit(self) -> None:
        """Keep everything."""

    def left_out(self) -> dict[str, int]:
        """How many files have no entry of their own, by reason."""

    def mistakes(self) -> list[LocatedDiagnostic]:
        """What is wrong with files, in their order."""

    def same_articles(self, now: dt.datetime) -> list[tuple[str, str, str, str, str]]:
        """The articles with the id of an earlier one that is due, too: root and path of both, the id."""

    def stories(self) -> int:
        """How many stories are due."""

    def waiting(self, now: dt.datetime) -> int:
        """How many ids have nothing that is due."""

    def waiting_entries(self, now: dt.datetime) -> list[Entry]:
        """The entries whose time has not come."""

    def next_due(self, now: dt.datetime) -> dt.datetime | None:
        """When the first entry is due that is not yet."""

    def topic_names(self) -> list[tuple[str, dt.datetime]]:
        """How topics are called, and when the oldest story of each name was published."""

    def provider_names(self) -> list[tuple[str, str, int]]:
        """The domains of providers, how they are called, and in how many stories."""

    def window(
        self, feed: FeedKey, limit: int, oldest: dt.datetime | None = None, before: dt.datetime | None = None
    ) -> Window:
        """The first `limit` stories of a feed, none of them published before `oldest`, and all `before` a time."""

    def months(self, feed: FeedKey) -> list[Month]:
        """The months in which a feed has stories, the newest first, if its stories are in the order of time."""

    def entries(self, stories: StoryKeys, now: dt.datetime) -> list[Entry]:
        """The entries of these stories, as of now, in their order."""

    def images(self, stories: StoryKeys) -> list[list[tuple[str, bool]]]:
        """The images of these stories, in their order: the address of each, and whether its size in pixels is known."""

    def documents(self, output: str) -> dict[str, tuple[bytes, int]]:
        """The signature and the stamp of each document that was published into `output`, by path."""

    def set_documents(self, output: str, rows: Iterable[tuple[str, bytes, int]], gone: Iterable[str]) -> None:
        """Keep the signature and the stamp of documents by path, and forget those that are gone."""


def labels_version(catalog: Catalog, labels: Mapping[str, str]) -> int:
    """A number that grows when one of the labels is not what it was when it was last there."""
    kept = catalog.state("labels")
    known, number = kept or (dict[str, str](), 0)
    number += any(known.get(key, label) != label for key, label in labels.items())
    if not labels.items() <= known.items():
        catalog.set_state("labels", ({**known, **labels}, number))
    return int(number)
