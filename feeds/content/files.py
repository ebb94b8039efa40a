"""Article files and the folders that hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from feeds.storage.sources import FoundFile, Source, join_path
from feeds.values import PlainValue

if TYPE_CHECKING:
    from collections.abc import Sequence


class ArticleFile(msgspec.Struct, frozen=True):
    """An article file: its `path` relative to a source, with forward slashes, and its state when it was found.

    `size` is in bytes, `mtime` and `ctime` in nanoseconds; see FoundFile.
    """

    source: Source
    path: str
    size: int = -1
    mtime: int = -1
    ctime: int = -1

    @property
    def label(self) -> str:
        """The whole path or URL, for messages."""
        return f"{self.source}/{self.path}"

    @property
    def found(self) -> FoundFile:
        """The file as its folder lists it."""
        return FoundFile(self.path.rpartition("/")[2], self.size, self.mtime, self.ctime)

    def as_found(self, found: FoundFile) -> ArticleFile:
        """The same file in another state."""
        return ArticleFile(self.source, self.path, *found[1:])


class ArticleFolder(PlainValue, frozen=True):
    """A folder with articles: its `path` relative to a source, the files by name, and whether it cannot be read."""

    source: Source
    path: str
    files: Sequence[FoundFile] = ()
    is_unreadable: bool = False

    def file(self, found: FoundFile) -> ArticleFile:
        """One of its files."""
        return ArticleFile(self.source, join_path(self.path, found[0]), *found[1:])
