"""A folder of this machine."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from feeds.errors import PublishError
from feeds.storage.files import TEMPORARY, is_there, locked_folder, own_temporary, read_regular, write_whole
from feeds.text.slugs import folded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path


#: What a file is called before it is moved to its place, and what it was in the versions that wrote it by one name.
_BEGUN = re.compile(rf"\.(?P<once>(?P<now>.*)\.[0-9a-f]{{8}}|.*){re.escape(TEMPORARY)}", re.DOTALL)

_NO_FOLDER = "is not a folder; expected one to publish in"


@dataclass(frozen=True)
class DiskFolder:
    """A folder of this machine, made where there is none; `storage.Folder` says what its methods do.

    A file is written beside its place and moved there when it is whole. Stamps are mtimes in nanoseconds.
    """

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @property
    def key(self) -> str:
        return str(self.path.resolve())

    def place(self, path: str) -> str:
        return str(self.path / path)

    def read(self, path: str) -> bytes | None:
        place = self.path / path
        try:
            return read_regular(place)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise PublishError(str(place), f"cannot be read: {error.strerror}") from error

    def facts(self, path: str) -> tuple[int, int] | None:
        try:
            facts = os.stat(f"{self.path}/{path}", follow_symlinks=False)  # noqa: PTH116  # thousands of them
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unwritable(self.path / path, error) from error
        return facts.st_size, facts.st_mtime_ns

    def listing(self) -> None:
        return None

    def paths(self) -> list[str]:
        with _errors(self.path):
            return [path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if path.is_file()]

    def stamp_if_it_holds(self, path: str, body: bytes, *, is_new: bool = False) -> int | None:  # noqa: ARG002
        place = self.path / path
        with _errors(place):
            try:
                facts = place.lstat()
            except (FileNotFoundError, NotADirectoryError):
                return None
            is_same = stat.S_ISREG(facts.st_mode) and facts.st_size == len(body) and place.read_bytes() == body
        return facts.st_mtime_ns if is_same else None

    def write(self, path: str, body: bytes, *, headers: Mapping[str, str], is_vital: bool = False) -> int:  # noqa: ARG002
        place = self.path / path
        with _errors(place):
            return write_whole(place, body, own_temporary(place), waits=is_vital or is_there(place))

    def remove(self, path: str, *, dry_run: bool = False) -> bool:
        place = self.path / path
        with _errors(place):
            if not is_there(place):
                return False
            if not dry_run:
                place.unlink()
                for folder in place.relative_to(self.path).parents[:-1]:
                    with contextlib.suppress(OSError):  # not empty: not only ours
                        (self.path / folder).rmdir()
        return True

    def remove_begun(self, paths: Iterable[str]) -> None:
        names: dict[str, set[str]] = {}
        for path in paths:
            folder, _, name = path.rpartition("/")
            names.setdefault(folder, set()).add(name)
        for folder, of_folder in names.items():
            place = self.path / folder
            with _errors(place):
                for name in _begun(place, of_folder):
                    (place / name).unlink(missing_ok=True)

    def check_inside(self, paths: Iterable[str]) -> None:
        for folder in sorted({os.path.dirname(path) for path in paths}):  # noqa: PTH120  # as above
            self._check_inside(folder)

    def renamed(self, old: Collection[str], new: Collection[str]) -> set[str]:
        by_key = {folded(path): path for path in old} if new else {}
        pairs = [(path, by_key[key]) for path in new if (key := folded(path)) in by_key] if by_key else []
        return {path for pair in pairs if self._is_one_file(*pair) for path in pair}

    @contextlib.contextmanager
    def locked(self, patience: float) -> Iterator[None]:
        if os.path.lexists(self.path) and not self.path.is_dir():
            raise PublishError(str(self), _NO_FOLDER)
        with contextlib.ExitStack() as held:
            with _errors(self.path):
                self.path.mkdir(parents=True, exist_ok=True)
                try:
                    held.enter_context(locked_folder(self.path, patience))
                except BlockingIOError as error:
                    raise PublishError(str(self), "another run is publishing into it; expected it to end") from error
            yield

    def _check_inside(self, folder: str) -> None:
        place = self.path / folder
        if folder.startswith("/") or ".." in folder.split("/"):
            raise PublishError(str(place), f"is not in {self}; expected a folder inside it")
        with _errors(place):
            while place != self.path and not is_there(place):
                place = place.parent
            try:
                is_inside = place.resolve().is_relative_to(self.path.resolve())
            except RuntimeError as error:  # before Python 3.13: a link to itself
                raise PublishError(str(place), _NO_FOLDER) from error
            if not is_inside:
                raise PublishError(str(place), f"leads out of {self}; expected a folder inside it")
            if is_there(place) and not place.is_dir():
                raise PublishError(str(place), _NO_FOLDER)

    def _is_one_file(self, path: str, other: str) -> bool:
        try:
            return (self.path / path).samefile(self.path / other)
        except OSError:
            return False


def _begun(folder: Path, names: Collection[str]) -> list[str]:
    """What there is in a folder of files that were begun and not moved to their places, by these names."""
    try:
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if entry.name.endswith(TEMPORARY)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [entry.name for entry in found if _is_begun(entry.name, names) and not entry.is_dir(follow_symlinks=False)]


def _is_begun(name: str, names: Collection[str]) -> bool:
    found = _BEGUN.fullmatch(name)
    return found is not None and (found["once"] in names or found["now"] in names)


def _unwritable(place: Path, error: OSError) -> PublishError:
    return PublishError(str(place), f"cannot be written: {error.strerror}")


@contextlib.contextmanager
def _errors(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unwritable(place, error) from error
