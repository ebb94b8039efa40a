"""Folders that articles are read from, and those of this machine.

Only regular files are read, and links to regular files inside the archive: opening a pipe could wait forever, and a
link may lead to files that nobody meant to publish.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from feeds.storage.addresses import is_address
from feeds.storage.files import READ_ONLY, exists
from feeds.storage.names import is_utf8
from feeds.values import PlainValue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

#: O_NOFOLLOW and O_DIRECTORY: neither a link nor anything but a folder is opened.
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_CHUNK = 1 << 16
_MAX_TIME = (1 << 63) - 1
#: A file that changed this many nanoseconds before it was read may change again with the same mtime: the resolution of
#: the system's clock, or of file systems with times in whole seconds or two.
_CLOCK_TICK = 20_000_000
_COARSE_TICK = 2_000_000_000


class FoundFile(NamedTuple):
    """A file in a listing: its name, size in bytes, and mtime and ctime in nanoseconds.

    A replaced file has another ctime, even with the same mtime. An object has its negated version as ctime. The numbers
    are -1 if they could not be determined.
    """

    name: str
    size: int
    mtime: int
    ctime: int


class FolderListing(PlainValue, frozen=True):
    """The content of a folder: paths of folders in it, wanted files by name, and messages about files by path."""

    path: str
    folders: Sequence[str] = ()
    files: Sequence[FoundFile] = ()
    problems: Sequence[tuple[str, str]] = ()


class TooLargeError(Exception):
    """A file has more bytes than allowed; the first argument is how many."""


class Source(Protocol):
    """A folder of articles; `str()` identifies it. Paths are relative to it, with forward slashes."""

    @property
    def name(self) -> str:
        """The last part of its path or URL, which begins paths in messages."""

    @property
    def local_path(self) -> Path | None:
        """The folder on this machine, which can be watched; None for a store."""

    def overlaps(self, other: Source) -> bool:
        """Whether one of the two folders contains the other."""

    def is_reachable(self) -> bool:
        """Whether the folder exists on this machine; a store reports that when it is read."""

    def exists(self, path: str) -> bool:
        """Whether a file exists, even as a broken link; raises OSError if that cannot be determined."""

    def list_folder(self, path: str, wanted: Callable[[str], bool]) -> Iterator[FolderListing]:
        """List a folder; hidden files and folders are skipped. `wanted` is given the name of a file. Raises OSError.

        A store lists a folder with an empty name, which it cannot list by itself, together with all folders below it.
        """

    def list_tree(self, path: str, wanted: Callable[[str], bool]) -> Iterator[FolderListing] | None:
        """List a folder and all below it if that is cheaper than folder by folder, else None. Raises OSError."""

    def read(
        self, files: Sequence[tuple[str, FoundFile]], max_bytes: int
    ) -> Iterator[tuple[bytes, FoundFile] | OSError | TooLargeError]:
        """Read files, given by path and listing: the bytes and the file's state when it was read, or the error."""

    def may_change_unseen(self, file: FoundFile, read_at: int) -> bool:
        """Whether a file read at a time in nanoseconds may be changed later without a change of its state."""


def open_source(folder: Path, name: str) -> Source:
    """The source that a configuration in `folder` names, by a path or the URL of a store."""
    if not is_address(name):
        return LocalSource((folder / name).resolve())
    from feeds.storage.object_source import open_object_source  # noqa: PLC0415  # only who has a store waits for it

    return open_object_source(name)


def open_sources(folder: Path, names: Iterable[str]) -> tuple[Source, ...]:
    """The sources of an archive. Links may lead from one of them into another."""
    sources = [open_source(folder, name) for name in names]
    local = tuple(source.path for source in sources if isinstance(source, LocalSource))
    return tuple(replace(source, archive=local) if isinstance(source, LocalSource) else source for source in sources)


