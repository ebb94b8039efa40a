"""The manifest: the documents that this publisher wrote, and the paths that are gone."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from feeds.errors import PublishError, quoted
from feeds.http.codings import document_of, is_precompressed
from feeds.models import ALL_FORMATS, ASSETS, INDEX, MANIFEST, OPML, Coding, Document, Format, Kind, document_path
from feeds.storage.names import FOLDERS, is_path, is_reserved
from feeds.text.characters import remove_controls
from feeds.values import PlainValue

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from feeds.storage.folder import Folder

#: The paths that a run is about to write and the manifest does not list yet.
JOURNAL = ".feeds-journal"
_VERSION = 1
#: The ending that a document or page adds to the path of its feed.
_ENDING = re.compile(rf"(?:/{re.escape(INDEX)}|(?:/archive/\d{{4}}-\d{{2}})?\.(?:{'|'.join(ALL_FORMATS)}))\Z")
_SITE_PATHS = frozenset({OPML, INDEX, *ASSETS})
#: Feeds whose documents are listed side by side.
_FEEDS_AT_ONCE = 8
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
#: Paths that a manifest keeps as gone, and that web servers answer with 410. Each costs a line of their configuration.
MAX_GONE = 10_000


#: A number that JSON can hold exactly (RFC 8259, 6).
_Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]


class DocumentRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A document (models.Document) in the manifest. `digest` is `sha256:` and hexadecimal digits.

    `key` is the one of a topic or provider if neither name nor path gives it.
    """

    path: str
    feed: str
    month: str = ""
    kind: Kind | Literal["site"]
    name: str
    title: str
    type: str
    entries: _Count
    updated: dt.datetime
    bytes: _Count
    digest: str
    coding: Coding | None = None
    key: str = ""

    @property
    def subscribed(self) -> Format | None:
        """The format, if people subscribe to this document.

        They do not subscribe to archives and precompressed files, nor to documents at a former path of a feed, which
        name the current one.
        """
        if not self.feed or self.month or self.coding:
            return None
        return next((name for name in ALL_FORMATS if self.path == document_path(self.feed, name)), None)


class GonePaths(msgspec.Struct, frozen=True, kw_only=True):
    """Paths of former documents: each of `stems` (mostly paths of feeds) followed by each of `endings`."""

    stems: tuple[str, ...]
    endings: tuple[str, ...]


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The published documents, ordered by path, and the paths of former ones."""

    version: int = _VERSION
    documents: tuple[DocumentRecord, ...] = ()
    #: Text is a path. Earlier versions listed each one.
    gone: tuple[GonePaths | str, ...] = ()

    @property
    def gone_paths(self) -> tuple[str, ...]:
        """The paths of former documents, ordered: at most `MAX_GONE`."""
        return tuple(sorted(islice(self._former_paths(), MAX_GONE)))

    def _former_paths(self) -> Iterator[str]:
        for group in self.gone:
            if isinstance(group, str):
                yield group
            else:
                yield from (stem + ending for stem in group.stems for ending in group.endings)


class OutputState(PlainValue, frozen=True):
    """The state of an output folder before a run.

    `journal` has the paths that a stopped run was about to write; it is None if the last run finished.
    """

    manifest: Manifest
    journal: frozenset[str] | None


class _Version(msgspec.Struct):
    """The part of a manifest that every version has."""

    version: int


def read_output(output: Folder) -> OutputState:
    """Read the manifest and the journal of a folder; raises PublishError if the manifest is not one of ours."""
    return OutputState(read_manifest(output), _read_journal(output))


def read_manifest(output: Folder) -> Manifest:
    """The manifest in `output`, or an empty one if there is none; raises PublishError if it is not one of ours."""
    body = output.read(MANIFEST)
    if body is None:
        return Manifest()
    label = output.label(MANIFEST)
    try:
        version = msgspec.json.decode(body, type=_Version).version
        if version != _VERSION:
            raise PublishError(label, f"has version {version}; expected {_VERSION}")
        manifest = msgspec.json.decode(body, type=Manifest)
        for record in manifest.documents:
            _check(record)
        manifest = msgspec.structs.replace(manifest, gone=tuple(_known_gone(manifest)))
    except (ValueError, RecursionError) as error:
        raise PublishError(label, f"is not a manifest of ours ({error}); move it away to publish here") from error
    return manifest


def is_unfinished(output: Folder) -> bool:
    """Whether a run is writing to `output`, or was stopped while it did."""
    return output.stat(JOURNAL) is not None


def next_manifest(records: Iterable[DocumentRecord], before: Manifest) -> Manifest:
    """The manifest that lists these documents. Former documents are gone, except precompressed files.

    Of more than `MAX_GONE` paths, those that have been gone for longest stay.
    """
    documents = tuple(sorted(records, key=lambda record: record.path))
    published = {record.path for record in documents}
    known = [path for path in before.gone_paths if path not in published]
    new = {record.path for record in before.documents if not record.coding} - published - {*known}
    return Manifest(documents=documents, gone=group_paths([*known, *sorted(new)][:MAX_GONE]))


def group_paths(paths: Iterable[str]) -> tuple[GonePaths, ...]:
    """Group paths so that each feed is named once: feeds of which the same documents are gone share a group."""
    endings: dict[str, set[str]] = {}
    for path in paths:
        match = _ENDING.search(path)
        ending = match[0] if match else ""
        endings.setdefault(path.removesuffix(ending), set()).add(ending)
    groups: dict[tuple[str, ...], list[str]] = {}
    for stem in sorted(endings):
        groups.setdefault(tuple(sorted(endings[stem])), []).append(stem)
    return tuple(GonePaths(stems=tuple(stems), endings=ending) for ending, stems in sorted(groups.items()))


def record_of(document: Document) -> DocumentRecord:
    """The manifest's record of a document."""
    return DocumentRecord(
        path=document.path,
        feed=document.feed,
        month=document.month,
        kind=document.kind,
        name=document.name,
        title=document.title,
        type=document.media_type,
        entries=document.entries,
        updated=document.updated,
        bytes=len(document.body),
        digest=f"sha256:{hashlib.sha256(document.body).hexdigest()}",
        coding=document.coding,
        key=document.key,
    )


