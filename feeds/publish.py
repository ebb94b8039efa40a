"""Documents written to the output folder: whole or not at all, only what changed, and nothing that is not ours.

What is ours is what the manifest `feeds.json` lists. While a run writes there is a journal of the paths that are not in
it yet: a run that was killed leaves nothing behind that the next one would not know, nor any file half written.

The manifest, the journal and what takes the place of a published document wait for the disk, because a machine may
lose its power; a document that is new does not: nobody has asked for it yet, and the next run sees by its size that it
is not what it was.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from feeds.compression import is_copy
from feeds.disk import is_there, locked_folder, read_regular, write_whole
from feeds.errors import PublishError
from feeds.model import ASSETS, Coding, Document, Format, Kind, document_path
from feeds.paths import folded
from feeds.settings import ALL_FORMATS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

MANIFEST = "feeds.json"
_JOURNAL = ".feeds-journal"
_TEMPORARY = ".feeds-new"
_VERSION = 1
_NO_FOLDER = "is not a folder; expected one to publish in"
#: Seconds to wait for another run to end.
_PATIENCE = 5


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
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
    documents: tuple[Record, ...] = ()
    gone: tuple[str, ...] = ()


class Put(msgspec.Struct, frozen=True, kw_only=True):
    """A document in its place: its record, whether that took a change, and the mtime of its file in nanoseconds."""

    record: Record
    is_written: bool
    mtime: int = -1


@dataclass(frozen=True, slots=True)
class Published:
    """Which documents a run wrote, found unchanged and removed, by path, and what the manifest lists then."""

    written: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    documents: tuple[Record, ...]


class _Version(msgspec.Struct):
    """What there is in the manifest of any version."""

    version: int


def read_manifest(output: Path) -> Manifest:
    """The manifest in `output`, an empty one where there is none; raises PublishError where it is not one."""
    path = output / MANIFEST
    body = _read(path)
    if body is None:
        return Manifest()
    try:
        version = msgspec.json.decode(body, type=_Version).version
        if version != _VERSION:
            raise PublishError(str(path), f"has version {version}; expected {_VERSION}")
        manifest = msgspec.json.decode(body, type=Manifest)
        _check_names([record.path for record in manifest.documents])
    except ValueError as error:
        raise PublishError(str(path), f"is not a manifest of ours ({error}); move it away to publish here") from error
    return manifest


def is_unfinished(output: Path) -> bool:
    """Whether a run is at work in `output`, or was stopped there."""
    return os.path.lexists(output / _JOURNAL)


def publish(
    output: Path,
    paths: Collection[str],
    puts: Iterable[Put],
    *,
    kept: Collection[Put] = (),
    known: Mapping[str, int] | None = None,
    dry_run: bool = False,
) -> Published:
    """Make `output` hold the documents at `paths` and those that are `kept`, and of earlier documents no others.

    `puts` are what `put_document` gives for each path, and are asked for when it is known that all can be published.
    `known` are the mtimes of documents by path, which are ours also if the manifest is gone. Raises PublishError,
    before that, where a path is taken by a file that is not ours or leads out of `output`; while writing, where the
    disk refuses. Every file is whole at any time, old or new.
    """
    wanted = {*paths, *(put.record.path for put in kept)}
    before = read_manifest(output)
    listed = {record.path: record for record in before.documents}
    journal = _read_journal(output)
    ours = listed.keys() | (journal or set())
    for folder in sorted({os.path.dirname(path) for path in wanted | ours}):  # noqa: PTH120  # as in `untouched`
        _check_inside(output, Path(folder))
    renamed = _renamed(output, ours - wanted, wanted - ours)
    for path in sorted(wanted - ours - renamed):
        _check_free(output, path, known or {})
    if not dry_run:
        _remove_temporaries(output, () if journal is None else ours | wanted)
    if not dry_run and paths:
        _put(output, _JOURNAL, msgspec.json.encode(sorted((ours | wanted) - listed.keys())), is_vital=True)
    leaving = sorted(ours - wanted - renamed, key=lambda path: _leaving_order(path, listed.get(path)))
    copies = [path for path in leaving if is_copy(path)]
    removed = _remove_all(output, copies, dry_run=dry_run)  # before what they are copies of is another
    done = [*kept, *puts]
    removed += _remove_all(output, [path for path in leaving if not is_copy(path)], dry_run=dry_run)
    manifest = _manifest([put.record for put in done], before)
    if not dry_run:
        if manifest != before or not before.documents:
            body = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
            _put(output, MANIFEST, body, is_vital=True)
        _remove(output, _JOURNAL, dry_run=False)
    written = sorted(put.record.path for put in done if put.is_written)
    unchanged = sorted(put.record.path for put in done if not put.is_written)
    return Published(tuple(written), tuple(unchanged), tuple(sorted(removed)), manifest.documents)


@contextlib.contextmanager
def locked(output: Path, patience: float | None = None) -> Iterator[None]:
    """Keep other runs out of `output` while this lasts; raises PublishError if one is in it for so many seconds."""
    if os.path.lexists(output) and not output.is_dir():
        raise PublishError(str(output), _NO_FOLDER)
    with contextlib.ExitStack() as held:
        with _errors(output):
            output.mkdir(parents=True, exist_ok=True)
            try:
                held.enter_context(locked_folder(output, _PATIENCE if patience is None else patience))
            except BlockingIOError as error:
                raise PublishError(str(output), "another run is publishing into it; expected it to end") from error
        yield


def put_document(output: Path, document: Document, *, dry_run: bool = False) -> Put:
    """Make the document's file hold its bytes; one that does is not touched. Raises PublishError."""
    is_written, mtime = _put(output, document.path, document.body, dry_run=dry_run)
    return Put(record=_record(document), is_written=is_written, mtime=mtime)


