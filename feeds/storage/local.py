"""A folder of this machine that documents are written to."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from feeds.errors import LockedError, PublishError
from feeds.storage.files import TEMPORARY, exists, locked_folder, read_regular, temporary_path, write_atomically
from feeds.storage.names import display_path
from feeds.text.slugs import folded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from feeds.models import Coding

#: The name of a temporary file: `.NAME.RANDOM.feeds-new`, and `.NAME.feeds-new` in earlier versions.
_TEMPORARY_NAME = re.compile(rf"\.(?P<earlier>(?P<now>.*)\.[0-9a-f]{{8}}|.*){re.escape(TEMPORARY)}", re.DOTALL)
_NO_FOLDER = "is not a folder; expected one to publish in"


@dataclass(frozen=True)
class LocalFolder:
    """A folder of this machine, created when needed; see `storage.folder.Folder`.

    A file is written beside its path and moved there when it is complete. Versions are mtimes in nanoseconds.
    """

    path: Path

    def __str__(self) -> str:
        return display_path(str(self.path))

    @property
    def key(self) -> str:
        return str(self.path.resolve())

    def label(self, path: str) -> str:
        return display_path(f"{self.path}/{path}")

    def read(self, path: str) -> bytes | None:
        file = self.path / path
        try:
            return read_regular(file)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise PublishError(self.label(path), f"cannot be read: {error.strerror}") from error

    def stat(self, path: str) -> tuple[int, int] | None:
        try:
            found = os.stat(f"{self.path}/{path}", follow_symlinks=False)  # noqa: PTH116  # called for thousands of files
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unwritable(self.path / path, error) from error
        return found.st_size, found.st_mtime_ns

    def listing(self) -> None:
        return None

    def paths(self) -> list[str]:
        with _publish_errors(self.path):
            return [file.relative_to(self.path).as_posix() for file in self.path.rglob("*") if file.is_file()]

    def unchanged_version(self, path: str, body: bytes) -> int | None:
        file = self.path / path
        with _publish_errors(file):
            try:
                found = file.lstat()
            except (FileNotFoundError, NotADirectoryError):
                return None
            is_same = stat.S_ISREG(found.st_mode) and found.st_size == len(body) and file.read_bytes() == body
        return found.st_mtime_ns if is_same else None

    def write(
        self,
        path: str,
        body: bytes,
        *,
        media_type: str = "",  # noqa: ARG002  # web servers derive it from the path
        coding: Coding | None = None,  # noqa: ARG002
        is_vital: bool = False,
    ) -> int:
        file = self.path / path
        with _publish_errors(file):
            return write_atomically(file, body, temporary_path(file), flush=is_vital or exists(file))

    def remove(self, path: str) -> bool:
        file = self.path / path
        with _publish_errors(file):
            if not exists(file):
                return False
            file.unlink()
            for folder in file.relative_to(self.path).parents[:-1]:
                with contextlib.suppress(OSError):  # not empty
                    (self.path / folder).rmdir()
        return True

    def remove_temporary(self, paths: Iterable[str]) -> None:
        names: dict[str, set[str]] = {}
        for path in paths:
            folder, _, name = path.rpartition("/")
            names.setdefault(folder, set()).add(name)
        for folder, names_here in names.items():
            directory = self.path / folder
            with _publish_errors(directory):
                for name in _temporary_names(directory, names_here):
                    (directory / name).unlink(missing_ok=True)

    def obstacles(self, paths: Iterable[str]) -> dict[str, PublishError]:
        found: dict[str, PublishError] = {}
        folder_error = cache(self._folder_error)
        for path in paths:
            error = folder_error(os.path.dirname(path))  # noqa: PTH120  # thousands of paths
            if error is None and stat.S_ISDIR(self._mode(path)):
                error = PublishError(self.label(path), "is a folder; expected a file or nothing")
            if error:
                found[path] = error
        return found

    def same_files(self, old: Collection[str], new: Collection[str]) -> set[str]:
        by_key = {folded(path): path for path in old} if new else {}
        pairs = [(path, by_key[key]) for path in new if (key := folded(path)) in by_key] if by_key else []
        return {path for pair in pairs if self._is_one_file(*pair) for path in pair}

    @contextlib.contextmanager
    def locked(self, timeout: float) -> Iterator[None]:
        if os.path.lexists(self.path) and not self.path.is_dir():
            raise PublishError(str(self), _NO_FOLDER)
        with contextlib.ExitStack() as held:
            with _publish_errors(self.path):
                is_new = not self.path.exists()
                try:
                    held.enter_context(locked_folder(self.path, timeout))
                except BlockingIOError as error:
                    raise LockedError(str(self), "another run is publishing into it; expected it to end") from error
            try:
                yield
            finally:
                if is_new:
                    with contextlib.suppress(OSError):  # not empty: something was published
                        self.path.rmdir()

    def assume_absent(self, paths: Collection[str]) -> LocalFolder:  # noqa: ARG002
        """The folder itself: looking costs little here, and two processes may write the same file."""
        return self

    def _mode(self, path: str) -> int:
        """The mode of a file, 0 if it cannot be examined."""
        try:
            return os.lstat(f"{self.path}/{path}").st_mode
        except OSError:
            return 0

    def _folder_error(self, folder: str) -> PublishError | None:
        try:
            self._check_folder(folder)
        except PublishError as error:
            return error
        return None

    def _check_folder(self, folder: str) -> None:
        path = self.path / folder
        if folder.startswith("/") or ".." in folder.split("/"):
            raise PublishError(display_path(str(path)), f"is not in {self}; expected a folder inside it")
        with _publish_errors(path):
            while path != self.path and not exists(path):
                path = path.parent
            place = self.path.resolve()
            try:
                found = path.resolve()
            except RuntimeError as error:  # a link to itself, before Python 3.13
                raise PublishError(display_path(str(path)), _NO_FOLDER) from error
            if not found.is_relative_to(place):
                raise PublishError(display_path(str(path)), f"leads out of {self}; expected a folder inside it")
            if os.path.normcase(found) != os.path.normcase(place / path.relative_to(self.path)):
                raise PublishError(display_path(str(path)), "leads to another folder; expected a folder, not a link")
            if exists(path) and not path.is_dir():
                raise PublishError(display_path(str(path)), _NO_FOLDER)

    def _is_one_file(self, path: str, other: str) -> bool:
        try:
            return (self.path / path).samefile(self.path / other)
        except OSError:
            return False


def _temporary_names(folder: Path, names: Collection[str]) -> list[str]:
    """The temporary files in a folder that belong to files with these names."""
    try:
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if entry.name.endswith(TEMPORARY)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    matches = ((entry, _TEMPORARY_NAME.fullmatch(entry.name)) for entry in found)
    return [
        entry.name
        for entry, match in matches
        if match and (match["earlier"] in names or match["now"] in names) and not entry.is_dir(follow_symlinks=False)
    ]


def _unwritable(path: Path, error: OSError) -> PublishError:
    return PublishError(display_path(str(path)), f"cannot be written: {error.strerror}")


@contextlib.contextmanager
def _publish_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unwritable(path, error) from error
