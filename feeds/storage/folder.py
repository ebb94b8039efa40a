"""Folders that documents are written to: of this machine, of an object store, or of a dry run."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from feeds.errors import PublishError, mask_credentials
from feeds.storage.addresses import is_address, wrong_address
from feeds.storage.files import check_path
from feeds.storage.local import LocalFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from contextlib import AbstractContextManager

    from feeds.models import Coding


class Folder(Protocol):
    """A folder of files. Paths are relative to it, with forward slashes; `str()` is its name in messages.

    A *version* is a number that changes when a file is replaced: its mtime in nanoseconds, or a hash of what a store
    reports. Every failure is a PublishError.
    """

    @property
    def key(self) -> str:
        """An identifier that does not depend on how the folder is reached."""

    def label(self, path: str) -> str:
        """The name of a file in messages."""

    def read(self, path: str) -> bytes | None:
        """The bytes of a file, or None if it does not exist."""

    def stat(self, path: str) -> tuple[int, int] | None:
        """The size in bytes and the version of a file, or None if it does not exist."""

    def listing(self) -> Mapping[str, tuple[int, int]] | None:
        """`stat` of all files by path, if one listing is cheaper than many calls; else None."""

    def paths(self) -> list[str]:
        """The paths of all files, including those of others."""

    def unchanged_version(self, path: str, body: bytes) -> int | None:
        """The version of a file that holds exactly `body`, else None."""

    def write(
        self, path: str, body: bytes, *, media_type: str = "", coding: Coding | None = None, is_vital: bool = False
    ) -> int:
        """Write a file atomically and return its version.

        A vital file, or one that replaces another, is on the disk when this returns.
        """

    def remove(self, path: str) -> bool:
        """Remove a file, and folders that are empty then. Return whether it existed."""

    def remove_temporary(self, paths: Iterable[str]) -> None:
        """Remove temporary files that a killed run left while it wrote these files."""

    def obstacles(self, paths: Iterable[str]) -> dict[str, PublishError]:
        """The errors by path of files that cannot be written: a path leads out of the folder, or is that of a folder.

        Whether there is a file does not matter.
        """

    def same_files(self, old: Collection[str], new: Collection[str]) -> set[str]:
        """The paths, old and new, that are two names of one file, as on a case-insensitive file system."""

    def locked(self, timeout: float) -> AbstractContextManager[None]:
        """Keep other runs out. Raises PublishError if one is still there after `timeout` seconds."""

    def assume_absent(self, paths: Collection[str]) -> Folder:
        """The same folder with the knowledge that nothing can exist at these paths, which saves a store requests."""


@dataclass(frozen=True)
class DryRunFolder:
    """A folder that is read and never changed. Versions of files that would be written are -1."""

    folder: Folder

    def __str__(self) -> str:
        return str(self.folder)

    @property
    def key(self) -> str:
        return self.folder.key

    def label(self, path: str) -> str:
        return self.folder.label(path)

    def read(self, path: str) -> bytes | None:
        return self.folder.read(path)

    def stat(self, path: str) -> tuple[int, int] | None:
        return self.folder.stat(path)

    def listing(self) -> Mapping[str, tuple[int, int]] | None:
        return self.folder.listing()

    def paths(self) -> list[str]:
        return self.folder.paths()

    def unchanged_version(self, path: str, body: bytes) -> int | None:
        return self.folder.unchanged_version(path, body)

    def write(self, path: str, body: bytes, **_: object) -> int:  # noqa: ARG002  # nothing is written
        return -1

    def remove(self, path: str) -> bool:
        return self.folder.stat(path) is not None

    def remove_temporary(self, paths: Iterable[str]) -> None:
        """Remove nothing."""

    def obstacles(self, paths: Iterable[str]) -> dict[str, PublishError]:
        return self.folder.obstacles(paths)

    def same_files(self, old: Collection[str], new: Collection[str]) -> set[str]:
        return self.folder.same_files(old, new)

    def locked(self, timeout: float) -> AbstractContextManager[None]:  # noqa: ARG002  # it keeps nobody waiting
        return contextlib.nullcontext()

    def assume_absent(self, paths: Collection[str]) -> Folder:
        return DryRunFolder(self.folder.assume_absent(paths))


def open_folder(place: Path | str, headers: Callable[[str, Coding | None], Mapping[str, str]] | None = None) -> Folder:
    """The folder at a path, or at the URL of an object store, whose objects get `headers` by media type and coding.

    Raises PublishError if nothing can be stored there.
    """
    if isinstance(place, str) and is_address(place):
        wrong = wrong_address(place)
        if wrong:
            raise PublishError(mask_credentials(place), wrong)
        from feeds.storage.objects import ObjectFolder  # noqa: PLC0415  # only who has a store waits for it

        return ObjectFolder(place, headers)
    path = Path(place)
    check_path(path)
    return LocalFolder(path)
