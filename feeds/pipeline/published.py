"""The published state: the documents in the output folder before a run, and what the catalog knows of them."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

from feeds.digests import digest_of
from feeds.http.codings import is_precompressed
from feeds.models import ALL_FORMATS, ASSETS, FeedKey, Outline, document_path, page_path
from feeds.output.manifest import read_output
from feeds.output.publisher import WrittenDocument
from feeds.selection.paths import published_key
from feeds.selection.plans import paths_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from feeds.catalog.protocol import Catalog
    from feeds.config.schema import Config
    from feeds.output.manifest import DocumentRecord
    from feeds.selection.plans import FeedPlan
    from feeds.storage.folder import Folder

#: A part of the output: the path of a feed, and the month of an archive or nothing.
Part = tuple[str, str]

#: The part with the documents that belong to no feed.
SITE: Part = ("", "")


class PublishedState:
    """The documents in an output folder by part, read once in a run.

    What the catalog knows of them counts only if it belongs to the manifest in the folder. After a power failure, or if
    one of the two was restored from a copy, they may differ. `versions` are those of all documents that the catalog
    knows.
    """

    def __init__(self, output: Folder, catalog: Catalog) -> None:
        """Read the state; raises PublishError if the manifest is not one of ours."""
        self.output = read_output(output)
        self.digest = digest_of_records(self.output.manifest.documents)
        self.catalog_state = catalog.state(state_key(output), list[Any])
        self.records = by_part(self.output.manifest.documents)
        documents = catalog.documents(output.key)
        self.versions = {path: version for path, (_, version) in documents.items()}
        *_, digest = self.catalog_state or [None]
        self._known = documents if digest == self.digest else {}
        self._folder = output
        self._paths = frozenset(record.path for record in self.output.manifest.documents)
        self._months: dict[str, list[str]] = defaultdict(list)
        for path, month in self.records:
            self._months[path].append(month)

    @cached_property
    def feeds(self) -> frozenset[str]:
        """The paths of the published feeds."""
        return frozenset(path for path, month in self.records if path and not month)

    @cached_property
    def addresses(self) -> dict[FeedKey, list[str]]:
        """The paths of each published feed of a topic or provider, those with entries first."""
        found: dict[FeedKey, list[str]] = defaultdict(list)
        for outline in sorted(outlines_of(self.records), key=lambda outline: not outline.entries):
            if outline.kind in {"topic", "provider"}:
                found[published_key(outline)].append(outline.path)
        return found

    def has_any(self, paths: Collection[str]) -> bool:
        """Whether any of these documents was published."""
        return not self._paths.isdisjoint(paths)

    def absent(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Those of these paths that cannot exist, even after a stopped run or the loss of the manifest."""
        if self.output.journal is not None:
            return ()
        return tuple(path for path in paths if path not in self._paths and path not in self.versions)

    def added(self, paths: Collection[str]) -> set[str]:
        """The new documents among these if others of them were published; precompressed files do not count."""
        new = {path for path in paths if path not in self._paths}
        return {path for path in new if not is_precompressed(path)} if len(new) < len(paths) else set()

    def is_intact(self, part: Part, paths: Collection[str]) -> bool:
        """Whether these are the documents of a part, unchanged since they were published."""
        records = self.records.get(part, [])
        return {*paths} == {record.path for record in records} and all(map(self._is_unchanged, records))

    def is_current(self, part: Part, paths: Collection[str], signature: bytes) -> bool:
        """Whether these are the documents of a part, unchanged, and show what the signature stands for."""
        return self.is_intact(part, paths) and all(
            self._known[record.path][0] == signature for record in self.records[part]
        )

    def is_intact_feed(self, plan: FeedPlan, config: Config) -> bool:
        """Whether all documents of a feed are unchanged since they were published."""
        months = self._months.get(plan.path, ())
        return all(self.is_intact((plan.path, month), paths_of(plan, config, month)) for month in months)

    def has_intact_assets(self) -> bool:
        """Whether the assets of pages and feeds are unchanged since they were published."""
        records = {record.path: record for record in self.records.get(SITE, [])}
        return all(path in records and self._is_unchanged(records[path]) for path in ASSETS)

    def kept(self, part: Part) -> list[WrittenDocument]:
        """The documents of a part as they are."""
        return [WrittenDocument(record=record, is_written=False) for record in self.records.get(part, [])]

    def kept_feed(self, feed: str) -> list[WrittenDocument]:
        """All documents of a feed as they are."""
        return [document for month in self._months.get(feed, ()) for document in self.kept((feed, month))]

    def _is_unchanged(self, record: DocumentRecord) -> bool:
        known = self._known.get(record.path)
        return known is not None and self._stat(record.path) == (record.bytes, known[1])

    @cached_property
    def _stat(self) -> Callable[[str], tuple[int, int] | None]:
        """The size and version of a document: by one listing if that is cheaper."""
        listing = self._folder.listing()
        return self._folder.stat if listing is None else listing.get


def by_part(records: Iterable[DocumentRecord]) -> dict[Part, list[DocumentRecord]]:
    """The documents of each part."""
    found: dict[Part, list[DocumentRecord]] = defaultdict(list)
    for record in records:
        found[record.feed, record.month].append(record)
    return dict(found)


def outlines_of(parts: Mapping[Part, Sequence[DocumentRecord]]) -> Iterator[Outline]:
    """The feeds that these documents show, ordered by path."""
    for part in sorted(parts):
        path, month = part
        first = parts[part][0]
        if month or first.kind == "site":
            continue
        paths = {record.path for record in parts[part]}
        formats = tuple(name for name in ALL_FORMATS if document_path(path, name) in paths)
        if not formats:  # the manifest was changed
            continue
        yield Outline(
            path=path,
            kind=first.kind,
            name=first.name,
            title=first.title,
            formats=formats,
            entries=first.entries,
            updated=first.updated,
            has_page=page_path(path) in paths,
            key=first.key,
        )


def state_key(output: Folder) -> str:
    """The key of an output folder's state in the catalog."""
    return f"output {output.key}"


def digest_of_records(records: Iterable[DocumentRecord]) -> bytes:
    """A digest of everything that a manifest says of documents."""
    return digest_of(list(records))
