"""Where articles lie and documents are put: a folder of this machine, or of an object store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from feeds.errors import PublishError, mask_credentials
from feeds.storage.addresses import is_address, wrong_address
from feeds.storage.files import check_name
from feeds.storage.local import DiskFolder
from feeds.storage.objects import ObjectFolder, StorageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from contextlib import AbstractContextManager


__all__ = ["DiskFolder", "Folder", "ObjectFolder", "StorageError", "open_folder"]


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

    def listing(self) -> Mapping[str, tuple[int, int]] | None:
        """The facts of all files, by path, where these are cheaper together; None where they are not."""

    def paths(self) -> list[str]:
        """The files that are there, also those that are not ours."""

    def stamp_if_it_holds(self, path: str, body: bytes, *, is_new: bool = False) -> int | None:
        """The stamp of a file that has these bytes, else None. Of one that `is_new` nothing was there before the run.

        It is looked for all the same where that costs little: two machines may put it there.
        """

    def write(self, path: str, body: bytes, *, headers: Mapping[str, str], is_vital: bool = False) -> int:
        """Put a file there, which nobody sees half written; its stamp.

        One that `is_vital`, or takes the place of another, is on the disk when this returns. The `headers` are those
        with which it is to be served, where that is who keeps it.
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
    """The folder at a path or an address; raises PublishError where nothing can be there."""
    if isinstance(place, str) and is_address(place):
        wrong = wrong_address(place)
        if wrong:
            raise PublishError(mask_credentials(place), wrong)
        return ObjectFolder(place)
    path = Path(place)
    check_name(path)
    return DiskFolder(path)
