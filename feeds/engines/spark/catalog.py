"""The catalog of a cluster on the driver: counts, and digests of what each feed shows.

The stories themselves stay on the other machines; a StoryRange names those that a feed shows.
"""

from __future__ import annotations

import datetime as dt
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from feeds.catalog.protocol import SharedId, StoryRange, Window
from feeds.catalog.times import month_of, time_of
from feeds.digests import digest_of
from feeds.engines.spark.partitions import CatalogIndex, read_rows, write_index, write_rows
from feeds.errors import PublishError
from feeds.models import Month

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from feeds.catalog.protocol import StoryKeys
    from feeds.errors import LocatedDiagnostic
    from feeds.models import Entry, FeedKey
    from feeds.storage.folder import Folder

T = TypeVar("T")

_EMPTY = (0, digest_of([]))
#: The images of the stories that a feed, or a month of it, shows: URLs, and whether their sizes are known.
Images = dict[tuple["FeedKey", str], list[list[tuple[str, bool]]]]


class DocumentRow(msgspec.Struct, frozen=True, array_like=True):
    """A published document: its folder and path, signature and file version."""

    output: str
    path: str
    signature: bytes
    version: int


class ClusterCatalog:
    """The catalog of a cluster (catalog.protocol.Catalog), which `SparkEngine` brings up to date."""

    damage = ""

    def __init__(self, folder: Folder, index: CatalogIndex, *, is_new: bool) -> None:
        self.folder = folder
        self.index = index
        self.is_new = is_new
        self.former_sources = frozenset(index.sources)
        self.find_images: Callable[[], Images] = dict
        self._forget_stories()
        self._documents = {
            (row.output, row.path): (row.signature, row.version)
            for row in read_rows(folder, index.documents, DocumentRow)
        }

    def _forget_stories(self) -> None:
        self.file_diagnostics: list[LocatedDiagnostic] = []
        self.skip_reasons: dict[str, int] = {}
        self.topics: dict[str, int] = {}
        self.providers: dict[tuple[str, str], int] = {}
        self.articles_of_id: dict[str, tuple[tuple[str, str], ...]] = {}
        self.feed_months: dict[FeedKey, list[Month]] = {}
        self.windows: dict[FeedKey, tuple[int, bytes]] = {}
        self._images: Images | None = None

    def begin(self) -> str:
        """Begin a run; return the name of a file that all machines must find in the folder."""
        self.index.run += 1
        self._forget_stories()
        token = f"run-{os.urandom(8).hex()}"
        self.folder.write(token, b"")
        return token

    def state(self, key: str, type_: type[T]) -> T | None:
        value = self.index.state.get(key)
        return None if value is None else msgspec.convert(value, type_)

    def set_state(self, key: str, value: Any) -> None:
        self.index.state[key] = msgspec.to_builtins(value, builtin_types=(bytes, dt.datetime))

    def share(self) -> None:
        write_index(self.folder, self.index)

    def commit(self) -> None:
        rows = [DocumentRow(*key, *value) for key, value in sorted(self._documents.items())]
        self.index.documents = write_rows(self.folder, "documents/all", rows)
        write_index(self.folder, self.index)
        names = self.index.names
        with suppress(PublishError):  # permission to write does not include removing; such files are ignored
            for path in self.folder.paths():  # including those of stopped runs
                if path not in names:
                    self.folder.remove(path)

    def skipped(self) -> dict[str, int]:
        return dict(sorted(self.skip_reasons.items()))

    def diagnostics(self) -> list[LocatedDiagnostic]:
        return self.file_diagnostics

    def shared_ids(self, now: dt.datetime) -> list[SharedId]:  # noqa: ARG002  # counted as of now
        found = []
        for id_, (first, *others) in self.articles_of_id.items():
            found += [SharedId(source, path, *first, id_) for source, path in others]
        return sorted(found)

    def story_count(self) -> int:
        return sum(bucket.due for bucket in self.index.stories)

    def scheduled_count(self, now: dt.datetime) -> int:  # noqa: ARG002  # as above
        return sum(bucket.scheduled for bucket in self.index.stories)

    def scheduled_entries(self, now: dt.datetime) -> list[Entry]:  # noqa: ARG002  # not available here
        raise TypeError("entries stay on the machines of the cluster")

    def next_due(self, now: dt.datetime) -> dt.datetime | None:  # noqa: ARG002  # as above
        times = [bucket.next_due for bucket in self.index.stories if bucket.next_due is not None]
        return time_of(min(times)) if times else None

    def topic_names(self) -> list[tuple[str, dt.datetime]]:
        return [(name, time_of(first)) for name, first in sorted(self.topics.items())]

    def provider_names(self) -> list[tuple[str, str, int]]:
        return [(domain, name, count) for (domain, name), count in sorted(self.providers.items())]

    def window(
        self,
        feed: FeedKey,
        limit: int,
        oldest: dt.datetime | None = None,
        before: dt.datetime | None = None,
    ) -> Window:
        if before is not None:
            month = next(month for month in self.feed_months[feed] if month.first == oldest)
            return Window(StoryRange(feed, month.stories, month.first.isoformat()[:7]), month.digest)
        count, digest = self.windows.get(feed, _EMPTY)
        return Window(StoryRange(feed, min(count, limit)), digest)

    def months(self, feed: FeedKey) -> list[Month]:
        return self.feed_months.get(feed, [])

    def entries(self, stories: StoryKeys, now: dt.datetime) -> list[Entry]:  # noqa: ARG002  # as above
        raise TypeError("entries stay on the machines of the cluster, where they are rendered")

    def images(self, stories: StoryKeys) -> list[list[tuple[str, bool]]]:
        """The first call finds the images of all feeds: that is one pass over all buckets."""
        if not isinstance(stories, StoryRange):
            raise TypeError("stories of another catalog")
        if self._images is None:
            self._images = self.find_images()
        return self._images.get((stories.feed, stories.month), [])[: len(stories)]

    def documents(self, output: str) -> dict[str, tuple[bytes, int]]:
        return {path: values for (known, path), values in self._documents.items() if known == output}

    def set_documents(self, output: str, rows: Iterable[tuple[str, bytes, int]], gone: Iterable[str]) -> None:
        for path, signature, version in rows:
            self._documents[output, path] = signature, version
        for path in gone:
            self._documents.pop((output, path), None)


def month_of_name(name: str, stories: int, digest: int) -> Month:
    """The month with a name such as `2026-06`."""
    first, after = month_of(dt.datetime(int(name[:4]), int(name[5:]), 1, tzinfo=dt.UTC))
    return Month(first, after, stories, digest.to_bytes(16))