def _read_journal(output: Folder) -> frozenset[str] | None:
    body = output.read(JOURNAL)
    if body is None:
        return None
    try:
        return frozenset(filter(_is_document, msgspec.json.decode(body, type=list[str])))
    except (ValueError, RecursionError):  # it was being written
        return frozenset()


def _known_gone(manifest: Manifest) -> Iterator[GonePaths | str]:
    """The gone paths without those that no run can have written."""
    for group in manifest.gone:
        if not isinstance(group, str):
            endings = tuple(ending for ending in group.endings if not ending or _ENDING.match(ending))
            yield GonePaths(stems=tuple(filter(is_path, group.stems)), endings=endings)
        elif is_path(group):
            yield group


def _check(record: DocumentRecord) -> None:
    """Raise ValueError if no run can have written the record. Somebody may have changed the manifest."""
    path, month, kind = record.path, record.month, record.kind
    is_of_site = document_of(path) in _SITE_PATHS
    if not _is_document(path) or is_precompressed(path) != bool(record.coding) or is_of_site != (kind == "site"):
        wrong = "path"
    elif not _is_feed(record.feed, kind):
        wrong = "feed"
    elif month and not (_MONTH.fullmatch(month) and f"/archive/{month}." in path):
        wrong = "month"
    elif record.updated.tzinfo != dt.UTC:
        wrong = "updated"
    elif not record.title or remove_controls(record.title) != record.title:
        wrong = "title"
    elif remove_controls(record.name) != record.name:
        wrong = "name"
    else:
        return
    raise ValueError(f"the {wrong} of {quoted(path)} is not one that a run writes")


def _is_document(path: str) -> bool:
    """Whether a run may write a document to a path."""
    document = document_of(path)
    return (document in _SITE_PATHS or _ENDING.search(document) is not None) and is_path(path) and path != MANIFEST


@lru_cache(_FEEDS_AT_ONCE)
def _is_feed(path: str, kind: Kind | Literal["site"]) -> bool:
    """Whether a feed of this kind may be at a path. Documents of the site have none."""
    if kind == "site":
        return not path
    folder, _, name = path.rpartition("/")
    if kind in FOLDERS:
        return folder == FOLDERS[kind] and is_path(name)
    if kind == "all":
        return path == "all"
    return is_path(path) and not is_reserved(path)
