"""A folder of an object store, such as `s3://bucket/feeds`, reached through fsspec and the package for its scheme.

An object appears whole or not at all, so nothing is written beside its place. Who may do what, and with which
credentials, is the store's own matter: its package finds them as its other clients do, and none of ours knows them.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from feeds.errors import PublishError, mask_credentials
from feeds.storage.addresses import EXTRAS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager


#: How many objects are asked for at a time.
_CONNECTIONS = 32

#: So that an object is asked for with one request: else its size would be asked for before, to read it in pieces.
_IN_ONE = {"max_concurrency": 1}

#: What stores call the version of an object, the surest first.
_VERSIONS = ("ETag", "etag", "md5Hash", "generation")

_TIMES = ("LastModified", "last_modified", "updated", "mtime", "created")


class StorageError(OSError):
    """A store does not do what it is asked for; `strerror` says why, in a line."""


@dataclass(frozen=True)
class ObjectFolder:
    """A folder of an object store by its address; `storage.Folder` says what its methods do.

    Runs are not kept apart: stores have no locks that go with their holder. Stamps are made of what a store says of an
    object's version, or of when it was written. What goes wrong while articles are read is a StorageError.
    """

    address: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", self.address.rstrip("/"))

    def __str__(self) -> str:
        return self.address

    @property
    def key(self) -> str:
        return self.address

    @property
    def name(self) -> str:
        """Its last part."""
        return self.address.rpartition("/")[2]

    def place(self, path: str) -> str:
        return f"{self.address}/{path}"

    def read(self, path: str) -> bytes | None:
        with self._errors(path, "read"):
            try:
                content: bytes = self._store.cat_file(self._path(path), **_IN_ONE)
            except FileNotFoundError:
                return None
        return content

    def facts(self, path: str) -> tuple[int, int] | None:
        with self._errors(path, "read"):
            found = self._info(path)
        return None if found is None else (found["size"], _stamp(found))

    def listing(self) -> dict[str, tuple[int, int]] | None:
        """The size and the stamp of each file, by path: a thousand of them cost a request, as one does."""
        with self._errors("", "read"):
            return {path: (info["size"], _stamp(info)) for path, info in self._found()}

    def paths(self) -> list[str]:
        with self._errors("", "read"):
            return [path for path, _ in self._found()]

    def stamp_if_it_holds(self, path: str, body: bytes, *, is_new: bool = False) -> int | None:
        if is_new:  # what is not there, packages look for twice: as an object and as a folder
            return None
        with self._errors(path, "read"):
            found = self._info(path)
            if found is None or found["size"] != len(body):
                return None
            version = str(found.get("ETag") or found.get("etag") or "").strip('"')
            # One of 32 digits may be something else: where the store encrypts by keys of others (SSE-KMS, SSE-C).
            is_same = version == hashlib.md5(body, usedforsecurity=False).hexdigest() or (
                self._store.cat_file(self._path(path), **_IN_ONE) == body
            )
        return _stamp(found) if is_same else None

    def write(self, path: str, body: bytes, *, headers: Mapping[str, str], is_vital: bool = False) -> int:  # noqa: ARG002
        with self._errors(path, "written"):
            answer = self._store.pipe_file(self._path(path), body, **_with_headers(self._scheme, headers))
            known = answer if isinstance(answer, dict) and _version(answer) else self._info(path)
        return -1 if known is None else _stamp(known)

    def remove(self, path: str, *, dry_run: bool = False) -> bool:
        with self._errors(path, "written"):
            if self._info(path) is None:
                return False
            if not dry_run:
                self._store.rm_file(self._path(path))
        return True

    def remove_begun(self, paths: Iterable[str]) -> None:
        """Nothing is there under another name than its own."""

    def check_inside(self, paths: Iterable[str]) -> None:
        for path in paths:
            if path.startswith("/") or ".." in path.split("/"):
                raise PublishError(self.place(path), f"is not in {self}; expected a folder inside it")

    def renamed(self, old: Collection[str], new: Collection[str]) -> set[str]:  # noqa: ARG002
        """None: names are bytes."""
        return set()

    def locked(self, patience: float) -> AbstractContextManager[None]:  # noqa: ARG002
        return contextlib.nullcontext()

    def find(self, below: str = "") -> Iterator[tuple[str, int, int, int]]:
        """The path, size, time of writing in nanoseconds and stamp of each object below a folder.

        Raises StorageError.
        """
        with _as_storage_error():
            for path, info in self._found(below):
                yield path, info["size"], _nanoseconds(info), _stamp(info)

    def level(self, path: str) -> tuple[list[str], list[tuple[str, int, int, int]]]:
        """The paths of the folders in a folder, and of each object in it what `find` says, by its name.

        A folder whose name is empty, as of the key `news//a.md`, has the path of the one that it is in: stores list
        nothing but that by itself. Raises StorageError.
        """
        root, folders, objects = self._path(""), [], []
        with _as_storage_error():
            try:
                found: list[dict[str, Any]] = self._store.ls(self._path(path), detail=True)
            except FileNotFoundError:
                return [], []
            for info in found:
                place = info["name"].removeprefix(root).strip("/")
                if info["type"] == "directory":
                    folders.append(place)
                elif place != path:
                    objects.append((place.rpartition("/")[2], info["size"], _nanoseconds(info), _stamp(info)))
        return folders, objects

    def fetch(self, paths: Sequence[str], most: int) -> dict[str, bytes | StorageError | FileNotFoundError]:
        """The bytes of objects, many at a time, or why one cannot be read; of one with more than `most`, one more."""
        places = {self._path(path): path for path in paths}
        with _as_storage_error():
            contents = self._store.cat_ranges(
                list(places), starts=0, ends=most + 1, on_error="return", batch_size=_CONNECTIONS, **_IN_ONE
            )
        return {path: _answer(content) for path, content in zip(places.values(), contents, strict=True)}

    def is_there(self, path: str) -> bool:
        """Raises StorageError where that cannot be known."""
        with _as_storage_error():
            return self._info(path) is not None

    @property
    def _scheme(self) -> str:
        return self.address.partition("://")[0].lower()

    @property
    def _store(self) -> Any:
        return _opened(self.address, os.getpid())[0]

    def _path(self, path: str) -> str:
        root = _opened(self.address, os.getpid())[1]
        return f"{root}/{path}" if path else root

    def _info(self, path: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._store.info(self._path(path))
        except FileNotFoundError:
            return None
        return found if found["type"] == "file" else None

    def _found(self, below: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
        """What is below the folder, or one in it, by path; none of it need be there yet."""
        root = f"{self._path('')}/"
        try:
            found: dict[str, dict[str, Any]] = self._store.find(self._path(below), detail=True)
        except FileNotFoundError:
            return
        for place, info in found.items():
            path = place.removeprefix(root)
            if path and path != place:
                yield path, info

    @contextlib.contextmanager
    def _errors(self, path: str, doing: str) -> Iterator[None]:
        try:
            with _as_storage_error():
                yield
        except StorageError as error:
            raise PublishError(self.place(path), f"cannot be {doing}: {error.strerror}") from error


@lru_cache(maxsize=64)
def _opened(address: str, process: int) -> tuple[Any, str]:  # noqa: ARG001  # connections do not go to other processes
    """The store, and the folder as it calls it; raises StorageError where the package for the scheme is missing."""
    scheme = address.partition("://")[0].lower()
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415  # only where articles or feeds lie in a store

        store, path = url_to_fs(address, use_listings_cache=False)
    except ImportError as error:
        raise StorageError(0, f"a package is missing; `pip install 'feeds[{EXTRAS[scheme]}]'` has it") from error
    return store, str(path).rstrip("/")


def _with_headers(scheme: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """The headers of an object as the package for a scheme takes them."""
    known = {_NAMES[name]: value for name, value in headers.items()}
    if scheme == "s3":
        return {name.title().replace("_", ""): value for name, value in known.items()}
    if scheme in {"gs", "gcs"}:
        return {"content_type": known.pop("content_type", "application/octet-stream"), "fixed_key_metadata": known}
    return {"content_settings": known} if EXTRAS[scheme] == "abfs" else {}


_NAMES = {"Content-Type": "content_type", "Content-Encoding": "content_encoding", "Cache-Control": "cache_control"}


def _version(info: Mapping[str, Any]) -> str:
    return next((str(info[name]).strip('"') for name in _VERSIONS if info.get(name)), "")


def _stamp(info: Mapping[str, Any]) -> int:
    """A number of 63 bits for a version of an object."""
    version = _version(info) or str(_nanoseconds(info))
    return int.from_bytes(hashlib.blake2b(version.encode(), digest_size=8).digest()) >> 1


def _nanoseconds(info: Mapping[str, Any]) -> int:
    """When an object was written, 0 where the store does not say."""
    time = next((info[name] for name in _TIMES if info.get(name)), 0)
    if isinstance(time, str):
        time = dt.datetime.fromisoformat(time)
    seconds = time.timestamp() if isinstance(time, dt.datetime) else float(time)
    return round(seconds * 1_000_000) * 1_000


def _answer(content: bytes | Exception) -> bytes | StorageError | FileNotFoundError:
    if isinstance(content, bytes | FileNotFoundError):
        return content
    return b"" if _is_beyond_the_end(content) else StorageError(0, _reason(content))


def _is_beyond_the_end(error: Exception) -> bool:
    """Whether a store says that an object has none of the bytes that it was asked for, so none at all.

    That is status 416 (RFC 9110, 15.5.17), which each package passes on in its own way: gcsfs and adlfs as attributes
    of their errors, s3fs in the response of what is the cause of its own.
    """
    response = getattr(error.__cause__, "response", None)
    metadata = response.get("ResponseMetadata", {}) if isinstance(response, dict) else {}
    statuses = (metadata.get("HTTPStatusCode"), getattr(error, "code", None), getattr(error, "status_code", None))
    return any(str(status) == "416" for status in statuses)


@contextlib.contextmanager
def _as_storage_error() -> Iterator[None]:
    """Packages raise errors of their own, and those of the libraries that they use."""
    try:
        yield
    except (PublishError, StorageError, FileNotFoundError):
        raise
    except Exception as error:
        raise StorageError(0, _reason(error)) from error


def _reason(error: Exception) -> str:
    """Why, in a line."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return mask_credentials(" ".join(str(said).split()))[:300]
