"""Documents put into the output folder: whole or not at all, only what changed, and nothing that is not ours.

What is ours is what the manifest `feeds.json` lists. While a run writes there is a journal of the paths that are not in
it yet: a run that was killed leaves nothing behind that the next one would not know, nor any file half written.

The manifest, the journal and what takes the place of a published document are vital, because a machine may lose its
power; a document that is new is not: nobody has asked for it yet, and the next run sees by its size that it is not what
it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from feeds.errors import PublishError
from feeds.http.codings import is_copy
from feeds.models import ASSETS, MANIFEST, Document
from feeds.output.manifest import JOURNAL, DocumentRecord, next_manifest, read_journal, read_manifest, record_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from feeds.storage.folder import Folder


#: Seconds to wait for another run to end.
_PATIENCE = 5


class WrittenDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document in its place: its record, whether that took a change, and its stamp, by which it is known there."""

    record: DocumentRecord
    is_written: bool
    stamp: int = -1


@dataclass(frozen=True, slots=True)
class Published:
    """Which documents a run wrote, found unchanged and removed, by path, and what the manifest lists then."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    documents: tuple[DocumentRecord, ...]


def publish(
    output: Folder,
    paths: Collection[str],
    puts: Iterable[WrittenDocument],
    *,
    kept: Collection[WrittenDocument] = (),
    known: Mapping[str, int] | None = None,
    headers: Mapping[str, str] | None = None,
    dry_run: bool = False,
) -> Published:
    """Make `output` hold the documents at `paths` and those that are `kept`, and of earlier documents no others.

    `puts` are what `put_document` gives for each path, and are asked for when it is known that all can be published.
    `known` are the stamps of documents by path, which are ours also if the manifest is gone; `headers` are those of the
    manifest. Raises PublishError, before that, where a path is taken by a file that is not ours or leads out of
    `output`; while writing, where the disk refuses. Every file is whole at any time, old or new.
    """
    wanted = {*paths, *(put.record.path for put in kept)}
    before = read_manifest(output)
    listed = {record.path: record for record in before.documents}
    journal = read_journal(output)
    ours = listed.keys() | (journal or set())
    output.check_inside(wanted | ours)
    renamed = output.renamed(ours - wanted, wanted - ours)
    _check_free(output, sorted(wanted - ours - renamed), known or {})
    if not dry_run:
        output.remove_begun(({*ours, *wanted} if journal is not None else set()) | {MANIFEST, JOURNAL})
    if not dry_run and paths:
        begun = msgspec.json.encode(sorted((ours | wanted) - listed.keys()))
        _put(output, JOURNAL, begun, headers or {}, is_vital=True)
    leaving = sorted(ours - wanted - renamed, key=lambda path: _leaving_order(path, listed.get(path)))
    copies = [path for path in leaving if is_copy(path)]
    removed = _remove_all(output, copies, dry_run=dry_run)  # before what they are copies of is another
    done = [*kept, *puts]
    removed += _remove_all(output, [path for path in leaving if not is_copy(path)], dry_run=dry_run)
    manifest = next_manifest([put.record for put in done], before)
    if not dry_run:
        if manifest != before or not before.documents:
            body = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
            _put(output, MANIFEST, body, headers or {}, is_vital=True)
        output.remove(JOURNAL)
    written = sorted(put.record.path for put in done if put.is_written)
    unchanged = sorted(put.record.path for put in done if not put.is_written)
    return Published(tuple(written), tuple(unchanged), tuple(sorted(removed)), manifest.documents)


def locked(output: Folder, patience: float | None = None) -> AbstractContextManager[None]:
    """Keep other runs out of `output` while this lasts; raises PublishError if one is in it for so many seconds."""
    return output.locked(_PATIENCE if patience is None else patience)


def write_document(
    output: Folder,
    document: Document,
    headers: Mapping[str, str] | None = None,
    *,
    dry_run: bool = False,
    is_new: bool = False,
) -> WrittenDocument:
    """Make the document's file hold its bytes; one that does is not touched. Raises PublishError.

    A document that `is_new` was not there when the run began: stores are not asked for it.
    """
    is_written, stamp = _put(output, document.path, document.body, headers or {}, dry_run=dry_run, is_new=is_new)
    return WrittenDocument(record=record_of(document), is_written=is_written, stamp=stamp)


def looking(output: Folder) -> Callable[[str], tuple[int, int] | None]:
    """How to get the facts of many files: as of now, or as of when each is asked for."""
    listing = output.listing()
    return output.facts if listing is None else listing.get


def _check_free(output: Folder, paths: Sequence[str], known: Mapping[str, int]) -> None:
    """Raise PublishError where there is a file that is not ours: neither listed nor known by its stamp."""
    facts_of = looking(output) if paths else output.facts
    for path in paths:
        facts = facts_of(path)
        if facts is not None and facts[1] != known.get(path):
            message = (
                f"is there already and {MANIFEST} does not list it, so it is not ours; move it away or use --output"
            )
            raise PublishError(output.place(path), message)


def _put(
    output: Folder,
    path: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    dry_run: bool = False,
    is_vital: bool = False,
    is_new: bool = False,
) -> tuple[bool, int]:
    """Make the file hold `body`; whether that took a change, and its stamp. An unchanged file is not touched."""
    stamp = output.stamp_if_it_holds(path, body, is_new=is_new)
    if stamp is not None:
        return False, stamp
    return True, -1 if dry_run else output.write(path, body, headers=headers, is_vital=is_vital)


def _remove_all(output: Folder, paths: Iterable[str], *, dry_run: bool) -> list[str]:
    """Remove files of ours in this order; those that were there."""
    return [path for path in paths if output.remove(path, dry_run=dry_run)]


def _leaving_order(path: str, record: DocumentRecord | None) -> tuple[int, int, str]:
    """What goes before what: lists, feeds, their archives, the newest first, and what all of them lead to.

    That is the order in which documents are put in their places, turned around. What nobody knows of yet goes first.
    """
    if record is None:
        return 0, 0, path
    if not record.feed:
        return 4 if path in ASSETS else 1, 0, path
    if not record.month:
        return 2, 0, path
    return 3, -int(record.month.replace("-", "")), path
