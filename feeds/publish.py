"""Documents written to the output folder: whole or not at all, only what changed, and nothing that is not ours.

What is ours is what the manifest `feeds.json` lists. While a run writes there is a journal of the paths that are not in
it yet: a run that was killed leaves nothing behind that the next one would not know, nor any file half written.

A machine may lose its power. A file that is moved to its place before its bytes are on the disk may be empty then. So
the manifest, the journal and what takes the place of a published document wait for the disk; a document that is new
does not: nobody has asked for it yet, and the next run sees by its size that it is not what it was.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import hashlib
import os
import secrets
import stat
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

import msgspec

from feeds.errors import PublishError
from feeds.model import Coding, Document, Format, Kind, document_path
from feeds.paths import folded
from feeds.settings import ALL_FORMATS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

MANIFEST = "feeds.json"
_JOURNAL = ".feeds-journal"
_TEMPORARY = ".feeds-new"
_VERSION = 1
_NO_FOLDER = "is not a folder; expected one to publish in"
_HAS_LOCKS = find_spec("fcntl") is not None  # not on Windows
#: Seconds to wait for another run to end, and between two looks at whether it has.
_PATIENCE = 5
_INTERVAL = 0.05
#: What a file system says that cannot be asked to flush, as some of those that are reached over a network.
_NO_FLUSH = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP})


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


def read_manifest(output: Path) -> Manifest:
    """The manifest in `output`, an empty one where there is none; raises PublishError where it is not one."""
    path = output / MANIFEST
    try:
        if path.exists() and not path.is_file():  # to read a pipe may take for ever
            raise PublishError(str(path), "is no regular file; move it away to publish here")
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError):
        return Manifest()
    except OSError as error:
        raise PublishError(str(path), f"cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PublishError(str(path), f"is not a manifest of ours ({error}); move it away to publish here") from error
    if manifest.version != _VERSION:
        raise PublishError(str(path), f"has version {manifest.version}; expected {_VERSION}")
    return manifest


def is_unfinished(output: Path) -> bool:
    """Whether a run is at work in `output`, or was stopped there."""
    return os.path.lexists(output / _JOURNAL)


def publish(
    output: Path, paths: Collection[str], puts: Iterable[Put], *, kept: Collection[Put] = (), dry_run: bool = False
) -> Published:
    """Make `output` hold the documents at `paths` and those that are `kept`, and of earlier documents no others.

    `puts` are what `put_document` gives for each path, and are asked for when it is known that all can be published.
    Raises PublishError, before that, where a path is taken by a file that is not ours or leads out of `output`; while
    writing, where the disk refuses. Every file is whole at any time, old or new.
    """
    wanted = {*paths, *(put.record.path for put in kept)}
    before = read_manifest(output)
    listed = {record.path for record in before.documents}
    journal = _read_journal(output)
    ours = listed | (journal or set())
    for folder in sorted({os.path.dirname(path) for path in wanted | ours}):  # noqa: PTH120  # as in `untouched`
        _check_inside(output, Path(folder))
    renamed = _renamed(output, ours - wanted, wanted - ours)
    for path in sorted(wanted - ours - renamed):
        _check_free(output, path)
    if not dry_run:
        _remove_temporaries(output, () if journal is None else ours | wanted)
    if not dry_run and paths:
        _put(output, _JOURNAL, msgspec.json.encode(sorted((ours | wanted) - listed)), is_vital=True)
    done = [*kept, *puts]
    removed = [path for path in sorted(ours - wanted - renamed) if _remove(output, path, dry_run=dry_run)]
    manifest = _manifest([put.record for put in done], before)
    if not dry_run:
        if manifest != before or not before.documents:
            body = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
            _put(output, MANIFEST, body, is_vital=True)
        _remove(output, _JOURNAL, dry_run=False)
    written = sorted(put.record.path for put in done if put.is_written)
    unchanged = sorted(put.record.path for put in done if not put.is_written)
    return Published(tuple(written), tuple(unchanged), tuple(removed), manifest.documents)


@contextlib.contextmanager
def locked(output: Path, patience: float = _PATIENCE) -> Iterator[None]:
    """Keep other runs out of `output` while this lasts; raises PublishError if one is in it for so many seconds.

    The lock is on the folder itself: it leaves no file, and goes with the run that has it, however that ends. Where the
    system or the file system has no such locks, there is none.
    """
    if os.path.lexists(output) and not output.is_dir():
        raise PublishError(str(output), _NO_FOLDER)
    with _errors(output):
        output.mkdir(parents=True, exist_ok=True)
        descriptor = _open_locked(output, time.monotonic() + patience) if _HAS_LOCKS else None
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def put_document(output: Path, document: Document, *, dry_run: bool = False) -> Put:
    """Make the document's file hold its bytes; one that does is not touched. Raises PublishError."""
    is_written, mtime = _put(output, document.path, document.body, dry_run=dry_run)
    return Put(record=_record(document), is_written=is_written, mtime=mtime)


