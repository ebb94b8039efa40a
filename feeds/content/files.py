"""The files of the archive: found below its folders, and read.

Only regular files count, and links to such that stay within the archive: a pipe would be waited for without end, and a
link may lead to what nobody meant to publish. Of an object store, objects do.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from feeds.storage.files import is_there
from feeds.storage.objects import ObjectFolder, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


#: Where text and bytes are not the same to the system, bytes are meant; a pipe that came in between is not waited for.
_READ_ONLY = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)

#: No link is followed, and nothing else than a folder opened.
_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)

_MORE = 1 << 16

_LATEST = (1 << 63) - 1

#: A folder of articles: of this machine, or of an object store.
Root = Path | ObjectFolder

#: A file as its folder lists it: its name, its size in bytes, its mtime and its ctime in nanoseconds.
#:
#: A file that another one took the place of has another ctime, also where it was given the same mtime. In place of the
#: ctime an object has its stamp, below zero.
FoundFile = tuple[str, int, int, int]


class ArticleFile(msgspec.Struct, frozen=True):
    """A file of the archive: `path` is relative to its folder `root`, with forward slashes.

    `size`, `mtime` and `ctime` are those of a FoundFile, as of when it was found.
    """

    root: Root
    path: str
    size: int = -1
    mtime: int = -1
    ctime: int = -1

    @property
    def label(self) -> str:
        """How messages name the file: the archive's folder and the path in it."""
        return file_label(self.root, self.path)


@dataclass(frozen=True, slots=True)
class ArticleFolder:
    """A folder of the archive: its `path` below `root`, the articles in it by name, and whether it cannot be read."""

    root: Root
    path: str
    files: Sequence[FoundFile] = ()
    is_unreadable: bool = False

    def file(self, found: FoundFile) -> ArticleFile:
        """One of the files as it is known outside its folder."""
        name, size, mtime, ctime = found
        return ArticleFile(self.root, f"{self.path}/{name}" if self.path else name, size, mtime, ctime)


class TooLargeError(Exception):
    """A file has more bytes than it may have."""


def read_file(file: ArticleFile, most: int) -> tuple[bytes, ArticleFile]:
    """The bytes of a file, and its facts as of then; raises OSError, TooLargeError where there are more than `most`."""
    descriptor = _open(file)
    try:
        facts = os.fstat(descriptor)
        if facts.st_size > most:
            raise TooLargeError(facts.st_size)
        content = os.read(descriptor, facts.st_size + 1)
        while more := os.read(descriptor, _MORE) if len(content) != facts.st_size else b"":  # it is being written
            content += more
            if len(content) > most:
                raise TooLargeError(len(content))
    finally:
        os.close(descriptor)
    times = clamp_time(facts.st_mtime_ns), clamp_time(facts.st_ctime_ns)
    return content, ArticleFile(file.root, file.path, facts.st_size, *times)


def read_objects(files: Iterable[ArticleFile], most: int) -> dict[ArticleFile, bytes | OSError]:
    """The bytes of those of the files that are objects and not larger than that, or why one cannot be read."""
    paths: dict[ObjectFolder, dict[str, ArticleFile]] = {}
    found: dict[ArticleFile, bytes | OSError] = {}
    for file in files:
        if not isinstance(file.root, Path) and file.size == 0:
            found[file] = b""
        elif not isinstance(file.root, Path) and file.size <= most:
            paths.setdefault(file.root, {})[file.path] = file
    for root, of_root in paths.items():
        try:
            found |= {of_root[path]: content for path, content in root.fetch(list(of_root), most).items()}
        except StorageError as error:
            found |= dict.fromkeys(of_root.values(), error)
    return found


def as_read(file: ArticleFile, content: bytes | OSError | None, most: int) -> tuple[bytes, ArticleFile]:
    """What `read_file` gives, of what `read_objects` found."""
    if isinstance(content, OSError):
        raise content
    if content is None or len(content) > most:
        raise TooLargeError(file.size if content is None else len(content))
    return content, msgspec.structs.replace(file, size=len(content))


def _open(file: ArticleFile) -> int:
    """A descriptor of what was found, else of what is there now without a link: it may lead out of the archive."""
    descriptor = os.open(f"{file.root}/{file.path}", _READ_ONLY)  # with fewer system calls than `open`
    facts = os.fstat(descriptor)
    is_found = (facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns) == (file.size, file.mtime, file.ctime)
    if is_found or os.open not in os.supports_dir_fd:  # nobody can choose a ctime
        return descriptor
    os.close(descriptor)
    *folders, name = file.path.split("/")
    try:
        folder = open_subfolder(file.root, folders)
        try:
            return os.open(name, _READ_ONLY | os.O_NOFOLLOW, dir_fd=folder)
        finally:
            os.close(folder)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise OSError(error.errno, "a link was put in its place, or changed") from error
        raise


def open_subfolder(root: Root, parts: Iterable[str]) -> int:
    """A descriptor of a folder of the archive: this may lie behind a link itself, but none is followed below it."""
    folder = os.open(str(root), os.O_RDONLY)
    for part in parts:
        above = folder
        try:
            folder = os.open(part, _FOLDER, dir_fd=above)
        finally:
            os.close(above)
    return folder


def is_gone(file: ArticleFile) -> bool:
    """Whether a file that was found is there no more; a link to nowhere still is, and what cannot be looked at."""
    try:
        return not (is_there(file.root / file.path) if isinstance(file.root, Path) else file.root.is_there(file.path))
    except OSError:
        return False


def is_reached(root: Root) -> bool:
    """Whether a folder of this machine is there; what is in a store is asked for when it is read."""
    return not isinstance(root, Path) or root.is_dir()


def clamp_time(nanoseconds: int) -> int:
    """A time of a file as the catalog can keep it, in 64 bits: from 1678 to 2262."""
    return max(-_LATEST, min(nanoseconds, _LATEST))


def join_path(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def file_label(root: Root, path: str) -> str:
    return f"{root.name}/{path}"
