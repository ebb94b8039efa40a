"""Where documents are put: a folder of this machine, or of an object store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from feeds.disk import check_name
from feeds.storage.disk import DiskFolder

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from contextlib import AbstractContextManager

__all__ = ["DiskFolder", "Folder", "open_folder"]


class Folder(Protocol):
    """A folder that documents are put into. Paths are relative to it, with forward slashes.

    `str()` of it is how messages call it. A *stamp* is a number that tells whether a file is the one that was put
    there: its mtime in nanoseconds, or what a store says of a version. Whatever goes wrong is a PublishError.
    """

    @property
    def key(self) -> str:
        """What it is known by, however it is reached."""

    def place(self, path: str) -> str:
        """How messages call a file in it."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, None where there is none."""

    def facts(self, path: str) -> tuple[int, int] | None:
        """The size in bytes and the stamp of what is there, None where nothing is."""

    def stamp_if_it_holds(self, path: str, body: bytes) -> int | None:
        """The stamp of a file that has these bytes, else None."""

    def write(self, path: str, body: bytes, *, is_vital: bool = False) -> int:
        """Put a file there, which nobody sees half written; its stamp.

        One that `is_vital`, or takes the place of another, is on the disk when this returns.
        """

    def remove(self, path: str, *, dry_run: bool = False) -> bool:
        """Remove a file, and the folders that are empty then; whether it was there."""

    def remove_begun(self, paths: Iterable[str]) -> None:
        """Remove what a run that was killed had begun to write of these files."""

    def check_inside(self, paths: Iterable[str]) -> None:
        """Raise PublishError where one of these files would not be in the folder, or something else is in the way."""

    def renamed(self, old: Collection[str], new: Collection[str]) -> set[str]:
        """The paths, old and new, that are names of one file here."""

    def locked(self, patience: float) -> AbstractContextManager[None]:
        """Keep other runs out while this lasts; raises PublishError if one is there for so many seconds."""


def open_folder(place: Path | str) -> Folder:
    """The folder at a path; raises PublishError where nothing can be there."""
    path = Path(place)
    check_name(path)
    return DiskFolder(path)
