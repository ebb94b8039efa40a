"""Documents written to the output folder: atomically, only if they changed, and never over files of others.

The manifest `feeds.json` lists the files that belong to the publisher. While a run writes, a journal lists the paths
that the manifest does not have yet, so that the next run knows what a killed one left.

The manifest, the journal and documents that replace others are flushed to the disk, because a machine may lose its
power. A new document is not: no reader has asked for it yet, and the next run notices by its size that it is
incomplete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from feeds.errors import PublishError
from feeds.http.codings import is_precompressed
from feeds.http.media_types import JSON
from feeds.models import ASSETS, MANIFEST, Document
from feeds.output.manifest import JOURNAL, DocumentRecord, Manifest, OutputState, next_manifest, record_of
from feeds.values import PlainValue

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from feeds.storage.folder import Folder

#: Seconds to wait for another run to end.
LOCK_TIMEOUT = 5


class WrittenDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document in the output folder: its record, whether a write was needed, and the version of its file."""

    record: DocumentRecord
    is_written: bool
    version: int = -1


class Published(PlainValue, frozen=True):
    """The paths of the documents that a run wrote, found unchanged and removed, and the new manifest's documents."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    documents: tuple[DocumentRecord, ...]


def publish(
    output: Folder,
    before: OutputState,
    paths: Collection[str],
    written: Iterable[WrittenDocument],
    *,
    kept: Collection[WrittenDocument] = (),
) -> Published:
    """Make `output` hold the documents at `paths` and the `kept` ones, and remove earlier documents.

    `written` yields a result of `write_document` for each path, none of which has an obstacle (`find_obstacles`). An
    earlier document that has one is not removed. Every file is complete at any time, old or new. Raises PublishError if
    the disk refuses.
    """
    listed = {record.path: record for record in before.manifest.documents}
    wanted = {*paths, *(document.record.path for document in kept)}
    ours = listed.keys() | (before.journal or frozenset())
    renamed = output.same_files(ours - wanted, wanted - ours)
    leaving = sorted(ours - wanted - renamed, key=lambda path: _removal_order(path, listed.get(path)))
    beyond_reach = output.obstacles(leaving)  # a folder is in the place of the file, or a link leads out of `output`
    leaving = [path for path in leaving if path not in beyond_reach]
    output.remove_temporary(({*ours, *wanted} if before.journal is not None else set()) | {MANIFEST, JOURNAL})
    if paths:
        _write_json(output, JOURNAL, msgspec.json.encode(sorted((ours | wanted) - listed.keys())))
    # A precompressed file is removed before its document changes, everything else when nothing refers to it any more.
    removed = [path for path in leaving if is_precompressed(path) and output.remove(path)]
    documents = [*kept, *written]
    removed += [path for path in leaving if not is_precompressed(path) and output.remove(path)]
    manifest = next_manifest([document.record for document in documents], before.manifest)
    _finish(output, manifest, before.manifest)
    return Published(
        tuple(sorted(document.record.path for document in documents if document.is_written)),
        tuple(sorted(document.record.path for document in documents if not document.is_written)),
        tuple(sorted(removed)),
        manifest.documents,
    )


def find_obstacles(
    output: Folder,
    before: OutputState,
    paths: Collection[str],
    wanted: Collection[str],
    known_versions: Mapping[str, int],
) -> dict[str, PublishError]:
    """The errors, by path, of those of the `wanted` documents at `paths` that cannot be written.

    A path leads out of `output`, is that of a folder, or has a file that is not ours. `known_versions` are versions of
    documents by path; such files are ours even if the manifest is lost.
    """
    ours = {record.path for record in before.manifest.documents} | (before.journal or frozenset())
    found = output.obstacles(paths)
    new = {*paths} - ours
    if not new:
        return found
    listing = output.listing()
    stat = output.stat if listing is None else listing.get
    for path in sorted(new - output.same_files(ours - {*wanted}, new) - found.keys()):
        state = stat(path)
        if state is not None and state[1] != known_versions.get(path):
            reason = (
                f"is there already and {MANIFEST} does not list it, so it is not ours; move it away or use --output"
            )
            found[path] = PublishError(output.label(path), reason)
    return found


def write_document(output: Folder, document: Document) -> WrittenDocument:
    """Write a document unless its file holds the same bytes; raises PublishError."""
    version = output.unchanged_version(document.path, document.body)
    is_written = version is None
    if version is None:
        version = output.write(document.path, document.body, media_type=document.media_type, coding=document.coding)
    return WrittenDocument(record=record_of(document), is_written=is_written, version=version)


def _finish(output: Folder, manifest: Manifest, before: Manifest) -> None:
    """Write the manifest if it changed, and remove the journal."""
    if manifest != before or not before.documents:
        _write_json(output, MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    output.remove(JOURNAL)


def _write_json(output: Folder, path: str, body: bytes) -> None:
    if output.unchanged_version(path, body) is None:
        output.write(path, body, media_type=JSON, is_vital=True)


def _removal_order(path: str, record: DocumentRecord | None) -> tuple[int, int, str]:
    """Documents are removed in the reverse order of writing: before the documents that they refer to.

    Unlisted files first, then lists, feeds, archives from the newest to the oldest, and assets.
    """
    if record is None:
        return 0, 0, path
    if not record.feed:
        return 4 if path in ASSETS else 1, 0, path
    if not record.month:
        return 2, 0, path
    return 3, -int(record.month.replace("-", "")), path
