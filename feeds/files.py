"""The files of the archive: found below its folders, and read.

Only regular files count, and links to such that stay within the archive: a pipe would be waited for without end, and a
link may lead to what nobody meant to publish. Of an object store, objects do.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from feeds.disk import is_there
from feeds.errors import Mistake
from feeds.paths import is_utf8, readable
from feeds.storage import ObjectFolder, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: What the names of articles end with, in any case.
EXTENSIONS = (".md", ".markdown")
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
        return _label(self.root, self.path)


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


class Found(NamedTuple):
    """Folders that hold articles or cannot be read, what is wrong, and by root and path folders not looked into yet."""

    folders: list[ArticleFolder]
    mistakes: list[Mistake]
    left: list[tuple[Root, str]]


def find_articles(roots: Iterable[Root]) -> tuple[list[ArticleFolder], list[Mistake]]:
    """The folders below `roots` that hold articles or cannot be read, by root and path; what a dot hides is left out.

    What cannot be read, is no regular file, leads out of the archive or has a name that is not UTF-8 is a mistake.
    """
    roots = tuple(roots)
    folders: list[ArticleFolder] = []
    mistakes: list[Mistake] = []
    for root in roots:
        found = find_below(root, "", roots)
        folders += sorted(found.folders, key=lambda folder: folder.path)
        mistakes += found.mistakes
    return folders, sorted(mistakes)


def find_first(roots: Iterable[Root], most: int) -> Found:
    """The same from the top down, until there are `most` folders to look into, which others may do: `find_below`."""
    roots = tuple(roots)
    walks = [_walk(root, "", roots) for root in roots]
    while 0 < sum(len(walk.left) for walk in walks) < most:
        for walk in walks:
            walk.go_down()
    return Found(
        [folder for walk in walks for folder in walk.folders],
        [mistake for walk in walks for mistake in walk.mistakes],
        [(walk.root, path) for walk in walks for path in walk.left],
    )


def find_below(root: Root, path: str, roots: Sequence[Root]) -> Found:
    """All that is in a folder of one of the `roots` of the archive, and below it."""
    walk = _walk(root, path, roots)
    walk.go_through()
    return Found(walk.folders, walk.mistakes, [])


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
    times = _kept_time(facts.st_mtime_ns), _kept_time(facts.st_ctime_ns)
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
        folder = _open_folder(file.root, folders)
        try:
            return os.open(name, _READ_ONLY | os.O_NOFOLLOW, dir_fd=folder)
        finally:
            os.close(folder)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise OSError(error.errno, "a link was put in its place, or changed") from error
        raise


def _open_folder(root: Root, parts: Iterable[str]) -> int:
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


def _walk(root: Root, path: str, roots: Iterable[Root]) -> _Walk:
    if isinstance(root, Path):
        return _DiskWalk(root, path, [root for root in roots if isinstance(root, Path)])
    return _StoreWalk(root, path)


class _Walk:
    """A look at what is below a folder of the archive."""

    def __init__(self, root: Root, path: str) -> None:
        self.root = root
        self.top = path  # is there, as others have seen
        self.left = [path]
        self.folders: list[ArticleFolder] = []
        self.mistakes: list[Mistake] = []

    def go_through(self) -> None:
        """Look into all folders that are left, and those in them."""
        while self.left:
            self._look(self.left.pop())

    def go_down(self) -> None:
        """Look into the folders that are left; those in them are left then."""
        paths, self.left = self.left, []
        for path in paths:
            self._look(path)

    def _look(self, path: str) -> None:
        try:
            files = self._files(path)
        except OSError as error:
            if path != self.top and isinstance(error, FileNotFoundError):  # removed meanwhile
                return
            self._leave(path, str(error.strerror))
            return
        if files:
            self.folders.append(ArticleFolder(self.root, path, files))

    def _leave(self, path: str, reason: str) -> None:
        """A folder cannot be read."""
        self._note(path, f"the folder cannot be read: {reason}", "article-unreadable")
        self.folders.append(ArticleFolder(self.root, path, is_unreadable=True))

    def _files(self, path: str) -> list[FoundFile]:
        """The articles in a folder, by name; raises OSError. Folders in it are `left`."""
        raise NotImplementedError

    def _note(self, path: str, message: str, rule: str) -> None:
        label = _label(self.root, path) if path or isinstance(self.root, Path) else str(self.root)
        self.mistakes.append(Mistake(readable(label), 0, message, rule))


class _StoreWalk(_Walk):
    """That of an object store: to go through it takes a request for a thousand objects, to go down one for a folder."""

    def __init__(self, root: ObjectFolder, path: str) -> None:
        super().__init__(root, path)
        self._store = root

    def go_through(self) -> None:
        paths, self.left = self.left, []
        for path in paths:
            self._look_through(path)

    def _look_through(self, top: str) -> None:
        folders: dict[str, list[FoundFile]] = {}
        is_there = not top
        try:
            for path, size, mtime, stamp in self._store.find(top):
                is_there = True
                folder, slash, name = path.rpartition("/")
                if not _is_article(name) or f"/{path}".count("/."):
                    continue
                if slash and not folder:  # no path leads from the archive's folder to one whose name is empty
                    message = "is in a folder without a name; expected one that has a name; it is left out"
                    self._note(path, message, "not-a-file-of-ours")
                else:
                    folders.setdefault(folder, []).append((name, size, mtime, -stamp))
        except StorageError as error:
            self._leave(top, str(error.strerror))
            return
        if not is_there:  # but it was for who looked from the top down
            self._leave(top, "No such folder")
        self.folders += [ArticleFolder(self.root, folder, sorted(files)) for folder, files in folders.items()]

    def _files(self, path: str) -> list[FoundFile]:
        folders, objects = self._store.level(path)
        if path in folders:  # one without a name, which cannot be listed by itself
            self._look_through(path)
            return []
        self.left += [folder for folder in folders if not folder.rpartition("/")[2].startswith(".")]
        found = [(name, size, mtime, -stamp) for name, size, mtime, stamp in objects]
        return sorted(file for file in found if _is_article(file[0]) and not file[0].startswith("."))


class _DiskWalk(_Walk):
    """That of this machine; `roots` are the folders that links may lead into."""

    def __init__(self, root: Path, path: str, roots: Sequence[Path]) -> None:
        super().__init__(root, path)
        self._roots = roots

    def _files(self, path: str) -> list[FoundFile]:
        """Links to folders are not looked into: these may lead back."""
        found: list[FoundFile] = []
        with self._entries(path) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    self.left.append(_join(path, name))
                elif _is_article(name):
                    file = self._file(path, entry)
                    if file:
                        found.append(file)
        found.sort(key=itemgetter(0))
        return self._with_names(path, found)

    @contextmanager
    def _entries(self, path: str) -> Iterator[Iterator[os.DirEntry[str]]]:
        """What is in a folder; raises OSError, also where a link was put in its way since it was found there."""
        if not path or os.scandir not in os.supports_fd:  # the archive itself may lie behind a link
            with os.scandir(f"{self.root}/{path}") as entries:
                yield entries
            return
        folder = _open_folder(self.root, path.split("/"))
        try:
            with os.scandir(folder) as entries:
                yield entries
        finally:
            os.close(folder)

    def _file(self, path: str, entry: os.DirEntry[str]) -> FoundFile | None:
        """An article as it is found, if it is one that is to be read."""
        try:
            facts = entry.stat()
        except OSError:  # gone, or a link to nowhere: reading it will say so
            return entry.name, -1, -1, -1
        if not stat.S_ISREG(facts.st_mode):
            self._note(
                _join(path, entry.name), "is not a regular file; expected one; it is left out", "not-a-file-of-ours"
            )
            return None
        if entry.is_symlink() and not self._is_within(f"{self.root}/{_join(path, entry.name)}"):
            self._note(
                _join(path, entry.name),
                "is a link that leads out of the archive; it is not followed",
                "not-a-file-of-ours",
            )
            return None
        return entry.name, facts.st_size, _kept_time(facts.st_mtime_ns), _kept_time(facts.st_ctime_ns)

    def _is_within(self, path: str) -> bool:
        place = Path(path).resolve()
        return any(place.is_relative_to(root.resolve()) for root in self._roots)

    def _with_names(self, path: str, files: list[FoundFile]) -> list[FoundFile]:
        """The files whose names are UTF-8: one that is not has surrogates."""
        if is_utf8("".join([path, *map(itemgetter(0), files)])):
            return files
        for name, *_ in files:
            if not is_utf8(_join(path, name)):
                message = "the file's name is not UTF-8; expected one that is; it is left out"
                self._note(_join(path, name), message, "not-a-file-of-ours")
        return [file for file in files if is_utf8(_join(path, file[0]))]


def _is_article(name: str) -> bool:
    return name.lower().endswith(EXTENSIONS)


def _kept_time(nanoseconds: int) -> int:
    """A time of a file as the catalog can keep it, in 64 bits: from 1678 to 2262."""
    return max(-_LATEST, min(nanoseconds, _LATEST))


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _label(root: Root, path: str) -> str:
    return f"{root.name}/{path}"
