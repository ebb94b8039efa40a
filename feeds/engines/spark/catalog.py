"""What the first machine of a cluster knows of the archive: counts, and what of each feed tells whether it changed.

Stories themselves it never has. Which they are that a feed shows is said by a Selection.
"""

from __future__ import annotations

import datetime as dt
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from feeds.catalog.protocol import StoryRange, Window
from feeds.catalog.schema import month_of, time_of
from feeds.digests import digest_of
from feeds.engines.spark.partitions import CatalogRoot, read_rows, write_root, write_rows
from feeds.errors import PublishError
from feeds.models import Month
from feeds.selection.membership import FeedKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from feeds.catalog.protocol import StoryKeys
    from feeds.errors import LocatedDiagnostic
    from feeds.models import Entry
    from feeds.storage.folder import Folder


_NOTHING = (0, digest_of([]))

#: The images that a feed shows, or a month of it, of each story in their order.
Images = dict[tuple[FeedKey, str], list[list[tuple[str, bool]]]]


class DocumentRow(msgspec.Struct, frozen=True, array_like=True):
    """A document that was published: into which folder, its path, and what it is known by."""

    output: str
    path: str
    signature: bytes
    stamp: int


class ClusterCatalog:
    """The catalog of a cluster as `feeds.catalog.protocol.AnyCatalog` has it; `SparkWork` brings it up to date."""

    damage = ""

    def __init__(self, folder: Folder, root: CatalogRoot, *, is_new: bool) -> None:
        self.folder = folder
        self.root = root
        self.is_new = is_new
        self.former_roots = frozenset(root.roots)
        self.find_images: Callable[[], Images] = dict
        self._forget()
        self._documents = {
            (row.output, row.path): (row.signature, row.stamp) for row in read_rows(folder, root.documents, DocumentRow)
        }

    def _forget(self) -> None:
        """Nothing is known of stories."""
        self.file_mistakes: list[LocatedDiagnostic] = []
        self.file_reasons: dict[str, int] = {}
        self.topics: dict[str, int] = {}
        self.providers: dict[tuple[str, str], int] = {}
        self.same: dict[str, tuple[tuple[str, str], ...]] = {}
        self.feed_months: dict[FeedKey, list[Month]] = {}
        self.windows: dict[FeedKey, tuple[int, bytes]] = {}
        self._images: Images | None = None

    def begin(self) -> str:
        """Begin to find out anew what there is to know of stories; the file that all machines are to find."""
        self.root.run += 1
        self._forget()
        token = f"run-{os.urandom(8).hex()}"
        self.folder.write(token, b"", headers={})
        return token

    def state(self, key: str) -> Any:
        return self.root.state.get(key)

    def set_state(self, key: str, value: Any) -> None:
        self.root.state[key] = msgspec.to_builtins(value, builtin_types=(bytes, dt.datetime))

    def share(self) -> None:
        write_root(self.folder, self.root)

    def commit(self) -> None:
        rows = [DocumentRow(*key, *value) for key, value in sorted(self._documents.items())]
        self.root.documents = write_rows(self.folder, "documents/all", rows)
        write_root(self.folder, self.root)
        names = self.root.names
        with suppress(PublishError):  # who may write may not remove: then it stays, and is of no use
            for path in self.folder.paths():  # also of runs that were stopped
                if path not in names:
                    self.folder.remove(path)

    def left_out(self) -> dict[str, int]:
        return dict(sorted(self.file_reasons.items()))

    def mistakes(self) -> list[LocatedDiagnostic]:
        return self.file_mistakes

    def same_articles(self, now: dt.datetime) -> list[tuple[str, str, str, str, str]]:  # noqa: ARG002  # as of now
        found = []
        for id_, ((root, path), *others) in self.same.items():
            found += [(other_root, other_path, root, path, id_) for other_root, other_path in others]
        return sorted(found)

    def stories(self) -> int:
        return sum(facts.due for facts in self.root.stories)

    def waiting(self, now: dt.datetime) -> int:  # noqa: ARG002  # as above
        return sum(facts.waiting for facts in self.root.stories)

    def waiting_entries(self, now: dt.datetime) -> list[Entry]:  # noqa: ARG002  # never asked for
        raise TypeError("entries stay on the machines of the cluster")

    def next_due(self, now: dt.datetime) -> dt.datetime | None:  # noqa: ARG002  # as above
        times = [facts.next_due for facts in self.root.stories if facts.next_due is not None]
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
        count, digest = self.windows.get(feed, _NOTHING)
        return Window(StoryRange(feed, min(count, limit)), digest)

    def months(self, feed: FeedKey) -> list[Month]:
        return self.feed_months.get(feed, [])

    def entries(self, stories: StoryKeys, now: dt.datetime) -> list[Entry]:  # noqa: ARG002  # never asked for
        raise TypeError("entries stay on the machines of the cluster, where they are rendered")

    def images(self, stories: StoryKeys) -> list[list[tuple[str, bool]]]:
        """All that feeds show are found when the first are asked for: that is one look at all buckets."""
        if not isinstance(stories, StoryRange):
            raise TypeError("stories of another catalog")
        if self._images is None:
            self._images = self.find_images()
        return self._images.get((stories.feed, stories.month), [])[: len(stories)]

    def documents(self, output: str) -> dict[str, tuple[bytes, int]]:
        return {path: facts for (known, path), facts in self._documents.items() if known == output}

    def set_documents(self, output: str, rows: Iterable[tuple[str, bytes, int]], gone: Iterable[str]) -> None:
        for path, signature, stamp in rows:
            self._documents[output, path] = signature, stamp
        for path in gone:
            self._documents.pop((output, path), None)


def month_of_name(name: str, stories: int, digest: int) -> Month:
    """The month of a name such as `2026-06`."""
    first, after = month_of(dt.datetime(int(name[:4]), int(name[5:]), 1, tzinfo=dt.UTC))
    return Month(first, after, stories, digest.to_bytes(16))
