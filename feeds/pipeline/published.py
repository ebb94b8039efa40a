"""What an output folder holds of the site that was published into it last, and whether that is still as it was."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING

from feeds.digests import digest_of
from feeds.http.codings import is_copy
from feeds.models import ALL_FORMATS, ASSETS, Outline, document_path
from feeds.output.manifest import is_unfinished, read_manifest
from feeds.output.publisher import WrittenDocument, looking
from feeds.selection.plans import paths_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from feeds.catalog.protocol import Catalog
    from feeds.config.schema import Config
    from feeds.output.manifest import DocumentRecord
    from feeds.selection.plans import Plan
    from feeds.storage.folder import Folder


#: A part of the output: the path of a feed, and the month that an archive of it has, or nothing.
Part = tuple[str, str]

#: The part that belongs to no feed.
SITE: Part = ("", "")


class Previous:
    """What an output folder holds: its documents by the part that they are, and what the catalog knows of each.

    That is nothing where it did not publish them last: after a loss of power the two may be of different times, and
    where one of them was brought back from a copy. `stamps` are those of all that it published there, by path.
    """

    def __init__(self, output: Folder, catalog: Catalog) -> None:
        self._output = output
        documents = read_manifest(output).documents
        self.manifest = digest_of_records(documents)
        self.state = catalog.state(state_of(output))
        *_, manifest = self.state or [None]
        placed = catalog.documents(output.key)
        self.stamps = {path: stamp for path, (_, stamp) in placed.items()}
        self._known = placed if manifest == self.manifest else {}
        self.records = of_parts(documents)
        self._paths = frozenset(record.path for record in documents)
        self._months: dict[str, list[str]] = defaultdict(list)
        for path, month in self.records:
            self._months[path].append(month)

    def has(self, feed: str) -> bool:
        """Whether a feed was published."""
        return (feed, "") in self.records

    def has_any(self, paths: Collection[str]) -> bool:
        """Whether any of these documents was published."""
        return not self._paths.isdisjoint(paths)

    def new(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        """Those of these documents that cannot be there, not even of a run that was stopped or lost its manifest."""
        new = tuple(path for path in paths if path not in self._paths and path not in self.stamps)
        return () if not new or self._is_unfinished else new

    @cached_property
    def _is_unfinished(self) -> bool:
        return is_unfinished(self._output)

    def is_intact(self, part: Part, paths: Collection[str]) -> bool:
        """Whether these are the documents of a part, as they were published."""
        records = self.records.get(part, [])
        return {*paths} == {record.path for record in records} and all(self._is_untouched(record) for record in records)

    def _is_untouched(self, record: DocumentRecord) -> bool:
        """Whether the file of a document is as it was when it was put there."""
        known = self._known.get(record.path)
        return known is not None and self._facts_of(record.path) == (record.bytes, known[1])

    @cached_property
    def _facts_of(self) -> Callable[[str], tuple[int, int] | None]:
        return looking(self._output)

    def added(self, paths: Collection[str]) -> set[str]:
        """Those of these documents that are new, beside others of them that were published."""
        new = {path for path in paths if path not in self._paths}
        return {path for path in new if not is_copy(path)} if len(new) < len(paths) else set()

    def has_assets(self) -> bool:
        """Whether what pages and feeds lead to is there."""
        records = {record.path: record for record in self.records.get(SITE, [])}
        return all(path in records and self._is_untouched(records[path]) for path in ASSETS)

    def is_right(self, part: Part, paths: Collection[str], signature: bytes) -> bool:
        """Whether they are, and show what the signature stands for."""
        return self.is_intact(part, paths) and all(
            self._known[record.path][0] == signature for record in self.records[part]
        )

    def is_intact_feed(self, plan: Plan, config: Config) -> bool:
        """Whether all that there is of a feed is as it was published."""
        months = self._months.get(plan.path, ())
        return all(self.is_intact((plan.path, month), paths_of(plan, config, month)) for month in months)

    def kept(self, part: Part) -> list[WrittenDocument]:
        """The documents of a part as they are."""
        return [WrittenDocument(record=record, is_written=False) for record in self.records.get(part, [])]

    def kept_feed(self, feed: str) -> list[WrittenDocument]:
        """All documents of a feed as they are."""
        return [put for month in self._months.get(feed, ()) for put in self.kept((feed, month))]


def of_parts(records: Iterable[DocumentRecord]) -> dict[Part, list[DocumentRecord]]:
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
        yield Outline(
            path=path,
            kind=first.kind,
            name=first.name,
            title=first.title,
            formats=tuple(name for name in ALL_FORMATS if document_path(path, name) in paths),
            entries=first.entries,
            updated=first.updated,
        )


def state_of(output: Folder) -> str:
    """What the catalog keeps the state of an output folder under."""
    return f"output {output.key}"


def digest_of_records(records: Iterable[DocumentRecord]) -> bytes:
    """A digest of what a manifest says of documents."""
    return digest_of([(record.path, record.digest) for record in records])
