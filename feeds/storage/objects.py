"""A folder of an object store, such as `s3://bucket/feeds`, through fsspec and the package of its scheme.

An object appears whole or not at all, so no temporary objects are needed. Credentials and permissions are the business
of the store's package, which finds them as the store's other clients do.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from feeds.errors import PublishError, mask_credentials
from feeds.storage.addresses import store_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from feeds.models import Coding

#: Objects requested at the same time.
_CONNECTIONS = 32
#: Fetch an object with one request. By default its size would be requested first, to read it in pieces.
_ONE_REQUEST = {"max_concurrency": 1}
#: Names of an object's version in the metadata of stores, the most reliable first.
_VERSIONS = ("ETag", "etag", "md5Hash", "generation")
_TIMES = ("LastModified", "last_modified", "updated", "mtime", "created")


class StorageError(OSError):
    """A store refuses a request; `strerror` gives the reason in one line."""


@dataclass(frozen=True)
class ObjectFolder:
    """A folder of an object store, by its URL; see `storage.folder.Folder`.

    Runs are not kept apart, because stores have no locks that end with their holder. Versions are hashes of the version
    that the store reports, else of the time of writing. `headers` gives the headers of an object by media type and
    content coding. Methods that read articles raise StorageError.
    """

    address: str
    headers: Callable[[str, Coding | None], Mapping[str, str]] | None = field(default=None, compare=False, repr=False)
    absent: frozenset[str] = field(default=frozenset(), compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", self.address.rstrip("/"))

    def __str__(self) -> str:
        return self.address

    @property
    def key(self) -> str:
        return self.address

    @property
    def name(self) -> str:
        """The last part of the URL."""
        return self.address.rpartition("/")[2]

    def label(self, path: str) -> str:
        return f"{self.address}/{path}"

    def read(self, path: str) -> bytes | None:
        with self._publish_errors(path, "read"):
            try:
                content: bytes = self._store.cat_file(self._path(path), **_ONE_REQUEST)
            except FileNotFoundError:
                return None
        return content

    def stat(self, path: str) -> tuple[int, int] | None:
        with self._publish_errors(path, "read"):
            info = self._info(path)
        return None if info is None else (info["size"], _version(info))

    def listing(self) -> dict[str, tuple[int, int]] | None:
        """`stat` of all objects by path: a thousand of them cost one request, as one object does."""
        with self._publish_errors("", "read"):
            return {path: (info["size"], _version(info)) for path, info in self._find()}

    def paths(self) -> list[str]:
        with self._publish_errors("", "read"):
            return [path for path, _ in self._find()]

    def unchanged_version(self, path: str, body: bytes) -> int | None:
        if path in self.absent:
            return None
        with self._publish_errors(path, "read"):
            info = self._info(path)
            if info is None or info["size"] != len(body):
                return None
            etag = str(info.get("ETag") or info.get("etag") or "").strip('"')
            # An ETag of 32 digits is not always an MD5: with SSE-KMS and SSE-C it is something else.
            is_same = etag == hashlib.md5(body, usedforsecurity=False).hexdigest() or (
                self._store.cat_file(self._path(path), **_ONE_REQUEST) == body
            )
        return _version(info) if is_same else None

    def write(
        self,
        path: str,
        body: bytes,
        *,
        media_type: str = "",
        coding: Coding | None = None,
        is_vital: bool = False,  # noqa: ARG002  # every object is durable
    ) -> int:
        headers = self.headers(media_type, coding) if self.headers and media_type else {}
        with self._publish_errors(path, "written"):
            response = self._store.pipe_file(self._path(path), body, **store_of(self.address).write_options(headers))
            info = response if isinstance(response, dict) and _reported_version(response) else self._info(path)
        return -1 if info is None else _version(info)

    def remove(self, path: str) -> bool:
        with self._publish_errors(path, "written"):
            if self._info(path) is None:
                return False
            self._store.rm_file(self._path(path))
        return True

    def remove_temporary(self, paths: Iterable[str]) -> None:
        """Remove nothing: there are no temporary objects."""

    def obstacles(self, paths: Iterable[str]) -> dict[str, PublishError]:
        return {
            path: PublishError(self.label(path), f"is not in {self}; expected a folder inside it")
            for path in paths
            if path.startswith("/") or ".." in path.split("/")
        }

    def same_files(self, old: Collection[str], new: Collection[str]) -> set[str]:  # noqa: ARG002
        """No paths: object names are case-sensitive."""
        return set()

    def locked(self, timeout: float) -> AbstractContextManager[None]:  # noqa: ARG002
        return contextlib.nullcontext()

    def assume_absent(self, paths: Collection[str]) -> ObjectFolder:
        return replace(self, absent=frozenset(paths)) if paths else self

    def find(self, below: str = "") -> Iterator[tuple[str, int, int, int]]:
        """The path, size in bytes, mtime in nanoseconds and version of each object below a folder.

        Raises StorageError.
        """
        with _storage_errors():
            for path, info in self._find(below):
                yield path, info["size"], _mtime(info), _version(info)

    def list_folder(self, path: str) -> tuple[list[str], list[tuple[str, int, int, int]]]:
        """The paths of the folders in a folder, and of each object in it the name and the rest of what `find` gives.

        A folder with an empty name, as in the key `news//a.md`, has the path of its parent: stores cannot list it by
        itself. Raises StorageError.
        """
        root, folders, objects = self._path(""), [], []
        with _storage_errors():
            try:
                found: list[dict[str, Any]] = self._store.ls(self._path(path), detail=True)
            except FileNotFoundError:
                return [], []
            for info in found:
                relative = info["name"].removeprefix(root).strip("/")
                if info["type"] == "directory":
                    folders.append(relative)
                elif relative != path:
                    objects.append((relative.rpartition("/")[2], info["size"], _mtime(info), _version(info)))
        return folders, objects

    def fetch(self, paths: Sequence[str], max_bytes: int) -> dict[str, bytes | StorageError | FileNotFoundError]:
        """The bytes of objects by path, fetched concurrently, or the error. A larger object gives `max_bytes` + 1."""
        by_place = {self._path(path): path for path in paths}
        with _storage_errors():
            contents = self._store.cat_ranges(
                [*by_place], starts=0, ends=max_bytes + 1, on_error="return", batch_size=_CONNECTIONS, **_ONE_REQUEST
            )
        return {path: _content(content) for path, content in zip(by_place.values(), contents, strict=True)}

    def exists(self, path: str) -> bool:
        """Whether an object exists; raises StorageError if that cannot be determined."""
        with _storage_errors():
            return self._info(path) is not None

    @property
    def _store(self) -> Any:
        return connect(self.address, os.getpid())[0]

    def _path(self, path: str) -> str:
        root = connect(self.address, os.getpid())[1]
        return f"{root}/{path}" if path else root

    def _info(self, path: str) -> dict[str, Any] | None:
        try:
            info: dict[str, Any] = self._store.info(self._path(path))
        except FileNotFoundError:
            return None
        return info if info["type"] == "file" else None

    def _find(self, below: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
        """The metadata of all objects below the folder, or below a folder in it, by path. It may not exist yet."""
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
    def _publish_errors(self, path: str, action: str) -> Iterator[None]:
        try:
            with _storage_errors():
                yield
        except StorageError as error:
            raise PublishError(self.label(path), f"cannot be {action}: {error.strerror}") from error


@lru_cache(maxsize=64)
def connect(address: str, process: int) -> tuple[Any, str]:  # noqa: ARG001  # a child process needs its own connection
    """The fsspec file system of a URL, and the folder's path in it; raises StorageError if its package is missing."""
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415  # optional

        store, path = url_to_fs(address, use_listings_cache=False)
    except ImportError as error:
        extra = store_of(address).EXTRA
        raise StorageError(0, f"a package is missing; `pip install 'feeds[{extra}]'` has it") from error
    return store, str(path).rstrip("/")