def replace_file(place: Path, body: bytes) -> None:
    """Write a file that others may write meanwhile, whole or not at all; raises OSError."""
    temporary = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(body)
            _flush(file)
        temporary.replace(place)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def untouched(output: Path, record: Record, mtime: int) -> bool:
    """Whether the file of a document is as it was when it was put there."""
    try:
        facts = os.stat(f"{output}/{record.path}", follow_symlinks=False)  # noqa: PTH116  # thousands of them
    except OSError:
        return False
    return facts.st_size == record.bytes and facts.st_mtime_ns == mtime


def _open_locked(output: Path, deadline: float) -> int:
    """The folder, locked; another one has its place where it was swapped while this waited."""
    while True:
        descriptor = os.open(output, os.O_RDONLY)
        try:
            _lock(descriptor, output, deadline)
            if os.path.samestat(os.fstat(descriptor), output.stat()):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor: int, output: Path, deadline: float) -> None:
    import fcntl  # noqa: PLC0415  # not on Windows

    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise PublishError(str(output), "another run is publishing into it; expected it to end") from error
            time.sleep(_INTERVAL)
        except OSError:  # no locks here
            return
        else:
            return


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
    while not os.path.lexists(place) and place != output:
        place = place.parent
    if not place.resolve().is_relative_to(output.resolve()):
        raise PublishError(str(place), f"leads out of {output}; expected a folder inside it")
    if os.path.lexists(place) and not place.is_dir():
        raise PublishError(str(place), _NO_FOLDER)


def _check_free(output: Path, path: str) -> None:
    if os.path.lexists(output / path):
        message = f"is there already and {MANIFEST} does not list it, so it is not ours; move it away or use --output"
        raise PublishError(str(output / path), message)


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
        return True, -1 if dry_run else _replace(place, body, waits=is_vital or os.path.lexists(place))


def _mtime_if_it_holds(place: Path, body: bytes) -> int | None:
    try:
        facts = place.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    is_same = stat.S_ISREG(facts.st_mode) and facts.st_size == len(body) and place.read_bytes() == body
    return facts.st_mtime_ns if is_same else None


def _replace(place: Path, body: bytes, *, waits: bool) -> int:
    """Write the file beside its place, and move it there when it is whole, and on the disk if it `waits`; its mtime."""
    temporary = _temporary(place)
    try:
        with _new_file(temporary) as file:
            file.write(body)
            file.flush()
            if waits:
                _flush(file)
            mtime = os.fstat(file.fileno()).st_mtime_ns
        temporary.replace(place)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    return mtime


def _temporary(place: Path) -> Path:
    return place.with_name(f".{place.name}{_TEMPORARY}")


def _new_file(place: Path) -> BinaryIO:
    """An empty file, in a folder that is made where there is none."""
    try:
        return place.open("wb")
    except FileNotFoundError:
        place.parent.mkdir(parents=True, exist_ok=True)
        return place.open("wb")


def _flush(file: BinaryIO) -> None:
    """Wait until the bytes are on the disk; where the file system knows no such thing, go on."""
    file.flush()
    try:
        os.fsync(file.fileno())
    except OSError as error:
        if error.errno not in _NO_FLUSH:
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


def _read_journal(output: Path) -> set[str] | None:
    """The paths that a run has begun to write and not listed, None if the last run came to its end."""
    path = output / _JOURNAL
    try:
        return set(msgspec.json.decode(path.read_bytes(), type=list[str]))
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return set()
    except OSError as error:
        raise PublishError(str(path), f"cannot be read: {error.strerror}") from error


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