@dataclass(frozen=True)
class LocalSource:
    """A folder of this machine. `archive` has the folders that links may lead into; by default only this one."""

    path: Path
    archive: tuple[Path, ...] = field(default=(), compare=False, repr=False)

    def __str__(self) -> str:
        return str(self.path)

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def local_path(self) -> Path:
        return self.path

    def overlaps(self, other: Source) -> bool:
        path = other.local_path
        return path is not None and (self.path.is_relative_to(path) or path.is_relative_to(self.path))

    def is_reachable(self) -> bool:
        return self.path.is_dir()

    def exists(self, path: str) -> bool:
        return exists(self.path / path)

    def list_folder(self, path: str, wanted: Callable[[str], bool]) -> Iterator[FolderListing]:
        """Links to folders are not followed: they may lead back."""
        folders: list[str] = []
        files: list[FoundFile] = []
        problems: list[tuple[str, str]] = []
        with self._scan(path) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(join_path(path, entry.name))
                elif wanted(entry.name):
                    found = self._file(path, entry)
                    if isinstance(found, str):
                        problems.append((join_path(path, entry.name), found))
                    else:
                        files.append(found)
        files.sort(key=itemgetter(0))
        if not is_utf8("".join([path, *map(itemgetter(0), files)])):
            names = [file.name for file in files if not is_utf8(join_path(path, file.name))]
            problems += [
                (join_path(path, name), "the file's name is not UTF-8; expected one that is; it is left out")
                for name in names
            ]
            files = [file for file in files if is_utf8(join_path(path, file.name))]
        yield FolderListing(path, folders, files, problems)

    def list_tree(self, path: str, wanted: Callable[[str], bool]) -> None:  # noqa: ARG002
        return None

    def read(
        self, files: Sequence[tuple[str, FoundFile]], max_bytes: int
    ) -> Iterator[tuple[bytes, FoundFile] | OSError | TooLargeError]:
        for path, file in files:
            try:
                yield self._read(path, file, max_bytes)
            except (OSError, TooLargeError) as error:
                yield error

    def may_change_unseen(self, file: FoundFile, read_at: int) -> bool:
        changed = max(file.mtime, file.ctime)
        return read_at - changed <= (_CLOCK_TICK if changed % 1_000_000_000 else _COARSE_TICK)

    @contextmanager
    def _scan(self, path: str) -> Iterator[Iterator[os.DirEntry[str]]]:
        """Scan a folder; raises OSError, also if a link was put into its path since it was found."""
        if not path or os.scandir not in os.supports_fd:  # the archive itself may be behind a link
            with os.scandir(f"{self.path}/{path}") as entries:
                yield entries
            return
        descriptor = self._open_folder(path.split("/"))
        try:
            with os.scandir(descriptor) as entries:
                yield entries
        finally:
            os.close(descriptor)

    def _file(self, path: str, entry: os.DirEntry[str]) -> FoundFile | str:
        """A file as it is found, or why it is skipped."""
        try:
            found = entry.stat()
        except OSError:  # removed, or a broken link: reading it reports that
            return FoundFile(entry.name, -1, -1, -1)
        if not stat.S_ISREG(found.st_mode):
            return "is not a regular file; expected one; it is left out"
        if entry.is_symlink() and not self._is_in_archive(f"{self.path}/{join_path(path, entry.name)}"):
            return "is a link that leads out of the archive; it is not followed"
        return _found_file(entry.name, found)

    def _is_in_archive(self, path: str) -> bool:
        target = Path(path).resolve()
        return any(target.is_relative_to(root.resolve()) for root in self.archive or (self.path,))

    def _read(self, path: str, file: FoundFile, max_bytes: int) -> tuple[bytes, FoundFile]:
        descriptor = self._open(path, file)
        try:
            found = os.fstat(descriptor)
            if found.st_size > max_bytes:
                raise TooLargeError(found.st_size)
            content = os.read(descriptor, found.st_size + 1)
            # A file of another size is being written.
            while more := os.read(descriptor, _CHUNK) if len(content) != found.st_size else b"":
                content += more
                if len(content) > max_bytes:
                    raise TooLargeError(len(content))
        finally:
            os.close(descriptor)
        return content, _found_file(file.name, found)

    def _open(self, path: str, file: FoundFile) -> int:
        """Open the file that was found. If another one has its path now, open that one only without a link."""
        descriptor = os.open(f"{self.path}/{path}", READ_ONLY)  # fewer system calls than `open`
        found = os.fstat(descriptor)
        is_same = (found.st_size, found.st_mtime_ns, found.st_ctime_ns) == file[1:]
        if is_same or os.open not in os.supports_dir_fd:  # nobody can choose a ctime
            return descriptor
        os.close(descriptor)
        *folders, name = path.split("/")
        try:
            folder = self._open_folder(folders)
            try:
                return os.open(name, READ_ONLY | os.O_NOFOLLOW, dir_fd=folder)
            finally:
                os.close(folder)
        except OSError as error:
            if error.errno in {errno.ELOOP, errno.ENOTDIR}:
                raise OSError(error.errno, "a link was put in its place, or changed") from error
            raise

    def _open_folder(self, parts: Iterable[str]) -> int:
        """Open a folder below this one without following links. This one may be behind a link."""
        folder = os.open(str(self.path), os.O_RDONLY)
        for part in parts:
            parent = folder
            try:
                folder = os.open(part, _FOLDER, dir_fd=parent)
            finally:
                os.close(parent)
        return folder


def join_path(folder: str, name: str) -> str:
    """The path of a file in a folder; the path of the source itself is empty."""
    return f"{folder}/{name}" if folder else name


def _found_file(name: str, found: os.stat_result) -> FoundFile:
    return FoundFile(name, found.st_size, _clamp(found.st_mtime_ns), _clamp(found.st_ctime_ns))


def _clamp(nanoseconds: int) -> int:
    """A time that fits into 64 bits: from 1678 to 2262."""
    return max(-_MAX_TIME, min(nanoseconds, _MAX_TIME))