def _reported_version(info: Mapping[str, Any]) -> str:
    return next((str(info[name]).strip('"') for name in _VERSIONS if info.get(name)), "")


def _version(info: Mapping[str, Any]) -> int:
    """A hash of 63 bits of an object's version."""
    version = _reported_version(info) or str(_mtime(info))
    return int.from_bytes(hashlib.blake2b(version.encode(), digest_size=8).digest()) >> 1


def _mtime(info: Mapping[str, Any]) -> int:
    """The time of writing in nanoseconds, 0 if the store does not report it."""
    time = next((info[name] for name in _TIMES if info.get(name)), 0)
    if isinstance(time, str):
        time = dt.datetime.fromisoformat(time)
    seconds = time.timestamp() if isinstance(time, dt.datetime) else float(time)
    return round(seconds * 1_000_000) * 1_000


def _content(response: bytes | Exception) -> bytes | StorageError | FileNotFoundError:
    if isinstance(response, bytes | FileNotFoundError):
        return response
    return b"" if _is_range_error(response) else StorageError(0, _reason(response))


def _is_range_error(error: Exception) -> bool:
    """Whether a store answers 416 (RFC 9110, 15.5.17): the object has none of the requested bytes, so it is empty.

    gcsfs and adlfs give the status as an attribute of their errors, s3fs in the response of the cause.
    """
    response = getattr(error.__cause__, "response", None)
    metadata = response.get("ResponseMetadata", {}) if isinstance(response, dict) else {}
    statuses = (metadata.get("HTTPStatusCode"), getattr(error, "code", None), getattr(error, "status_code", None))
    return any(str(status) == "416" for status in statuses)


@contextlib.contextmanager
def _storage_errors() -> Iterator[None]:
    """Convert errors of the store's packages, and of the libraries that they use, to StorageError."""
    try:
        yield
    except (PublishError, StorageError, FileNotFoundError):
        raise
    except Exception as error:
        raise StorageError(0, _reason(error)) from error


def _reason(error: Exception) -> str:
    message = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return mask_credentials(" ".join(str(message).split()))[:300]
