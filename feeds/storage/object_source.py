"""Folders of an object store that articles are read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from feeds.storage.objects import ObjectFolder, StorageError
from feeds.storage.sources import FolderListing, FoundFile, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from feeds.storage.sources import Source


@dataclass(frozen=True)
class ObjectSource:
    """A folder of an object store. A thousand objects are listed with one request."""

    folder: ObjectFolder

    def __str__(self) -> str:
        return str(self.folder)

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def local_path(self) -> None:
        return None

    def overlaps(self, other: Source) -> bool:
        return f"{self}/".startswith(f"{other}/") or f"{other}/".startswith(f"{self}/")

    def is_reachable(self) -> bool:
        return True

    def exists(self, path: str) -> bool:
        return self.folder.exists(path)

    def list_folder(self, path: str, wanted: Callable[[str], bool]) -> Iterator[FolderListing]:
        folders, objects = self.folder.list_folder(path)
        if path in folders:  # one with an empty name
            yield from self.list_tree(path, wanted)
            return
        visible = [folder for folder in folders if not folder.rpartition("/")[2].startswith(".")]
        found = [
            FoundFile(name, size, mtime, -version)
            for name, size, mtime, version in objects
            if wanted(name) and not name.startswith(".")
        ]
        yield FolderListing(path, visible, sorted(found))

    def list_tree(self, path: str, wanted: Callable[[str], bool]) -> Iterator[FolderListing]:
        files: dict[str, list[FoundFile]] = {}
        problems: list[tuple[str, str]] = []
        exists = not path
        for found, size, mtime, version in self.folder.find(path):
            exists = True
            folder, slash, name = found.rpartition("/")
            if not wanted(name) or "/." in f"/{found}":
                continue
            if slash and not folder:  # no path leads from this folder to one with an empty name
                message = "is in a folder without a name; expected one that has a name; it is left out"
                problems.append((found, message))
            else:
                files.setdefault(folder, []).append(FoundFile(name, size, mtime, -version))
        if not exists:  # it existed when its parent was listed
            raise StorageError(0, "No such folder")
        if problems:
            yield FolderListing("", problems=problems)
        for folder, found_files in files.items():
            yield FolderListing(folder, files=sorted(found_files))

    def read(
        self, files: Sequence[tuple[str, FoundFile]], max_bytes: int
    ) -> Iterator[tuple[bytes, FoundFile] | OSError | TooLargeError]:
        fetched: Mapping[str, bytes | OSError] = {}
        wanted = [path for path, file in files if 0 < file.size <= max_bytes]
        try:
            fetched = self.folder.fetch(wanted, max_bytes) if wanted else {}
        except StorageError as error:
            fetched = dict.fromkeys(wanted, error)
        for path, file in files:
            content = b"" if file.size == 0 else fetched.get(path)
            if isinstance(content, OSError):
                yield content
            elif content is None or len(content) > max_bytes:
                yield TooLargeError(file.size if content is None else len(content))
            else:
                yield content, file._replace(size=len(content))

    def may_change_unseen(self, file: FoundFile, read_at: int) -> bool:  # noqa: ARG002
        """Never: an object has a version."""
        return False


def open_object_source(address: str) -> ObjectSource:
    """The source at the URL of a store."""
    return ObjectSource(ObjectFolder(address))