def untouched(output: Path, record: Record, mtime: int) -> bool:
    """Whether the file of a document is as it was when it was put there."""
    try:
        facts = os.stat(f"{output}/{record.path}", follow_symlinks=False)  # noqa: PTH116  # thousands of them
    except OSError:
        return False
    return facts.st_size == record.bytes and facts.st_mtime_ns == mtime


def _manifest(records: Iterable[Record], before: Manifest) -> Manifest:
    """What lists these, and as gone what others were listed before, but for compressed copies."""
    documents = tuple(sorted(records, key=lambda record: record.path))
    gone = {*before.gone, *(record.path for record in before.documents if not record.coding)}
    return Manifest(documents=documents, gone=tuple(sorted(gone - {record.path for record in documents})))


def _record(document: Document) -> Record:
    return Record(
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


def _check_inside(output: Path, folder: Path) -> None:
    place = output / folder
    if folder.is_absolute() or ".." in folder.parts:
        raise PublishError(str(place), f"is not in {output}; expected a folder inside it")
    with _errors(place):
        while place != output and not is_there(place):
            place = place.parent
        try:
            is_inside = place.resolve().is_relative_to(output.resolve())
        except RuntimeError as error:  # before Python 3.13: a link to itself
            raise PublishError(str(place), _NO_FOLDER) from error
        if not is_inside:
            raise PublishError(str(place), f"leads out of {output}; expected a folder inside it")
        if is_there(place) and not place.is_dir():
            raise PublishError(str(place), _NO_FOLDER)


def _check_free(output: Path, path: str, known: Mapping[str, int]) -> None:
    """Raise PublishError where there is a file that is not ours: neither listed nor known by its mtime."""
    place = output / path
    with _errors(place):
        if is_there(place) and place.lstat().st_mtime_ns != known.get(path):
            message = (
                f"is there already and {MANIFEST} does not list it, so it is not ours; move it away or use --output"
            )
            raise PublishError(str(place), message)


def _check_names(paths: Iterable[str]) -> None:
    if any("\0" in path for path in paths):
        raise ValueError("a path with NUL in it")


def _renamed(output: Path, old: Collection[str], new: Collection[str]) -> set[str]:
    """The paths, old and new, that are names of one file, where the file system takes them for one."""
    by_key = {folded(path): path for path in old} if new else {}
    pairs = [(path, by_key[key]) for path in new if (key := folded(path)) in by_key] if by_key else []
    return {path for pair in pairs if _is_one_file(output, *pair) for path in pair}


def _is_one_file(output: Path, path: str, other: str) -> bool:
    try:
        return (output / path).samefile(output / other)
    except OSError:
        return False


def _put(output: Path, path: str, body: bytes, *, dry_run: bool = False, is_vital: bool = False) -> tuple[bool, int]:
    """Make the file hold `body`; whether that took a change, and its mtime. An unchanged file is not touched."""
    place = output / path
    with _errors(place):
        mtime = _mtime_if_it_holds(place, body)
        if mtime is not None:
            return False, mtime
        if dry_run:
            return True, -1
        return True, write_whole(place, body, _temporary(place), waits=is_vital or is_there(place))


def _mtime_if_it_holds(place: Path, body: bytes) -> int | None:
    try:
        facts = place.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    is_same = stat.S_ISREG(facts.st_mode) and facts.st_size == len(body) and place.read_bytes() == body
    return facts.st_mtime_ns if is_same else None


def _temporary(place: Path) -> Path:
    return place.with_name(f".{place.name}{_TEMPORARY}")


def _remove(output: Path, path: str, *, dry_run: bool) -> bool:
    """Remove a file of ours and the folders that are empty then; whether it was there."""
    place = output / path
    with _errors(place):
        if not is_there(place):
            return False
        if not dry_run:
            place.unlink()
            for folder in place.relative_to(output).parents[:-1]:
                with contextlib.suppress(OSError):  # not empty: not only ours
                    (output / folder).rmdir()
    return True


def _remove_all(output: Path, paths: Iterable[str], *, dry_run: bool) -> list[str]:
    """Remove files of ours in this order; those that were there."""
    return [path for path in paths if _remove(output, path, dry_run=dry_run)]


def _leaving_order(path: str, record: Record | None) -> tuple[int, int, str]:
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


def _read_journal(output: Path) -> set[str] | None:
    """The paths that a run has begun to write and not listed, None if the last run came to its end."""
    body = _read(output / _JOURNAL)
    if body is None:
        return None
    try:
        paths = msgspec.json.decode(body, type=list[str])
        _check_names(paths)
    except ValueError:
        return set()
    return set(paths)


def _read(place: Path) -> bytes | None:
    """The bytes of a file, None where there is none; raises PublishError."""
    try:
        return read_regular(place)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise PublishError(str(place), f"cannot be read: {error.strerror}") from error


def _remove_temporaries(output: Path, paths: Iterable[str]) -> None:
    """Remove what a run that was killed had begun to write."""
    for path in (*paths, MANIFEST, _JOURNAL):
        place = _temporary(output / path)
        with _errors(place):
            place.unlink(missing_ok=True)


@contextlib.contextmanager
def _errors(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PublishError(str(place), f"cannot be written: {error.strerror}") from error
