"""The interface of a catalog, and the values that it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from feeds.models import FeedKey

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from feeds.errors import LocatedDiagnostic
    from feeds.models import Entry, Month

T = TypeVar("T")


class StoryRange(msgspec.Struct, frozen=True, array_like=True):
    """The first `count` stories of a feed, or all of a month of it, such as `2026-06`, without their keys."""

    feed: FeedKey
    count: int
    month: str = ""

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, which: slice) -> StoryRange:
        """The first of them."""
        return msgspec.structs.replace(self, count=len(range(self.count)[which]))


#: Stories in order: their keys, or a range.
StoryKeys = tuple[int, ...] | StoryRange


class Window(msgspec.Struct, frozen=True):
    """The stories that a document of a feed shows, and a digest of all that they hold."""

    stories: StoryKeys
    digest: bytes


class ReadingFingerprint(msgspec.Struct, frozen=True, array_like=True):
    """Fingerprints of the code that reads articles, and of the settings that it reads them by."""

    code: str = ""
    settings: str = ""


class SharedId(msgspec.Struct, frozen=True, array_like=True, order=True):
    """An article with the id of an earlier one; both by source and path."""

    source: str
    path: str
    first_source: str
    first_path: str
    id: str


class Catalog(Protocol):
    """Parsed articles, the stories merged from them, and the documents that were published.

    `is_new`: it held nothing before this run. `damage`: why an earlier catalog had to be discarded, or empty.
    """

    is_new: bool
    damage: str

    def state(self, key: str, type_: type[T]) -> T | None:
        """The value of this type that `set_state` stored under `key`, or None."""

    def set_state(self, key: str, value: Any) -> None: ...

    def share(self) -> None:
        """Keep the changes so far, for other processes and for the next run."""

    def commit(self) -> None:
        """Keep all changes."""

    def skipped(self) -> dict[str, int]:
        """The number of articles without an entry of their own, by reason."""

    def diagnostics(self) -> list[LocatedDiagnostic]:
        """The diagnostics of files, in the order of the files."""

    def shared_ids(self, now: dt.datetime) -> list[SharedId]:
        """The articles that share their id with an earlier article that is due."""

    def story_count(self) -> int:
        """The number of stories that are due."""

    def scheduled_count(self, now: dt.datetime) -> int:
        """The number of ids of which no entry is due."""

    def scheduled_entries(self, now: dt.datetime) -> list[Entry]:
        """The entries that are not due."""

    def next_due(self, now: dt.datetime) -> dt.datetime | None:
        """The time of the next scheduled entry."""

    def topic_names(self) -> list[tuple[str, dt.datetime]]:
        """The names of topics, each with the time of its oldest story."""

    def provider_names(self) -> list[tuple[str, str, int]]:
        """The domains of providers, the names that stories give them, and the number of those stories."""

    def window(
        self, feed: FeedKey, limit: int, oldest: dt.datetime | None = None, before: dt.datetime | None = None
    ) -> Window:
        """The first `limit` stories of a feed that were published since `oldest` and before another time."""

    def months(self, feed: FeedKey) -> list[Month]:
        """The months in which a feed has stories, the newest first, if its stories are ordered by time."""

    def entries(self, stories: StoryKeys, now: dt.datetime) -> list[Entry]:
        """The entries of these stories as of now, in order."""

    def images(self, stories: StoryKeys) -> list[list[tuple[str, bool]]]:
        """The images of each of these stories: their URLs, and whether their sizes in pixels are known."""

    def documents(self, output: str) -> dict[str, tuple[bytes, int]]:
        """The signature and the file version of each document that was published into `output`, by path."""

    def set_documents(self, output: str, rows: Iterable[tuple[str, bytes, int]], gone: Iterable[str]) -> None:
        """Keep the path, signature and file version of documents, and forget those that are gone."""
