"""Article files found below the folders of the archive."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from feeds.content.files import ArticleFolder
from feeds.errors import LocatedDiagnostic
from feeds.storage.names import readable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from feeds.storage.sources import FolderListing, Source

#: Extensions of articles, in any case.
EXTENSIONS = (".md", ".markdown")


class Discovery(NamedTuple):
    """Folders that hold articles or cannot be read, diagnostics, and folders still to be listed, by source and path."""

    folders: list[ArticleFolder]
    diagnostics: list[LocatedDiagnostic]
    pending: list[tuple[Source, str]]


def find_articles(sources: Iterable[Source]) -> tuple[list[ArticleFolder], list[LocatedDiagnostic]]:
    """Find the folders that hold articles or cannot be read, by source and path. Hidden files and folders are skipped.

    A diagnostic reports each file or folder that cannot be read, is not a regular file, leads out of the archive or has
    a name that is not UTF-8.
    """
    folders: list[ArticleFolder] = []
    diagnostics: list[LocatedDiagnostic] = []
    for source in sources:
        found = find_below(source, "")
        folders += sorted(found.folders, key=lambda folder: folder.path)
        diagnostics += found.diagnostics
    return folders, sorted(diagnostics)


def find_from_top(sources: Iterable[Source], min_pending: int) -> Discovery:
    """List folders level by level until `min_pending` are still to be listed, which others may do with `find_below`."""
    walks = [_Walk(source, "") for source in sources]
    while 0 < sum(len(walk.pending) for walk in walks) < min_pending:
        for walk in walks:
            walk.list_level()
    return Discovery(
        [folder for walk in walks for folder in walk.folders],
        [diagnostic for walk in walks for diagnostic in walk.diagnostics],
        [(walk.source, path) for walk in walks for path in walk.pending],
    )


def find_below(source: Source, path: str) -> Discovery:
    """Find everything in a folder of a source, and below it."""
    walk = _Walk(source, path)
    walk.list_all()
    return Discovery(walk.folders, walk.diagnostics, [])


class _Walk:
    """A walk through the folders below `top`, which existed when its parent was listed."""

    def __init__(self, source: Source, top: str) -> None:
        self.source = source
        self.pending = deque([top])
        self.folders: list[ArticleFolder] = []
        self.diagnostics: list[LocatedDiagnostic] = []
        self._top = top

    def list_all(self) -> None:
        """List all pending folders, and those below them."""
        while self.pending:
            path = self.pending.pop()
            try:
                listings = self.source.list_tree(path, _is_article) or self.source.list_folder(path, _is_article)
                for listing in listings:
                    self._add(listing)
            except OSError as error:
                self._add_unreadable(path, error)

    def list_level(self) -> None:
        """List the pending folders; the folders in them are pending then."""
        for _ in range(len(self.pending)):
            path = self.pending.popleft()
            try:
                for listing in self.source.list_folder(path, _is_article):
                    self._add(listing)
            except OSError as error:
                self._add_unreadable(path, error)

    def _add(self, listing: FolderListing) -> None:
        self.pending += listing.folders
        for path, message in listing.problems:
            self._report(path, message, "not-a-file-of-ours")
        if listing.files:
            self.folders.append(ArticleFolder(self.source, listing.path, listing.files))

    def _add_unreadable(self, path: str, error: OSError) -> None:
        if path != self._top and isinstance(error, FileNotFoundError):  # removed in the meantime
            return
        self._report(path, f"the folder cannot be read: {error.strerror}", "article-unreadable")
        self.folders.append(ArticleFolder(self.source, path, is_unreadable=True))

    def _report(self, path: str, message: str, rule: str) -> None:
        label = f"{self.source}/{path}" if path else str(self.source)
        self.diagnostics.append(LocatedDiagnostic(readable(label), 0, message, rule))


def _is_article(name: str) -> bool:
    return name.lower().endswith(EXTENSIONS)
