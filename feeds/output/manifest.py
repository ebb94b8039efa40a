"""The manifest: the documents that this publisher wrote, and the paths that are gone."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Literal

import msgspec

from feeds.errors import PublishError
from feeds.models import ALL_FORMATS, MANIFEST, Coding, Document, Format, Kind, document_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from feeds.storage.folder import Folder


JOURNAL = ".feeds-journal"

_VERSION = 1


class DocumentRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the manifest says of a document (model.Document). `digest` is `sha256:` and hexadecimal digits."""

    path: str
    feed: str
    month: str = ""
    kind: Kind | Literal["site"]
    name: str
    title: str
    type: str
    entries: int
    updated: dt.datetime
    bytes: int
    digest: str
    coding: Coding | None = None

    @property
    def subscribed(self) -> Format | None:
        """The format of a document that people subscribe to.

        Neither archives nor compressed copies are, nor what is at a path that a feed had before: that says of itself
        where the feed is now.
        """
        if not self.feed or self.month or self.coding:
            return None
        return next((name for name in ALL_FORMATS if self.path == document_path(self.feed, name)), None)


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The documents that this publisher wrote, and the paths of those that there were once; both ordered by path."""

    version: int = _VERSION
    documents: tuple[DocumentRecord, ...] = ()
    gone: tuple[str, ...] = ()


class _Version(msgspec.Struct):
    """What there is in the manifest of any version."""

    version: int


def read_manifest(output: Folder) -> Manifest:
    """The manifest in `output`, an empty one where there is none; raises PublishError where it is not one."""
    body = output.read(MANIFEST)
    if body is None:
        return Manifest()
    place = output.place(MANIFEST)
    try:
        version = msgspec.json.decode(body, type=_Version).version
        if version != _VERSION:
            raise PublishError(place, f"has version {version}; expected {_VERSION}")
        manifest = msgspec.json.decode(body, type=Manifest)
        _check_names([record.path for record in manifest.documents])
    except ValueError as error:
        raise PublishError(place, f"is not a manifest of ours ({error}); move it away to publish here") from error
    return manifest


def is_unfinished(output: Folder) -> bool:
    """Whether a run is at work in `output`, or was stopped there."""
    return output.facts(JOURNAL) is not None


def next_manifest(records: Iterable[DocumentRecord], before: Manifest) -> Manifest:
    """What lists these, and as gone what others were listed before, but for compressed copies."""
    documents = tuple(sorted(records, key=lambda record: record.path))
    gone = {*before.gone, *(record.path for record in before.documents if not record.coding)}
    return Manifest(documents=documents, gone=tuple(sorted(gone - {record.path for record in documents})))


def record_of(document: Document) -> DocumentRecord:
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
    )


def _check_names(paths: Iterable[str]) -> None:
    if any("\0" in path for path in paths):
        raise ValueError("a path with NUL in it")


def read_journal(output: Folder) -> set[str] | None:
    """The paths that a run has begun to write and not listed, None if the last run came to its end."""
    body = output.read(JOURNAL)
    if body is None:
        return None
    try:
        paths = msgspec.json.decode(body, type=list[str])
        _check_names(paths)
    except ValueError:
        return set()
    return set(paths)
