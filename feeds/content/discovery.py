"""Article files found below the folders of the archive."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from feeds.content.files import ArticleFolder, FoundFile, Root, clamp_time, file_label, join_path, open_subfolder
from feeds.errors import LocatedDiagnostic
from feeds.storage.names import is_utf8, readable
from feeds.storage.objects import ObjectFolder, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


#: What the names of articles end with, in any case.
EXTENSIONS = (".md", ".markdown")


class Found(NamedTuple):
    """Folders that hold articles or cannot be read, what is wrong, and by root and path folders not looked into yet."""

    folders: list[ArticleFolder]
    mistakes: list[LocatedDiagnostic]
    left: list[tuple[Root, str]]


def find_articles(roots: Iterable[Root]) -> tuple[list[ArticleFolder], list[LocatedDiagnostic]]:
    """The folders below `roots` that hold articles or cannot be read, by root and path; what a dot hides is left out.

    What cannot be read, is no regular file, leads out of the archive or has a name that is not UTF-8 is a mistake.
    """
    roots = tuple(roots)
    folders: list[ArticleFolder] = []
    mistakes: list[LocatedDiagnostic] = []
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
        self.mistakes: list[LocatedDiagnostic] = []

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
        label = file_label(self.root, path) if path or isinstance(self.root, Path) else str(self.root)
        self.mistakes.append(LocatedDiagnostic(readable(label), 0, message, rule))


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
                    self.left.append(join_path(path, name))
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
        folder = open_subfolder(self.root, path.split("/"))
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
                join_path(path, entry.name), "is not a regular file; expected one; it is left out", "not-a-file-of-ours"
            )
            return None
        if entry.is_symlink() and not self._is_within(f"{self.root}/{join_path(path, entry.name)}"):
            self._note(
                join_path(path, entry.name),
                "is a link that leads out of the archive; it is not followed",
                "not-a-file-of-ours",
            )
            return None
        return entry.name, facts.st_size, clamp_time(facts.st_mtime_ns), clamp_time(facts.st_ctime_ns)

    def _is_within(self, path: str) -> bool:
        place = Path(path).resolve()
        return any(place.is_relative_to(root.resolve()) for root in self._roots)

    def _with_names(self, path: str, files: list[FoundFile]) -> list[FoundFile]:
        """The files whose names are UTF-8: one that is not has surrogates."""
        if is_utf8("".join([path, *map(itemgetter(0), files)])):
            return files
        for name, *_ in files:
            if not is_utf8(join_path(path, name)):
                message = "the file's name is not UTF-8; expected one that is; it is left out"
                self._note(join_path(path, name), message, "not-a-file-of-ours")
        return [file for file in files if is_utf8(join_path(path, file[0]))]


def _is_article(name: str) -> bool:
    return name.lower().endswith(EXTENSIONS)
