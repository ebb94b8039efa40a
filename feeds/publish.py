"""Documents written to the output folder: whole or not at all, only what changed, and nothing that is not ours.

What is ours is what the manifest `feeds.json` lists. Before a path is written for the first time it is noted in a
journal, so that a run that was stopped in the middle leaves nothing behind that the next run would not know.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from feeds.errors import PublishError
from feeds.model import Document, Kind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

MANIFEST = "feeds.json"
_JOURNAL = ".feeds-journal"
_TEMPORARY = ".feeds-new"
_VERSION = 1


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What the manifest says of a document. `digest` is of its bytes, `sha256:` and hexadecimal digits."""

    path: str
    kind: Kind
    title: str
    type: str
    entries: int
    updated: dt.datetime
    bytes: int
    digest: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The documents that this publisher wrote, ordered by path."""

    version: int = _VERSION
    documents: tuple[Record, ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """Which documents a run wrote, found unchanged and removed, by path."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]


def read_manifest(output: Path) -> Manifest:
    """The manifest in `output`, an empty one where there is none; raises PublishError where it is not one."""
    path = output / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return Manifest()
    except OSError as error:
        raise PublishError(str(path), f"cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PublishError(str(path), f"is not a manifest of ours ({error}); move it away to publish here") from error
    if manifest.version != _VERSION:
        raise PublishError(str(path), f"has version {manifest.version}; expected {_VERSION}")
    return manifest


def publish(output: Path, paths: Collection[str], documents: Iterable[Document], *, dry_run: bool = False) -> Published:
    """Make `output` hold `documents`, whose paths are `paths`, and of earlier documents no others.

    Raises PublishError, before anything is written, where a path is taken by a file that is not ours or leads out of
    `output`; while writing, where the disk refuses. Every file is whole at any time, old or new.
    """
    manifest = read_manifest(output)
    listed = {record.path for record in manifest.documents}
    ours = listed | _read_journal(output)
    for folder in sorted({Path(path).parent for path in (*paths, *ours)}):
        _check_inside(output, folder)
    for path in sorted(set(paths) - ours):
        _check_free(output, path)
    if not dry_run:
        _write_journal(output, (ours | set(paths)) - listed)
    records, written = _put_all(output, documents, dry_run=dry_run)
    removed = sorted(ours - set(paths))
    removed = [path for path in removed if _remove(output, path, dry_run=dry_run)]
    if not dry_run:
        body = msgspec.json.format(msgspec.json.encode(Manifest(documents=tuple(records))), indent=2) + b"\n"
        _put(output, MANIFEST, body, dry_run=False)
        _remove(output, _JOURNAL, dry_run=False)
    unchanged = (record.path for record in records if record.path not in written)
    return Published(tuple(sorted(written)), tuple(unchanged), tuple(removed))


def _put_all(output: Path, documents: Iterable[Document], *, dry_run: bool) -> tuple[list[Record], set[str]]:
    records = []
    written = set()
    for document in documents:
        if _put(output, document.path, document.body, dry_run=dry_run):
            written.add(document.path)
        records.append(_record(document))
    return sorted(records, key=lambda record: record.path), written


def _record(document: Document) -> Record:
    return Record(
        path=document.path,
        kind=document.kind,
        title=document.title,
        type=document.media_type,
        entries=document.entries,
        updated=document.updated,
        bytes=len(document.body),
        digest=f"sha256:{hashlib.sha256(document.body).hexdigest()}",
    )


def _check_inside(output: Path, folder: Path) -> None:
    place = output / folder
    if folder.is_absolute() or ".." in folder.parts:
        raise PublishError(str(place), f"is not in {output}; expected a folder inside it")
    while not os.path.lexists(place) and place != output:
        place = place.parent
    if not place.resolve().is_relative_to(output.resolve()):
        raise PublishError(str(place), f"leads out of {output}; expected a folder inside it")
    if os.path.lexists(place) and not place.is_dir():
        raise PublishError(str(place), "is not a folder; expected one to publish in")


def _check_free(output: Path, path: str) -> None:
    if os.path.lexists(output / path):
        message = f"is there already and {MANIFEST} does not list it, so it is not ours; move it away or use --output"
        raise PublishError(str(output / path), message)


def _put(output: Path, path: str, body: bytes, *, dry_run: bool) -> bool:
    """Make the file hold `body`; whether that took a change. An unchanged file is not touched."""
    place = output / path
    with _errors(place):
        if _holds(place, body):
            return False
        if not dry_run:
            place.parent.mkdir(parents=True, exist_ok=True)
            _replace(place, body)
    return True


def _holds(place: Path, body: bytes) -> bool:
    try:
        return not place.is_symlink() and place.stat().st_size == len(body) and place.read_bytes() == body
    except (FileNotFoundError, NotADirectoryError):
        return False


def _replace(place: Path, body: bytes) -> None:
    temporary = place.with_name(f".{place.name}{_TEMPORARY}")
    try:
        temporary.write_bytes(body)
        temporary.replace(place)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _remove(output: Path, path: str, *, dry_run: bool) -> bool:
    """Remove a file of ours and the folders that are empty then; whether it was there."""
    place = output / path
    with _errors(place):
        if not os.path.lexists(place):
            return False
        if not dry_run:
            place.unlink()
            for folder in place.relative_to(output).parents[:-1]:
                with contextlib.suppress(OSError):  # not empty: not only ours
                    (output / folder).rmdir()
    return True


def _read_journal(output: Path) -> set[str]:
    try:
        return set(msgspec.json.decode((output / _JOURNAL).read_bytes(), type=list[str]))
    except (FileNotFoundError, msgspec.DecodeError):
        return set()


def _write_journal(output: Path, paths: Collection[str]) -> None:
    if paths:
        _put(output, _JOURNAL, msgspec.json.encode(sorted(paths)), dry_run=False)


@contextlib.contextmanager
def _errors(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PublishError(str(place), f"cannot be written: {error.strerror}") from error
